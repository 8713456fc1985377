/**
 * Segment registers: fetching descriptors from the tables in memory, and the checks before one is loaded.
 *
 * Source: SDM 3A, "Segment Descriptors", "Code- and Data-Segment Descriptor Types", "Task Register", "64-Bit Mode TSS
 * Descriptor"; SDM 2, MOV, RET (far), LTR, LLDT, IRET: the "Operation" parts for 64-bit mode.
 *
 * *Not modelled*: compatibility mode: a 32-bit code segment raises #GP where 64-bit code is expected; limits and bases of
 * ES, CS, SS, DS (64-bit mode ignores them), expand-down segments, call gates, task gates.
 *
 * @module
 */

import type { VirtAddr } from "./addr.ts";
import type { CpuState, SegmentState } from "./cpu_state.ts";
import { VECTOR_GP, VECTOR_NP, VECTOR_SS } from "./exception.ts";
import type { Fault } from "./fault.ts";
import type { Mmu } from "./mmu.ts";

/** In attributes: the code segment bit of the type. */
export const ATTR_CODE = 1 << 3;
/** In attributes: conforming, of code segments. */
export const ATTR_CONFORMING = 1 << 2;
/** In attributes: writable, of data segments; readable, of code segments. */
export const ATTR_WRITABLE = 1 << 1;
/** In attributes: accessed. */
export const ATTR_ACCESSED = 1 << 0;
/** In attributes: S, code or data and no system segment. */
export const ATTR_S = 1 << 4;
/** In attributes: present. */
export const ATTR_P = 1 << 7;
/** In attributes: L, 64-bit code. */
export const ATTR_L = 1 << 13;
/** In attributes: D, 32-bit code. */
export const ATTR_D = 1 << 14;
/** In attributes: G, the limit counts 4 KiB. */
export const ATTR_G = 1 << 15;

const TYPE = 0xf;
const TYPE_LDT = 2;
const TYPE_TSS_AVAILABLE = 9;
const BUSY = 1 << 1;
/** The type field in the last word of a 16-byte descriptor, bits 8 to 12. */
const UPPER_TYPE = 0x1f << 8;

/** The descriptor's privilege level. */
export const dplOf = (attributes: number): number => (attributes >> 5) & 3;

/** Fetches and loads segments for one CPU. */
export class SegmentUnit {
  /** Low word of the descriptor fetched last. */
  low = 0;
  /** High word of the descriptor fetched last. */
  high = 0;
  /** Its attributes, as in {@linkcode SegmentState}. */
  attributes = 0;

  readonly #cpu: CpuState;
  readonly #mmu: Mmu;
  readonly #fault: Fault;

  /**
   * A unit over the CPU's state.
   *
   * @param cpu the registers
   * @param mmu reads the tables
   * @param fault thrown, filled in, when a check fails
   */
  constructor(cpu: CpuState, mmu: Mmu, fault: Fault) {
    this.#cpu = cpu;
    this.#mmu = mmu;
    this.#fault = fault;
  }

  /**
   * Fetches a descriptor.
   *
   * @param selector not null
   * @param vector raised, with the selector, if it lies outside its table
   * @param ext 1 while an external event is delivered, else 0
   */
  fetch(selector: number, vector: number, ext: number): void {
    const at = this.#addressOf(selector, 8, vector, ext);
    this.low = this.#mmu.loadAs(at, 4, 0);
    this.high = this.#mmu.loadAs((at + 4) as VirtAddr, 4, 0);
    this.attributes = (this.high >>> 8) & 0xffff;
  }

  /** Whether a selector lies in its table: fetching it raises nothing but page faults. */
  isInTable(selector: number): boolean {
    const { gdtr, ldtr } = this.#cpu;
    const local = (selector & 4) !== 0;
    if (local && ldtr.attributes === 0) return false;
    return (selector & 0xfff8) + 7 <= (local ? ldtr.limit : gdtr.limit);
  }

  /** Limit of the descriptor fetched last, in bytes. */
  get fetchedLimit(): number {
    return this.#limit();
  }

  /** Sets the accessed bit of the descriptor fetched last, in memory and here. */
  markAccessed(selector: number): void {
    if (this.attributes & ATTR_ACCESSED) return;
    const at = this.#addressOf(selector, 8, VECTOR_GP, 0);
    this.high |= ATTR_ACCESSED << 8;
    this.attributes |= ATTR_ACCESSED;
    this.#mmu.storeAs((at + 4) as VirtAddr, this.high, 4, 0);
  }

  /** Takes back a descriptor that was fetched before others, so that it is the one fetched last again. */
  recall(low: number, high: number): void {
    this.low = low;
    this.high = high;
    this.attributes = (high >>> 8) & 0xffff;
  }

  /** Puts the descriptor fetched last into a segment register. */
  put(register: SegmentState, selector: number): void {
    register.selector = selector;
    register.attributes = this.attributes;
    const base = ((this.high & 0xff00_0000) | ((this.high & 0xff) << 16) |
      (this.low >>> 16)) >>> 0;
    register.base = base;
    register.limit = this.#limit();
  }

  /** Puts a null selector into a segment register. */
  putNull(register: SegmentState, selector: number): void {
    register.selector = selector;
    register.attributes = 0;
    register.base = 0;
    register.limit = 0;
  }

  /** MOV to DS, ES, FS or GS. */
  loadData(register: SegmentState, selector: number): void {
    if ((selector & ~3) === 0) return this.putNull(register, selector);
    const error = selector & ~3;
    this.fetch(selector, VECTOR_GP, 0);
    const a = this.attributes;
    const readable = a & ATTR_S && (!(a & ATTR_CODE) || a & ATTR_WRITABLE);
    if (!readable) this.#fault.protection(error);
    const conforming = a & ATTR_CODE && a & ATTR_CONFORMING;
    const level = Math.max(this.#cpu.cpl, selector & 3);
    if (!conforming && level > dplOf(a)) this.#fault.protection(error);
    if (!(a & ATTR_P)) this.#fault.raise(VECTOR_NP, error);
    this.markAccessed(selector);
    this.put(register, selector);
  }

  /** MOV to SS. */
  loadStack(selector: number): void {
    const { cpl, ss } = this.#cpu;
    if ((selector & ~3) === 0) {
      if (cpl === 3 || (selector & 3) !== cpl) this.#fault.protection(0);
      return this.putNull(ss, selector);
    }
    this.checkStack(selector, cpl);
    this.markAccessed(selector);
    this.put(ss, selector);
  }

  /** Fetches and checks a stack segment for a privilege level; loads nothing. */
  checkStack(selector: number, cpl: number): void {
    const error = selector & ~3;
    this.fetch(selector, VECTOR_GP, 0);
    const a = this.attributes;
    const writableData = a & ATTR_S && !(a & ATTR_CODE) && a & ATTR_WRITABLE;
    if (!writableData || (selector & 3) !== cpl || dplOf(a) !== cpl) {
      this.#fault.protection(error);
    }
    if (!(a & ATTR_P)) this.#fault.raise(VECTOR_SS, error);
  }

  /**
   * Fetches and checks a code segment that a far return or IRETQ goes to; loads nothing.
   *
   * @param selector the popped CS
   */
  checkReturnCode(selector: number): void {
    if ((selector & ~3) === 0) this.#fault.protection(0);
    const error = selector & ~3;
    this.fetch(selector, VECTOR_GP, 0);
    const a = this.attributes;
    const rpl = selector & 3;
    const code64 = a & ATTR_S && a & ATTR_CODE && a & ATTR_L && !(a & ATTR_D);
    const level = a & ATTR_CONFORMING ? dplOf(a) <= rpl : dplOf(a) === rpl;
    if (!code64 || rpl < this.#cpu.cpl || !level) this.#fault.protection(error);
    if (!(a & ATTR_P)) this.#fault.raise(VECTOR_NP, error);
  }

  /** LTR: loads the task register and marks the descriptor busy. */
  loadTask(selector: number): void {
    this.#loadSystem(this.#cpu.tr, selector, TYPE_TSS_AVAILABLE);
    const at = this.#addressOf(selector, 16, VECTOR_GP, 0);
    this.#mmu.storeAs((at + 4) as VirtAddr, this.high | BUSY << 8, 4, 0);
    this.#cpu.tr.attributes |= BUSY;
  }

  /** LLDT. */
  loadLocalTable(selector: number): void {
    if ((selector & ~3) === 0) this.putNull(this.#cpu.ldtr, selector);
    else this.#loadSystem(this.#cpu.ldtr, selector, TYPE_LDT);
  }

  /**
   * After a return to an outer level: a data segment that is too privileged becomes null; one that is null already loses
   * its selector's RPL. Either keeps its base, which FS and GS have from WRMSR.
   */
  dropTooPrivileged(register: SegmentState): void {
    const a = register.attributes;
    const conforming = a & ATTR_CODE && a & ATTR_CONFORMING;
    if (conforming || (a !== 0 && dplOf(a) >= this.#cpu.cpl)) return;
    register.selector = 0;
    register.attributes = 0;
  }

  #loadSystem(register: SegmentState, selector: number, type: number): void {
    if ((selector & ~3) === 0) this.#fault.protection(0);
    const error = selector & ~3;
    if (selector & 4) this.#fault.protection(error);
    this.fetch(selector, VECTOR_GP, 0);
    const a = this.attributes;
    if (a & ATTR_S || (a & TYPE) !== type) this.#fault.protection(error);
    if (!(a & ATTR_P)) this.#fault.raise(VECTOR_NP, error);
    const at = this.#addressOf(selector, 16, VECTOR_GP, 0);
    const upper = this.#mmu.loadAs((at + 8) as VirtAddr, 4, 0) | 0;
    // LTR: the type field of the upper half must be 0, so that it is no descriptor of its own. LLDT does not ask.
    if (
      type === TYPE_TSS_AVAILABLE &&
      this.#mmu.loadAs((at + 12) as VirtAddr, 4, 0) & UPPER_TYPE
    ) this.#fault.protection(error);
    this.put(register, selector);
    register.base += upper * 0x1_0000_0000;
  }

  #limit(): number {
    const limit = (this.high & 0xf_0000) | (this.low & 0xffff);
    return this.attributes & ATTR_G ? limit * 4096 + 4095 : limit;
  }

  #addressOf(
    selector: number,
    bytes: number,
    vector: number,
    ext: number,
  ): VirtAddr {
    const { gdtr, ldtr } = this.#cpu;
    const offset = selector & 0xfff8;
    const local = (selector & 4) !== 0;
    const usable = !local || ldtr.attributes !== 0;
    if (!usable || offset + bytes - 1 > (local ? ldtr.limit : gdtr.limit)) {
      this.#fault.raise(vector, (selector & ~3) | ext);
    }
    return ((local ? ldtr.base : gdtr.base) + offset) as VirtAddr;
  }
}
