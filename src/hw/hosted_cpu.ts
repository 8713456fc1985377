/**
 * The instructions of a hosted kernel, executed on the core: every method passes a boundary, then does what the
 * instruction of its name does.
 *
 * Source: SDM 2, by mnemonic. What a method promises stands in `instructions.ts`.
 *
 * *Not modelled*: the time that an instruction takes (1 clk each), prefixes, operand forms that the interface does not
 * name.
 *
 * @module
 */

import type { EventSink } from "../base/events.ts";
import type { VirtAddr } from "./addr.ts";
import type { Clock, ClockState } from "./clock.ts";
import type { Core } from "./core.ts";
import {
  isCanonical,
  registerAddress,
  setRegisterAddress,
  SHADOW_SS,
  SHADOW_STI,
  type TableRegisterState,
} from "./cpu_state.ts";
import { VECTOR_BP } from "./exception.ts";
import { type GeneralRegister, RSP } from "./general_registers.ts";
import { type HostExecutor, UNWINDING } from "./host_executor.ts";
import type {
  Instructions,
  KernelStop,
  SegmentRegister,
} from "./instructions.ts";
import type { Mmu } from "./mmu.ts";
import type { PortWidth } from "./io_bus.ts";
import { RFLAGS_IF } from "./registers.ts";

const WORD = 8;
/** Bytes that a bulk instruction moves in one clk. */
const BULK_BYTES = 8;

/** A table register as kernel code reads it. */
type TableRegister = { readonly base: VirtAddr; readonly limit: number };

/** The typed ways to make an address give whole numbers; what a cast lets through would be kept in the CPU's state. */
function requireWhole(what: string, value: number): void {
  if (Number.isSafeInteger(value)) return;
  throw new RangeError(
    `Cannot load ${value} into ${what}: give a whole number`,
  );
}

/** The CPU for TypeScript. */
export class HostedCpu implements Instructions {
  high = 0;
  declare readonly events: EventSink;
  // Declared, so that the host sees one assignment only and compiles them in as constants.
  declare private readonly core: Core;
  declare private readonly host: HostExecutor;
  declare private readonly mmu: Mmu;
  declare private readonly clock: Clock;
  declare private readonly time: ClockState;

  /**
   * @param core executes
   * @param host knows the host frames
   */
  constructor(core: Core, host: HostExecutor) {
    this.core = core;
    this.events = core.events;
    this.host = host;
    this.mmu = core.mmu;
    this.clock = core.clock;
    this.time = core.clock.state;
  }

  /** One instruction boundary. */
  #boundary(): void {
    const clk = this.time.clk + 1;
    if (clk >= this.clock.attention) this.host.attend();
    else this.time.clk = clk;
  }

  /** Delivers a fault; when its handler returns, executes the instruction again, as often as it takes. */
  #again<T>(thrown: unknown, instruction: () => T): T {
    for (;;) {
      this.host.recover(thrown);
      this.#boundary();
      try {
        return instruction();
      } catch (next) {
        thrown = next;
      }
    }
  }

  /** A boundary and an instruction that may fault. */
  #execute<T>(instruction: () => T): T {
    this.#boundary();
    try {
      return instruction();
    } catch (thrown) {
      return this.#again(thrown, instruction);
    }
  }

  load8(address: VirtAddr): number {
    this.#boundary();
    try {
      return this.mmu.load8(address);
    } catch (thrown) {
      return this.#again(thrown, () => this.mmu.load8(address)) | 0;
    }
  }

  load16(address: VirtAddr): number {
    this.#boundary();
    try {
      return this.mmu.load16(address);
    } catch (thrown) {
      return this.#again(thrown, () => this.mmu.load16(address)) | 0;
    }
  }

  load32(address: VirtAddr): number {
    this.#boundary();
    try {
      return this.mmu.load32(address);
    } catch (thrown) {
      return this.#again(thrown, () => this.mmu.load32(address)) >>> 0;
    }
  }

  load64(address: VirtAddr): number {
    this.#boundary();
    let low: number;
    try {
      low = this.mmu.load64(address);
    } catch (thrown) {
      low = this.#again(thrown, () => this.mmu.load64(address)) >>> 0;
    }
    this.high = this.mmu.high;
    return low;
  }

  loadAddr(address: VirtAddr): VirtAddr {
    const low = this.load64(address);
    return this.#address(low, this.high);
  }

  store8(address: VirtAddr, value: number): void {
    this.#boundary();
    try {
      this.mmu.store8(address, value);
    } catch (thrown) {
      this.#again(thrown, () => this.mmu.store8(address, value));
    }
  }

  store16(address: VirtAddr, value: number): void {
    this.#boundary();
    try {
      this.mmu.store16(address, value);
    } catch (thrown) {
      this.#again(thrown, () => this.mmu.store16(address, value));
    }
  }

  store32(address: VirtAddr, value: number): void {
    this.#boundary();
    try {
      this.mmu.store32(address, value);
    } catch (thrown) {
      this.#again(thrown, () => this.mmu.store32(address, value));
    }
  }

  store64(address: VirtAddr, low: number, high: number): void {
    this.#boundary();
    try {
      this.mmu.store64(address, low, high);
    } catch (thrown) {
      this.#again(thrown, () => this.mmu.store64(address, low, high));
    }
  }

  storeAddr(address: VirtAddr, value: VirtAddr): void {
    const low = value | 0;
    this.store64(address, low, (value - (low >>> 0)) / 0x1_0000_0000);
  }

  fill(address: VirtAddr, value: number, bytes: number): void {
    this.#bulk(
      bytes,
      (done, count) =>
        this.mmu.fillRun((address + done) as VirtAddr, value, count),
    );
  }

  copy(target: VirtAddr, source: VirtAddr, bytes: number): void {
    const backwards = target > source && target < source + bytes;
    this.#bulk(bytes, (done, count) => {
      const at = backwards ? bytes - done - count : done;
      const to = (target + at) as VirtAddr;
      const from = (source + at) as VirtAddr;
      return this.mmu.copyRun(to, from, count, backwards);
    });
  }

  /**
   * Runs a bulk instruction in pieces that end where the clock wants attention, so that nothing arrives late.
   *
   * @param bytes in all
   * @param piece does some of `count` bytes and returns how many; one that faults has done none
   */
  #bulk(bytes: number, piece: (done: number, count: number) => number): void {
    if (!Number.isSafeInteger(bytes) || bytes < 0) {
      throw new RangeError(
        `Cannot move ${bytes} bytes: give a whole number from 0 on`,
      );
    }
    this.#boundary();
    let done = 0;
    let paid = BULK_BYTES; // Each boundary is a clk, and pays for as many bytes.
    while (done < bytes) {
      const clks = Math.max(0, this.clock.attention - 1 - this.time.clk);
      const count = Math.min(bytes, paid + clks * BULK_BYTES) - done;
      try {
        done += piece(done, count);
        const more = Math.max(0, Math.ceil((done - paid) / BULK_BYTES));
        this.time.clk += more;
        paid += more * BULK_BYTES;
      } catch (thrown) {
        this.host.recover(thrown);
        this.#boundary();
        continue;
      }
      if (done < bytes && done === paid) {
        this.#boundary();
        paid += BULK_BYTES;
      }
    }
  }

  xchg32(address: VirtAddr, value: number): number {
    return this.#execute(() => this.#modify32(address, () => value));
  }

  cmpxchg32(address: VirtAddr, expected: number, value: number): number {
    return this.#execute(() =>
      this.#modify32(address, (old) => old === expected >>> 0 ? value : old)
    );
  }

  xadd32(address: VirtAddr, value: number): number {
    return this.#execute(() => this.#modify32(address, (old) => old + value));
  }

  xchg64(address: VirtAddr, low: number, high: number): number {
    return this.#modify64(address, () => [low, high]);
  }

  cmpxchg64(
    address: VirtAddr,
    expectedLow: number,
    expectedHigh: number,
    low: number,
    high: number,
  ): number {
    return this.#modify64(
      address,
      (l, h) =>
        l === expectedLow >>> 0 && h === expectedHigh >>> 0
          ? [low, high]
          : [l, h],
    );
  }

  xadd64(address: VirtAddr, low: number, high: number): number {
    return this.#modify64(address, (l, h) => {
      const sum = l + (low >>> 0);
      return [sum, h + high + (sum > 0xffff_ffff ? 1 : 0)];
    });
  }

  /** A locked read-modify-write: write access is checked first, as the bus is asked for both. */
  #modify32(address: VirtAddr, next: (old: number) => number): number {
    const mmu = this.mmu;
    mmu.checkStore(address, 4, mmu.userBit);
    const old = mmu.load32(address);
    mmu.store32(address, next(old));
    return old;
  }

  #modify64(
    address: VirtAddr,
    next: (low: number, high: number) => readonly [number, number],
  ): number {
    const mmu = this.mmu;
    return this.#execute(() => {
      mmu.checkStore(address, 8, mmu.userBit);
      const old = mmu.load64(address);
      this.high = mmu.high;
      const [low, high] = next(old, this.high);
      mmu.store64(address, low, high);
      return old;
    });
  }

  in8(port: number): number {
    return this.#in(port, 1);
  }

  in16(port: number): number {
    return this.#in(port, 2);
  }

  in32(port: number): number {
    return this.#in(port, 4);
  }

  out8(port: number, value: number): void {
    this.#out(port, value, 1);
  }

  out16(port: number, value: number): void {
    this.#out(port, value, 2);
  }

  out32(port: number, value: number): void {
    this.#out(port, value, 4);
  }

  #in(port: number, bytes: PortWidth): number {
    this.#boundary();
    return this.core.io.read(port & 0xffff, bytes);
  }

  #out(port: number, value: number, bytes: PortWidth): void {
    this.#boundary();
    this.core.io.write(port & 0xffff, value, bytes);
  }

  cli(): void {
    this.#boundary();
    this.core.cpu.rflags &= ~RFLAGS_IF;
    this.core.refresh();
  }

  sti(): void {
    this.#boundary();
    const { cpu } = this.core;
    if (!(cpu.rflags & RFLAGS_IF)) cpu.shadow = SHADOW_STI;
    cpu.rflags |= RFLAGS_IF;
    this.core.refresh();
  }

  hlt(): void {
    this.#boundary();
    this.host.halt();
  }

  enableAndHlt(): void {
    this.#boundary();
    this.core.cpu.rflags |= RFLAGS_IF;
    this.core.refresh();
    this.host.halt();
  }

  hltLoop(): never {
    this.#boundary();
    this.host.park();
  }

  pause(): void {
    this.#boundary();
  }

  nop(): void {
    this.#boundary();
  }

  int3(): void {
    this.#boundary();
    this.host.interrupt(VECTOR_BP, "software");
  }

  int(vector: number): void {
    if (!(Number.isInteger(vector) && (vector & ~0xff) === 0)) {
      throw new RangeError(`Cannot execute INT ${vector}: vectors are 0–255`);
    }
    this.#boundary();
    this.host.interrupt(vector, "software");
  }

  iretq(): void {
    this.#execute(() => this.core.interrupts.iretq());
    this.host.leave();
  }

  interruptsEnabled(): boolean {
    this.#boundary();
    return this.peekInterruptsEnabled();
  }

  push64(low: number, high: number): void {
    this.#execute(() => {
      const { cpu } = this.core;
      const rsp = registerAddress(cpu, RSP) - WORD;
      this.mmu.store64(rsp as VirtAddr, low, high);
      setRegisterAddress(cpu, RSP, rsp);
    });
  }

  pop64(): number {
    return this.#execute(() => {
      const { cpu } = this.core;
      const rsp = registerAddress(cpu, RSP);
      const low = this.mmu.load64(rsp as VirtAddr);
      this.high = this.mmu.high;
      setRegisterAddress(cpu, RSP, rsp + WORD);
      return low;
    });
  }

  readRegister(register: GeneralRegister): number {
    this.#boundary();
    const words = this.core.cpu.registers;
    this.high = words[2 * register + 1]! >>> 0;
    return words[2 * register]! >>> 0;
  }

  writeRegister(register: GeneralRegister, low: number, high: number): void {
    this.#boundary();
    const words = this.core.cpu.registers;
    words[2 * register] = low;
    words[2 * register + 1] = high;
  }

  readRsp(): VirtAddr {
    this.#boundary();
    return registerAddress(this.core.cpu, RSP) as VirtAddr;
  }

  writeRsp(value: VirtAddr): void {
    requireWhole("RSP", value);
    this.#boundary();
    setRegisterAddress(this.core.cpu, RSP, value);
  }

  readRflags(): number {
    this.#boundary();
    return this.core.cpu.rflags >>> 0;
  }

  writeRflags(value: number): void {
    this.#boundary();
    this.core.interrupts.writeRflags(value);
    this.core.refresh();
  }

  lgdt(base: VirtAddr, limit: number): void {
    requireWhole("GDTR's base", base);
    this.#execute(() => this.#loadTable(this.core.cpu.gdtr, base, limit));
  }

  lidt(base: VirtAddr, limit: number): void {
    requireWhole("IDTR's base", base);
    this.#execute(() => this.#loadTable(this.core.cpu.idtr, base, limit));
  }

  #loadTable(table: TableRegisterState, base: VirtAddr, limit: number): void {
    if (!isCanonical(base)) this.core.fault.protection(0);
    table.base = base;
    table.limit = limit & 0xffff;
  }

  sgdt(): TableRegister {
    this.#boundary();
    const { base, limit } = this.core.cpu.gdtr;
    return { base: base as VirtAddr, limit };
  }

  sidt(): TableRegister {
    this.#boundary();
    const { base, limit } = this.core.cpu.idtr;
    return { base: base as VirtAddr, limit };
  }

  ltr(selector: number): void {
    this.#execute(() => this.core.segments.loadTask(selector & 0xffff));
  }

  str(): number {
    this.#boundary();
    return this.core.cpu.tr.selector;
  }

  readSegment(register: SegmentRegister | "cs"): number {
    this.#boundary();
    return this.core.cpu[register].selector;
  }

  loadSegment(register: SegmentRegister, selector: number): void {
    const { segments, cpu } = this.core;
    this.#execute(() => {
      if (register === "ss") segments.loadStack(selector & 0xffff);
      else segments.loadData(cpu[register], selector & 0xffff);
    });
    if (register !== "ss") return;
    cpu.shadow = SHADOW_SS;
    this.core.refresh();
  }

  farReturn(codeSelector: number): void {
    const { segments, cpu, fault } = this.core;
    const selector = codeSelector & 0xffff;
    this.#execute(() => {
      segments.checkReturnCode(selector);
      // An outer level's stack would be popped, too, and no host frame runs there.
      if ((selector & 3) !== cpu.cpl) fault.protection(selector & ~3);
      segments.markAccessed(selector);
      segments.put(cpu.cs, selector);
    });
  }

  swapgs(): void {
    this.#boundary();
    this.core.registers.swapgs();
  }

  invlpg(address: VirtAddr): void {
    this.#boundary();
    this.mmu.flushPage(address);
  }

  readCr0(): number {
    this.#boundary();
    return this.core.cpu.cr0;
  }

  writeCr0(value: number): void {
    this.#execute(() => this.core.registers.writeCr0(value));
  }

  readCr2(): VirtAddr {
    this.#boundary();
    return this.core.cpu.cr2 as VirtAddr;
  }

  readCr3(): number {
    this.#boundary();
    return this.#split(this.core.cpu.cr3);
  }

  writeCr3(low: number, high: number): void {
    this.#execute(() => this.core.registers.writeCr3(low, high));
  }

  readCr4(): number {
    this.#boundary();
    return this.core.cpu.cr4;
  }

  writeCr4(value: number): void {
    this.#execute(() => this.core.registers.writeCr4(value));
  }

  readMsr(index: number): number {
    const low = this.#execute(() => this.core.registers.readMsr(index));
    this.high = this.core.registers.high;
    return low;
  }

  writeMsr(index: number, low: number, high: number): void {
    this.#execute(() => this.core.registers.writeMsr(index, low, high));
  }

  rdtsc(): number {
    this.#boundary();
    return this.#split(this.time.clk);
  }

  call<T>(fn: () => T, frameBytes = 4096): T {
    return this.host.call(this, fn, frameBytes);
  }

  entryAddress(name: string): VirtAddr {
    return this.host.entryAddress(name);
  }

  frames(): readonly string[] {
    return this.host.frames;
  }

  peek32(address: VirtAddr): number | null {
    const { mmu } = this;
    if (((address | 0) & 0xfff) > 0xffc) {
      const low = this.peek32((address - (address & 3)) as VirtAddr);
      const next = (address - (address & 3) + 4) as VirtAddr;
      const high = this.peek32(next);
      if (low === null || high === null) return null;
      const shift = 8 * (address & 3);
      return (low >>> shift | high << (32 - shift)) >>> 0;
    }
    const physical = mmu.peekTranslate(address);
    return physical === null ? null : this.core.phys.peek(physical, 4);
  }

  peekInterruptsEnabled(): boolean {
    return (this.core.cpu.rflags & RFLAGS_IF) !== 0;
  }

  isUnwinding(thrown: unknown): boolean {
    return thrown === UNWINDING;
  }

  stop(reason: KernelStop): never {
    this.host.stop(reason);
  }

  #split(value: number): number {
    const low = value >>> 0;
    this.high = (value - low) / 0x1_0000_0000;
    return low;
  }

  #address(low: number, high: number): VirtAddr {
    const address = (high | 0) * 0x1_0000_0000 + low;
    if (isCanonical(address)) return address as VirtAddr;
    const hex = high.toString(16).padStart(8, "0") +
      low.toString(16).padStart(8, "0");
    throw new RangeError(
      `Cannot load 0x${hex} as an address: it is not canonical`,
    );
  }
}
