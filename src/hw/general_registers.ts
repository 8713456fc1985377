/**
 * The general registers by number, as instructions encode them.
 *
 * Source: SDM 2A, "Instruction Format", table of REX.R, REX.X and REX.B register numbers.
 *
 * @module
 */

/** Register 0. */
export const RAX = 0;
/** Register 1. */
export const RCX = 1;
/** Register 2. */
export const RDX = 2;
/** Register 3. */
export const RBX = 3;
/** Register 4, the stack pointer. */
export const RSP = 4;
/** Register 5. */
export const RBP = 5;
/** Register 6. */
export const RSI = 6;
/** Register 7, the first argument of the System V calling convention. */
export const RDI = 7;
/** Register 8. */
export const R8 = 8;
/** Register 9. */
export const R9 = 9;
/** Register 10. */
export const R10 = 10;
/** Register 11. */
export const R11 = 11;
/** Register 12. */
export const R12 = 12;
/** Register 13. */
export const R13 = 13;
/** Register 14. */
export const R14 = 14;
/** Register 15. */
export const R15 = 15;

/** A general register's number, 0 to 15. */
export type GeneralRegister = number;
