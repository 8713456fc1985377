/**
 * Fetching instructions: decoded once, kept by physical page, dropped when the page is stored to.
 *
 * The architecture sees each instruction fetched through the TLB. A fetch that hits changes nothing there, so it is left
 * out as long as the entry that a fetch has used is still in place and the privilege level is the same; `Mmu.fetchTag`
 * and `Mmu.onFetchDropped` say so. Dropping this cache at any moment therefore changes neither results nor TLB.
 *
 * A page's array holds {@linkcode MISS} where nothing is decoded, and behind its end: executing that fetches.
 * Instructions that cross a page, or lie in a device's memory, are decoded each time.
 *
 * Source: SDM 3A, "Self-Modifying Code": a store takes effect with the next instruction.
 *
 * @module
 */

import type { VirtAddr } from "../hw/addr.ts";
import type { Core } from "../hw/core.ts";
import { inHostRange } from "../hw/host_range.ts";
import { ACCESS_FETCH } from "../hw/page_walk.ts";
import { TLB_ENTRIES } from "../hw/tlb.ts";
import { Decoder } from "./decoder.ts";
import {
  INSTRUCTION_BYTES_MAX,
  type InstructionSource,
  MISS,
  NOWHERE,
  type Operation,
  PAGE_SLOTS,
  type Processor,
} from "./processor.ts";

const PAGE = 4096;
/** Pages kept at most; when they are full, all are dropped. */
export const CODE_PAGES_MAX = 4096;
const CANONICAL_END = 0x8000_0000_0000;

/** Decoded instructions of one core. */
export class CodeCache implements InstructionSource {
  readonly #core: Core;
  readonly #decoder: Decoder = new Decoder();
  /** By page of RAM. */
  readonly #pages: Map<number, Operation[]> = new Map();
  /** By index in the TLB: what `Mmu.fetchTag` admits to. */
  readonly #byEntry: Operation[][] = new Array(TLB_ENTRIES).fill(NOWHERE);
  readonly #buffer: Uint8Array = new Uint8Array(INSTRUCTION_BYTES_MAX);

  /**
   * An empty cache.
   *
   * @param core whose memory is decoded
   */
  constructor(core: Core) {
    this.#core = core;
    core.phys.ram.onWatched = (page) => this.#drop(page);
  }

  /** Forgets everything. The core's MMU forgets which pages were fetched from. */
  clear(): void {
    this.#pages.clear();
    this.#byEntry.fill(NOWHERE);
    this.#core.mmu.dropFetch();
  }

  lookUp(page: number): Operation[] {
    const { mmu } = this.#core;
    const index = ((page | 0) >>> 12) & (TLB_ENTRIES - 1);
    if (mmu.fetchTag[index] !== page) {
      mmu.codeIndex = -1;
      return NOWHERE;
    }
    mmu.codeIndex = index;
    return this.#byEntry[index]!;
  }

  fetch(x: Processor): number {
    if (x.offset >= PAGE) {
      // The last instruction ended at or behind the end of its page.
      x.offset = x.jump(x.page + x.offset);
      const known = x.operations[x.offset]!;
      if (known !== MISS) return known.execute(x, known);
    }
    const { offset } = x;
    const rip = x.page + offset;
    if (inHostRange(rip)) {
      // Not ours: the boundary has not been passed.
      x.left += 1;
      x.cut();
      return offset;
    }
    if (rip >= CANONICAL_END) x.fault.protection(0);
    // Whoever looks at an event or a device during the walk sees the right clk.
    x.syncClock();
    const start = this.#enterPage(x, rip);
    const inPage = Math.min(PAGE - offset, INSTRUCTION_BYTES_MAX);
    if (start < 0) return this.#decodeDevice(x, rip, inPage);
    const { ram } = this.#core.phys;
    const o = this.#decoder.decode(ram.bytes, start, inPage, offset);
    if (o === null) return this.#decodeAcross(x, rip, start, inPage);
    if (x.operations[offset] === MISS) {
      ram.watch(Math.floor(start / PAGE));
      x.operations[offset] = o;
    }
    return o.execute(x, o);
  }

  /** Makes the page of RIP the code page. @returns where RIP lies in RAM, or −1 */
  #enterPage(x: Processor, rip: number): number {
    const { mmu, phys } = this.#core;
    const access = ACCESS_FETCH | mmu.userBit;
    const physical = mmu.translate(rip as VirtAddr, access);
    const start = phys.ramOffset(physical);
    if (start < 0 || x.operations !== NOWHERE) return start;
    const page = Math.floor(start / PAGE);
    let operations = this.#pages.get(page);
    if (!operations) {
      if (this.#pages.size >= CODE_PAGES_MAX) this.clear();
      operations = new Array<Operation>(PAGE_SLOTS).fill(MISS);
      this.#pages.set(page, operations);
    }
    const index = ((x.page | 0) >>> 12) & (TLB_ENTRIES - 1);
    this.#byEntry[index] = operations;
    mmu.fetchTag[index] = x.page;
    mmu.codeIndex = index;
    x.operations = operations;
    return start;
  }

  /** The instruction may go on in the next page, which is fetched after the first. */
  #decodeAcross(
    x: Processor,
    rip: number,
    start: number,
    inPage: number,
  ): number {
    const { phys } = this.#core;
    this.#buffer.set(phys.ram.bytes.subarray(start, start + inPage));
    return this.#decodeBuffer(x, rip, inPage);
  }

  #decodeDevice(x: Processor, rip: number, inPage: number): number {
    this.#fill(rip, 0, inPage);
    return this.#decodeBuffer(x, rip, inPage);
  }

  #decodeBuffer(x: Processor, rip: number, inPage: number): number {
    const buffer = this.#buffer;
    let o = this.#decoder.decode(buffer, 0, inPage, x.offset);
    if (o === null && inPage < INSTRUCTION_BYTES_MAX) {
      if (rip + inPage >= CANONICAL_END) x.fault.protection(0);
      this.#fill(rip, inPage, INSTRUCTION_BYTES_MAX);
      o = this.#decoder.decode(buffer, 0, INSTRUCTION_BYTES_MAX, x.offset);
    }
    // SDM 3B, "Instruction Length Limits": more than 15 bytes.
    if (o === null) x.fault.protection(0);
    return o.execute(x, o);
  }

  /** Reads bytes of one page into the buffer. */
  #fill(rip: number, from: number, to: number): void {
    const { mmu, phys } = this.#core;
    const access = ACCESS_FETCH | mmu.userBit;
    const physical = mmu.translate((rip + from) as VirtAddr, access);
    for (let i = from; i < to; i++) {
      this.#buffer[i] = phys.read(physical + i - from, 1);
    }
  }

  /** The page is about to change. */
  #drop(page: number): void {
    this.#pages.get(page)?.fill(MISS);
  }
}
