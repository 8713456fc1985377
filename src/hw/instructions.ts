/**
 * The CPU as kernel code sees it: the instructions that a kernel uses, each as one method.
 *
 * Every method is one instruction boundary, unless it says otherwise: time passes by 1 clk, inputs and alarms that are
 * due happen, an interrupt may be taken (its handler runs nested, on this stack), and then the instruction executes. A
 * fault is delivered through the IDT; if its handler returns, the instruction is executed again.
 *
 * 64-bit values come as two unsigned 32-bit words: the method returns the low one and leaves the high one in `high`
 * until the next call. Virtual addresses come whole, as {@linkcode VirtAddr}; what loads and stores are given is not
 * checked to be one, as they are what kernels do most.
 *
 * Source: SDM 2, by mnemonic.
 *
 * *Not modelled*: what these methods have no name for: string instructions but `fill` and `copy`, the FPU, SSE, CPUID.
 *
 * @module
 */

import type { EventSink } from "../base/events.ts";
import type { VirtAddr } from "./addr.ts";
import type { GeneralRegister } from "./general_registers.ts";

/** A data or stack segment register that can be loaded from a general register. */
export type SegmentRegister = "es" | "ss" | "ds" | "fs" | "gs";

/** Why kernel code ends the run: no instruction, but the last thing that a kernel says. */
export type KernelStop =
  | {
    /** The kernel panicked. */
    readonly reason: "panic";
    /** What it said. */
    readonly message: string;
  }
  | {
    /** A lock is waited for that its holder can never release. */
    readonly reason: "deadlock";
    /** Which lock, who holds it, who waits, and the interrupt in between. */
    readonly message: string;
    /** Name of the lock. */
    readonly lock: string;
    /** Host frames of the holder when it took the lock, outermost first. */
    readonly holder: string;
    /** Host frames of the waiter, outermost first. */
    readonly waiter: string;
  };

/** The instructions. */
export interface Instructions {
  /** High word, unsigned, of the last 64-bit result; valid until the next call. */
  readonly high: number;
  /** Where kernel code reports what it does. No instruction: costs nothing, and no digest depends on it. */
  readonly events: EventSink;

  /** MOV: loads 8 bits, unsigned. */
  load8(address: VirtAddr): number;
  /** MOV: loads 16 bits, unsigned, at any alignment. */
  load16(address: VirtAddr): number;
  /** MOV: loads 32 bits, unsigned, at any alignment. */
  load32(address: VirtAddr): number;
  /** MOV: loads 64 bits; returns the low word, leaves the high one in `high`. */
  load64(address: VirtAddr): number;
  /**
   * MOV: loads 64 bits that are an address.
   * @throws {RangeError} if they are not canonical
   */
  loadAddr(address: VirtAddr): VirtAddr;
  /** MOV: stores the low 8 bits. */
  store8(address: VirtAddr, value: number): void;
  /** MOV: stores the low 16 bits. */
  store16(address: VirtAddr, value: number): void;
  /** MOV: stores 32 bits. */
  store32(address: VirtAddr, value: number): void;
  /** MOV: stores 64 bits. */
  store64(address: VirtAddr, low: number, high: number): void;
  /** MOV: stores an address as 64 bits. */
  storeAddr(address: VirtAddr, value: VirtAddr): void;
  /**
   * REP STOSB, 1 clk for each 8 bytes begun: fills `bytes` bytes.
   * @throws {RangeError} if `bytes` is no whole number from 0 on
   */
  fill(address: VirtAddr, value: number, bytes: number): void;
  /**
   * REP MOVSB, 1 clk for each 8 bytes begun: copies `bytes` bytes; upwards, but where that would overwrite what is still
   * to be copied, downwards, as memmove does.
   * @throws {RangeError} if `bytes` is no whole number from 0 on
   */
  copy(target: VirtAddr, source: VirtAddr, bytes: number): void;

  /** XCHG with memory: stores 32 bits, returns the old ones, unsigned. */
  xchg32(address: VirtAddr, value: number): number;
  /** LOCK CMPXCHG: stores `value` if memory holds `expected`; returns what memory held, unsigned. */
  cmpxchg32(address: VirtAddr, expected: number, value: number): number;
  /** LOCK XADD: adds, returns the old 32 bits, unsigned. */
  xadd32(address: VirtAddr, value: number): number;
  /** XCHG of 64 bits; returns the old low word, leaves the old high one in `high`. */
  xchg64(address: VirtAddr, low: number, high: number): number;
  /** LOCK CMPXCHG of 64 bits; returns the old low word, leaves the old high one in `high`. */
  cmpxchg64(
    address: VirtAddr,
    expectedLow: number,
    expectedHigh: number,
    low: number,
    high: number,
  ): number;
  /** LOCK XADD of 64 bits; returns the old low word, leaves the old high one in `high`. */
  xadd64(address: VirtAddr, low: number, high: number): number;

  /** IN AL, DX. */
  in8(port: number): number;
  /** IN AX, DX. */
  in16(port: number): number;
  /** IN EAX, DX. */
  in32(port: number): number;
  /** OUT DX, AL. */
  out8(port: number, value: number): void;
  /** OUT DX, AX. */
  out16(port: number, value: number): void;
  /** OUT DX, EAX. */
  out32(port: number, value: number): void;

  /** CLI. */
  cli(): void;
  /** STI: interrupts are recognised after the next instruction. */
  sti(): void;
  /** HLT: waits for an interrupt. In `loop` it is the last act of the turn. */
  hlt(): void;
  /** STI and HLT with no boundary between them that an interrupt could fall into. */
  enableAndHlt(): void;
  /** HLT for ever, interrupts going on as IF says: gives up the JavaScript that is running. */
  hltLoop(): never;
  /** PAUSE: lets one clk pass. */
  pause(): void;
  /** NOP. */
  nop(): void;
  /** INT3: #BP(3), as a trap. */
  int3(): void;
  /** INT n. @throws {RangeError} if `vector` is not 0 to 255 */
  int(vector: number): void;
  /** IRETQ: the last act of a handler. */
  iretq(): void;
  /** RFLAGS.IF, by PUSHFQ and POP. */
  interruptsEnabled(): boolean;

  /** PUSH of 64 bits. */
  push64(low: number, high: number): void;
  /** POP of 64 bits; returns the low word, leaves the high one in `high`. */
  pop64(): number;
  /** Reads a general register; returns the low word, leaves the high one in `high`. */
  readRegister(register: GeneralRegister): number;
  /** Writes a general register. */
  writeRegister(register: GeneralRegister, low: number, high: number): void;
  /** Reads RSP. */
  readRsp(): VirtAddr;
  /** Writes RSP. @throws {RangeError} if it is no whole number */
  writeRsp(value: VirtAddr): void;
  /** PUSHFQ and POP: reads RFLAGS. */
  readRflags(): number;
  /** PUSH and POPFQ: writes RFLAGS. */
  writeRflags(value: number): void;

  /** LGDT. @throws {RangeError} if `base` is no whole number */
  lgdt(base: VirtAddr, limit: number): void;
  /** LIDT. @throws {RangeError} if `base` is no whole number */
  lidt(base: VirtAddr, limit: number): void;
  /** SGDT: what GDTR holds. */
  sgdt(): {
    /** Linear address of the table. */
    readonly base: VirtAddr;
    /** Bytes less one. */
    readonly limit: number;
  };
  /** SIDT: what IDTR holds. */
  sidt(): {
    /** Linear address of the table. */
    readonly base: VirtAddr;
    /** Bytes less one. */
    readonly limit: number;
  };
  /** LTR: loads the task register and sets the descriptor's busy bit. */
  ltr(selector: number): void;
  /** STR. */
  str(): number;
  /** MOV from a segment register. */
  readSegment(register: SegmentRegister | "cs"): number;
  /** MOV to a segment register. Loading SS holds off interrupts for one instruction. */
  loadSegment(register: SegmentRegister, selector: number): void;
  /** PUSH of a selector and of the next address, RETFQ: loads CS. */
  farReturn(codeSelector: number): void;
  /** SWAPGS. */
  swapgs(): void;

  /** INVLPG. */
  invlpg(address: VirtAddr): void;
  /** MOV from CR0. */
  readCr0(): number;
  /** MOV to CR0. */
  writeCr0(value: number): void;
  /** MOV from CR2. */
  readCr2(): VirtAddr;
  /** MOV from CR3; returns the low word, leaves the high one in `high`. */
  readCr3(): number;
  /** MOV to CR3: empties the TLB of all but global pages. */
  writeCr3(low: number, high: number): void;
  /** MOV from CR4. */
  readCr4(): number;
  /** MOV to CR4. */
  writeCr4(value: number): void;
  /** RDMSR; returns the low word, leaves the high one in `high`. */
  readMsr(index: number): number;
  /** WRMSR. */
  writeMsr(index: number, low: number, high: number): void;
  /** RDTSC: clk; returns the low word, leaves the high one in `high`. */
  rdtsc(): number;

  /**
   * CALL and RET around a JavaScript function: pushes a return address, lowers RSP by `frameBytes`, touches every page of
   * the frame from the top down, so that running out of stack is a page fault, and undoes it when `fn` returns.
   *
   * @param fn the callee; its name is the host frame's
   * @param frameBytes a multiple of 16, at least 4,096, which is what is taken when absent
   * @throws {RangeError} if it is not
   */
  call<T>(fn: () => T, frameBytes?: number): T;

  /**
   * The address for a gate, LSTAR or a saved RIP. No instruction: costs nothing.
   * @throws {RangeError} if the kernel has no such entry
   */
  entryAddress(name: string): VirtAddr;
  /** Names of the live host frames, outermost first. No instruction: costs nothing. */
  frames(): readonly string[];
  /**
   * Loads 32 bits as an onlooker: by the page tables alone, without a trace in TLB, A bits or devices. No instruction: costs
   * nothing. For what kernel code derives from memory, such as an index that is made anew after a load.
   * @returns the word, unsigned, or `null` if not all of it is mapped
   */
  peek32(address: VirtAddr): number | null;
  /** RFLAGS.IF as an onlooker sees it. No instruction: costs nothing. */
  peekInterruptsEnabled(): boolean;
  /** Whether a thrown value is the machine's own unwinding, which a catch must throw on. */
  isUnwinding(thrown: unknown): boolean;
  /** Ends the run. No instruction. */
  stop(reason: KernelStop): never;
}
