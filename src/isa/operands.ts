/**
 * The operands of a decoded instruction, in the form in which the handlers want them.
 *
 * They know their place in a page but no address, so that one record serves every mapping of the page.
 *
 * Source: SDM 2A, "Instruction Format".
 *
 * @module
 */

/** Operand size in bytes. */
export type Width = 1 | 2 | 4 | 8;

/** `[base + displacement]` */
export const MODE_BASE = 0;
/** `[base + index × scale + displacement]` */
export const MODE_INDEX = 1;
/** `[RIP + displacement]` */
export const MODE_RIP = 2;
/** Anything else: without base, 32-bit addresses, FS and GS. */
export const MODE_GENERAL = 3;

/** `[RIP + displacement]` with FS, GS or 32-bit addresses. */
export const MODE_RIP_GENERAL = 4;

/** No register. */
export const NO_REGISTER: number = -1;

/** Segments whose base counts. */
export const SEGMENT_NONE = 0;
/** FS. */
export const SEGMENT_FS = 1;
/** GS. */
export const SEGMENT_GS = 2;

/** No REP prefix. */
export const REP_NONE = 0;
/** F2. */
export const REPNE = 0xf2;
/** F3. */
export const REP = 0xf3;

/** What the decoder has found. */
export class Operands {
  /** Offset of the following instruction from the start of the code page; 4,096 or more behind the page's end. */
  end = 0;
  /** Bytes. */
  length = 0;
  /** Size of the first operand. */
  width: Width = 4;
  /** Size of the second operand, where it differs, as in MOVZX. */
  sourceWidth: Width = 4;
  /** ModRM.reg as an index into the register view of its width: bytes, halves, or the low word of 4 and 8. */
  reg = 0;
  /** ModRM.rm, or the register that the opcode names, likewise. */
  rm = 0;
  /** The bare number of ModRM.reg with REX.R: control, debug and segment registers. */
  number = 0;
  /** Whether the operand that ModRM.rm names is memory. */
  memory = false;
  /** `MODE_…` of the memory operand. */
  mode: number = MODE_GENERAL;
  /** Index of the base register's low word, or `NO_REGISTER`. */
  base: number = NO_REGISTER;
  /** Index of the index register's low word, or `NO_REGISTER`. */
  index: number = NO_REGISTER;
  /** 1, 2, 4 or 8. */
  scale = 1;
  /** Displacement; in `MODE_RIP` from the start of the code page. */
  displacement = 0;
  /** `SEGMENT_…`. */
  segment: number = SEGMENT_NONE;
  /** Addresses have 32 bits (prefix 67). */
  address32 = false;
  /** SS is the segment: what is not canonical raises #SS, not #GP. */
  stack = false;
  /** The immediate operand's low word, extended. */
  immediate = 0;
  /** Its high word. */
  immediateHigh = 0;
  /** Where a relative branch goes, from the start of the code page. */
  target = 0;
  /** Prefix 66 without REX.W. */
  operand16 = false;
  /** The second operand is an immediate. */
  byImmediate = false;
  /** Which of a family: the arithmetic operation, the condition. */
  kind = 0;
  /** `REP_NONE`, `REPNE` or `REP`. */
  repeat: number = REP_NONE;
  /** Whether the encoding is allowed. */
  isValid = false;
  /** The row of the opcode map that it matched. */
  text = "";
}
