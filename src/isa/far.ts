/**
 * Transfers between code segments and privilege levels: far JMP, CALL and RET, IRETQ, INT n,
 * SYSCALL, SYSRET.
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
  RFLAGS_TF,
  RFLAGS_VM,
} from "../hw/registers.ts";
import {
  ATTR_CODE,
  ATTR_CONFORMING,
  ATTR_D,
  ATTR_L,
  ATTR_P,
  ATTR_S,
  dplOf,
} from "../hw/segment_unit.ts";
import type { Handler, Operation, Processor } from "./processor.ts";
import { requireRing0 } from "./system.ts";
import { IRET_SHORT, unmodelled } from "./unmodelled.ts";

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
  x.trap = false; // Delivery clears TF.
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
  if (!(cpu.efer & EFER_SCE)) x.fault.raise(VECTOR_UD);
  requireRing0(x);
  if (o.width !== 8) x.fault.raise(VECTOR_UD);
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

/**
 * Goes on somewhere with RFLAGS as they are in the architectural state. Of SYSCALL and SYSRET the TF that they leave
 * decides about the single step, as on the CPUs for which Linux is written: where FMASK clears TF no #DB falls into the
 * kernel's first instruction, and one that SYSRET sets traps at once.
 */
function enterAt(x: Processor, rip: number): number {
  x.trap = (x.cpu.rflags & RFLAGS_TF) !== 0;
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
export function readFar(x: Processor, o: Operation): FarPointer {
  const address = x.effectiveAddress(o);
  const low = x.load(o.width, address);
  const high = o.width === 8 ? x.high : 0;
  const selector = x.load(2, address + o.width);
  return { low, high, selector };
}

/** An address with its segment. */
export interface FarPointer {
  /** Low word of the offset. */
  readonly low: number;
  /** High word of the offset. */
  readonly high: number;
  /** The segment. */
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
  x.checkStore(x.stackAddress(-width, width), width);
  x.checkStore(x.stackAddress(-2 * width, width), width);
  const returnTo = x.page + o.end;
  const returnLow = returnTo | 0;
  const returnHigh = (returnTo - (returnLow >>> 0)) / TWO_32;
  x.store(width, x.stackAddress(-width, width), x.cpu.cs.selector, 0);
  x.store(width, x.stackAddress(-2 * width, width), returnLow, returnHigh);
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
  const low = x.load(width, x.stackAddress(0, width));
  const high = width === 8 ? x.high : 0;
  const selector = x.load(width, x.stackAddress(width, width)) & 0xffff;
  const level = selector & 3;
  if (level < cpu.cpl) x.fault.protection(selector & ~3);
  segments.checkReturnCode(selector);
  // Before any segment is loaded: it may fault.
  segments.markAccessed(selector);
  const rip = x.codeAddress(low, high);
  if (level === cpu.cpl) {
    loadCode(x, selector, level);
    x.moveStack(2 * width + o.immediate);
    return x.jump(rip);
  }
  const { low: csLow, high: csHigh, attributes } = segments;
  const at = 2 * width + o.immediate;
  const rspLow = x.load(width, x.stackAddress(at, width));
  const rspHigh = width === 8 ? x.high : 0;
  const ss = x.load(width, x.stackAddress(at + width, width)) & 0xffff;
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
