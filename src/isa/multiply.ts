/**
 * MUL and IMUL.
 *
 * Words have 32 bits, so products are summed from 16-bit pieces. SF, ZF, AF and PF, which the manual leaves undefined, stay
 * as they are.
 *
 * Source: SDM 2, MUL, IMUL, "Operation".
 *
 * @module
 */

import type { Binder } from "./opcode_row.ts";
import type { Handler, Operation, Processor } from "./processor.ts";

const RAX = 0;
const RDX = 4;
const AX = 0;
const DX = 8;
const TWO_32 = 0x1_0000_0000;
const SIGN = 1 << 31;

/** High word of a product of two unsigned words. */
export function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const other = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + Math.floor(middle / 0x1_0000) + (other >>> 16)) | 0;
}

/** 64 × 64 bits: the four words of the product, lowest first, are left in `product`. */
function multiply64(
  product: Int32Array,
  a: number,
  aHigh: number,
  b: number,
  bHigh: number,
): void {
  let sum = multiplyHigh(a, b) >>> 0;
  product[0] = Math.imul(a, b);
  sum += (Math.imul(a, bHigh) >>> 0) + (Math.imul(aHigh, b) >>> 0);
  product[1] = sum;
  sum = Math.floor(sum / TWO_32) + (multiplyHigh(a, bHigh) >>> 0) +
    (multiplyHigh(aHigh, b) >>> 0) + (Math.imul(aHigh, bHigh) >>> 0);
  product[2] = sum;
  product[3] = Math.floor(sum / TWO_32) + multiplyHigh(aHigh, bHigh);
}

/** Subtracts what an unsigned product has too much if its factors were negative. */
function makeSigned(
  product: Int32Array,
  a: number,
  aHigh: number,
  b: number,
  bHigh: number,
): void {
  if (aHigh < 0) subtractUpper(product, b, bHigh);
  if (bHigh < 0) subtractUpper(product, a, aHigh);
}

function subtractUpper(product: Int32Array, low: number, high: number): void {
  const old = product[2]!;
  product[2] = old - low;
  product[3]! -= high + ((old >>> 0) < (low >>> 0) ? 1 : 0);
}

function multiply(x: Processor, o: Operation, signed: boolean): number {
  const { width } = o;
  const r = x.regs;
  let b = x.readRm(o);
  if (width === 8) {
    const p = x.scratch;
    const bHigh = x.high;
    multiply64(p, r[RAX]!, r[RAX + 1]!, b, bHigh);
    if (signed) makeSigned(p, r[RAX]!, r[RAX + 1]!, b, bHigh);
    setCarry(
      x,
      signed
        ? p[2] !== p[1]! >> 31 || p[3] !== p[1]! >> 31
        : (p[2]! | p[3]!) !== 0,
    );
    r.set(p.subarray(0, 2), RAX);
    r.set(p.subarray(2, 4), RDX);
  } else if (width === 4) {
    const a = r[RAX]!;
    const low = Math.imul(a, b);
    const high = signed ? multiplyHighSigned(a, b) : multiplyHigh(a, b);
    setCarry(x, high !== (signed ? low >> 31 : 0));
    r[RAX] = low;
    r[RAX + 1] = 0;
    r[RDX] = high;
    r[RDX + 1] = 0;
  } else {
    const shift = 32 - 8 * width;
    let a = width === 1 ? x.bytes[AX]! : x.halves[AX]!;
    if (signed) {
      a = (a << shift) >> shift;
      b = (b << shift) >> shift;
    }
    const product = Math.imul(a, b);
    const cut = signed
      ? (product << shift) >> shift
      : product << shift >>> shift;
    setCarry(x, cut !== (signed ? product : product >>> 0));
    x.halves[AX] = product;
    if (width === 2) x.halves[DX] = product >>> 16;
  }
  return o.end;
}

function multiplyHighSigned(a: number, b: number): number {
  return multiplyHigh(a, b) - (a < 0 ? b : 0) - (b < 0 ? a : 0) | 0;
}

/** CF and OF: the upper half is needed. */
function setCarry(x: Processor, needed: boolean): void {
  x.carry = needed ? 1 : 0;
  x.overflow = needed ? SIGN : 0;
}

/** MUL. */
export const mul: Handler = (x, o) => multiply(x, o, false);

/** IMUL with one operand. */
export const imul: Handler = (x, o) => multiply(x, o, true);

/** reg ← a × b, signed, cut to the width. */
function multiplyTo(
  x: Processor,
  o: Operation,
  a: number,
  aHigh: number,
  b: number,
  bHigh: number,
): number {
  const { width } = o;
  if (width === 8) {
    const p = x.scratch;
    multiply64(p, a, aHigh, b, bHigh);
    makeSigned(p, a, aHigh, b, bHigh);
    const sign = p[1]! >> 31;
    setCarry(x, p[2] !== sign || p[3] !== sign);
    x.writeReg(o, p[0]!, p[1]!);
  } else if (width === 4) {
    const low = Math.imul(a, b);
    setCarry(x, multiplyHighSigned(a, b) !== low >> 31);
    x.writeReg(o, low, 0);
  } else {
    const product = Math.imul((a << 16) >> 16, (b << 16) >> 16);
    setCarry(x, (product << 16) >> 16 !== product);
    x.writeReg(o, product, 0);
  }
  return o.end;
}

const imulTwo: Handler = (x, o) => {
  const b = x.readRm(o);
  const bHigh = x.high;
  const a = x.readReg(o);
  return multiplyTo(x, o, a, x.high, b, bHigh);
};

const imulThree: Handler = (x, o) => {
  const a = x.readRm(o);
  return multiplyTo(x, o, a, x.high, o.immediate, o.immediateHigh);
};

/** IMUL with two and three operands. */
export const imulTo: Binder = (_, row) =>
  row.operands.length === 3 ? imulThree : imulTwo;
