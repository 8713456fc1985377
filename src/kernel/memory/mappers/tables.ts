/**
 * The walks that all mappers are made of, in numbers: from the level 4 table
 * down to an entry, making tables on the way or not. Results are codes; what
 * belongs to them stands in fields until the next walk, so that no walk makes
 * an object.
 *
 * The two kinds of mapper differ in where a table is accessed (`tableAt`), in
 * how they test an entry on the way (`whole`: for zero only, or for PRESENT),
 * and in flags that parents always get.
 *
 * Source: crate x86_64 0.15.4, `mapped_page_table.rs` and
 * `recursive_page_table.rs`; SDM 3A, "4-Level Paging".
 *
 * @module
 */

import type { EventSink } from "../../../base/events.ts";
import { formatHex } from "../../../hw/format_hex.ts";
import {
  PTE_ADDR_HIGH,
  PTE_FLAGS_LOW,
  PTE_P,
  PTE_PS,
} from "../../../hw/page_table.ts";
import type { FrameAllocator } from "../frames/frame_allocator.ts";
import { entryAddress, highBits, indexAt } from "./entry_math.ts";
import { FlushLedger, type FlushState } from "./flush.ts";
import {
  type EntryWords,
  entryWords,
  type PageTableMemory,
} from "./page_table_memory.ts";

/** Done, or found. */
export const OK = 0;
/** A table was needed and no frame given. */
export const NO_FRAME = 1;
/** An entry on the way maps a large page, or the last one maps none. */
export const HUGE = 2;
/** The entry is in use. */
export const IN_USE = 3;
/** An entry is not there. */
export const ABSENT = 4;
/** The entry's address is not aligned to the page's size. */
export const MISALIGNED = 5;

const TWO_32 = 2 ** 32;
const HUGE_ASSERTION =
  "assertion failed: !flags.contains(PageTableFlags::HUGE_PAGE)";

/** A mapper as data. */
export interface MapperState extends FlushState {
  /** Physical address of the level 4 table, as CR3 has it. */
  level4Frame: number;
}

/** Tables in memory. */
export abstract class Tables<S extends MapperState = MapperState> {
  /** All there is to save. */
  readonly state: S;
  /** The flushes that are owed. */
  readonly ledger: FlushLedger;
  /** Access to the entries. */
  readonly words: EntryWords;
  /** The memory, as it was given. */
  readonly memory: PageTableMemory;
  /** Address at which the last walk's entry is accessed. */
  at = 0;
  /** Physical address of that entry. */
  atPhys = 0;
  /** Low word of that entry as it was found. */
  low = 0;
  /** High word of that entry as it was found. */
  high = 0;
  /** The frame that `unmap` has unmapped last. */
  unmapped = 0;
  readonly #events: EventSink;

  /**
   * Lays a mapper over memory.
   *
   * @param memory Where the tables lie.
   * @param state Fresh or restored.
   * @param events Is told of every entry that is written.
   */
  constructor(memory: PageTableMemory, state: S, events: EventSink) {
    this.memory = memory;
    this.state = state;
    this.words = entryWords(memory);
    this.ledger = new FlushLedger(state, events);
    this.#events = events;
  }

  /**
   * Where the table is accessed that serves an address.
   *
   * @param frame Physical address of the table.
   * @param address A virtual address under the table.
   * @param level The table's level.
   * @returns An address for the memory.
   */
  abstract tableAt(frame: number, address: number, level: number): number;
  /** Whether parents are tested for being zero only, where not said otherwise. */
  abstract readonly whole: boolean;
  /** Flags that a new parent gets in any case. */
  abstract readonly parentLow: number;
  /** Index of the level 4 entry that cleaning up passes over; −1 for none. */
  abstract get skippedIndex(): number;

  /**
   * Walks to the entry of a level.
   *
   * @param address A virtual address.
   * @param last The level of the entry.
   * @param whole Whether parents are tested for being zero only.
   * @returns `OK` with the entry in the fields, `ABSENT` or `HUGE`.
   */
  descend(address: number, last: number, whole: boolean): number {
    const words = this.words;
    const upper = highBits(address);
    let frame = this.state.level4Frame;
    for (let level = 4;; level--) {
      const offset = 8 * indexAt(address | 0, upper, level);
      const at = this.tableAt(frame, address, level) + offset;
      const low = words.load(at), high = words.high;
      if (level === last) {
        this.#found(at, frame + offset, low, high);
        return OK;
      }
      if (whole) {
        if ((low | high) === 0) return ABSENT;
      } else {
        if ((low & PTE_P) === 0) return ABSENT;
        if ((low & PTE_PS) !== 0) return HUGE;
      }
      frame = entryAddress(low, high);
    }
  }

  /**
   * Maps a page. The order of tests and writes is the crate's.
   *
   * @param page The page.
   * @param last Level of its entry.
   * @param frame The frame.
   * @param low Flags of the entry, low word.
   * @param high Flags of the entry, high word.
   * @param parentLow Flags of its parents, low word.
   * @param parentHigh Flags of its parents, high word.
   * @param frames Gives frames for tables.
   * @returns `OK`, `NO_FRAME`, `HUGE` or `IN_USE`.
   * @throws {RangeError} Where the crate panics.
   */
  map(
    page: number,
    last: number,
    frame: number,
    low: number,
    high: number,
    parentLow: number,
    parentHigh: number,
    frames: FrameAllocator,
  ): number {
    const words = this.words;
    const upper = highBits(page);
    let table = this.state.level4Frame;
    let fresh = false;
    for (let level = 4;; level--) {
      const base = this.tableAt(table, page, level);
      if (fresh) this.#zero(base);
      const offset = 8 * indexAt(page | 0, upper, level);
      const at = base + offset;
      this.#found(at, table + offset, words.load(at), words.high);
      if (level === last) break;
      fresh = (this.low | this.high) === 0;
      const code = fresh
        ? this.#link(page, parentLow, parentHigh, frames)
        : this.#addFlags(parentLow, parentHigh);
      if (code !== OK) return code;
      if (!this.whole && (this.low & PTE_P) === 0) {
        throw mapBug(page, "entry should be mapped at this point");
      }
      if ((this.low & PTE_PS) !== 0) return HUGE;
      table = entryAddress(this.low, this.high);
    }
    if ((this.low | this.high) !== 0) return IN_USE;
    if (last === 1 && (low & PTE_PS) !== 0) throw mapBug(page, HUGE_ASSERTION);
    this.store(
      frame | low | (last === 1 ? 0 : PTE_PS),
      Math.floor(frame / TWO_32) | high,
    );
    if (this.#events.on) {
      // Flags of the low word, and NO_EXECUTE as bit 31.
      this.#events.emit("map", page, frame, low + (high < 0 ? 2 ** 31 : 0));
    }
    return OK;
  }

  /**
   * Clears the entry of a page.
   *
   * @param page The page.
   * @param last Level of its entry.
   * @returns `OK` with the frame in `unmapped`; `ABSENT`, `HUGE`, or
   * `MISALIGNED` with the entry in the fields.
   */
  unmap(page: number, last: number): number {
    const code = this.descend(page, last, false);
    if (code !== OK) return code;
    if ((this.low & PTE_P) === 0) return ABSENT;
    if ((this.low & PTE_PS) !== (last === 1 ? 0 : PTE_PS)) return HUGE;
    if (this.isMisaligned(last)) return MISALIGNED;
    this.unmapped = entryAddress(this.low, this.high);
    this.clear();
    if (this.#events.on) this.#events.emit("unmap", page, this.unmapped);
    return OK;
  }

  /**
   * Replaces the flags of an entry.
   *
   * @param address A virtual address under the entry.
   * @param last Level of the entry.
   * @param low Flags, low word.
   * @param high Flags, high word.
   * @returns `OK`, `ABSENT` or `HUGE`.
   */
  setFlags(address: number, last: number, low: number, high: number): number {
    const code = this.descend(address, last, this.whole);
    if (code !== OK) return code;
    if ((this.low | this.high) === 0) return ABSENT;
    this.store(
      this.low & ~PTE_FLAGS_LOW | low,
      this.high & PTE_ADDR_HIGH | high,
    );
    return OK;
  }

  /**
   * Walks to the entry that maps an address, whatever its level.
   *
   * @param address A virtual address.
   * @returns The entry's level, with the entry in the fields; 0 where nothing
   * is mapped.
   * @throws {RangeError} Where the crate panics.
   */
  walk(address: number): number {
    const words = this.words;
    const upper = highBits(address);
    let frame = this.state.level4Frame;
    for (let level = 4;; level--) {
      const offset = 8 * indexAt(address | 0, upper, level);
      const at = this.tableAt(frame, address, level) + offset;
      const low = words.load(at), high = words.high;
      // The last entry is tested for being zero, whichever mapper asks.
      const absent = this.whole || level === 1
        ? (low | high) === 0
        : (low & PTE_P) === 0;
      if (absent) return 0;
      const huge = (low & PTE_PS) !== 0;
      if (huge && (level === 4 || (level === 1 && this.whole))) {
        throw new RangeError(
          `Cannot translate ${formatHex(address)}: ` +
            `level ${level} entry has huge page bit set`,
        );
      }
      if (huge || level === 1) {
        this.#found(at, frame + offset, low, high);
        return level;
      }
      frame = entryAddress(low, high);
    }
  }

  /**
   * Whether the entry's address is not aligned to a page of its level.
   *
   * @param level The level.
   * @returns Whether bits below the page's size are set.
   */
  isMisaligned(level: number): boolean {
    const inside = level === 3 ? 0x3fff_f000 : level === 2 ? 0x001f_f000 : 0;
    return (this.low & inside) !== 0;
  }

  /**
   * Writes the entry that the last walk found.
   *
   * @param low Low word.
   * @param high High word.
   */
  store(low: number, high: number): void {
    this.words.store(this.at, low, high);
    this.low = low;
    this.high = high;
    if (this.#events.on) {
      this.#events.emit("page-table-write", this.atPhys, low >>> 0, high >>> 0);
    }
  }

  /** Clears the entry that the last walk found. */
  clear(): void {
    this.store(0, 0);
  }

  /**
   * Makes an entry that was not walked to the one that `clear` clears.
   *
   * @param at Where it is accessed.
   * @param atPhys Its physical address.
   */
  point(at: number, atPhys: number): void {
    this.at = at;
    this.atPhys = atPhys;
  }

  #found(at: number, atPhys: number, low: number, high: number): void {
    this.at = at;
    this.atPhys = atPhys;
    this.low = low;
    this.high = high;
  }

  /** Makes a table for the entry, which is zero; the table is zeroed later. */
  #link(
    page: number,
    parentLow: number,
    parentHigh: number,
    frames: FrameAllocator,
  ): number {
    const frame = frames.allocateFrame();
    if (frame === null) return NO_FRAME;
    if ((parentLow & PTE_PS) !== 0) throw mapBug(page, HUGE_ASSERTION);
    if (!(frame >= 0 && frame < 2 ** 52)) {
      throw mapBug(page, `a table's frame is no address below 2^52: ${frame}`);
    }
    if ((frame & PTE_FLAGS_LOW) !== 0) {
      throw mapBug(page, "assertion failed: addr.is_aligned(Size4KiB::SIZE)");
    }
    this.store(
      frame | parentLow | this.parentLow,
      Math.floor(frame / TWO_32) | parentHigh,
    );
    return OK;
  }

  /** Adds flags that a parent lacks; that it may be a large page is seen later. */
  #addFlags(parentLow: number, parentHigh: number): number {
    const { low, high } = this;
    if ((parentLow & ~low | parentHigh & ~high) !== 0) {
      this.store(low | parentLow, high | parentHigh);
    }
    return OK;
  }

  #zero(table: number): void {
    for (let i = 0; i < 512; i++) this.words.store(table + 8 * i, 0, 0);
  }
}

function mapBug(page: number, why: string): RangeError {
  return new RangeError(`Cannot map page ${formatHex(page)}: ${why}`);
}
