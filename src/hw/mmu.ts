/**
 * The memory management unit: every access by linear address, through the TLB or a page walk, to physical memory.
 *
 * A fast path in front of the TLB holds, for each TLB entry whose page is RAM, the page's address once more if the
 * current privilege level may load from it, and once more if it may store to it without anything else happening (D set,
 * RAM page open). It is derived: `dropFast` may be called at any moment and changes no result.
 *
 * The fast path has one comparison: the offset is cut to the access's alignment before it is taken off the address, so
 * that a misaligned address gives no page's. On both paths results are cut to 32-bit integers (`| 0`, `>>> 0`): otherwise
 * the host's compiler joins them as objects, and a hit takes twice the time.
 *
 * Source: SDM 3A, "4-Level Paging", "Caching Translation Information", "Page-Fault Exceptions".
 *
 * *Not modelled*: paging-structure caches (each miss walks from CR3), alignment checks (CR0.AM, RFLAGS.AC), memory types,
 * and what caches and store buffers delay: every access is done when its instruction is.
 *
 * Two rules where the manual leaves a choice: an access that the TLB entry forbids faults without another walk, and the
 * fault drops the entry ("Invalidation of TLBs and Paging-Structure Caches": page faults invalidate), so that the retry
 * walks; a store that finds D clear in the TLB entry walks.
 *
 * @module
 */

import type { EventSink } from "../base/events.ts";
import type { VirtAddr } from "./addr.ts";
import { type CpuState, isCanonical } from "./cpu_state.ts";
import { PF_I, PF_P, PF_U, PF_W } from "./error_code.ts";
import type { Fault } from "./fault.ts";
import { PAGE_BYTES } from "./page_map.ts";
import type { AccessWidth, PhysMemory } from "./phys_memory.ts";
import {
  ACCESS_FETCH,
  ACCESS_USER,
  ACCESS_WRITE,
  PageWalker,
  type PagingControls,
} from "./page_walk.ts";
import { CR0_WP, EFER_NXE } from "./registers.ts";
import {
  Tlb,
  TLB_1G,
  TLB_2M,
  TLB_D,
  TLB_ENTRIES,
  TLB_RW,
  TLB_US,
  TLB_XD,
  tlbIndex,
  type TlbState,
} from "./tlb.ts";

// A constant of this module costs the fast path nothing; an imported one is loaded from its module's cell each time.
/** Bits of a page's number that make its index in the TLB. */
const INDEX: number = TLB_ENTRIES - 1;
/** Bits of an address below the page. */
const OFFSET = 0xfff;
/** The same without those that an aligned address of 16, 32 or 64 bits has not. */
const OFFSET_16 = 0xffe;
const OFFSET_32 = 0xffc;
const OFFSET_64 = 0xff8;
/** In the fast path: no page. Equal to nothing. */
const NO_PAGE = NaN;

class CpuPagingControls implements PagingControls {
  readonly #cpu: CpuState;
  constructor(cpu: CpuState) {
    this.#cpu = cpu;
  }
  get cr3(): number {
    return this.#cpu.cr3;
  }
  get writeProtect(): boolean {
    return (this.#cpu.cr0 & CR0_WP) !== 0;
  }
  get noExecute(): boolean {
    return (this.#cpu.efer & EFER_NXE) !== 0;
  }
}

/** The MMU of one CPU. */
export class Mmu {
  /** The TLB. */
  readonly tlb: Tlb;
  /** High word, unsigned, of the last 64-bit load. */
  high = 0;
  /** Derived: pages that may be loaded from; index as in the TLB. */
  readonly readTag: Float64Array = new Float64Array(TLB_ENTRIES);
  /** Derived: pages that may be stored to. */
  readonly writeTag: Float64Array = new Float64Array(TLB_ENTRIES);
  /** Derived: index of the page's first word in RAM, for pages in either array. */
  readonly fastWord: Int32Array = new Int32Array(TLB_ENTRIES);
  /** Derived: pages that were fetched from at this privilege level; index as in the TLB. The engine sets them. */
  readonly fetchTag: Float64Array = new Float64Array(TLB_ENTRIES);
  /** Derived: index of the page that instructions are fetched from, or −1. */
  codeIndex: number = -1;
  /** Called when that page has to be translated again. */
  onFetchDropped: () => void = () => {};
  /** RAM as 32-bit words. */
  declare readonly words: Int32Array;
  declare private readonly halves: Uint16Array;
  declare private readonly bytes: Uint8Array;

  readonly #cpu: CpuState;
  readonly #controls: PagingControls;
  readonly #phys: PhysMemory;
  readonly #walker: PageWalker;
  readonly #fault: Fault;
  readonly #events: EventSink;

  /**
   * An MMU whose fast path is empty.
   *
   * @param cpu registers that translation depends on
   * @param phys physical memory
   * @param fault thrown, filled in, when an access is not allowed
   * @param events receives `tlb-fill`, `tlb-flush` and `stale-hit`
   * @param state a TLB to go on with
   */
  constructor(
    cpu: CpuState,
    phys: PhysMemory,
    fault: Fault,
    events: EventSink,
    state?: TlbState,
  ) {
    this.tlb = new Tlb(state);
    this.words = phys.ram.words;
    this.halves = phys.ram.halves;
    this.bytes = phys.ram.bytes;
    this.#cpu = cpu;
    this.#controls = new CpuPagingControls(cpu);
    this.#phys = phys;
    this.#walker = new PageWalker(phys);
    this.#fault = fault;
    this.#events = events;
    this.dropFast();
  }

  /** Forgets the fast path: after a change of CPL, CR0.WP, the TLB or the openness of RAM pages from outside. */
  dropFast(): void {
    this.readTag.fill(NO_PAGE);
    this.writeTag.fill(NO_PAGE);
    this.dropFetch();
  }

  /** Forgets which pages were fetched from. */
  dropFetch(): void {
    this.fetchTag.fill(NO_PAGE);
    this.codeIndex = -1;
    this.onFetchDropped();
  }

  /** Forgets which pages may be stored to without asking. */
  dropWriteTags(): void {
    this.writeTag.fill(NO_PAGE);
  }

  /**
   * Translates, and lets the fast path take over where it can. Longer than what the host's compiler inlines (V8: 460
   * bytes of bytecode), and meant so: what calls the fast path then keeps room for inlining that.
   *
   * @param address linear
   * @param access `ACCESS_…` bits
   * @returns the physical address
   * @throws the machine's fault: #GP(0) for an address that is not canonical, or #PF
   */
  translate(address: VirtAddr, access: number): number {
    if (!isCanonical(address)) this.#fault.protection(0);
    const index = tlbIndex(address);
    const offset = (address | 0) & OFFSET;
    const page = address - offset;
    const s = this.tlb.state;
    let held = s.pages[index] === page;
    if (held) {
      const flags = s.flags[index]!;
      const cause = this.#denied(flags, access);
      if (cause !== 0) {
        this.#dropEntry(index);
        this.#fault.page(cause, address);
      }
      held = !(access & ACCESS_WRITE) || (flags & TLB_D) !== 0;
    }
    if (!held) {
      const walked = this.#walker.walk(this.#controls, address, access, true);
      this.#dropEntry(index);
      if (walked < 0) this.#fault.page(~walked, address);
      this.tlb.fill(index, page, walked * PAGE_BYTES, this.#walker.flags);
    }
    const frame = s.frames[index]!;
    if (this.#events.on) {
      if (held) this.#reportStale(index, page as VirtAddr);
      else this.#reportFill(page, frame);
      return frame + offset;
    }
    // Later accesses to this page take the fast path, if they would do nothing but reach RAM.
    const ram = this.#phys.ramOffset(frame);
    const user = this.#cpu.cpl === 3 ? ACCESS_USER : 0;
    if (ram < 0 || (access & (ACCESS_USER | ACCESS_FETCH)) !== user) {
      return frame + offset;
    }
    this.readTag[index] = page;
    this.fastWord[index] = ram / 4;
    const open = access & ACCESS_WRITE && !this.#phys.isRom(frame) &&
      this.#phys.ram.isOpen(ram / 4096);
    if (open) this.writeTag[index] = page;
    return frame + offset;
  }

  /**
   * Translates as an onlooker: by the tables alone, without a trace in TLB, A and D.
   *
   * @param address linear
   * @returns the physical address, or `null` if nothing is mapped there
   */
  peekTranslate(address: VirtAddr): number | null {
    if (!isCanonical(address)) return null;
    const frame = this.#walker.walk(this.#controls, address, 0, false);
    return frame < 0 ? null : frame * PAGE_BYTES + ((address | 0) & OFFSET);
  }

  /** `ACCESS_USER` if the CPU is at CPL 3, else 0. */
  get userBit(): number {
    return this.#cpu.cpl === 3 ? ACCESS_USER : 0;
  }

  /** Loads 8 bits at the current privilege level, unsigned. */
  load8(address: VirtAddr): number {
    const low = address | 0;
    const index = (low >>> 12) & INDEX;
    const offset = low & OFFSET;
    if (this.readTag[index] === address - offset) {
      const word = this.words[this.fastWord[index]! + (offset >>> 2)]!;
      return (word >>> ((low & 3) << 3)) & 0xff;
    }
    return this.loadAs(address, 1, this.userBit) | 0;
  }

  /** Loads 16 bits at the current privilege level, unsigned. */
  load16(address: VirtAddr): number {
    const low = address | 0;
    const index = (low >>> 12) & INDEX;
    const offset = low & OFFSET_16;
    if (this.readTag[index] === address - offset) {
      const word = this.words[this.fastWord[index]! + (offset >>> 2)]!;
      return (word >>> ((low & 2) << 3)) & 0xffff;
    }
    return this.loadAs(address, 2, this.userBit) | 0;
  }

  /** Loads 32 bits at the current privilege level, unsigned. */
  load32(address: VirtAddr): number {
    const low = address | 0;
    const index = (low >>> 12) & INDEX;
    const offset = low & OFFSET_32;
    if (this.readTag[index] === address - offset) {
      return this.words[this.fastWord[index]! + (offset >>> 2)]! >>> 0;
    }
    return this.loadAs(address, 4, this.userBit) >>> 0;
  }

  /** Loads 64 bits: returns the low word, leaves the high one in `high`. */
  load64(address: VirtAddr): number {
    const low = address | 0;
    const index = (low >>> 12) & INDEX;
    const offset = low & OFFSET_64;
    if (this.readTag[index] === address - offset) {
      const word = this.fastWord[index]! + (offset >>> 2);
      this.high = this.words[word + 1]! >>> 0;
      return this.words[word]! >>> 0;
    }
    return this.load64As(address, this.userBit) >>> 0;
  }

  /** Stores 8 bits at the current privilege level. */
  store8(address: VirtAddr, value: number): void {
    const low = address | 0;
    const index = (low >>> 12) & INDEX;
    const offset = low & OFFSET;
    if (this.writeTag[index] === address - offset) {
      this.bytes[(this.fastWord[index]! << 2 >>> 0) + offset] = value;
    } else this.storeAs(address, value, 1, this.userBit);
  }

  /** Stores 16 bits at the current privilege level. */
  store16(address: VirtAddr, value: number): void {
    const low = address | 0;
    const index = (low >>> 12) & INDEX;
    const offset = low & OFFSET_16;
    if (this.writeTag[index] === address - offset) {
      const half = (this.fastWord[index]! << 1 >>> 0) + (offset >>> 1);
      this.halves[half] = value;
    } else this.storeAs(address, value, 2, this.userBit);
  }

  /** Stores 32 bits at the current privilege level. */
  store32(address: VirtAddr, value: number): void {
    const low = address | 0;
    const index = (low >>> 12) & INDEX;
    const offset = low & OFFSET_32;
    if (this.writeTag[index] === address - offset) {
      this.words[this.fastWord[index]! + (offset >>> 2)] = value;
    } else this.storeAs(address, value, 4, this.userBit);
  }

  /** Stores 64 bits at the current privilege level, none of them if any faults. */
  store64(address: VirtAddr, low32: number, high32: number): void {
    const low = address | 0;
    const index = (low >>> 12) & INDEX;
    const offset = low & OFFSET_64;
    if (this.writeTag[index] === address - offset) {
      const word = this.fastWord[index]! + (offset >>> 2);
      this.words[word] = low32;
      this.words[word + 1] = high32;
    } else this.store64As(address, low32, high32, this.userBit);
  }

  /** Loads 8, 16 or 32 bits. @param user `ACCESS_USER`, or 0 for the CPU's own accesses to its tables */
  loadAs(address: VirtAddr, bytes: AccessWidth, user: number): number {
    const offset = (address | 0) & OFFSET;
    if (offset + bytes > 4096) return this.#loadSplit(address, bytes, user);
    return this.#phys.read(this.translate(address, user), bytes);
  }

  /** Stores 8, 16 or 32 bits. @param user as for {@linkcode loadAs} */
  storeAs(
    address: VirtAddr,
    value: number,
    bytes: AccessWidth,
    user: number,
  ): void {
    const offset = (address | 0) & OFFSET;
    if (offset + bytes > 4096) {
      this.#storeSplit(address, value, bytes, user);
      return;
    }
    const physical = this.translate(address, ACCESS_WRITE | user);
    this.#phys.write(physical, value, bytes);
  }

  /** Loads 64 bits. @param user as for {@linkcode loadAs} */
  load64As(address: VirtAddr, user: number): number {
    this.#checkEnd(address, 8);
    const low = this.loadAs(address, 4, user);
    this.high = this.loadAs((address + 4) as VirtAddr, 4, user);
    return low;
  }

  /** Stores 64 bits. @param user as for {@linkcode loadAs} */
  store64As(
    address: VirtAddr,
    low: number,
    high: number,
    user: number,
  ): void {
    this.checkStore(address, 8, user);
    this.storeAs(address, low, 4, user);
    this.storeAs((address + 4) as VirtAddr, high, 4, user);
  }

  /** Faults if any of up to 4,096 bytes cannot be stored to. */
  checkStore(address: VirtAddr, bytes: number, user: number): void {
    this.#checkEnd(address, bytes);
    this.translate(address, ACCESS_WRITE | user);
    const last = (address + bytes - 1) as VirtAddr;
    if (((address | 0) ^ (last | 0)) & ~OFFSET) {
      this.translate(
        (last - ((last | 0) & OFFSET)) as VirtAddr,
        ACCESS_WRITE | user,
      );
    }
  }

  /**
   * Fills the part of a range that lies in one page.
   *
   * @param address first byte
   * @param value its low 8 bits
   * @param bytes size of the range, at least 1
   * @returns how many bytes were filled
   */
  fillRun(address: VirtAddr, value: number, bytes: number): number {
    const user = this.userBit;
    const run = Math.min(bytes, 4096 - ((address | 0) & OFFSET));
    const physical = this.translate(address, ACCESS_WRITE | user);
    const ram = this.#phys.ramOffset(physical);
    if (ram >= 0 && !this.#phys.isRom(physical)) {
      this.#phys.ram.touch(Math.floor(ram / 4096));
      this.bytes.fill(value, ram, ram + run);
    } else {
      for (let i = 0; i < run; i++) this.#phys.write(physical + i, value, 1);
    }
    return run;
  }

  /**
   * Copies the part of a range, from its start or its end, that lies in one page on either side.
   *
   * @param target first byte to store to
   * @param source first byte to load from
   * @param bytes size of the range, at least 1
   * @param backwards whether the last bytes go first
   * @returns how many bytes were copied
   */
  copyRun(
    target: VirtAddr,
    source: VirtAddr,
    bytes: number,
    backwards: boolean,
  ): number {
    const user = this.userBit;
    const run = backwards
      ? Math.min(
        bytes,
        (((target + bytes - 1) | 0) & OFFSET) + 1,
        (((source + bytes - 1) | 0) & OFFSET) + 1,
      )
      : Math.min(
        bytes,
        4096 - ((target | 0) & OFFSET),
        4096 - ((source | 0) & OFFSET),
      );
    const skip = backwards ? bytes - run : 0;
    const from = this.translate((source + skip) as VirtAddr, user);
    const to = this.translate((target + skip) as VirtAddr, ACCESS_WRITE | user);
    const fromRam = this.#phys.ramOffset(from);
    const toRam = this.#phys.ramOffset(to);
    if (fromRam >= 0 && toRam >= 0 && !this.#phys.isRom(to)) {
      this.#phys.ram.touch(Math.floor(toRam / 4096));
      this.bytes.copyWithin(toRam, fromRam, fromRam + run);
      return run;
    }
    for (let i = 0; i < run; i++) {
      const at = backwards ? run - 1 - i : i;
      this.#phys.write(to + at, this.#phys.read(from + at, 1), 1);
    }
    return run;
  }

  /**
   * Stores one value again and again, upwards inside one page, as REP STOS does.
   *
   * @param address first byte
   * @param width bytes of the value: 1, 2, 4 or 8
   * @param low its low word
   * @param high its high word, if it has 8 bytes, else `low` again
   * @param count how many times
   * @returns `count`, or 0 if this is no plain RAM or its instructions are cached: nothing was stored then
   */
  storeRun(
    address: VirtAddr,
    width: number,
    low: number,
    high: number,
    count: number,
  ): number {
    const to = this.translate(address, ACCESS_WRITE | this.userBit);
    const at = this.#bulkTarget(to);
    if (at < 0) return 0;
    const end = at + count * width;
    if (width === 1) this.bytes.fill(low, at, end);
    else if (at % width !== 0) return 0;
    else if (width === 2) this.halves.fill(low, at / 2, end / 2);
    else if (width === 4 || low === high) {
      this.words.fill(low, at / 4, end / 4);
    } else {
      for (let i = at / 4; i < end / 4; i += 2) {
        this.words[i] = low;
        this.words[i + 1] = high;
      }
    }
    return count;
  }

  /**
   * Moves bytes inside one page on either side, as REP MOVS does.
   *
   * @returns whether it did: not if either side is no plain RAM, or instructions decoded from the target are cached
   */
  moveRun(target: VirtAddr, source: VirtAddr, bytes: number): boolean {
    const user = this.userBit;
    const from = this.#phys.ramOffset(this.translate(source, user));
    const to = this.translate(target, ACCESS_WRITE | user);
    if (from < 0) return false;
    const at = this.#bulkTarget(to);
    if (at < 0) return false;
    this.bytes.copyWithin(at, from, from + bytes);
    return true;
  }

  /** @returns where a page that may be stored to in bulk lies in RAM, opened, or −1 */
  #bulkTarget(physical: number): number {
    const { ram } = this.#phys;
    const at = this.#phys.ramOffset(physical);
    if (at < 0 || this.#phys.isRom(physical)) return -1;
    const page = Math.floor(at / 4096);
    if (ram.isWatched(page)) return -1;
    ram.touch(page);
    return at;
  }

  /** INVLPG. */
  flushPage(address: VirtAddr): void {
    this.tlb.flushPage(address);
    this.dropFast();
    if (this.#events.on) {
      this.#events.emit("tlb-flush", address - ((address | 0) & OFFSET), 1);
    }
  }

  /** What a load of CR3 or a change of CR4.PGE, PSE or PAE empties. */
  flush(globalToo: boolean): void {
    this.tlb.flush(globalToo);
    this.dropFast();
    if (this.#events.on) this.#events.emit("tlb-flush", -1, globalToo ? 1 : 0);
  }

  /** @returns the page fault's error code if a TLB entry forbids the access, else 0 */
  #denied(flags: number, access: number): number {
    const user = access & ACCESS_USER;
    const write = access & ACCESS_WRITE;
    const fetch = access & ACCESS_FETCH;
    const allowed = (!user || flags & TLB_US) &&
      (!fetch || !(flags & TLB_XD)) &&
      (!write || flags & TLB_RW || (!user && !this.#controls.writeProtect));
    return allowed ? 0 : PF_P | (user ? PF_U : 0) | (write ? PF_W : 0) |
      (fetch && this.#controls.noExecute ? PF_I : 0);
  }

  #dropEntry(index: number): void {
    this.tlb.drop(index);
    this.readTag[index] = NO_PAGE;
    this.writeTag[index] = NO_PAGE;
    this.fetchTag[index] = NO_PAGE;
    if (index === this.codeIndex) {
      this.codeIndex = -1;
      this.onFetchDropped();
    }
  }

  /** An access that leaves the canonical range raises #GP before any part of it is translated (SDM 3A, "Canonical Addressing"). */
  #checkEnd(address: VirtAddr, bytes: number): void {
    if (!isCanonical(address + bytes - 1)) this.#fault.protection(0);
  }

  #loadSplit(address: VirtAddr, bytes: AccessWidth, user: number): number {
    this.#checkEnd(address, bytes);
    let value = 0;
    for (let i = 0; i < bytes; i++) {
      value |= this.loadAs((address + i) as VirtAddr, 1, user) << (8 * i);
    }
    return value >>> 0;
  }

  #storeSplit(
    address: VirtAddr,
    value: number,
    bytes: AccessWidth,
    user: number,
  ): void {
    this.checkStore(address, bytes, user);
    for (let i = 0; i < bytes; i++) {
      const at = (address + i) as VirtAddr;
      this.storeAs(at, (value >>> (8 * i)) & 0xff, 1, user);
    }
  }

  #reportFill(page: number, frame: number): void {
    const flags = this.#walker.flags;
    const size = flags & TLB_1G ? 2 ** 30 : flags & TLB_2M ? 2 ** 21 : 4096;
    this.#events.emit("tlb-fill", page, frame, size);
  }

  /** Says so when the TLB's answer is no longer what the tables say. */
  #reportStale(index: number, page: VirtAddr): void {
    const held = this.tlb.state.frames[index]!;
    const walked = this.#walker.walk(this.#controls, page, 0, false);
    const actual = walked < 0 ? -1 : walked * PAGE_BYTES;
    if (actual !== held) this.#events.emit("stale-hit", page, held, actual);
  }
}
