/**
 * General registers and arithmetic flags as the handlers want them.
 *
 * Flags are kept in parts: every arithmetic instruction stores a few words that it has at hand, and no flag is computed
 * until a condition asks.
 *
 * Source: SDM 1, "General-Purpose Registers", "Status Flags".
 *
 * @module
 */

import type { CpuState } from "../hw/cpu_state.ts";
import {
  RFLAGS_AF,
  RFLAGS_CF,
  RFLAGS_OF,
  RFLAGS_PF,
  RFLAGS_SF,
  RFLAGS_ZF,
} from "../hw/registers.ts";

/** The six arithmetic flags. */
export const ARITHMETIC_FLAGS: number = RFLAGS_CF | RFLAGS_PF | RFLAGS_AF |
  RFLAGS_ZF | RFLAGS_SF | RFLAGS_OF;

const SIGN = 1 << 31;
/** Bit n: a nibble of value n has an even number of ones. */
const EVEN_NIBBLES = 0x9669;

/** Registers and flags of one CPU. */
export class RegisterFile {
  /** The architectural state. */
  readonly cpu: CpuState;
  /** General registers as words: register n at 2n and 2n + 1. */
  readonly regs: Int32Array;
  /** General registers as 16-bit halves: register n at 4n. */
  readonly halves: Uint16Array;
  /** General registers as bytes: register n at 8n, AH to BH at 1, 9, 17, 25. */
  readonly bytes: Uint8Array;

  /** ZF is clear if this is not zero. */
  nonZero = 0;
  /** SF is bit 31. */
  sign = 0;
  /** PF is the parity of the low byte. */
  parity = 0;
  /** CF, 0 or 1. */
  carry = 0;
  /** OF is bit 31. */
  overflow = 0;
  /** AF is bit 4. */
  adjust = 0;

  /** Four words for numbers of 128 bits. */
  readonly scratch: Int32Array = new Int32Array(4);
  /** High word, signed, of the last 64-bit result. */
  high = 0;

  /**
   * Views of a CPU's registers; the flags have to be unpacked first.
   *
   * @param cpu the architectural state
   */
  constructor(cpu: CpuState) {
    this.cpu = cpu;
    this.regs = cpu.registers;
    this.halves = new Uint16Array(this.regs.buffer, this.regs.byteOffset, 64);
    this.bytes = new Uint8Array(this.regs.buffer, this.regs.byteOffset, 128);
  }

  /** From RFLAGS to parts. */
  unpackFlags(): void {
    const { rflags } = this.cpu;
    this.nonZero = rflags & RFLAGS_ZF ? 0 : 1;
    this.sign = rflags & RFLAGS_SF ? SIGN : 0;
    this.parity = rflags & RFLAGS_PF ? 0 : 1;
    this.carry = rflags & RFLAGS_CF;
    this.overflow = rflags & RFLAGS_OF ? SIGN : 0;
    this.adjust = rflags & RFLAGS_AF;
  }

  /** From parts to RFLAGS. @returns RFLAGS */
  packFlags(): number {
    const flags = this.carry | (this.isParityEven() ? RFLAGS_PF : 0) |
      (this.adjust & RFLAGS_AF) | (this.nonZero === 0 ? RFLAGS_ZF : 0) |
      (this.sign < 0 ? RFLAGS_SF : 0) | (this.overflow < 0 ? RFLAGS_OF : 0);
    return this.cpu.rflags = (this.cpu.rflags & ~ARITHMETIC_FLAGS) | flags;
  }

  /** Sets ZF alone. */
  setZero(zero: boolean): void {
    this.nonZero = zero ? 0 : 1;
  }

  /** PF. */
  isParityEven(): boolean {
    const byte = this.parity & 0xff;
    return ((EVEN_NIBBLES >>> ((byte ^ (byte >>> 4)) & 15)) & 1) !== 0;
  }

  /** Reads a register by its index in the view of its width. */
  readRegister(width: number, index: number): number {
    if (width === 4) return this.regs[index]!;
    if (width === 1) return this.bytes[index]!;
    if (width === 2) return this.halves[index]!;
    this.high = this.regs[index + 1]!;
    return this.regs[index]!;
  }

  /** Writes a register: 32 bits clear the upper half, fewer leave the rest alone. */
  writeRegister(width: number, index: number, low: number, high: number): void {
    if (width === 4) {
      this.regs[index] = low;
      this.regs[index + 1] = 0;
    } else if (width === 8) {
      this.regs[index] = low;
      this.regs[index + 1] = high;
    } else if (width === 1) this.bytes[index] = low;
    else this.halves[index] = low;
  }
}
