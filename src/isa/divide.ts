/**
 * DIV and IDIV.
 *
 * A division of 128 by 64 bits goes bit by bit, unless its numbers are small enough for the host's: below 2^53. The flags,
 * which the manual leaves undefined, stay as they are.
 *
 * Source: SDM 2, DIV, IDIV, "Operation".
 *
 * @module
 */

import { VECTOR_DE } from "../hw/exception.ts";
import type { Handler, Operation, Processor } from "./processor.ts";

const RAX = 0;
const RDX = 4;
const AX = 0;
const DX = 8;
const TWO_32 = 0x1_0000_0000;
const SIGN = 1 << 31;

/** DIV. */
export const div: Handler = (x, o) => {
  const divisor = x.readRm(o);
  switch (o.width) {
    case 1:
      return divideSmall(x, o, x.halves[AX]!, divisor, 0, 0xff);
    case 2:
      return divideSmall(
        x,
        o,
        x.halves[DX]! * 0x1_0000 + x.halves[AX]!,
        divisor,
        0,
        0xffff,
      );
    case 4:
      return divide32(x, o, divisor >>> 0);
  }
  const high = x.high;
  load128(x);
  divide128(x, divisor, high);
  const s = x.scratch;
  return store64(x, o, s[0]!, s[1]!, s[2]!, s[3]!);
};

/** IDIV. */
export const idiv: Handler = (x, o) => {
  const divisor = x.readRm(o);
  const h = x.halves;
  switch (o.width) {
    case 1:
      return divideSmall(
        x,
        o,
        (h[AX]! << 16) >> 16,
        (divisor << 24) >> 24,
        -0x80,
        0x7f,
      );
    case 2:
      return divideSmall(
        x,
        o,
        (h[DX]! << 16) | h[AX]!,
        (divisor << 16) >> 16,
        -0x8000,
        0x7fff,
      );
  }
  const high = x.high;
  if (o.width === 4) return divideSigned32(x, o, divisor);
  return divideSigned64(x, o, divisor, high);
};

function divideSmall(
  x: Processor,
  o: Operation,
  dividend: number,
  divisor: number,
  least: number,
  most: number,
): number {
  if (divisor === 0) x.fault.raise(VECTOR_DE);
  const quotient = Math.trunc(dividend / divisor);
  if (quotient < least || quotient > most) x.fault.raise(VECTOR_DE);
  const remainder = dividend % divisor;
  if (o.width === 1) {
    x.bytes[0] = quotient;
    x.bytes[1] = remainder;
  } else {
    x.halves[AX] = quotient;
    x.halves[DX] = remainder;
  }
  return o.end;
}

function divide32(x: Processor, o: Operation, divisor: number): number {
  const r = x.regs;
  const high = r[RDX]! >>> 0;
  // A quotient of more than 32 bits; a divisor of 0 is always too small.
  if (high >= divisor) x.fault.raise(VECTOR_DE);
  const low = r[RAX]! >>> 0;
  // By halves: what is divided stays below 2^48.
  const upper = high * 0x1_0000 + (low >>> 16);
  const quotientUpper = Math.floor(upper / divisor);
  const lower = (upper % divisor) * 0x1_0000 + (low & 0xffff);
  r[RAX] = quotientUpper * 0x1_0000 + Math.floor(lower / divisor);
  r[RAX + 1] = 0;
  r[RDX] = lower % divisor;
  r[RDX + 1] = 0;
  return o.end;
}

function divideSigned32(x: Processor, o: Operation, divisor: number): number {
  const r = x.regs;
  const low = r[RAX]!;
  const high = r[RDX]!;
  const s = x.scratch;
  s[0] = low;
  s[1] = high;
  s[2] = high >> 31;
  s[3] = high >> 31;
  const negative = high < 0;
  if (negative) negate(s, 0, 4);
  const other = divisor < 0;
  divide128(x, other ? -divisor | 0 : divisor, 0);
  if (s[1] !== 0) x.fault.raise(VECTOR_DE);
  const quotient = s[0]! >>> 0;
  const minus = negative !== other;
  if (quotient > (minus ? 0x8000_0000 : 0x7fff_ffff)) x.fault.raise(VECTOR_DE);
  r[RAX] = minus ? -quotient : quotient;
  r[RAX + 1] = 0;
  r[RDX] = negative ? -s[2]! : s[2]!;
  r[RDX + 1] = 0;
  return o.end;
}

function divideSigned64(
  x: Processor,
  o: Operation,
  divisor: number,
  divisorHigh: number,
): number {
  const s = x.scratch;
  load128(x);
  const negative = s[3]! < 0;
  if (negative) negate(s, 0, 4);
  const other = divisorHigh < 0;
  if (other) {
    divisorHigh = ~divisorHigh + (divisor === 0 ? 1 : 0);
    divisor = -divisor | 0;
  }
  divide128(x, divisor, divisorHigh | 0);
  const minus = negative !== other;
  // The quotient's magnitude may be 2^63 only if it is negative.
  if (s[1]! < 0 && !(minus && s[1] === SIGN && s[0] === 0)) {
    x.fault.raise(VECTOR_DE);
  }
  if (minus) negate(s, 0, 2);
  if (negative) negate(s, 2, 4);
  return store64(x, o, s[0]!, s[1]!, s[2]!, s[3]!);
}

/** Two's complement of the words from `from` to `to`. */
function negate(words: Int32Array, from: number, to: number): void {
  let carry = 1;
  for (let i = from; i < to; i++) {
    const word = (~words[i]! >>> 0) + carry;
    words[i] = word;
    carry = word >= TWO_32 ? 1 : 0;
  }
}

/** RDX:RAX to the scratch words. */
function load128(x: Processor): void {
  const r = x.regs;
  const s = x.scratch;
  s[0] = r[RAX]!;
  s[1] = r[RAX + 1]!;
  s[2] = r[RDX]!;
  s[3] = r[RDX + 1]!;
}

function store64(
  x: Processor,
  o: Operation,
  quotient: number,
  quotientHigh: number,
  remainder: number,
  remainderHigh: number,
): number {
  const r = x.regs;
  r[RAX] = quotient;
  r[RAX + 1] = quotientHigh;
  r[RDX] = remainder;
  r[RDX + 1] = remainderHigh;
  return o.end;
}

/**
 * Divides the four scratch words, unsigned: leaves the quotient in words 0 and 1, the remainder in 2 and 3.
 *
 * @throws #DE if the quotient has more than 64 bits, or the divisor is 0
 */
function divide128(x: Processor, divisor: number, divisorHigh: number): void {
  const s = x.scratch;
  let high = s[3]! >>> 0;
  let low = s[2]! >>> 0;
  const dHigh = divisorHigh >>> 0;
  const dLow = divisor >>> 0;
  if (high > dHigh || (high === dHigh && low >= dLow)) {
    x.fault.raise(VECTOR_DE);
  }
  const dividend = (s[1]! >>> 0) * TWO_32 + (s[0]! >>> 0);
  const by = dHigh * TWO_32 + dLow;
  if (high === 0 && low === 0 && s[1]! >>> 21 === 0 && dHigh >>> 21 === 0) {
    setPair(s, 0, Math.floor(dividend / by));
    setPair(s, 2, dividend % by);
    return;
  }
  // Schoolbook: the remainder is high:low, the quotient's bits replace the dividend's.
  let upper = s[1]!;
  let lower = s[0]!;
  for (let i = 0; i < 64; i++) {
    const out = high >>> 31;
    high = ((high << 1) | (low >>> 31)) >>> 0;
    low = ((low << 1) | (upper >>> 31)) >>> 0;
    upper = (upper << 1) | (lower >>> 31);
    lower <<= 1;
    if (out || high > dHigh || (high === dHigh && low >= dLow)) {
      high = (high - dHigh - (low < dLow ? 1 : 0)) >>> 0;
      low = (low - dLow) >>> 0;
      lower |= 1;
    }
  }
  s[0] = lower;
  s[1] = upper;
  s[2] = low;
  s[3] = high;
}

/** A number below 2^53 as two words. */
function setPair(words: Int32Array, at: number, value: number): void {
  words[at] = value;
  words[at + 1] = value / TWO_32;
}
