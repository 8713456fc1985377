/**
 * Bit instructions: BT, BTS, BTR, BTC, BSF, BSR, POPCNT.
 *
 * CPUID says neither BMI1 nor LZCNT, so F3 before BSF and BSR means nothing.
 *
 * Flags that the manual leaves undefined: OF, SF, AF and PF of BT and its kind stay as they are; of BSF and BSR all but
 * ZF stay. A source of 0 leaves the destination of BSF and BSR as it is.
 *
 * Source: SDM 2.
 *
 * @module
 */

import { logicFlags } from "./flags.ts";
import type { Binder } from "./opcode_row.ts";
import type { Handler, Operation, Processor } from "./processor.ts";

/** Test. */
export const BT = 0;
/** Test and set. */
export const BTS = 1;
/** Test and reset. */
export const BTR = 2;
/** Test and complement. */
export const BTC = 3;

function change(
  x: Processor,
  o: Operation,
  low: number,
  high: number,
  n: number,
): void {
  const one = 1 << (n & 31);
  const upper = n >= 32;
  const word = upper ? high : low;
  x.carry = (word >>> (n & 31)) & 1;
  if (o.kind === BT) return;
  const changed = o.kind === BTS
    ? word | one
    : o.kind === BTR
    ? word & ~one
    : word ^ one;
  x.closeRm(o, upper ? low : changed, upper ? changed : high);
}

/** The bit's number is taken modulo the width: registers and immediates. */
const inOperand: Handler = (x, o) => {
  const n = (o.byImmediate ? o.immediate : x.readReg(o)) & (8 * o.width - 1);
  const low = o.kind === BT ? x.readRm(o) : x.openRm(o);
  change(x, o, low, x.high, n);
  return o.end;
};

/** A register's bit number is signed and may lie anywhere from the memory operand. */
const inMemory: Handler = (x, o) => {
  const { width } = o;
  let low = x.readReg(o);
  let { high } = x;
  if (width === 2) low = (low << 16) >> 16;
  if (width < 8) high = low >> 31;
  const n = low & (8 * width - 1);
  // Bytes from the first operand to this one: bit number ÷ 8, rounded down to the operand's size.
  const distanceLow = ((low >>> 3) | (high << 29)) & -width;
  const address = x.displacedAddress(o, distanceLow, high >> 3);
  x.address = address;
  if (o.kind !== BT) x.checkStore(address, width);
  const word = x.load(width, address);
  change(x, o, word, x.high, n);
  return o.end;
};

/** BT, BTS, BTR, BTC; `kind` says which. */
export const bitTest: Binder = (o, row) => {
  o.byImmediate = row.shape === "EI";
  return o.memory && !o.byImmediate ? inMemory : inOperand;
};

/** BSF. */
export const bsf: Handler = (x, o) => {
  const low = x.readRm(o);
  const high = o.width === 8 ? x.high : 0;
  x.nonZero = low | high;
  if (x.nonZero === 0) return o.end;
  const n = low !== 0 ? lowestBit(low) : 32 + lowestBit(high);
  x.writeReg(o, n, 0);
  return o.end;
};

/** BSR. */
export const bsr: Handler = (x, o) => {
  const low = x.readRm(o);
  const high = o.width === 8 ? x.high : 0;
  x.nonZero = low | high;
  if (x.nonZero === 0) return o.end;
  const n = high !== 0 ? 63 - Math.clz32(high) : 31 - Math.clz32(low);
  x.writeReg(o, n, 0);
  return o.end;
};

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}

/** POPCNT. */
export const popcnt: Handler = (x, o) => {
  const low = x.readRm(o);
  const count = ones(low) + (o.width === 8 ? ones(x.high) : 0);
  x.writeReg(o, count, 0);
  logicFlags(x, 4, count, 0);
  // PF is cleared, whatever the count is.
  x.parity = 1;
  x.sign = 0;
  return o.end;
};

function ones(word: number): number {
  word -= (word >>> 1) & 0x5555_5555;
  word = (word & 0x3333_3333) + ((word >>> 2) & 0x3333_3333);
  return Math.imul((word + (word >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}
