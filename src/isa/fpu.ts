/**
 * The state of x87 and SSE, as operating systems save and switch it: FNINIT, FNCLEX, FLDCW, FNSTCW, FNSTSW, FWAIT, EMMS,
 * FXSAVE, FXRSTOR, LDMXCSR, STMXCSR. The registers themselves are in `CpuState.fpu`.
 *
 * Source: SDM 2, the instructions; SDM 1, "FXSAVE and FXRSTOR Instructions"; SDM 3A, "Control Registers" for EM, MP, TS.
 *
 * *Not modelled*: arithmetic, see `UNMODELLED`; pending x87 exceptions, as nothing raises them; the x87 pointers with
 * selectors, as FXSAVE and FXRSTOR without REX.W have them: they are moved as with it.
 *
 * @module
 */

import type { VirtAddr } from "../hw/addr.ts";
import {
  FPU_CONTROL,
  FPU_CONTROL_DEFAULT,
  FPU_MXCSR,
  FPU_STATUS,
  FPU_TAGS,
  MXCSR_MASK,
} from "../hw/cpu_state.ts";
import { VECTOR_NM } from "../hw/exception.ts";
import { CR0_EM, CR0_MP, CR0_TS } from "../hw/registers.ts";
import type { Handler, Processor } from "./processor.ts";
import { checkFpu, checkSse } from "./unmodelled.ts";

/** Bytes of the area that hold state; the rest is left alone by FXSAVE and ignored by FXRSTOR. */
const STATE_BYTES = 416;
/** Where ST(0) to ST(7) are in the area. */
const STACK_AREA = 32;
/** Bytes from one to the next. */
const STACK_ENTRY = 16;
/** Bytes of a register; the rest of an entry is reserved. */
const STACK_BYTES = 10;
/** Where FOP is in the area. */
const FPU_OPCODE = 6;
const TOP_SHIFT = 11;
/** FSW: exception flags, stack fault, summary, busy. */
const STATUS_EXCEPTIONS = 0x80ff;

function half(x: Processor, at: number): number {
  const { fpu } = x.cpu;
  return fpu[at]! | (fpu[at + 1]! << 8);
}

function setHalf(x: Processor, at: number, value: number): void {
  x.cpu.fpu[at] = value;
  x.cpu.fpu[at + 1] = value >>> 8;
}

/** TOP ← 0. The registers stay, but the area's order begins with ST(0), which is another register then. */
function clearTop(x: Processor): void {
  const { fpu } = x.cpu;
  const status = half(x, FPU_STATUS);
  const top = (status >>> TOP_SHIFT) & 7;
  setHalf(x, FPU_STATUS, status & ~(7 << TOP_SHIFT));
  if (top === 0) return;
  const old = fpu.slice(STACK_AREA, STACK_AREA + 8 * STACK_ENTRY);
  for (let i = 0; i < 8; i++) {
    const from = STACK_ENTRY * ((i - top) & 7);
    fpu.set(
      old.subarray(from, from + STACK_ENTRY),
      STACK_AREA + STACK_ENTRY * i,
    );
  }
}

/** FNINIT: control, status, tags and pointers; the data registers stay. */
export const fninit: Handler = (x, o) => {
  checkFpu(x);
  clearTop(x);
  setHalf(x, FPU_CONTROL, FPU_CONTROL_DEFAULT);
  x.cpu.fpu.fill(0, FPU_STATUS, FPU_MXCSR);
  return o.end;
};

/** FNCLEX. */
export const fnclex: Handler = (x, o) => {
  checkFpu(x);
  setHalf(x, FPU_STATUS, half(x, FPU_STATUS) & ~STATUS_EXCEPTIONS);
  return o.end;
};

/** FCW: bit 6 always reads as 1, bits 7 and 13 to 15 as 0. */
function setControl(x: Processor, value: number): void {
  setHalf(x, FPU_CONTROL, (value & 0x1f7f) | 0x40);
}

/** FNENI, FNDISI and FNSETPM, which have done nothing since the 80387. */
export const fnop: Handler = (x, o) => {
  checkFpu(x);
  return o.end;
};

/** FLDCW. */
export const fldcw: Handler = (x, o) => {
  checkFpu(x);
  setControl(x, x.load(2, x.effectiveAddress(o)));
  return o.end;
};

/** FNSTCW. */
export const fnstcw: Handler = (x, o) => {
  checkFpu(x);
  x.store(2, x.effectiveAddress(o), half(x, FPU_CONTROL), 0);
  return o.end;
};

/** FNSTSW m16. */
export const fnstsw: Handler = (x, o) => {
  checkFpu(x);
  x.store(2, x.effectiveAddress(o), half(x, FPU_STATUS), 0);
  return o.end;
};

/** FNSTSW AX. */
export const fnstswAx: Handler = (x, o) => {
  checkFpu(x);
  x.halves[0] = half(x, FPU_STATUS);
  return o.end;
};

/** FWAIT. */
export const fwait: Handler = (x, o) => {
  const both = CR0_MP | CR0_TS;
  if ((x.cpu.cr0 & both) === both) x.fault.raise(VECTOR_NM);
  return o.end;
};

/** EMMS: all x87 registers become empty, and TOP 0 (SDM 3A, "Effects of MMX Instructions on x87 FPU State"). */
export const emms: Handler = (x, o) => {
  if (x.cpu.cr0 & CR0_EM) checkSse(x);
  checkFpu(x);
  clearTop(x);
  x.cpu.fpu[FPU_TAGS] = 0;
  return o.end;
};

function checkArea(x: Processor, address: number): void {
  if ((address | 0) & 15) x.fault.protection(0);
}

/** FXSAVE. */
export const fxsave: Handler = (x, o) => {
  checkFpu(x);
  const address = x.effectiveAddress(o);
  checkArea(x, address);
  x.checkStore(address, 512);
  const { fpu } = x.cpu;
  for (let i = 0; i < STATE_BYTES; i += 4) {
    const word = fpu[i]! | (fpu[i + 1]! << 8) | (fpu[i + 2]! << 16) |
      (fpu[i + 3]! << 24);
    x.mmu.store32((address + i) as VirtAddr, word);
  }
  return o.end;
};

/** FXRSTOR. */
export const fxrstor: Handler = (x, o) => {
  checkFpu(x);
  const address = x.effectiveAddress(o);
  checkArea(x, address);
  const mxcsr = x.load(4, address + FPU_MXCSR);
  if (mxcsr & ~MXCSR_MASK) x.fault.protection(0);
  // The last byte first: what faults has loaded nothing.
  x.load(1, address + 511);
  x.load(1, address);
  const { fpu } = x.cpu;
  for (let i = 0; i < STATE_BYTES; i += 4) {
    const word = x.load(4, address + i);
    if (i === FPU_MXCSR + 4) continue;
    fpu[i] = word;
    fpu[i + 1] = word >>> 8;
    fpu[i + 2] = word >>> 16;
    fpu[i + 3] = word >>> 24;
  }
  // Reserved parts are not loaded: of FCW, behind FTW, above FOP's 11 bits, behind the registers' 80 bits.
  setControl(x, half(x, FPU_CONTROL));
  fpu[FPU_TAGS + 1] = 0;
  fpu[FPU_OPCODE + 1]! &= 7;
  for (let i = 0; i < 8; i++) {
    const entry = STACK_AREA + STACK_ENTRY * i;
    fpu.fill(0, entry + STACK_BYTES, entry + STACK_ENTRY);
  }
  return o.end;
};

/** LDMXCSR. */
export const ldmxcsr: Handler = (x, o) => {
  checkSse(x);
  const value = x.load(4, x.effectiveAddress(o));
  if (value & ~MXCSR_MASK) x.fault.protection(0);
  setHalf(x, FPU_MXCSR, value);
  return o.end;
};

/** STMXCSR. */
export const stmxcsr: Handler = (x, o) => {
  checkSse(x);
  x.store(4, x.effectiveAddress(o), half(x, FPU_MXCSR), 0);
  return o.end;
};
