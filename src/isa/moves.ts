/**
 * Data movement: MOV, MOVZX, MOVSX, MOVSXD, LEA, XCHG, BSWAP, CMOVcc, SETcc, CBW and CWD families, XLAT, MOVNTI.
 *
 * Source: SDM 2.
 *
 * @module
 */

import type { VirtAddr } from "../hw/addr.ts";
import { condition } from "./flags.ts";
import type { Binder } from "./opcode_row.ts";
import type { Handler, Processor } from "./processor.ts";

const RAX_LOW = 0;
const RAX_HIGH = 1;
const RDX_LOW = 4;
const RDX_HIGH = 5;
const AX = 0;
const DX = 8;
const AL = 0;

// MOV

const movToRm: Handler = (x, o) => {
  const low = x.readReg(o);
  x.writeRm(o, low, x.high);
  return o.end;
};

const movToReg: Handler = (x, o) => {
  const low = x.readRm(o);
  x.writeReg(o, low, x.high);
  return o.end;
};

const movImmediate: Handler = (x, o) => {
  x.writeRm(o, o.immediate, o.immediateHigh);
  return o.end;
};

const movRegisters32: Handler = (x, o) => {
  const r = x.regs;
  r[o.rm] = r[o.reg]!;
  r[o.rm + 1] = 0;
  return o.end;
};

const movRegisters64: Handler = (x, o) => {
  const r = x.regs;
  r[o.rm] = r[o.reg]!;
  r[o.rm + 1] = r[o.reg + 1]!;
  return o.end;
};

const movLoad32: Handler = (x, o) => {
  const r = x.regs;
  r[o.reg] = x.mmu.load32(x.effectiveAddress(o) as VirtAddr);
  r[o.reg + 1] = 0;
  return o.end;
};

const movLoad64: Handler = (x, o) => {
  const r = x.regs;
  r[o.reg] = x.mmu.load64(x.effectiveAddress(o) as VirtAddr);
  r[o.reg + 1] = x.mmu.high;
  return o.end;
};

const movStore8: Handler = (x, o) => {
  const value = x.bytes[o.reg]!;
  x.mmu.store8(x.effectiveAddress(o) as VirtAddr, value);
  return o.end;
};

const movStore32: Handler = (x, o) => {
  const value = x.regs[o.reg]!;
  x.mmu.store32(x.effectiveAddress(o) as VirtAddr, value);
  return o.end;
};

const movStore64: Handler = (x, o) => {
  const low = x.regs[o.reg]!;
  const high = x.regs[o.reg + 1]!;
  x.mmu.store64(x.effectiveAddress(o) as VirtAddr, low, high);
  return o.end;
};

const movImmediate32: Handler = (x, o) => {
  x.regs[o.rm] = o.immediate;
  x.regs[o.rm + 1] = 0;
  return o.end;
};

const movImmediate64: Handler = (x, o) => {
  x.regs[o.rm] = o.immediate;
  x.regs[o.rm + 1] = o.immediateHigh;
  return o.end;
};

/** MOV between registers, memory and immediates. */
export const mov: Binder = (o, row) => {
  const { width } = o;
  if (row.shape === "EI") {
    if (o.memory || width < 4) return movImmediate;
    return width === 4 ? movImmediate32 : movImmediate64;
  }
  if (row.shape === "EG") {
    if (width === 2) return movToRm;
    if (width === 1) return o.memory ? movStore8 : movToRm;
    if (o.memory) return width === 4 ? movStore32 : movStore64;
    return width === 4 ? movRegisters32 : movRegisters64;
  }
  if (width < 4) return movToReg;
  if (o.memory) return width === 4 ? movLoad32 : movLoad64;
  const { rm } = o;
  o.rm = o.reg;
  o.reg = rm;
  return width === 4 ? movRegisters32 : movRegisters64;
};

// Extensions

const movzx: Handler = (x, o) => {
  const value = x.readRm(o, o.sourceWidth);
  x.writeReg(o, value, 0);
  return o.end;
};

const movzxLoad8: Handler = (x, o) => {
  const r = x.regs;
  r[o.reg] = x.mmu.load8(x.effectiveAddress(o) as VirtAddr);
  r[o.reg + 1] = 0;
  return o.end;
};

const movzxRegister8: Handler = (x, o) => {
  const r = x.regs;
  r[o.reg] = x.bytes[o.rm]!;
  r[o.reg + 1] = 0;
  return o.end;
};

/** MOVZX. */
export const moveZeroExtend: Binder = (o) => {
  if (o.width === 2 || o.sourceWidth === 2) return movzx;
  return o.memory ? movzxLoad8 : movzxRegister8;
};

/** MOVSX and MOVSXD. */
export const moveSignExtend: Handler = (x, o) => {
  const shift = 32 - 8 * o.sourceWidth;
  const value = (x.readRm(o, o.sourceWidth) << shift) >> shift;
  x.writeReg(o, value, value >> 31);
  return o.end;
};

/** MOVSXD; with a 16-bit destination it copies 16 bits. */
export const moveSignExtend32: Handler = (x, o) => {
  const value = o.memory && o.width === 2
    ? x.load(2, x.effectiveAddress(o))
    : x.readRm(o, 4);
  x.writeReg(o, value, value >> 31);
  return o.end;
};

// LEA

const leaGeneral: Handler = (x, o) => {
  const low = x.offsetAddress(o);
  x.writeReg(o, low, x.high);
  return o.end;
};

const leaBase64: Handler = (x, o) => {
  const r = x.regs;
  const { base, displacement, reg } = o;
  const start = r[base]!;
  const sum = (start + displacement) | 0;
  const carry = ((start & displacement) | ((start | displacement) & ~sum)) >>>
    31;
  r[reg + 1] = r[base + 1]! + (displacement >> 31) + carry;
  r[reg] = sum;
  return o.end;
};

/** LEA: no memory is touched, no segment counts. */
export const lea: Binder = (o) =>
  o.width === 8 && o.base >= 0 && o.index < 0 && !o.address32
    ? leaBase64
    : leaGeneral;

// Exchange

/** XCHG. */
export const xchg: Handler = (x, o) => {
  const a = x.openRm(o);
  const aHigh = x.high;
  const b = x.readReg(o);
  x.closeRm(o, b, x.high);
  x.writeReg(o, a, aHigh);
  return o.end;
};

/** 90 exchanges RAX with itself, and is NOP: it clears no upper half. */
export const xchgAccumulator: Binder = (o) =>
  o.rm === o.reg ? ((_, same) => same.end) : xchg;

/** BSWAP; of 16 bits, which the manual leaves undefined, gives 0. */
export const bswap: Handler = (x, o) => {
  const low = x.readRm(o);
  if (o.width === 8) x.writeRm(o, swap(x.high), swap(low));
  else x.writeRm(o, o.width === 2 ? 0 : swap(low), 0);
  return o.end;
};

function swap(value: number): number {
  return (value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) |
    (value >>> 24);
}

// Conditional

/** CMOVcc: memory is read, and the upper half cleared, either way. */
export const cmov: Handler = (x, o) => {
  let low = x.readRm(o);
  let { high } = x;
  if (!condition(x, o.kind)) {
    low = x.readReg(o);
    high = x.high;
  }
  x.writeReg(o, low, high);
  return o.end;
};

/** SETcc. */
export const setcc: Handler = (x, o) => {
  x.writeRm(o, condition(x, o.kind) ? 1 : 0, 0);
  return o.end;
};

// Accumulator

/** CBW, CWDE, CDQE. */
export const convertAccumulator: Handler = (x, o) => {
  const r = x.regs;
  if (o.width === 2) x.halves[AX] = (x.bytes[AL]! << 24) >> 24;
  else if (o.width === 4) {
    r[RAX_LOW] = (x.halves[AX]! << 16) >> 16;
    r[RAX_HIGH] = 0;
  } else r[RAX_HIGH] = r[RAX_LOW]! >> 31;
  return o.end;
};

/** CWD, CDQ, CQO. */
export const extendAccumulator: Handler = (x, o) => {
  const r = x.regs;
  if (o.width === 2) x.halves[DX] = (x.halves[AX]! << 16) >> 31;
  else if (o.width === 4) {
    r[RDX_LOW] = r[RAX_LOW]! >> 31;
    r[RDX_HIGH] = 0;
  } else r[RDX_LOW] = r[RDX_HIGH] = r[RAX_HIGH]! >> 31;
  return o.end;
};

/** XLAT: AL ← [RBX + AL]. */
export const xlat: Binder = (o) => {
  o.base = 6;
  return translateByte;
};

const translateByte: Handler = (x, o) => {
  // AL is added as a displacement: the address then wraps and faults as any other.
  o.displacement = x.bytes[AL]!;
  x.bytes[AL] = x.load(1, x.effectiveAddress(o));
  return o.end;
};

/** MOVNTI is a store. */
export const storeReg: Handler = (x: Processor, o) => movToRm(x, o);
