/**
 * Delivery of interrupts and exceptions, and the return from them, in 64-bit mode.
 *
 * Source: SDM 3A, "Exception and Interrupt Handling in 64-bit Mode" (gates, stack frame, stack switching, IST),
 * "Error Code", "Handling Multiple NMIs", "Interrupt 8—Double Fault Exception (#DF)"; SDM 2A, INT n and IRET/IRETQ,
 * "Operation".
 *
 * The numbered comments are the manual's steps in their order.
 *
 * *Not modelled*: compatibility mode: a 32-bit code segment in a gate or popped by IRETQ raises #GP; task gates and 16-
 * and 32-bit gates (they raise #GP, as in long mode), VM86, shadow stacks, breakpoints; RF is pushed as 1 for faults
 * and dropped by IRETQ, as none asks for it.
 *
 * @module
 */

import type { EventSink } from "../base/events.ts";
import type { VirtAddr } from "./addr.ts";
import {
  type CpuState,
  isCanonical,
  registerAddress,
  setRegisterAddress,
} from "./cpu_state.ts";
import { gateErrorCode } from "./error_code.ts";
import {
  combine,
  exceptionInfo,
  VECTOR_DF,
  VECTOR_FIRST_INTERRUPT,
  VECTOR_GP,
  VECTOR_NP,
  VECTOR_PF,
  VECTOR_SS,
  VECTOR_TS,
} from "./exception.ts";
import { type Fault, NO_ERROR_CODE } from "./fault.ts";
import { RSP } from "./general_registers.ts";
import type { Mmu } from "./mmu.ts";
import { ACCESS_USER } from "./page_walk.ts";
import {
  RFLAGS_DEFINED,
  RFLAGS_FIXED,
  RFLAGS_IF,
  RFLAGS_IOPL,
  RFLAGS_IOPL_SHIFT,
  RFLAGS_NT,
  RFLAGS_RF,
  RFLAGS_TF,
  RFLAGS_VIF,
  RFLAGS_VIP,
  RFLAGS_VM,
} from "./registers.ts";
import {
  ATTR_CODE,
  ATTR_CONFORMING,
  ATTR_D,
  ATTR_L,
  ATTR_P,
  ATTR_S,
  dplOf,
  type SegmentUnit,
} from "./segment_unit.ts";

/** Where an event comes from, which decides DPL checks and EXT. */
export type EventSource = "external" | "exception" | "software";

/** One exception of a chain that ended in shutdown. */
export interface RaisedException {
  /** Its vector. */
  readonly vector: number;
  /** Its error code, or −1. */
  readonly errorCode: number;
  /** The address of a page fault, else 0. */
  readonly cr2: number;
  /** RIP at which it was raised. */
  readonly rip: number;
}

const GATE_INTERRUPT = 0xe;
const GATE_TRAP = 0xf;
const TSS_RSP0 = 4;
const TSS_IST1 = 36;
/** RFLAGS bits that delivery clears. */
const CLEARED = RFLAGS_TF | RFLAGS_NT | RFLAGS_RF | RFLAGS_VM;

/** Delivers and returns for one CPU. */
export class InterruptUnit {
  /** The exceptions of the last chain, for a shutdown's explanation. */
  readonly chain: RaisedException[] = [];
  readonly #cpu: CpuState;
  readonly #mmu: Mmu;
  readonly #segments: SegmentUnit;
  readonly #fault: Fault;
  readonly #events: EventSink;
  // The target of the gate being delivered: scratch, so that delivery makes no garbage.
  #gateLow = 0;
  #gateFlags = 0;
  #target = 0;

  /**
   * A unit over the CPU's state.
   *
   * @param cpu the registers
   * @param mmu reads gates and TSS, pushes and pops
   * @param segments loads CS and SS
   * @param fault thrown by both
   * @param events receives `exception`, `irq-delivered` and `iret`
   */
  constructor(
    cpu: CpuState,
    mmu: Mmu,
    segments: SegmentUnit,
    fault: Fault,
    events: EventSink,
  ) {
    this.#cpu = cpu;
    this.#mmu = mmu;
    this.#segments = segments;
    this.#fault = fault;
    this.#events = events;
  }

  /**
   * Delivers an event, and what arises from its delivery, until a handler is reached.
   *
   * @param vector 0 to 255
   * @param errorCode what is pushed, or {@linkcode NO_ERROR_CODE}
   * @param source where it comes from
   * @param cr2 the address of a page fault
   * @param faultRip where RIP goes back to if delivery faults
   * @returns `false` if it ended in a triple fault: the CPU is shut down and `chain` says why
   */
  raise(
    vector: number,
    errorCode: number,
    source: EventSource,
    cr2 = 0,
    faultRip: number = this.#cpu.rip,
  ): boolean {
    this.chain.length = 0;
    for (;;) {
      if (source === "exception") this.#note(vector, errorCode, cr2);
      try {
        this.#deliver(vector, errorCode, source);
        if (this.#events.on && source !== "exception") this.#report(vector);
        return true;
      } catch (thrown) {
        if (thrown !== this.#fault) throw thrown;
      }
      this.#cpu.rip = faultRip;
      const second = this.#fault.vector;
      const first = source === "exception" ? vector : VECTOR_FIRST_INTERRUPT;
      const outcome = combine(first, second);
      if (second === VECTOR_PF) this.#cpu.cr2 = this.#fault.cr2;
      if (outcome === "shutdown") {
        this.#note(second, this.#fault.errorCode, this.#fault.cr2);
        return false;
      }
      source = "exception";
      vector = outcome === "double-fault" ? VECTOR_DF : second;
      errorCode = outcome === "double-fault" ? 0 : this.#fault.errorCode;
      cr2 = outcome === "serial" ? this.#fault.cr2 : 0;
    }
  }

  /** Delivers the fault that was just thrown. */
  raiseFault(): boolean {
    const { vector, errorCode, cr2 } = this.#fault;
    if (vector === VECTOR_PF) this.#cpu.cr2 = cr2;
    return this.raise(vector, errorCode, "exception", cr2);
  }

  /** IRETQ. Faults before anything but the blocking of NMIs has changed. */
  iretq(): void {
    const cpu = this.#cpu;
    // SDM 3A, "Handling Multiple NMIs": NMIs are taken again, even if this faults.
    cpu.nmiBlocked = false;
    // 1. NT asks for a task return, which long mode does not have.
    if (cpu.rflags & RFLAGS_NT) this.#fault.protection(0);
    // 2. Pop RIP, CS, RFLAGS, RSP, SS: read first, commit last.
    const rsp = registerAddress(cpu, RSP);
    if (!isCanonical(rsp) || !isCanonical(rsp + 39)) this.#fault.stack(0);
    const rip = this.#popAddress(rsp);
    const cs = this.#popWord(rsp + 8) & 0xffff;
    const rflags = this.#popWord(rsp + 16);
    // RSP need not be canonical: two words, which no number rounds.
    const rspLow = this.#popWord(rsp + 24);
    const rspHigh = this.#popWord(rsp + 28);
    const ss = this.#popWord(rsp + 32) & 0xffff;
    // 3. The code segment. Its accessed bit is set early: that may fault, too.
    this.#segments.checkReturnCode(cs);
    this.#segments.markAccessed(cs);
    const level = cs & 3;
    const csLow = this.#segments.low;
    const csHigh = this.#segments.high;
    // 4. The stack segment; null is allowed for 64-bit code below ring 3.
    const nullStack = (ss & ~3) === 0;
    if (nullStack) {
      if (level === 3 || (ss & 3) !== level) this.#fault.protection(0);
    } else {
      this.#segments.checkStack(ss, level);
      this.#segments.markAccessed(ss);
    }
    if (!isCanonical(rip)) this.#fault.protection(0);
    // 5. Commit.
    if (nullStack) this.#segments.putNull(cpu.ss, ss);
    else this.#segments.put(cpu.ss, ss);
    this.#segments.recall(csLow, csHigh);
    this.#segments.put(cpu.cs, cs);
    const outward = level > cpu.cpl;
    this.writeRflags(rflags & ~RFLAGS_RF);
    cpu.rip = rip;
    cpu.registers[2 * RSP] = rspLow;
    cpu.registers[2 * RSP + 1] = rspHigh;
    if (outward) {
      cpu.cpl = level;
      for (const data of [cpu.ds, cpu.es, cpu.fs, cpu.gs]) {
        this.#segments.dropTooPrivileged(data);
      }
      this.#mmu.dropFast();
    }
    if (this.#events.on) this.#events.emit("iret", rip, cs, cpu.rflags);
  }

  /** POPFQ and IRETQ: IOPL changes at CPL 0 only, IF only where CPL ≤ IOPL; VM, VIF and VIP don't change. */
  writeRflags(value: number): void {
    const cpu = this.#cpu;
    const iopl = (cpu.rflags & RFLAGS_IOPL) >>> RFLAGS_IOPL_SHIFT;
    let mask = RFLAGS_DEFINED & ~(RFLAGS_VM | RFLAGS_VIF | RFLAGS_VIP);
    if (cpu.cpl > 0) mask &= ~RFLAGS_IOPL;
    if (cpu.cpl > iopl) mask &= ~RFLAGS_IF;
    cpu.rflags = (cpu.rflags & ~mask) | (value & mask) | RFLAGS_FIXED;
  }

  #deliver(vector: number, errorCode: number, source: EventSource): void {
    const cpu = this.#cpu;
    const ext = source === "software" ? 0 : 1;
    // 1. The gate, from the IDT in memory.
    this.#readGate(vector, source, ext);
    // 2. The code segment that the gate names.
    const selector = this.#gateLow >>> 16;
    const newCpl = this.#checkGateCode(selector, ext);
    const csLow = this.#segments.low;
    const csHigh = this.#segments.high;
    // 3. The stack: IST entry, privileged stack, or the one in use; then aligned to 16 bytes.
    const ist = this.#gateFlags & 7;
    let rsp = ist !== 0
      ? this.#tssWord(TSS_IST1 + 8 * (ist - 1), ext)
      : newCpl < cpu.cpl
      ? this.#tssWord(TSS_RSP0 + 8 * newCpl, ext)
      : registerAddress(cpu, RSP);
    if (!isCanonical(rsp)) this.#fault.raise(VECTOR_SS, ext);
    rsp -= rsp & 15;
    // 4. Push SS, RSP, RFLAGS, CS, RIP and the error code: checked first, so that a fault leaves memory as it was.
    const bytes = errorCode === NO_ERROR_CODE ? 40 : 48;
    const bottom = rsp - bytes;
    if (!isCanonical(bottom)) this.#fault.raise(VECTOR_SS, ext);
    const user = newCpl === 3 ? ACCESS_USER : 0;
    this.#checkPushes(rsp, bottom, user);
    this.#push(rsp - 8, cpu.ss.selector, 0, user);
    // RSP as two words: a program may hold what is no address there.
    const { registers } = cpu;
    this.#push(rsp - 16, registers[2 * RSP]!, registers[2 * RSP + 1]!, user);
    this.#push(rsp - 24, this.#pushedRflags(vector, source), 0, user);
    this.#push(rsp - 32, cpu.cs.selector, 0, user);
    this.#pushAddress(rsp - 40, cpu.rip, user);
    if (bytes === 48) this.#push(rsp - 48, errorCode, 0, user);
    // 5. Load CS, a null SS on a change of level, RSP and RIP.
    this.#segments.recall(csLow, csHigh);
    this.#segments.put(cpu.cs, (selector & ~3) | newCpl);
    if (newCpl < cpu.cpl) {
      this.#segments.putNull(cpu.ss, newCpl);
      cpu.cpl = newCpl;
      this.#mmu.dropFast();
    }
    setRegisterAddress(cpu, RSP, bottom);
    cpu.rip = this.#target;
    // 6. Flags: TF, NT, RF and VM are cleared, by an interrupt gate IF, too.
    cpu.rflags &= ~CLEARED;
    if (((this.#gateFlags >>> 8) & 0xf) === GATE_INTERRUPT) {
      cpu.rflags &= ~RFLAGS_IF;
    }
    cpu.halted = false;
  }

  /** Reads and checks a gate: SDM 2A, INT n, "Operation", INT-FROM-64-BIT-MODE. */
  #readGate(vector: number, source: EventSource, ext: number): void {
    const { idtr, cpl } = this.#cpu;
    const error = gateErrorCode(vector, ext as 0 | 1);
    if (16 * vector + 15 > idtr.limit) this.#fault.protection(error);
    const at = idtr.base + 16 * vector;
    const low = this.#systemWord(at);
    const flags = this.#systemWord(at + 4);
    const type = (flags >>> 8) & 0x1f;
    if (type !== GATE_INTERRUPT && type !== GATE_TRAP) {
      this.#fault.protection(error);
    }
    if (source === "software" && ((flags >>> 13) & 3) < cpl) {
      this.#fault.protection(error);
    }
    if (!(flags & 0x8000)) this.#fault.raise(VECTOR_NP, error);
    const high = this.#systemWord(at + 8) | 0;
    this.#gateLow = low;
    this.#gateFlags = flags;
    this.#target = high * 0x1_0000_0000 +
      (((flags & 0xffff_0000) | (low & 0xffff)) >>> 0);
  }

  /** @returns the privilege level of the handler */
  #checkGateCode(selector: number, ext: number): number {
    const { cpl } = this.#cpu;
    if ((selector & ~3) === 0) this.#fault.protection(ext);
    const error = (selector & ~3) | ext;
    this.#segments.fetch(selector, VECTOR_GP, ext);
    const a = this.#segments.attributes;
    const code64 = a & ATTR_S && a & ATTR_CODE && a & ATTR_L && !(a & ATTR_D);
    if (!code64 || dplOf(a) > cpl) this.#fault.protection(error);
    if (!(a & ATTR_P)) this.#fault.raise(VECTOR_NP, error);
    if (!isCanonical(this.#target)) this.#fault.protection(ext);
    this.#segments.markAccessed(selector);
    return a & ATTR_CONFORMING ? cpl : dplOf(a);
  }

  #tssWord(offset: number, ext: number): number {
    const { tr } = this.#cpu;
    if (tr.attributes === 0 || offset + 7 > tr.limit) {
      this.#fault.raise(VECTOR_TS, (tr.selector & ~3) | ext);
    }
    const low = this.#systemWord(tr.base + offset);
    const high = this.#systemWord(tr.base + offset + 4) | 0;
    return high * 0x1_0000_0000 + low;
  }

  #pushedRflags(vector: number, source: EventSource): number {
    const fault = source === "exception" &&
      exceptionInfo(vector)?.kind === "fault";
    return fault ? this.#cpu.rflags | RFLAGS_RF : this.#cpu.rflags;
  }

  #systemWord(address: number): number {
    return this.#mmu.loadAs(address as VirtAddr, 4, 0);
  }

  /** Faults as the first push that fails does: they go downwards, on two pages at most. */
  #checkPushes(rsp: number, bottom: number, user: number): void {
    const first = rsp - 8;
    this.#mmu.checkStore(first as VirtAddr, 8, user);
    const pageStart = first - ((first | 0) & 4095);
    if (bottom < pageStart) {
      this.#mmu.checkStore((pageStart - 8) as VirtAddr, 8, user);
    }
  }

  #push(address: number, low: number, high: number, user: number): void {
    this.#mmu.storeAs(address as VirtAddr, low, 4, user);
    this.#mmu.storeAs((address + 4) as VirtAddr, high, 4, user);
  }

  #pushAddress(address: number, value: number, user: number): void {
    const low = value | 0;
    this.#push(address, low, (value - (low >>> 0)) / 0x1_0000_0000, user);
  }

  #popWord(address: number): number {
    return this.#mmu.load32(address as VirtAddr);
  }

  #popAddress(address: number): number {
    const low = this.#popWord(address);
    return (this.#popWord(address + 4) | 0) * 0x1_0000_0000 + low;
  }

  #note(vector: number, errorCode: number, cr2: number): void {
    const rip = this.#cpu.rip;
    const address = vector === VECTOR_PF ? cr2 : 0;
    this.chain.push({ vector, errorCode, cr2: address, rip });
    if (this.#events.on) {
      this.#events.emit("exception", vector, errorCode, address);
    }
  }

  #report(vector: number): void {
    this.#events.emit("irq-delivered", vector, this.#cpu.rip);
  }
}
