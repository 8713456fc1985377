/**
 * Freeing tables that have become empty, from level 1 up to level 3.
 *
 * Source: crate x86_64 0.15.4, `CleanUp`. Addresses are counted here as
 * ordinals, 0 … 2^48 − 1, in which the upper half follows the lower one.
 *
 * @module
 */

import { type VirtAddr, virtStepForward } from "../../../hw/addr.ts";
import type { Frame, Page } from "../../../hw/page.ts";
import type { AddressRange } from "../../../hw/page_range.ts";
import {
  entryBytes,
  type PageTableLevel,
  PTE_P,
  PTE_PS,
  tableBytes,
} from "../../../hw/page_table.ts";
import type {
  FrameDeallocator,
  FrameRefusal,
} from "../frames/frame_allocator.ts";
import type { CleanedUp } from "./mapper.ts";
import type { Tables } from "./tables.ts";
import { entryAddress } from "./entry_math.ts";

const TWO_48 = 2 ** 48;
const PAGE_BYTES = 4096;

const ordinal = (address: number): number =>
  address < 0 ? address + TWO_48 : address;

/** Ordinals of the first and of the last page of all. */
const ALL = [0, TWO_48 - PAGE_BYTES] as const;

/** One run over the tables. */
class Sweep {
  tables = 0;
  readonly refusals: FrameRefusal[] = [];

  constructor(readonly on: Tables, readonly frames: FrameDeallocator) {}

  /**
   * Frees the empty tables under one table, in a range of pages.
   *
   * @param frame Physical address of the table.
   * @param level Its level.
   * @param first Ordinal of the range's first page, under the table.
   * @param last Ordinal of the range's last page, under the table.
   * @returns Whether the table is empty itself.
   */
  table(
    frame: number,
    level: PageTableLevel,
    first: number,
    last: number,
  ): boolean {
    if (first > last) return false;
    const on = this.on;
    const under = virtStepForward(0 as VirtAddr, first)!;
    const at = on.tableAt(frame, under, level);
    if (level > 1) this.#entries(at, frame, level, first, last);
    if (level === 4) return false;
    for (let i = 0; i < 512; i++) {
      if ((on.words.load(at + 8 * i) | on.words.high) !== 0) return false;
    }
    return true;
  }

  #entries(
    at: number,
    frame: number,
    level: PageTableLevel,
    first: number,
    last: number,
  ): void {
    const { words } = this.on;
    const bytes = entryBytes(level);
    const base = Math.floor(first / tableBytes(level)) * tableBytes(level);
    const end = Math.floor((last - base) / bytes);
    for (let i = Math.floor((first - base) / bytes); i <= end; i++) {
      if (level === 4 && i === this.on.skippedIndex) continue;
      const low = words.load(at + 8 * i), high = words.high;
      if ((low & PTE_P) === 0 || (low & PTE_PS) !== 0) continue;
      const child = entryAddress(low, high);
      const start = base + i * bytes;
      const isEmpty = this.table(
        child,
        level - 1 as PageTableLevel,
        Math.max(first, start),
        Math.min(last, start + bytes - PAGE_BYTES),
      );
      if (isEmpty) this.#free(at + 8 * i, frame + 8 * i, child);
    }
  }

  #free(at: number, atPhys: number, child: number): void {
    this.on.point(at, atPhys);
    this.on.clear();
    this.tables += 1;
    const refusal = this.frames.deallocateFrame(child as Frame);
    if (refusal) this.refusals.push(refusal);
  }
}

/**
 * Frees empty tables.
 *
 * @param on The tables.
 * @param frames Takes their frames.
 * @param range Pages of 4 KiB; all by default.
 * @returns What was freed.
 */
export function cleanUpTables(
  on: Tables,
  frames: FrameDeallocator,
  range?: AddressRange<Page>,
): CleanedUp {
  on.ledger.report();
  const sweep = new Sweep(on, frames);
  const [first, last] = range === undefined ? ALL : [
    ordinal(range.start),
    ordinal(range.end) - (range.inclusive ? 0 : PAGE_BYTES),
  ];
  sweep.table(on.state.level4Frame, 4, first, last);
  return { tables: sweep.tables, refusals: sweep.refusals };
}
