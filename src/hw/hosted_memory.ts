/**
 * The instructions of a hosted kernel that reach memory: loads, stores, bulk copies and fills, locked ones. Every method
 * passes a boundary, then does what the instruction of its name does; what it promises stands in `instructions.ts`.
 *
 * Source: SDM 2, MOV, REP MOVS, REP STOS, XCHG, CMPXCHG, XADD.
 *
 * *Not modelled*: the time that an instruction takes (1 clk each, a bulk one 1 clk for each 8 bytes); bulk instructions with
 * registers that show how far they are.
 *
 * @module
 */

import type { EventSink } from "../base/events.ts";
import type { VirtAddr } from "./addr.ts";
import type { Clock, ClockState } from "./clock.ts";
import type { Core } from "./core.ts";
import { isCanonical } from "./cpu_state.ts";
import type { HostExecutor } from "./host_executor.ts";
import type { Mmu } from "./mmu.ts";

/** Bytes that a bulk instruction moves in one clk. */
const BULK_BYTES = 8;

/** Memory as TypeScript on a core sees it. */
export class HostedMemory {
  high = 0;
  declare readonly events: EventSink;
  // Declared, so that the host sees one assignment only and compiles them in as constants.
  declare protected readonly core: Core;
  declare protected readonly host: HostExecutor;
  declare protected readonly mmu: Mmu;
  declare private readonly clock: Clock;
  declare protected readonly time: ClockState;

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
  protected boundary(): void {
    const clk = this.time.clk + 1;
    if (clk >= this.clock.attention) this.host.attend();
    else this.time.clk = clk;
  }

  /** Delivers a fault; when its handler returns, executes the instruction again, as often as it takes. */
  #again<T>(thrown: unknown, instruction: () => T): T {
    for (;;) {
      this.host.recover(thrown);
      this.boundary();
      try {
        return instruction();
      } catch (next) {
        thrown = next;
      }
    }
  }

  /** A boundary and an instruction that may fault. */
  protected execute<T>(instruction: () => T): T {
    this.boundary();
    try {
      return instruction();
    } catch (thrown) {
      return this.#again(thrown, instruction);
    }
  }

  load8(address: VirtAddr): number {
    this.boundary();
    try {
      return this.mmu.load8(address);
    } catch (thrown) {
      return this.#again(thrown, () => this.mmu.load8(address)) | 0;
    }
  }

  load16(address: VirtAddr): number {
    this.boundary();
    try {
      return this.mmu.load16(address);
    } catch (thrown) {
      return this.#again(thrown, () => this.mmu.load16(address)) | 0;
    }
  }

  load32(address: VirtAddr): number {
    this.boundary();
    try {
      return this.mmu.load32(address);
    } catch (thrown) {
      return this.#again(thrown, () => this.mmu.load32(address)) >>> 0;
    }
  }

  load64(address: VirtAddr): number {
    this.boundary();
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
    this.boundary();
    try {
      this.mmu.store8(address, value);
    } catch (thrown) {
      this.#again(thrown, () => this.mmu.store8(address, value));
    }
  }

  store16(address: VirtAddr, value: number): void {
    this.boundary();
    try {
      this.mmu.store16(address, value);
    } catch (thrown) {
      this.#again(thrown, () => this.mmu.store16(address, value));
    }
  }

  store32(address: VirtAddr, value: number): void {
    this.boundary();
    try {
      this.mmu.store32(address, value);
    } catch (thrown) {
      this.#again(thrown, () => this.mmu.store32(address, value));
    }
  }

  store64(address: VirtAddr, low: number, high: number): void {
    this.boundary();
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
    this.boundary();
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
        this.boundary();
        continue;
      }
      if (done < bytes && done === paid) {
        this.boundary();
        paid += BULK_BYTES;
      }
    }
  }

  xchg32(address: VirtAddr, value: number): number {
    return this.execute(() => this.#modify32(address, () => value));
  }

  cmpxchg32(address: VirtAddr, expected: number, value: number): number {
    return this.execute(() =>
      this.#modify32(address, (old) => old === expected >>> 0 ? value : old)
    );
  }

  xadd32(address: VirtAddr, value: number): number {
    return this.execute(() => this.#modify32(address, (old) => old + value));
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
    return this.execute(() => {
      mmu.checkStore(address, 8, mmu.userBit);
      const old = mmu.load64(address);
      this.high = mmu.high;
      const [low, high] = next(old, this.high);
      mmu.store64(address, low, high);
      return old;
    });
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
