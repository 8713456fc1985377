/**
 * Conditions, and the instructions that read and write flags themselves.
 *
 * Source: SDM 1, "EFLAGS Condition Codes"; SDM 2, CLC, CLD, CMC, LAHF, SAHF, STC, STD.
 *
 * @module
 */

import { RFLAGS_DF } from "../hw/registers.ts";
import type { Handler, Processor } from "./processor.ts";

/** The low byte of RFLAGS without what SAHF cannot change. */
const SAHF_FLAGS = 0xd5;
const AH = 1;

/**
 * Whether a condition holds.
 *
 * @param x the CPU
 * @param condition 0 to 15, as opcodes encode it: odd ones negate
 */
export function condition(x: Processor, condition: number): boolean {
  return holds(x, condition) !== ((condition & 1) !== 0);
}

function holds(x: Processor, condition: number): boolean {
  switch (condition >>> 1) {
    case 0: // O
      return x.overflow < 0;
    case 1: // B
      return x.carry !== 0;
    case 2: // Z
      return x.nonZero === 0;
    case 3: // BE
      return x.carry !== 0 || x.nonZero === 0;
    case 4: // S
      return x.sign < 0;
    case 5: // P
      return x.isParityEven();
    case 6: // L
      return (x.sign ^ x.overflow) < 0;
    default: // LE
      return x.nonZero === 0 || (x.sign ^ x.overflow) < 0;
  }
}

/** CLC. */
export const clc: Handler = (x, o) => {
  x.carry = 0;
  return o.end;
};

/** STC. */
export const stc: Handler = (x, o) => {
  x.carry = 1;
  return o.end;
};

/** CMC. */
export const cmc: Handler = (x, o) => {
  x.carry ^= 1;
  return o.end;
};

/** CLD. */
export const cld: Handler = (x, o) => {
  x.cpu.rflags &= ~RFLAGS_DF;
  return o.end;
};

/** STD. */
export const std: Handler = (x, o) => {
  x.cpu.rflags |= RFLAGS_DF;
  return o.end;
};

/** LAHF. */
export const lahf: Handler = (x, o) => {
  x.bytes[AH] = x.packFlags();
  return o.end;
};

/** SAHF: OF stays. */
export const sahf: Handler = (x, o) => {
  const { cpu } = x;
  x.packFlags();
  cpu.rflags = (cpu.rflags & ~SAHF_FLAGS) | (x.bytes[AH]! & SAHF_FLAGS);
  x.unpackFlags();
  return o.end;
};

/** Flags of a result of `width` bytes whose CF, OF and AF are clear: AND, OR, XOR, TEST. */
export function logicFlags(
  x: Processor,
  width: number,
  low: number,
  high: number,
): void {
  resultFlags(x, width, low, high);
  x.carry = 0;
  x.overflow = 0;
  x.adjust = 0;
}

/** SF, ZF and PF of a result. */
export function resultFlags(
  x: Processor,
  width: number,
  low: number,
  high: number,
): void {
  x.parity = low;
  if (width === 8) {
    x.nonZero = low | high;
    x.sign = high;
  } else {
    const top = low << (32 - 8 * width);
    x.nonZero = top;
    x.sign = top;
  }
}
