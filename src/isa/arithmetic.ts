/**
 * Addition, subtraction and logic of 8 to 64 bits, with their flags.
 *
 * Carries come from words alone: the carry out of bit 31 of a + b = s is bit 31 of `(a & b) | ((a | b) & ~s)`, the borrow
 * of a − b = d that of `(~a & b) | ((~a | b) & d)`; overflow is where both operands' signs differ from the result's.
 * 8 and 16 bits are done at the upper end of a word, where carry and sign fall into the same places.
 *
 * Source: SDM 1, "Status Flags"; SDM 2, ADD, OR, ADC, SBB, AND, SUB, XOR, CMP, INC, DEC, NEG.
 *
 * @module
 */

import type { Processor } from "./processor.ts";

/** The eight operations, as bits 5:3 of their opcodes number them. */
export const ADD = 0;
/** Inclusive or. */
export const OR = 1;
/** Add with carry. */
export const ADC = 2;
/** Subtract with borrow. */
export const SBB = 3;
/** And. */
export const AND = 4;
/** Subtract. */
export const SUB = 5;
/** Exclusive or. */
export const XOR = 6;
/** Subtract for the flags alone. */
export const CMP = 7;

/** 32 bits. @returns the result, signed */
export function arithmetic32(
  x: Processor,
  kind: number,
  a: number,
  b: number,
): number {
  switch (kind) {
    case ADD:
      return add32(x, a, b, 0);
    case ADC:
      return add32(x, a, b, x.carry);
    case SBB:
      return subtract32(x, a, b, x.carry);
    case OR:
      return logic32(x, a | b);
    case AND:
      return logic32(x, a & b);
    case XOR:
      return logic32(x, a ^ b);
    default:
      return subtract32(x, a, b, 0);
  }
}

/** a + b + carry, with flags. */
export function add32(
  x: Processor,
  a: number,
  b: number,
  carry: number,
): number {
  const sum = (a + b + carry) | 0;
  x.carry = ((a & b) | ((a | b) & ~sum)) >>> 31;
  x.overflow = (a ^ sum) & (b ^ sum);
  x.adjust = a ^ b ^ sum;
  x.nonZero = sum;
  x.sign = sum;
  x.parity = sum;
  return sum;
}

/** a − b − borrow, with flags. */
export function subtract32(
  x: Processor,
  a: number,
  b: number,
  borrow: number,
): number {
  const difference = (a - b - borrow) | 0;
  x.carry = ((~a & b) | ((~a | b) & difference)) >>> 31;
  x.overflow = (a ^ b) & (a ^ difference);
  x.adjust = a ^ b ^ difference;
  x.nonZero = difference;
  x.sign = difference;
  x.parity = difference;
  return difference;
}

/** Flags of a logical result. */
export function logic32(x: Processor, result: number): number {
  x.carry = 0;
  x.overflow = 0;
  x.adjust = 0;
  x.nonZero = result;
  x.sign = result;
  x.parity = result;
  return result;
}

/** 64 bits. @returns the low word; the high one is left in `high` */
export function arithmetic64(
  x: Processor,
  kind: number,
  a: number,
  aHigh: number,
  b: number,
  bHigh: number,
): number {
  switch (kind) {
    case ADD:
      return add64(x, a, aHigh, b, bHigh, 0);
    case ADC:
      return add64(x, a, aHigh, b, bHigh, x.carry);
    case SBB:
      return subtract64(x, a, aHigh, b, bHigh, x.carry);
    case OR:
      return logic64(x, a | b, aHigh | bHigh);
    case AND:
      return logic64(x, a & b, aHigh & bHigh);
    case XOR:
      return logic64(x, a ^ b, aHigh ^ bHigh);
    default:
      return subtract64(x, a, aHigh, b, bHigh, 0);
  }
}

/** a + b + carry, with flags. */
export function add64(
  x: Processor,
  a: number,
  aHigh: number,
  b: number,
  bHigh: number,
  carry: number,
): number {
  const low = (a + b + carry) | 0;
  const middle = ((a & b) | ((a | b) & ~low)) >>> 31;
  const high = (aHigh + bHigh + middle) | 0;
  x.carry = ((aHigh & bHigh) | ((aHigh | bHigh) & ~high)) >>> 31;
  x.overflow = (aHigh ^ high) & (bHigh ^ high);
  x.adjust = a ^ b ^ low;
  x.nonZero = low | high;
  x.sign = high;
  x.parity = low;
  x.high = high;
  return low;
}

/** a − b − borrow, with flags. */
export function subtract64(
  x: Processor,
  a: number,
  aHigh: number,
  b: number,
  bHigh: number,
  borrow: number,
): number {
  const low = (a - b - borrow) | 0;
  const middle = ((~a & b) | ((~a | b) & low)) >>> 31;
  const high = (aHigh - bHigh - middle) | 0;
  x.carry = ((~aHigh & bHigh) | ((~aHigh | bHigh) & high)) >>> 31;
  x.overflow = (aHigh ^ bHigh) & (aHigh ^ high);
  x.adjust = a ^ b ^ low;
  x.nonZero = low | high;
  x.sign = high;
  x.parity = low;
  x.high = high;
  return low;
}

/** Flags of a logical result. */
export function logic64(x: Processor, low: number, high: number): number {
  x.carry = 0;
  x.overflow = 0;
  x.adjust = 0;
  x.nonZero = low | high;
  x.sign = high;
  x.parity = low;
  x.high = high;
  return low;
}

/** 8 or 16 bits. @returns the result, unsigned */
export function arithmeticSmall(
  x: Processor,
  width: number,
  kind: number,
  a: number,
  b: number,
): number {
  const shift = 32 - 8 * width;
  const carryIn = kind === ADC || kind === SBB ? x.carry << shift : 0;
  const top = a << shift;
  const other = b << shift;
  let result: number;
  switch (kind) {
    case ADD:
    case ADC:
      result = add32(x, top, other, carryIn);
      break;
    case OR:
      result = logic32(x, top | other);
      break;
    case AND:
      result = logic32(x, top & other);
      break;
    case XOR:
      result = logic32(x, top ^ other);
      break;
    default:
      result = subtract32(x, top, other, carryIn);
  }
  const value = result >>> shift;
  x.parity = value;
  if (kind !== OR && kind !== AND && kind !== XOR) x.adjust = a ^ b ^ value;
  return value;
}

/** Any width. @returns the low word; of 64 bits the high one is left in `high` */
export function arithmetic(
  x: Processor,
  width: number,
  kind: number,
  a: number,
  aHigh: number,
  b: number,
  bHigh: number,
): number {
  if (width === 4) return arithmetic32(x, kind, a, b);
  if (width === 8) return arithmetic64(x, kind, a, aHigh, b, bHigh);
  return arithmeticSmall(x, width, kind, a, b);
}
