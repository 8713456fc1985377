/**
 * Transfers between code segments and privilege levels, and the segment registers: far JMP, CALL and RET, IRETQ, INT n,
 * SYSCALL, SYSRET, MOV and POP to segments, LFS and its kind, LAR, LSL, VERR, VERW, LLDT, LTR, SLDT, STR.
 *
 * Source: SDM 2, the instructions, "Operation" for 64-bit mode; SDM 3A, "Fast System Calls in 64-Bit Mode".
 *
 * *Not modelled*: call gates and task gates (#GP), 32-bit and 16-bit code segments (#GP; SYSRET without REX.W raises #UD).
 *
 * @module
 */

import {
  isCanonical,
  registerAddress,
  setRegisterAddress,
} from "../hw/cpu_state.ts";
import type { SegmentState } from "../hw/cpu_state.ts";
import {
  VECTOR_BP,
  VECTOR_DB,
  VECTOR_GP,
  VECTOR_NP,
  VECTOR_UD,
} from "../hw/exception.ts";
import { NO_ERROR_CODE } from "../hw/fault.ts";
import { RSP } from "../hw/general_registers.ts";
import {
  EFER_SCE,
  MSR_FMASK,
  MSR_LSTAR,
  MSR_STAR,
  RFLAGS_DEFINED,
  RFLAGS_FIXED,
  RFLAGS_RF,
  RFLAGS_VM,
} from "../hw/registers.ts";
import {
  ATTR_CODE,
  ATTR_CONFORMING,
  ATTR_D,
  ATTR_L,
  ATTR_P,
  ATTR_S,
  ATTR_WRITABLE,
  dplOf,
} from "../hw/segment_unit.ts";
import type { Binder } from "./opcode_row.ts";
import type { Handler, Operation, Processor } from "./processor.ts";
import { requireRing0, shadowStack } from "./system.ts";
import { invalidOpcode, IRET_SHORT, unmodelled } from "./unmodelled.ts";

const TWO_32 = 0x1_0000_0000;
const RCX = 2;
const R11 = 22;
/** Attributes of the flat segments that SYSCALL and SYSRET load without looking: present, S, type, G; DPL comes in. */
const FLAT_CODE = ATTR_P | ATTR_S | ATTR_L | 0x800b;
const FLAT_STACK = ATTR_P | ATTR_S | ATTR_D | 0x8003;

// Interrupts

/** Delivers an event from inside an instruction: RIP is behind it. */
function interrupt(
  x: Processor,
  o: Operation,
  vector: number,
  source: "software" | "exception",
): number {
  x.interrupted = true;
  x.offset = o.end;
  x.leave();
  // A fault while the gate is looked up belongs to the instruction: it is reported at its start.
  const start = x.page + o.end - o.length;
  x.core.deliver(vector, source, NO_ERROR_CODE, start);
  return x.resume();
}

/** INT3. */
export const int3: Handler = (x, o) => interrupt(x, o, VECTOR_BP, "software");

/** INT n. */
export const int: Handler = (x, o) =>
  interrupt(x, o, o.immediate & 0xff, "software");

/** INT1: a debug exception that asks no gate's DPL. */
export const int1: Handler = (x, o) => interrupt(x, o, VECTOR_DB, "exception");

function lackIret(x: Processor, o: Operation): number {
  o.kind = IRET_SHORT;
  return unmodelled(x, o);
}

/** IRETQ; of 32 and 16 bits it is not modelled. */
export const iret: Handler = (x, o) => {
  if (o.width !== 8) return lackIret(x, o);
  x.leave();
  x.core.interrupts.iretq();
  x.core.refresh();
  return x.resume();
};

// SYSCALL, SYSRET

/** SYSCALL. */
export const syscall: Handler = (x, o) => {
  const { cpu, core } = x;
  if (!(cpu.efer & EFER_SCE)) x.fault.raise(VECTOR_UD);
  x.packFlags();
  const rip = x.page + o.end;
  setRegisterAddress(cpu, RCX / 2, rip);
  x.regs[R11] = cpu.rflags & ~RFLAGS_RF;
  x.regs[R11 + 1] = 0;
  const targetLow = core.registers.readMsr(MSR_LSTAR);
  const target = (core.registers.high | 0) * TWO_32 + targetLow;
  core.registers.readMsr(MSR_STAR);
  const selector = core.registers.high & 0xfffc;
  const mask = core.registers.readMsr(MSR_FMASK);
  cpu.rflags = (cpu.rflags & ~mask & ~RFLAGS_RF) | RFLAGS_FIXED;
  flat(cpu.cs, selector, FLAT_CODE);
  flat(cpu.ss, selector + 8, FLAT_STACK);
  setLevel(x, 0);
  return enterAt(x, target);
};

/** SYSRET with REX.W. */
export const sysret: Handler = (x, o) => {
  const { cpu, core } = x;
  if (!(cpu.efer & EFER_SCE) || o.width !== 8) x.fault.raise(VECTOR_UD);
  requireRing0(x);
  const rip = registerAddress(cpu, RCX / 2);
  if (!isCanonical(rip)) x.fault.protection(0);
  cpu.rflags = (x.regs[R11]! & RFLAGS_DEFINED & ~(RFLAGS_RF | RFLAGS_VM)) |
    RFLAGS_FIXED;
  core.registers.readMsr(MSR_STAR);
  const base = core.registers.high >>> 16;
  flat(cpu.cs, (base + 16) | 3, FLAT_CODE | 0x60);
  flat(cpu.ss, (base + 8) | 3, FLAT_STACK | 0x60);
  setLevel(x, 3);
  return enterAt(x, rip);
};

function flat(segment: SegmentState, selector: number, attributes: number) {
  segment.selector = selector & 0xffff;
  segment.attributes = attributes;
  segment.base = 0;
  segment.limit = 0xffff_ffff;
}

function setLevel(x: Processor, cpl: number): void {
  if (x.cpu.cpl === cpl) return;
  x.cpu.cpl = cpl;
  x.mmu.dropFast();
}

/** Goes on somewhere with RFLAGS as they are in the architectural state. */
function enterAt(x: Processor, rip: number): number {
  x.cpu.rip = rip;
  x.syncClock();
  x.core.refresh();
  return x.resume();
}

// Far transfers

/** Fetches and checks a code segment for far JMP and CALL; loads nothing. */
function checkFarCode(x: Processor, selector: number): void {
  const { segments, cpu } = x.core;
  if ((selector & ~3) === 0) x.fault.protection(0);
  const error = selector & ~3;
  segments.fetch(selector, VECTOR_GP, 0);
  const a = segments.attributes;
  const code64 = a & ATTR_S && a & ATTR_CODE && a & ATTR_L && !(a & ATTR_D);
  const level = a & ATTR_CONFORMING
    ? dplOf(a) <= cpu.cpl
    : dplOf(a) === cpu.cpl && (selector & 3) <= cpu.cpl;
  if (!code64 || !level) x.fault.protection(error);
  if (!(a & ATTR_P)) x.fault.raise(VECTOR_NP, error);
}

/** Reads a far pointer. */
function readFar(x: Processor, o: Operation): FarPointer {
  const address = x.effectiveAddress(o);
  const low = x.load(o.width, address);
  const high = o.width === 8 ? x.high : 0;
  const selector = x.load(2, address + o.width);
  return { low, high, selector };
}

interface FarPointer {
  readonly low: number;
  readonly high: number;
  readonly selector: number;
}

/** JMP far, memory. */
export const jumpFar: Handler = (x, o) => {
  const { low, high, selector } = readFar(x, o);
  checkFarCode(x, selector);
  const rip = x.codeAddress(low, high);
  loadCode(x, selector, x.cpu.cpl);
  return x.jump(rip);
};

/** CALL far, memory. */
export const callFar: Handler = (x, o) => {
  const { low, high, selector } = readFar(x, o);
  checkFarCode(x, selector);
  const rip = x.codeAddress(low, high);
  const { width } = o;
  x.checkStore(x.stackAddress(-2 * width), 2 * width);
  const returnTo = x.page + o.end;
  const returnLow = returnTo | 0;
  const returnHigh = (returnTo - (returnLow >>> 0)) / TWO_32;
  x.store(width, x.stackAddress(-width), x.cpu.cs.selector, 0);
  x.store(width, x.stackAddress(-2 * width), returnLow, returnHigh);
  x.moveStack(-2 * width);
  x.core.segments.fetch(selector, VECTOR_GP, 0);
  loadCode(x, selector, x.cpu.cpl);
  return x.jump(rip);
};

function loadCode(x: Processor, selector: number, cpl: number): void {
  const { segments } = x.core;
  segments.markAccessed(selector);
  segments.put(x.cpu.cs, (selector & ~3) | cpl);
}

/** RET far, to the same or an outer level. */
export const retFar: Handler = (x, o) => {
  const { cpu, core } = x;
  const { segments } = core;
  const { width } = o;
  const low = x.load(width, x.stackAddress(0));
  const high = width === 8 ? x.high : 0;
  const selector = x.load(width, x.stackAddress(width)) & 0xffff;
  const level = selector & 3;
  if (level < cpu.cpl) x.fault.protection(selector & ~3);
  segments.checkReturnCode(selector);
  const rip = x.codeAddress(low, high);
  if (level === cpu.cpl) {
    loadCode(x, selector, level);
    x.moveStack(2 * width + o.immediate);
    return x.jump(rip);
  }
  const { low: csLow, high: csHigh, attributes } = segments;
  const at = 2 * width + o.immediate;
  const rspLow = x.load(width, x.stackAddress(at));
  const rspHigh = width === 8 ? x.high : 0;
  const ss = x.load(width, x.stackAddress(at + width)) & 0xffff;
  const nullStack = (ss & ~3) === 0;
  if (nullStack) {
    if (level === 3 || (ss & 3) !== level) x.fault.protection(0);
    segments.putNull(cpu.ss, ss);
  } else {
    segments.checkStack(ss, level);
    segments.markAccessed(ss);
    segments.put(cpu.ss, ss);
  }
  segments.low = csLow;
  segments.high = csHigh;
  segments.attributes = attributes;
  loadCode(x, selector, level);
  x.writeRegister(width, width === 2 ? 4 * RSP : 2 * RSP, rspLow, rspHigh);
  x.moveStack(o.immediate);
  cpu.cpl = level;
  for (const data of [cpu.ds, cpu.es, cpu.fs, cpu.gs]) {
    segments.dropTooPrivileged(data);
  }
  x.mmu.dropFast();
  return x.jump(rip);
};

// Segment registers, by number

const ES = 0;
const CS = 1;
const SS = 2;
const DS = 3;
const FS = 4;

function segmentOf(x: Processor, number: number): SegmentState {
  const { cpu } = x;
  switch (number) {
    case ES:
      return cpu.es;
    case CS:
      return cpu.cs;
    case SS:
      return cpu.ss;
    case DS:
      return cpu.ds;
    case FS:
      return cpu.fs;
  }
  return cpu.gs;
}

/** MOV rm, Sreg: memory takes 16 bits. */
export const readSegment: Handler = (x, o) => {
  const { selector } = segmentOf(x, o.number & 7);
  if (o.memory) x.store(2, x.effectiveAddress(o), selector, 0);
  else x.writeRegister(o.width, o.rm, selector, 0);
  return o.end;
};

/** MOV Sreg, rm. */
export const writeSegment: Handler = (x, o) => {
  const selector = x.readRm(o, 2) & 0xffff;
  loadSegment(x, o.number & 7, selector);
  return o.end;
};

function loadSegment(x: Processor, number: number, selector: number): void {
  const { segments } = x.core;
  if (number === SS) {
    segments.loadStack(selector);
    shadowStack(x);
  } else segments.loadData(segmentOf(x, number), selector);
}

/** PUSH FS, PUSH GS: `kind` is the segment's number. */
export const pushSegment: Handler = (x, o) => {
  x.push(o.width, segmentOf(x, o.kind).selector, 0);
  return o.end;
};

/** POP FS, POP GS. */
export const popSegment: Handler = (x, o) => {
  const selector = x.peekStack(o.width) & 0xffff;
  loadSegment(x, o.kind, selector);
  x.moveStack(o.width);
  return o.end;
};

/** LSS, LFS, LGS: `kind` is the segment's number. */
export const loadFarPointer: Handler = (x, o) => {
  const { low, high, selector } = readFar(x, o);
  loadSegment(x, o.kind, selector);
  x.writeReg(o, low, high);
  return o.end;
};

// Looking at descriptors

/** Fetches a descriptor without raising anything. @returns whether it can be looked at */
function tryFetch(x: Processor, selector: number): boolean {
  const { segments } = x.core;
  if ((selector & ~3) === 0 || !segments.isInTable(selector)) return false;
  segments.fetch(selector, VECTOR_GP, 0);
  const a = segments.attributes;
  const conforming = ATTR_S | ATTR_CODE | ATTR_CONFORMING;
  return (a & conforming) === conforming ||
    dplOf(a) >= Math.max(x.cpu.cpl, selector & 3);
}

/** Types of system descriptors that LAR and LSL accept in long mode: LDT, TSS; LAR call gates, too. */
const LSL_TYPES = 1 << 2 | 1 << 9 | 1 << 11;
const LAR_TYPES: number = LSL_TYPES | 1 << 12;

function lookAt(x: Processor, selector: number, types: number): boolean {
  if (!tryFetch(x, selector)) return false;
  const a = x.core.segments.attributes;
  return (a & ATTR_S) !== 0 || (types >>> (a & 15) & 1) !== 0;
}

/** LAR. */
export const lar: Handler = (x, o) => {
  const selector = x.readRm(o, 2) & 0xffff;
  const ok = lookAt(x, selector, LAR_TYPES);
  x.setZero(ok);
  if (ok) x.writeReg(o, x.core.segments.high & 0x00f0_ff00, 0);
  return o.end;
};

/** LSL. */
export const lsl: Handler = (x, o) => {
  const selector = x.readRm(o, 2) & 0xffff;
  const ok = lookAt(x, selector, LSL_TYPES);
  x.setZero(ok);
  if (ok) x.writeReg(o, x.core.segments.fetchedLimit, 0);
  return o.end;
};

/** VERR. */
export const verr: Handler = (x, o) => {
  const selector = x.readRm(o, 2) & 0xffff;
  const ok = tryFetch(x, selector);
  const a = x.core.segments.attributes;
  x.setZero(
    ok && (a & ATTR_S) !== 0 &&
      (!(a & ATTR_CODE) || (a & ATTR_WRITABLE) !== 0),
  );
  return o.end;
};

/** VERW. */
export const verw: Handler = (x, o) => {
  const selector = x.readRm(o, 2) & 0xffff;
  const ok = tryFetch(x, selector);
  const a = x.core.segments.attributes;
  x.setZero(
    ok && (a & ATTR_S) !== 0 && !(a & ATTR_CODE) && (a & ATTR_WRITABLE) !== 0,
  );
  return o.end;
};

// LDTR and TR

/** LLDT. */
export const lldt: Handler = (x, o) => {
  requireRing0(x);
  x.core.segments.loadLocalTable(x.readRm(o, 2) & 0xffff);
  return o.end;
};

/** LTR. */
export const ltr: Handler = (x, o) => {
  requireRing0(x);
  x.core.segments.loadTask(x.readRm(o, 2) & 0xffff);
  return o.end;
};

function storeSelector(x: Processor, o: Operation, selector: number): number {
  if (o.memory) x.store(2, x.effectiveAddress(o), selector, 0);
  else x.writeRegister(o.width, o.rm, selector, 0);
  return o.end;
}

/** SLDT. */
export const sldt: Handler = (x, o) => storeSelector(x, o, x.cpu.ldtr.selector);

/** STR. */
export const str: Handler = (x, o) => storeSelector(x, o, x.cpu.tr.selector);

/** MOV to a segment register: CS and the numbers behind GS are invalid. */
export const segmentMove: Binder = (o, row) => {
  const number = o.number & 7;
  const writes = row.operands[0] === "Sw";
  if (number > 5 || (writes && number === CS)) return invalidOpcode;
  return writes ? writeSegment : readSegment;
};
