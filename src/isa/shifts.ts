/**
 * Shifts and rotates: ROL, ROR, RCL, RCR, SHL, SHR, SAR, SHLD, SHRD.
 *
 * They are not frequent enough for a form by width, so each is written once, over a low and a high word: values of less
 * than 64 bits stand in the low word, unsigned.
 *
 * Where the manual leaves OF undefined, by counts other than 1, it is what the formula for 1 gives.
 *
 * Source: SDM 2, RCL/RCR/ROL/ROR, SAL/SAR/SHL/SHR, SHLD, SHRD, "Operation".
 *
 * @module
 */

import { RCX } from "../hw/general_registers.ts";
import { resultFlags } from "./flags.ts";
import type { Binder } from "./opcode_row.ts";
import type { Handler, Operation, Processor } from "./processor.ts";

const CL = 8 * RCX;

/** The operations by ModRM.reg; 6 is another SHL. */
export const ROL = 0;
/** Rotate right. */
export const ROR = 1;
/** Rotate left through CF. */
export const RCL = 2;
/** Rotate right through CF. */
export const RCR = 3;
/** Shift left. */
export const SHL = 4;
/** Shift right. */
export const SHR = 5;
/** Shift right, keeping the sign. */
export const SAR = 7;

const countMask = (width: number): number => width === 8 ? 63 : 31;

/** Moves a 64-bit value left by 0 to 63. @returns the low word; the high one in `x.high` */
function left64(x: Processor, low: number, high: number, n: number): number {
  if (n >= 32) {
    x.high = low << (n - 32);
    return 0;
  }
  x.high = n === 0 ? high : (high << n) | (low >>> (32 - n));
  return low << n;
}

/** Moves a 64-bit value right by 0 to 63, filling with zeros. */
function right64(x: Processor, low: number, high: number, n: number): number {
  if (n >= 32) {
    x.high = 0;
    return high >>> (n - 32);
  }
  x.high = high >>> n;
  return n === 0 ? low : (low >>> n) | (high << (32 - n));
}

/** Bit n of a value. */
function bit(low: number, high: number, n: number): number {
  return n < 32 ? (low >>> n) & 1 : (high >>> (n - 32)) & 1;
}

function rotateOrShift(x: Processor, o: Operation, count: number): number {
  const { width, kind } = o;
  const n = count & countMask(width);
  const low = x.openRm(o);
  const high = width === 8 ? x.high : 0;
  if (n === 0) {
    // Nothing but the upper half of a 32-bit register changes.
    x.closeRm(o, low, high);
    return o.end;
  }
  if (kind === RCL || kind === RCR) rotateThroughCarry(x, o, low, high, n);
  else if (kind < RCL) rotate(x, o, low, high, n);
  else shift(x, o, low, high, n);
  return o.end;
}

function rotate(
  x: Processor,
  o: Operation,
  low: number,
  high: number,
  n: number,
): void {
  const bits = 8 * o.width;
  const by = o.kind === ROL ? n % bits : (bits - n % bits) % bits;
  let result: number;
  if (bits === 64) {
    const up = left64(x, low, high, by);
    const upHigh = x.high;
    if (by === 0) result = up;
    else {
      result = up | right64(x, low, high, 64 - by);
      x.high |= upHigh;
    }
  } else if (bits === 32) {
    result = by === 0 ? low : (low << by) | (low >>> (32 - by));
  } else result = (low << by) | (low >>> (bits - by));
  const top = bit(result, x.high, bits - 1);
  if (o.kind === ROL) {
    x.carry = result & 1;
    x.overflow = (top ^ x.carry) << 31;
  } else {
    x.carry = top;
    x.overflow = (top ^ bit(result, x.high, bits - 2)) << 31;
  }
  x.closeRm(o, result, x.high);
}

/** CF is bit 8 × width of the number that is rotated, one step at a time. */
function rotateThroughCarry(
  x: Processor,
  o: Operation,
  low: number,
  high: number,
  n: number,
): void {
  const bits = 8 * o.width;
  const steps = bits < 32 ? n % (bits + 1) : n;
  let { carry } = x;
  const leftwards = o.kind === RCL;
  if (!leftwards) x.overflow = (bit(low, high, bits - 1) ^ carry) << 31;
  for (let i = 0; i < steps; i++) {
    if (leftwards) {
      const out = bit(low, high, bits - 1);
      low = left64(x, low, high, 1) | carry;
      high = x.high;
      carry = out;
    } else {
      const out = low & 1;
      const above = bits === 64 ? high : 0;
      low = right64(x, low, above, 1);
      high = x.high;
      if (bits === 64) high |= carry << 31;
      else low = (low & mask(bits - 1)) | (carry << (bits - 1));
      carry = out;
    }
  }
  x.carry = carry;
  if (leftwards) x.overflow = (bit(low, high, bits - 1) ^ carry) << 31;
  x.closeRm(o, low, high);
}

/** The low n bits, 1 to 32. */
function mask(n: number): number {
  return n === 32 ? -1 : (1 << n) - 1;
}

function shift(
  x: Processor,
  o: Operation,
  low: number,
  high: number,
  n: number,
): void {
  const { width, kind } = o;
  const bits = 8 * width;
  let result: number;
  if (kind === SAR) {
    // 32 bits and less are sign-extended, so that 64-bit steps suit every width.
    if (width < 8) {
      low = (low << (32 - bits)) >> (32 - bits);
      high = low >> 31;
    }
    x.carry = bit(low, high, n - 1);
    x.overflow = 0;
    result = n >= 32 ? high >> (n - 32) : right64(x, low, high, n);
    x.high = n >= 32 ? high >> 31 : high >> n;
  } else if (kind === SHR) {
    if (width === 4) high = 0;
    x.carry = bit(low, high, n - 1);
    x.overflow = bit(low, high, bits - 1) << 31;
    result = right64(x, low, high, n);
  } else {
    x.carry = n <= bits ? bit(low, high, bits - n) : 0;
    result = left64(x, low, high, n);
    x.overflow = (bit(result, x.high, bits - 1) ^ x.carry) << 31;
  }
  x.adjust = 0;
  const resultHigh = x.high;
  resultFlags(x, width, result, resultHigh);
  if (width < 4) x.parity = result;
  x.closeRm(o, result, resultHigh);
}

const byImmediate: Handler = (x, o) => rotateOrShift(x, o, o.immediate);

const byCl: Handler = (x, o) => rotateOrShift(x, o, x.bytes[CL]!);

// Frequent forms: 32- and 64-bit registers by an immediate.

const shl32: Handler = (x, o) => {
  const r = x.regs;
  const n = o.immediate & 31;
  const a = r[o.rm]!;
  const result = a << n;
  x.carry = (a >>> (32 - n)) & 1;
  x.overflow = result ^ (x.carry << 31);
  return finish32(x, o, result);
};

const shr32: Handler = (x, o) => {
  const n = o.immediate & 31;
  const a = x.regs[o.rm]!;
  x.carry = (a >>> (n - 1)) & 1;
  x.overflow = a;
  return finish32(x, o, a >>> n);
};

const sar32: Handler = (x, o) => {
  const n = o.immediate & 31;
  const a = x.regs[o.rm]!;
  x.carry = (a >>> (n - 1)) & 1;
  x.overflow = 0;
  return finish32(x, o, a >> n);
};

function finish32(x: Processor, o: Operation, result: number): number {
  const r = x.regs;
  x.adjust = 0;
  x.nonZero = x.sign = x.parity = result | 0;
  r[o.rm] = result;
  r[o.rm + 1] = 0;
  return o.end;
}

/** Shifts and rotates by 1, an immediate or CL. */
export const shifts: Binder = (o, row) => {
  if (row.operands[1] === "CL") return byCl;
  const simple = !o.memory && o.width === 4 && (o.immediate & 31) !== 0;
  if (simple && o.kind === SHL) return shl32;
  if (simple && o.kind === SHR) return shr32;
  if (simple && o.kind === SAR) return sar32;
  return byImmediate;
};

// SHLD, SHRD

function shiftDouble(
  x: Processor,
  o: Operation,
  count: number,
  leftwards: boolean,
): number {
  const { width } = o;
  const bits = 8 * width;
  const n = count & countMask(width);
  const low = x.openRm(o);
  const high = width === 8 ? x.high : 0;
  const source = x.readReg(o);
  const sourceHigh = width === 8 ? x.high : 0;
  if (n === 0) {
    x.closeRm(o, low, high);
    return o.end;
  }
  let result: number;
  let resultHigh: number;
  if (bits === 16) {
    // Counts over 16 are undefined: as on the 32-bit number destination:source:destination.
    const pair = leftwards ? (low << 16) | source : (source << 16) | low;
    if (leftwards) {
      x.carry = n <= 16 ? (low >>> (16 - n)) & 1 : (source >>> (32 - n)) & 1;
      const wide = n <= 16
        ? (pair << n) >>> 16
        : ((pair << n) | (low >>> (32 - n))) >>> 16;
      result = wide & 0xffff;
    } else {
      x.carry = (pair >>> (n - 1)) & 1;
      result = n <= 16
        ? (pair >>> n) & 0xffff
        : ((pair >>> n) | (low << (32 - n))) & 0xffff;
    }
    resultHigh = 0;
  } else if (bits === 32) {
    x.carry = leftwards ? (low >>> (32 - n)) & 1 : (low >>> (n - 1)) & 1;
    result = leftwards
      ? (low << n) | (source >>> (32 - n))
      : (low >>> n) | (source << (32 - n));
    resultHigh = 0;
  } else if (leftwards) {
    x.carry = bit(low, high, 64 - n);
    const in0 = right64(x, source, sourceHigh, 64 - n);
    const in1 = x.high;
    result = left64(x, low, high, n) | in0;
    resultHigh = x.high | in1;
  } else {
    x.carry = bit(low, high, n - 1);
    const in0 = left64(x, source, sourceHigh, 64 - n);
    const in1 = x.high;
    result = right64(x, low, high, n) | in0;
    resultHigh = x.high | in1;
  }
  const signBefore = bit(low, high, bits - 1);
  x.overflow = (signBefore ^ bit(result, resultHigh, bits - 1)) << 31;
  x.adjust = 0;
  resultFlags(x, width, result, resultHigh);
  x.closeRm(o, result, resultHigh);
  return o.end;
}

const shldImmediate: Handler = (x, o) => shiftDouble(x, o, o.immediate, true);
const shldCl: Handler = (x, o) => shiftDouble(x, o, x.bytes[CL]!, true);
const shrdImmediate: Handler = (x, o) => shiftDouble(x, o, o.immediate, false);
const shrdCl: Handler = (x, o) => shiftDouble(x, o, x.bytes[CL]!, false);

/** SHLD. */
export const shld: Binder = (_, row) =>
  row.operands[2] === "CL" ? shldCl : shldImmediate;

/** SHRD. */
export const shrd: Binder = (_, row) =>
  row.operands[2] === "CL" ? shrdCl : shrdImmediate;
