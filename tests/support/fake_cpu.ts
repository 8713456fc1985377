/**
 * A CPU for tests of kernel modules without the machine: memory without
 * paging, ports that a test answers, interrupts through the IDT in memory.
 * Every method that is an instruction calls `boundary` first.
 *
 * @module
 */

import { type EventSink, NO_EVENTS } from "../../src/base/events.ts";
import { type VirtAddr, virtAddr } from "../../src/hw/addr.ts";
import type { HostEntry } from "../../src/hw/hosted.ts";
import type {
  Instructions,
  KernelStop,
  SegmentRegister,
} from "../../src/hw/instructions.ts";
import type { GeneralRegister } from "../../src/hw/general_registers.ts";

/** Thrown by `stop`: the run has ended. */
export class StopSignal extends Error {
  constructor(readonly reason: KernelStop) {
    super(reason.message);
  }
}

/** Thrown by `hltLoop`. */
export class ParkSignal extends Error {}

const HOST_ENTRY = -0x8000_0000_0000;
const HOST_RESUME = HOST_ENTRY + 0x1_0000;
const PAGE = 4096;

/** What the fake remembers of its segment, control and other registers. */
interface Registers {
  rsp: number;
  rflags: number;
  cs: number;
  ss: number;
  ds: number;
  es: number;
  fs: number;
  gs: number;
  tr: number;
  cr0: number;
  cr2: number;
  cr3: number;
  cr4: number;
}

const IF = 0x200;

/** The fake. */
export class FakeCpu implements Instructions {
  high = 0;
  /** Nobody listens. */
  readonly events: EventSink = NO_EVENTS;
  /** Instructions so far. */
  clk = 0;
  /** Instructions by name. */
  readonly counts = new Map<string, number>();
  /** Ports: what IN gives. */
  onIn: (port: number) => number = () => 0xff;
  /** Ports: what OUT did. */
  onOut: (port: number, value: number, bytes: number) => void = () => {};
  /** Called at each boundary, before the instruction. */
  onBoundary: () => void = () => {};
  /** Vectors that wait for IF. */
  readonly pending: number[] = [];
  /** Registers. */
  readonly r: Registers = {
    rsp: 0x100_0020_1ff8,
    rflags: 2,
    cs: 8,
    ss: 0,
    ds: 0x10,
    es: 0x10,
    fs: 0,
    gs: 0,
    tr: 0,
    cr0: 0x8001_0001,
    cr2: 0,
    cr3: 0x1000,
    cr4: 0x20,
  };
  readonly #general = new Map<number, [number, number]>();
  readonly #msrs = new Map<number, [number, number]>();
  readonly #pages = new Map<number, DataView>();
  readonly #frames: string[];
  #entries: readonly HostEntry[] = [];
  #gdtr = { base: virtAddr(0), limit: 23 };
  #idtr = { base: virtAddr(0), limit: 0 };
  #shadow = false;
  #returned = false;

  /** @param frame Name of the outermost frame. */
  constructor(frame = "boot") {
    this.#frames = [frame];
  }

  /** Tells which entries exist. */
  attach(entries: readonly HostEntry[]): void {
    this.#entries = entries;
  }

  /** Delivers a vector through the IDT in memory. */
  deliver(vector: number, errorCode: number | null = null): void {
    if (16 * vector + 15 > this.#idtr.limit) {
      throw new Error(`no gate for ${vector}`);
    }
    const gate = this.#idtr.base + 16 * vector;
    const [w0, w1, w2] = [0, 4, 8].map((o) => this.peek32(gate + o)) as [
      number,
      number,
      number,
    ];
    if ((w1 & 0x8000) === 0) throw new Error(`gate ${vector} not present`);
    const handler = (w2 | 0) * 2 ** 32 +
      ((w0 & 0xffff | w1 & 0xffff_0000) >>> 0);
    const entry = this.#entries[(handler - HOST_ENTRY) / 16];
    if (entry === undefined) throw new Error(`no entry at ${handler}`);
    const old = { ...this.r };
    const ist = w1 & 7;
    if (ist > 0) this.r.rsp = this.#tssAddress(0x24 + 8 * (ist - 1));
    this.r.rsp = Math.floor(this.r.rsp / 16) * 16;
    this.#push(old.ss);
    this.#push(old.rsp);
    this.#push(old.rflags);
    this.#push(old.cs);
    this.#push(HOST_RESUME + 16 * this.#frames.length);
    if (errorCode !== null) this.#push(errorCode);
    this.r.cs = w0 >>> 16;
    if ((w1 & 0x100) === 0) this.r.rflags &= ~IF;
    this.#frames.push(entry.name);
    this.#returned = false;
    entry.run(this);
    if (!this.#returned) throw new Error(`${entry.name} did not IRETQ`);
    this.#frames.pop();
  }

  /** Memory as an onlooker sees it. */
  peek8(address: number): number {
    return this.#page(address).getUint8(modulo(address));
  }
  peek16(address: number): number {
    return this.peek8(address) | this.peek8(address + 1) << 8;
  }
  peek32(address: number): number {
    return (this.peek16(address) | this.peek16(address + 2) << 16) >>> 0;
  }
  poke8(address: number, value: number): void {
    this.#page(address).setUint8(modulo(address), value);
  }
  poke32(address: number, value: number): void {
    for (let i = 0; i < 4; i++) this.poke8(address + i, value >>> 8 * i);
  }
  peekAddr(address: number): number {
    return (this.peek32(address + 4) | 0) * 2 ** 32 + this.peek32(address);
  }

  load8(address: VirtAddr): number {
    this.#step("load8");
    return this.peek8(address);
  }
  load16(address: VirtAddr): number {
    this.#step("load16");
    return this.peek16(address);
  }
  load32(address: VirtAddr): number {
    this.#step("load32");
    return this.peek32(address);
  }
  load64(address: VirtAddr): number {
    this.#step("load64");
    return this.#result(this.peek32(address), this.peek32(address + 4));
  }
  loadAddr(address: VirtAddr): VirtAddr {
    this.#step("loadAddr");
    return virtAddr(this.peekAddr(address));
  }
  store8(address: VirtAddr, value: number): void {
    this.#step("store8");
    this.poke8(address, value);
  }
  store16(address: VirtAddr, value: number): void {
    this.#step("store16");
    this.poke8(address, value);
    this.poke8(address + 1, value >>> 8);
  }
  store32(address: VirtAddr, value: number): void {
    this.#step("store32");
    this.poke32(address, value);
  }
  store64(address: VirtAddr, low: number, high: number): void {
    this.#step("store64");
    this.poke32(address, low);
    this.poke32(address + 4, high);
  }
  storeAddr(address: VirtAddr, value: VirtAddr): void {
    this.#step("storeAddr");
    this.#pokeAddr(address, value);
  }
  fill(address: VirtAddr, value: number, bytes: number): void {
    this.#step("fill");
    for (let i = 0; i < bytes; i++) this.poke8(address + i, value);
  }
  copy(target: VirtAddr, source: VirtAddr, bytes: number): void {
    this.#step("copy");
    const old = Array.from({ length: bytes }, (_, i) => this.peek8(source + i));
    old.forEach((byte, i) => this.poke8(target + i, byte));
  }

  xchg32(address: VirtAddr, value: number): number {
    return this.#modify32("xchg32", address, () => value);
  }
  cmpxchg32(address: VirtAddr, expected: number, value: number): number {
    return this.#modify32(
      "cmpxchg32",
      address,
      (old) => old === expected >>> 0 ? value : old,
    );
  }
  xadd32(address: VirtAddr, value: number): number {
    return this.#modify32("xadd32", address, (old) => old + value);
  }
  xchg64(address: VirtAddr, low: number, high: number): number {
    return this.#modify64("xchg64", address, () => word64(low, high));
  }
  cmpxchg64(
    address: VirtAddr,
    expectedLow: number,
    expectedHigh: number,
    low: number,
    high: number,
  ): number {
    return this.#modify64(
      "cmpxchg64",
      address,
      (old) =>
        old === word64(expectedLow, expectedHigh) ? word64(low, high) : old,
    );
  }
  xadd64(address: VirtAddr, low: number, high: number): number {
    return this.#modify64("xadd64", address, (old) => old + word64(low, high));
  }

  in8(port: number): number {
    this.#step("in8");
    return this.onIn(port) & 0xff;
  }
  in16(port: number): number {
    this.#step("in16");
    return this.onIn(port) & 0xffff;
  }
  in32(port: number): number {
    this.#step("in32");
    return this.onIn(port) >>> 0;
  }
  out8(port: number, value: number): void {
    this.#step("out8");
    this.onOut(port, value & 0xff, 1);
  }
  out16(port: number, value: number): void {
    this.#step("out16");
    this.onOut(port, value & 0xffff, 2);
  }
  out32(port: number, value: number): void {
    this.#step("out32");
    this.onOut(port, value >>> 0, 4);
  }

  cli(): void {
    this.#step("cli");
    this.r.rflags &= ~IF;
  }
  sti(): void {
    this.#step("sti");
    this.#shadow = (this.r.rflags & IF) === 0;
    this.r.rflags |= IF;
  }
  hlt(): void {
    this.#step("hlt");
  }
  enableAndHlt(): void {
    this.#step("enableAndHlt");
    this.r.rflags |= IF;
  }
  hltLoop(): never {
    this.#step("hltLoop");
    throw new ParkSignal();
  }
  pause(): void {
    this.#step("pause");
  }
  nop(): void {
    this.#step("nop");
  }
  int3(): void {
    this.#step("int3");
    this.deliver(3);
  }
  int(vector: number): void {
    this.#step("int");
    this.deliver(vector);
  }
  iretq(): void {
    this.#step("iretq");
    const at = this.r.rsp;
    this.r.cs = this.peek32(at + 8);
    this.r.rflags = this.peek32(at + 16);
    this.r.rsp = this.peekAddr(at + 24);
    this.r.ss = this.peek32(at + 32);
    this.#returned = true;
  }
  interruptsEnabled(): boolean {
    this.#step("interruptsEnabled");
    return this.peekInterruptsEnabled();
  }

  push64(low: number, high: number): void {
    this.#step("push64");
    this.r.rsp -= 8;
    this.poke32(this.r.rsp, low);
    this.poke32(this.r.rsp + 4, high);
  }
  pop64(): number {
    this.#step("pop64");
    const at = this.r.rsp;
    this.r.rsp += 8;
    return this.#result(this.peek32(at), this.peek32(at + 4));
  }
  readRegister(register: GeneralRegister): number {
    this.#step("readRegister");
    return this.#result(...(this.#general.get(register) ?? [0, 0]));
  }
  writeRegister(register: GeneralRegister, low: number, high: number): void {
    this.#step("writeRegister");
    this.#general.set(register, [low, high]);
  }
  readRsp(): VirtAddr {
    this.#step("readRsp");
    return virtAddr(this.r.rsp);
  }
  writeRsp(value: VirtAddr): void {
    this.#step("writeRsp");
    this.r.rsp = value;
  }
  readRflags(): number {
    this.#step("readRflags");
    return this.r.rflags;
  }
  writeRflags(value: number): void {
    this.#step("writeRflags");
    this.r.rflags = value;
  }

  lgdt(base: VirtAddr, limit: number): void {
    this.#step("lgdt");
    this.#gdtr = { base, limit };
  }
  lidt(base: VirtAddr, limit: number): void {
    this.#step("lidt");
    this.#idtr = { base, limit };
  }
  sgdt(): { base: VirtAddr; limit: number } {
    this.#step("sgdt");
    return this.#gdtr;
  }
  sidt(): { base: VirtAddr; limit: number } {
    this.#step("sidt");
    return this.#idtr;
  }
  ltr(selector: number): void {
    this.#step("ltr");
    const at = this.#gdtr.base + (selector & ~7) + 4;
    const word = this.peek32(at);
    if ((word >> 8 & 0x1f) !== 9) throw new Error("#GP: not an available TSS");
    this.poke32(at, word | 0x200);
    this.r.tr = selector;
  }
  str(): number {
    this.#step("str");
    return this.r.tr;
  }
  readSegment(register: SegmentRegister | "cs"): number {
    this.#step("readSegment");
    return this.r[register];
  }
  loadSegment(register: SegmentRegister, selector: number): void {
    this.#step("loadSegment");
    this.r[register] = selector;
  }
  farReturn(codeSelector: number): void {
    this.#step("farReturn");
    this.r.cs = codeSelector;
  }
  swapgs(): void {
    this.#step("swapgs");
  }

  invlpg(_address: VirtAddr): void {
    this.#step("invlpg");
  }
  readCr0(): number {
    this.#step("readCr0");
    return this.r.cr0;
  }
  writeCr0(value: number): void {
    this.#step("writeCr0");
    this.r.cr0 = value;
  }
  readCr2(): VirtAddr {
    this.#step("readCr2");
    return virtAddr(this.r.cr2);
  }
  readCr3(): number {
    this.#step("readCr3");
    return this.#result(this.r.cr3, 0);
  }
  writeCr3(low: number, _high: number): void {
    this.#step("writeCr3");
    this.r.cr3 = low;
  }
  readCr4(): number {
    this.#step("readCr4");
    return this.r.cr4;
  }
  writeCr4(value: number): void {
    this.#step("writeCr4");
    this.r.cr4 = value;
  }
  readMsr(index: number): number {
    this.#step("readMsr");
    return this.#result(...(this.#msrs.get(index) ?? [0, 0]));
  }
  writeMsr(index: number, low: number, high: number): void {
    this.#step("writeMsr");
    this.#msrs.set(index, [low, high]);
  }
  rdtsc(): number {
    this.#step("rdtsc");
    return this.#result(this.clk, 0);
  }

  call<T>(fn: () => T, _frameBytes?: number): T {
    this.#step("call");
    this.#frames.push(fn.name);
    const result = fn();
    this.#frames.pop();
    return result;
  }
  entryAddress(name: string): VirtAddr {
    const index = this.#entries.findIndex((entry) => entry.name === name);
    if (index < 0) throw new RangeError(`no entry ${name}`);
    return virtAddr(HOST_ENTRY + 16 * index);
  }
  frames(): readonly string[] {
    return this.#frames;
  }
  peekInterruptsEnabled(): boolean {
    return (this.r.rflags & IF) !== 0;
  }
  isUnwinding(thrown: unknown): boolean {
    return thrown instanceof StopSignal || thrown instanceof ParkSignal;
  }
  stop(reason: KernelStop): never {
    throw new StopSignal(reason);
  }

  #step(name: string): void {
    this.clk += 1;
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    this.onBoundary();
    const shadow = this.#shadow;
    this.#shadow = false;
    if (shadow || !this.peekInterruptsEnabled()) return;
    const vector = this.pending.shift();
    if (vector !== undefined) this.deliver(vector);
  }

  #push(value: number): void {
    this.r.rsp -= 8;
    this.#pokeAddr(this.r.rsp, value);
  }
  #pokeAddr(address: number, value: number): void {
    this.poke32(address, value);
    this.poke32(address + 4, Math.floor(value / 2 ** 32));
  }
  #tssAddress(offset: number): number {
    const at = this.#gdtr.base + (this.r.tr & ~7);
    const [w0, w1, w2] = [0, 4, 8].map((o) => this.peek32(at + o)) as [
      number,
      number,
      number,
    ];
    const low = (w0 >>> 16 | (w1 & 0xff) << 16 | w1 & 0xff00_0000) >>> 0;
    return this.peekAddr(w2 * 2 ** 32 + low + offset);
  }
  #result(low: number, high: number): number {
    this.high = high >>> 0;
    return low >>> 0;
  }
  #modify32(
    name: string,
    address: VirtAddr,
    change: (old: number) => number,
  ): number {
    this.#step(name);
    const old = this.peek32(address);
    this.poke32(address, change(old));
    return old;
  }
  #modify64(
    name: string,
    address: VirtAddr,
    change: (old: bigint) => bigint,
  ): number {
    this.#step(name);
    const [low, high] = [this.peek32(address), this.peek32(address + 4)];
    const value = change(word64(low, high));
    this.poke32(address, Number(value & 0xffff_ffffn));
    this.poke32(address + 4, Number(value >> 32n & 0xffff_ffffn));
    return this.#result(low, high);
  }
  #page(address: number): DataView {
    const number = Math.floor(address / PAGE);
    let page = this.#pages.get(number);
    if (page === undefined) {
      page = new DataView(new ArrayBuffer(PAGE));
      this.#pages.set(number, page);
    }
    return page;
  }
}

function modulo(address: number): number {
  return address - Math.floor(address / PAGE) * PAGE;
}

function word64(low: number, high: number): bigint {
  return BigInt(high >>> 0) << 32n | BigInt(low >>> 0);
}
