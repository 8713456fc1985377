/**
 * The instructions of a hosted kernel, executed on the core: every method passes a boundary, then does what the
 * instruction of its name does. Those that load and store are in `hosted_memory.ts`.
 *
 * Source: SDM 2, by mnemonic. What a method promises stands in `instructions.ts`.
 *
 * *Not modelled*: the time that an instruction takes (1 clk each), prefixes, operand forms that the interface does not
 * name.
 *
 * @module
 */

import type { VirtAddr } from "./addr.ts";
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
import { UNWINDING } from "./host_executor.ts";
import { HostedMemory } from "./hosted_memory.ts";
import type {
  Instructions,
  KernelStop,
  SegmentRegister,
} from "./instructions.ts";
import type { PortWidth } from "./io_bus.ts";
import { RFLAGS_IF } from "./registers.ts";

const WORD = 8;

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
export class HostedCpu extends HostedMemory implements Instructions {
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
    this.boundary();
    return this.core.io.read(port & 0xffff, bytes);
  }

  #out(port: number, value: number, bytes: PortWidth): void {
    this.boundary();
    this.core.io.write(port & 0xffff, value, bytes);
  }

  cli(): void {
    this.boundary();
    this.core.cpu.rflags &= ~RFLAGS_IF;
    this.core.refresh();
  }

  sti(): void {
    this.boundary();
    const { cpu } = this.core;
    if (!(cpu.rflags & RFLAGS_IF)) cpu.shadow = SHADOW_STI;
    cpu.rflags |= RFLAGS_IF;
    this.core.refresh();
  }

  hlt(): void {
    this.boundary();
    this.host.halt();
  }

  enableAndHlt(): void {
    this.boundary();
    this.core.cpu.rflags |= RFLAGS_IF;
    this.core.refresh();
    this.host.halt();
  }

  hltLoop(): never {
    this.boundary();
    this.host.park();
  }

  pause(): void {
    this.boundary();
  }

  nop(): void {
    this.boundary();
  }

  int3(): void {
    this.boundary();
    this.host.interrupt(VECTOR_BP, "software");
  }

  int(vector: number): void {
    if (!(Number.isInteger(vector) && (vector & ~0xff) === 0)) {
      throw new RangeError(`Cannot execute INT ${vector}: vectors are 0–255`);
    }
    this.boundary();
    this.host.interrupt(vector, "software");
  }

  iretq(): void {
    this.execute(() => this.core.interrupts.iretq());
    this.host.leave();
  }

  interruptsEnabled(): boolean {
    this.boundary();
    return this.peekInterruptsEnabled();
  }

  push64(low: number, high: number): void {
    this.execute(() => {
      const { cpu } = this.core;
      const rsp = registerAddress(cpu, RSP) - WORD;
      this.#checkStack(rsp);
      this.mmu.store64(rsp as VirtAddr, low, high);
      setRegisterAddress(cpu, RSP, rsp);
    });
  }

  pop64(): number {
    return this.execute(() => {
      const { cpu } = this.core;
      const rsp = registerAddress(cpu, RSP);
      this.#checkStack(rsp);
      const low = this.mmu.load64(rsp as VirtAddr);
      this.high = this.mmu.high;
      setRegisterAddress(cpu, RSP, rsp + WORD);
      return low;
    });
  }

  /** What reaches the stack with an address that is not canonical is #SS(0), not #GP(0): SDM 2, PUSH and POP. */
  #checkStack(rsp: number): void {
    if (isCanonical(rsp) && isCanonical(rsp + WORD - 1)) return;
    this.core.fault.stack(0);
  }

  readRegister(register: GeneralRegister): number {
    this.boundary();
    const words = this.core.cpu.registers;
    this.high = words[2 * register + 1]! >>> 0;
    return words[2 * register]! >>> 0;
  }

  writeRegister(register: GeneralRegister, low: number, high: number): void {
    this.boundary();
    const words = this.core.cpu.registers;
    words[2 * register] = low;
    words[2 * register + 1] = high;
  }

  readRsp(): VirtAddr {
    this.boundary();
    return registerAddress(this.core.cpu, RSP) as VirtAddr;
  }

  writeRsp(value: VirtAddr): void {
    requireWhole("RSP", value);
    this.boundary();
    setRegisterAddress(this.core.cpu, RSP, value);
  }

  readRflags(): number {
    this.boundary();
    return this.core.cpu.rflags >>> 0;
  }

  writeRflags(value: number): void {
    this.boundary();
    this.core.interrupts.writeRflags(value);
    this.core.refresh();
  }

  lgdt(base: VirtAddr, limit: number): void {
    requireWhole("GDTR's base", base);
    this.execute(() => this.#loadTable(this.core.cpu.gdtr, base, limit));
  }

  lidt(base: VirtAddr, limit: number): void {
    requireWhole("IDTR's base", base);
    this.execute(() => this.#loadTable(this.core.cpu.idtr, base, limit));
  }

  #loadTable(table: TableRegisterState, base: VirtAddr, limit: number): void {
    if (!isCanonical(base)) this.core.fault.protection(0);
    table.base = base;
    table.limit = limit & 0xffff;
  }

  sgdt(): TableRegister {
    this.boundary();
    const { base, limit } = this.core.cpu.gdtr;
    return { base: base as VirtAddr, limit };
  }

  sidt(): TableRegister {
    this.boundary();
    const { base, limit } = this.core.cpu.idtr;
    return { base: base as VirtAddr, limit };
  }

  ltr(selector: number): void {
    this.execute(() => this.core.segments.loadTask(selector & 0xffff));
  }

  str(): number {
    this.boundary();
    return this.core.cpu.tr.selector;
  }

  readSegment(register: SegmentRegister | "cs"): number {
    this.boundary();
    return this.core.cpu[register].selector;
  }

  loadSegment(register: SegmentRegister, selector: number): void {
    const { segments, cpu } = this.core;
    this.execute(() => {
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
    this.execute(() => {
      segments.checkReturnCode(selector);
      // An outer level's stack would be popped, too, and no host frame runs there.
      if ((selector & 3) !== cpu.cpl) fault.protection(selector & ~3);
      segments.markAccessed(selector);
      segments.put(cpu.cs, selector);
    });
  }

  swapgs(): void {
    this.boundary();
    this.core.registers.swapgs();
  }

  invlpg(address: VirtAddr): void {
    this.boundary();
    this.mmu.flushPage(address);
  }

  readCr0(): number {
    this.boundary();
    return this.core.cpu.cr0;
  }

  writeCr0(value: number): void {
    this.execute(() => this.core.registers.writeCr0(value));
  }

  readCr2(): VirtAddr {
    this.boundary();
    return this.core.cpu.cr2 as VirtAddr;
  }

  readCr3(): number {
    this.boundary();
    return this.#split(this.core.cpu.cr3);
  }

  writeCr3(low: number, high: number): void {
    this.execute(() => this.core.registers.writeCr3(low, high));
  }

  readCr4(): number {
    this.boundary();
    return this.core.cpu.cr4;
  }

  writeCr4(value: number): void {
    this.execute(() => this.core.registers.writeCr4(value));
  }

  readMsr(index: number): number {
    const low = this.execute(() => this.core.registers.readMsr(index));
    this.high = this.core.registers.high;
    return low;
  }

  writeMsr(index: number, low: number, high: number): void {
    this.execute(() => this.core.registers.writeMsr(index, low, high));
  }

  rdtsc(): number {
    this.boundary();
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
}
