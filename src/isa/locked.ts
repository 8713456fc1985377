/**
 * Read-modify-write instructions that are mostly used with LOCK: CMPXCHG, CMPXCHG8B, CMPXCHG16B, XADD. One CPU executes
 * one instruction at a time, so each is indivisible with or without the prefix.
 *
 * Source: SDM 2.
 *
 * @module
 */

import { ADD, arithmetic, SUB } from "./arithmetic.ts";
import type { Handler } from "./processor.ts";

const RAX = 0;
const RDX = 4;
const RCX = 2;
const RBX = 6;

/** CMPXCHG: the destination is stored to either way. */
export const cmpxchg: Handler = (x, o) => {
  const { width } = o;
  const old = x.openRm(o);
  const oldHigh = x.high;
  const expected = x.readRegister(width, RAX);
  const expectedHigh = x.high;
  arithmetic(x, width, SUB, expected, expectedHigh, old, oldHigh);
  if (x.nonZero === 0) {
    const value = x.readReg(o);
    x.closeRm(o, value, x.high);
  } else {
    if (o.memory) x.closeRm(o, old, oldHigh);
    x.writeRegister(width, RAX, old, oldHigh);
  }
  return o.end;
};

/** XADD: reg ← rm, rm ← rm + reg. */
export const xadd: Handler = (x, o) => {
  const old = x.openRm(o);
  const oldHigh = x.high;
  const b = x.readReg(o);
  const sum = arithmetic(x, o.width, ADD, old, oldHigh, b, x.high);
  const sumHigh = x.high;
  // Of XADD reg, reg with equal registers the sum stays.
  if (!o.memory) x.writeReg(o, old, oldHigh);
  x.closeRm(o, sum, sumHigh);
  if (o.memory) x.writeReg(o, old, oldHigh);
  return o.end;
};

/** CMPXCHG8B. */
export const cmpxchg8b: Handler = (x, o) => {
  const r = x.regs;
  const address = x.effectiveAddress(o);
  x.checkStore(address, 8);
  const low = x.load(8, address);
  const { high } = x;
  const equal = low === r[RAX] && high === r[RDX];
  if (equal) x.store(8, address, r[RBX]!, r[RCX]!);
  else {
    x.store(8, address, low, high);
    x.writeRegister(4, RAX, low, 0);
    x.writeRegister(4, RDX, high, 0);
  }
  x.setZero(equal);
  return o.end;
};

/** CMPXCHG16B: its operand is aligned to 16 bytes. */
export const cmpxchg16b: Handler = (x, o) => {
  const r = x.regs;
  const address = x.effectiveAddress(o);
  if ((address | 0) & 15) x.fault.protection(0);
  x.checkStore(address, 16);
  const low0 = x.load(8, address);
  const high0 = x.high;
  const low1 = x.load(8, address + 8);
  const high1 = x.high;
  const equal = low0 === r[RAX] && high0 === r[RAX + 1] && low1 === r[RDX] &&
    high1 === r[RDX + 1];
  if (equal) {
    x.store(8, address, r[RBX]!, r[RBX + 1]!);
    x.store(8, address + 8, r[RCX]!, r[RCX + 1]!);
  } else {
    x.writeRegister(8, RAX, low0, high0);
    x.writeRegister(8, RDX, low1, high1);
  }
  x.setZero(equal);
  return o.end;
};
