/**
 * System instructions: control and debug registers, MSRs, table registers, TLB, HLT, time, CPUID.
 *
 * Source: SDM 2, the instructions; SDM 3A, "Privileged Instructions"; the debug registers: SDM 3B, "Debug Registers".
 *
 * *Not modelled*: what CR8 holds off (there is no local APIC); performance counters (RDPMC raises #GP); general detect
 * (DR7.GD); of a value moved to CR2 that is not canonical only 53 bits are kept.
 *
 * @module
 */

import type { VirtAddr } from "../hw/addr.ts";
import {
  DR6_FIXED,
  DR7_FIXED,
  isCanonical,
  SHADOW_SS,
  SHADOW_STI,
} from "../hw/cpu_state.ts";
import { VECTOR_UD } from "../hw/exception.ts";
import {
  CR0_EM,
  CR0_MP,
  CR0_PE,
  CR0_TS,
  CR4_DE,
  CR4_PCE,
  CR4_TSD,
  MSR_TSC_AUX,
  RFLAGS_IF,
  RFLAGS_IOPL,
  RFLAGS_IOPL_SHIFT,
} from "../hw/registers.ts";
import { cpuid as askCpuid } from "./cpuid.ts";
import type { Binder } from "./opcode_row.ts";
import type { Handler, Operation, Processor } from "./processor.ts";
import { invalidOpcode } from "./unmodelled.ts";

const TWO_32 = 0x1_0000_0000;
const RAX = 0;
const RCX = 2;
const RDX = 4;
const RBX = 6;

/** @throws #GP(0) outside ring 0 */
export function requireRing0(x: Processor): void {
  if (x.cpu.cpl !== 0) x.fault.protection(0);
}

/** Ends a handler after which the boundary has to look again. */
function finish(x: Processor, end: number): number {
  x.core.refresh();
  x.cut();
  return end;
}

// Interrupt flag, HLT

function mayChangeIf(x: Processor): boolean {
  const { cpl, rflags } = x.cpu;
  return cpl <= (rflags & RFLAGS_IOPL) >>> RFLAGS_IOPL_SHIFT;
}

/** CLI. */
export const cli: Handler = (x, o) => {
  if (!mayChangeIf(x)) x.fault.protection(0);
  x.cpu.rflags &= ~RFLAGS_IF;
  return finish(x, o.end);
};

/** STI: shadows the next instruction if interrupts were off. */
export const sti: Handler = (x, o) => {
  if (!mayChangeIf(x)) x.fault.protection(0);
  const { cpu } = x;
  if (!(cpu.rflags & RFLAGS_IF)) cpu.shadow = SHADOW_STI;
  cpu.rflags |= RFLAGS_IF;
  return finish(x, o.end);
};

/** HLT. */
export const hlt: Handler = (x, o) => {
  requireRing0(x);
  x.cpu.halted = true;
  const { events } = x.core;
  if (events.on) {
    x.syncClock();
    events.emit("hlt", x.cpu.rflags >>> 9 & 1);
  }
  x.cut();
  return o.end;
};

// Control registers

/** MOV reg, CR. */
const readControl: Handler = (x, o) => {
  const { regs } = x;
  requireRing0(x);
  const value = controlRegister(x, o.number);
  regs[o.rm] = value;
  regs[o.rm + 1] = Math.floor(value / TWO_32);
  return o.end;
};

/** @param number one of `CONTROL_REGISTERS` */
function controlRegister(x: Processor, number: number): number {
  const { cpu } = x;
  switch (number) {
    case 0:
      return cpu.cr0;
    case 2:
      return cpu.cr2;
    case 3:
      return cpu.cr3;
    case 4:
      return cpu.cr4;
  }
  return cpu.cr8;
}

/** MOV CR, reg. */
const writeControl: Handler = (x, o) => {
  const { cpu, core, regs } = x;
  requireRing0(x);
  const low = regs[o.rm]!;
  const high = regs[o.rm + 1]!;
  x.syncClock();
  if (o.number === 3) core.registers.writeCr3(low, high);
  else if (o.number === 2) cpu.cr2 = high * TWO_32 + (low >>> 0);
  else {
    if (high !== 0) x.fault.protection(0);
    if (o.number === 0) core.registers.writeCr0(low);
    else if (o.number === 4) core.registers.writeCr4(low);
    else {
      if (low & ~15) x.fault.protection(0);
      cpu.cr8 = low;
    }
  }
  return finish(x, o.end);
};

/** CLTS. */
export const clts: Handler = (x, o) => {
  requireRing0(x);
  x.cpu.cr0 = (x.cpu.cr0 & ~CR0_TS) >>> 0;
  return o.end;
};

/** SMSW: memory takes 16 bits. */
export const smsw: Handler = (x, o) => {
  if (o.memory) x.store(2, x.effectiveAddress(o), x.cpu.cr0, 0);
  else x.writeRegister(o.width, o.rm, x.cpu.cr0, 0);
  return o.end;
};

/** LMSW: PE can be set, not cleared. */
export const lmsw: Handler = (x, o) => {
  requireRing0(x);
  const value = x.readRm(o);
  const mask = CR0_MP | CR0_EM | CR0_TS;
  x.core.registers.writeCr0(
    (x.cpu.cr0 & ~mask) | (value & (mask | CR0_PE)),
  );
  return finish(x, o.end);
};

/** Control registers that exist. */
const CONTROL_REGISTERS: readonly number[] = Object.freeze([0, 2, 3, 4, 8]);

/** MOV to and from control registers: others are invalid, so the handlers see none of them. */
export const moveControl: Binder = (o, row) => {
  if (!CONTROL_REGISTERS.includes(o.number)) return invalidOpcode;
  return row.operands[0] === "Cd" ? writeControl : readControl;
};

/** MOV to and from debug registers: there are eight. */
export const moveDebug: Binder = (o, row) => {
  if (o.number > 7) return invalidOpcode;
  return row.operands[0] === "Dd" ? writeDebug : readDebug;
};

// Debug registers

/** DR4 and DR5 are other names of DR6 and DR7, unless CR4.DE makes them invalid. */
function debugNumber(x: Processor, number: number): number {
  if (number === 4 || number === 5) {
    if (x.cpu.cr4 & CR4_DE) x.fault.raise(VECTOR_UD);
    return number + 2;
  }
  return number;
}

/** MOV reg, DR. */
const readDebug: Handler = (x, o) => {
  const n = 2 * debugNumber(x, o.number);
  requireRing0(x);
  x.regs[o.rm] = x.cpu.debug[n]!;
  x.regs[o.rm + 1] = x.cpu.debug[n + 1]!;
  return o.end;
};

/** MOV DR, reg. */
const writeDebug: Handler = (x, o) => {
  const n = debugNumber(x, o.number);
  requireRing0(x);
  let low = x.regs[o.rm]!;
  const high = x.regs[o.rm + 1]!;
  if (n >= 6) {
    if (high !== 0) x.fault.protection(0);
    low = n === 6 ? (low & 0xe00f) | DR6_FIXED : (low & ~0xd800) | DR7_FIXED;
  }
  x.cpu.debug[2 * n] = low;
  x.cpu.debug[2 * n + 1] = high;
  return o.end;
};

// MSRs and time

/** RDMSR. */
export const rdmsr: Handler = (x, o) => {
  requireRing0(x);
  x.syncClock();
  const low = x.core.registers.readMsr(x.regs[RCX]!);
  setPair(x, low, x.core.registers.high);
  return o.end;
};

/** WRMSR. */
export const wrmsr: Handler = (x, o) => {
  requireRing0(x);
  const { regs } = x;
  x.core.registers.writeMsr(regs[RCX]!, regs[RAX]!, regs[RDX]!);
  return finish(x, o.end);
};

/** EDX:EAX, with both upper halves cleared. */
function setPair(x: Processor, low: number, high: number): void {
  x.writeRegister(4, RAX, low, 0);
  x.writeRegister(4, RDX, high, 0);
}

function readTime(x: Processor): void {
  if (x.cpu.cr4 & CR4_TSD && x.cpu.cpl !== 0) x.fault.protection(0);
  x.syncClock();
  const { clk } = x.core.clock.state;
  setPair(x, clk, Math.floor(clk / TWO_32));
}

/** RDTSC: the counter is clk. */
export const rdtsc: Handler = (x, o) => {
  readTime(x);
  return o.end;
};

/** RDTSCP. */
export const rdtscp: Handler = (x, o) => {
  readTime(x);
  x.writeRegister(4, RCX, x.core.registers.readMsr(MSR_TSC_AUX), 0);
  return o.end;
};

/** RDPMC: there are no counters. */
export const rdpmc: Handler = (x) => {
  if (!(x.cpu.cr4 & CR4_PCE)) requireRing0(x);
  return x.fault.protection(0);
};

/** CPUID. */
export const cpuid: Handler = (x, o) => {
  const { regs } = x;
  const [a, b, c, d] = askCpuid(regs[RAX]! >>> 0, regs[RCX]! >>> 0);
  x.writeRegister(4, RAX, a, 0);
  x.writeRegister(4, RBX, b, 0);
  x.writeRegister(4, RCX, c, 0);
  x.writeRegister(4, RDX, d, 0);
  return o.end;
};

// Table registers

/** SGDT and SIDT: limit and base, 10 bytes. */
function storeTable(
  x: Processor,
  address: number,
  table: {
    /** Linear address. */
    readonly base: number;
    /** Bytes less one. */
    readonly limit: number;
  },
): void {
  x.checkStore(address, 10);
  x.store(2, address, table.limit, 0);
  const low = table.base | 0;
  x.store(8, address + 2, low, (table.base - (low >>> 0)) / TWO_32);
}

/** SGDT. */
export const sgdt: Handler = (x, o) => {
  storeTable(x, x.effectiveAddress(o), x.cpu.gdtr);
  return o.end;
};

/** SIDT. */
export const sidt: Handler = (x, o) => {
  storeTable(x, x.effectiveAddress(o), x.cpu.idtr);
  return o.end;
};

function loadTable(
  x: Processor,
  o: Operation,
  table: {
    /** Linear address. */
    base: number;
    /** Bytes less one. */
    limit: number;
  },
): number {
  requireRing0(x);
  const address = x.effectiveAddress(o);
  const limit = x.load(2, address);
  const low = x.load(8, address + 2);
  const base = x.high * TWO_32 + (low >>> 0);
  if (!isCanonical(base)) x.fault.protection(0);
  table.base = base;
  table.limit = limit;
  return o.end;
}

/** LGDT. */
export const lgdt: Handler = (x, o) => loadTable(x, o, x.cpu.gdtr);

/** LIDT. */
export const lidt: Handler = (x, o) => loadTable(x, o, x.cpu.idtr);

/** INVLPG: an address that is not canonical does nothing. */
export const invlpg: Handler = (x, o) => {
  requireRing0(x);
  const low = x.offsetAddress(o);
  const { base } = o.segment === 1
    ? x.cpu.fs
    : o.segment === 2
    ? x.cpu.gs
    : NO_SEGMENT;
  const address = x.high * TWO_32 + (low >>> 0) + base;
  x.syncClock();
  if (isCanonical(address)) x.mmu.flushPage(address as VirtAddr);
  return o.end;
};

const NO_SEGMENT = Object.freeze({ base: 0 });

/** SWAPGS. */
export const swapgs: Handler = (x, o) => {
  requireRing0(x);
  x.core.registers.swapgs();
  return o.end;
};

// What needs no work here

/** NOP, PAUSE, ENDBR, prefetches, fences. */
export const nop: Handler = (_, o) => o.end;

/** INVD and WBINVD: there are no caches to write back. */
export const privilegedNop: Handler = (x, o) => {
  requireRing0(x);
  return o.end;
};

/** CLFLUSH: a load that checks access and nothing else. */
export const clflush: Handler = (x, o) => {
  x.load(1, x.effectiveAddress(o));
  return o.end;
};

/** After MOV to SS the next instruction is shadowed. */
export function shadowStack(x: Processor): void {
  x.cpu.shadow = SHADOW_SS;
  x.core.refresh();
  x.cut();
}
