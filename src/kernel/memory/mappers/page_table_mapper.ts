/**
 * What all mappers offer: pages of 4 KiB by themselves, views for the larger
 * sizes, translation, cleaning up.
 *
 * @module
 */

import type { PhysAddr, VirtAddr } from "../../../hw/addr.ts";
import {
  type Frame,
  type Page,
  type PageSize,
  type Size1GiB,
  type Size2MiB,
  type Size4KiB,
  SIZE_1_GIB,
  SIZE_2_MIB,
  SIZE_4_KIB,
} from "../../../hw/page.ts";
import type { AddressRange } from "../../../hw/page_range.ts";
import { PTE_ADDR_HIGH, pteFlags } from "../../../hw/page_table.ts";
import type { FrameDeallocator } from "../frames/frame_allocator.ts";
import { cleanUpTables } from "./clean_up.ts";
import type { CleanedUp, Mapper, MapperAllSizes } from "./mapper.ts";
import { PageTable } from "./page_table_view.ts";
import { SizedMapper } from "./sized_mapper.ts";
import type { MapperState, Tables } from "./tables.ts";
import { NOT_MAPPED, type TranslateResult } from "./translate.ts";

/** Sizes by the level of the entry that maps a page. */
const SIZES: readonly PageSize[] = Object.freeze([
  SIZE_4_KIB,
  SIZE_4_KIB,
  SIZE_2_MIB,
  SIZE_1_GIB,
]);

/** A mapper over one kind of tables. */
export abstract class PageTableMapper<S extends MapperState>
  extends SizedMapper<Size4KiB>
  implements MapperAllSizes {
  /** All there is to save beside the tables in memory. */
  readonly state: S;
  /** The same tables, for 2 MiB pages. */
  readonly size2MiB: Mapper<Size2MiB>;
  /** The same tables, for 1 GiB pages. */
  readonly size1GiB: Mapper<Size1GiB>;
  readonly #tables: Tables<S>;

  /**
   * Makes a mapper.
   *
   * @param tables The tables.
   */
  constructor(tables: Tables<S>) {
    super(tables, SIZE_4_KIB);
    this.#tables = tables;
    this.state = tables.state;
    this.size2MiB = new SizedMapper(tables, SIZE_2_MIB);
    this.size1GiB = new SizedMapper(tables, SIZE_1_GIB);
  }

  /**
   * Translates an address, whatever the size of its page.
   *
   * @param address Any address.
   * @returns Frame, offset and flags, or that it is not mapped. A frame of a
   * large page that is not aligned is rounded down.
   * @throws {RangeError} If the level 4 entry claims to map a large page; of
   * `RecursivePageTable`, the level 1 entry, too.
   */
  translate(address: VirtAddr): TranslateResult {
    const tables = this.#tables;
    const level = tables.walk(address);
    if (level === 0) return NOT_MAPPED;
    const size = SIZES[level]!;
    return {
      kind: "mapped",
      frame: this.#frame(size) as Frame<PageSize>,
      size,
      offset: address & (size - 1),
      flags: pteFlags(tables.low, tables.high),
    };
  }

  /**
   * Translates an address, without an object for the result.
   *
   * @param address Any address.
   * @returns The physical address, or `null` where it is not mapped.
   * @throws {RangeError} As `translate` does.
   */
  translateAddr(address: VirtAddr): PhysAddr | null {
    const level = this.#tables.walk(address);
    if (level === 0) return null;
    const size = SIZES[level]!;
    return this.#frame(size) + (address & (size - 1)) as PhysAddr;
  }

  /**
   * Frees all empty tables; see {@linkcode CleanUp.cleanUp}.
   *
   * @param frames Takes the tables' frames.
   * @returns How many there were.
   */
  cleanUp(frames: FrameDeallocator): CleanedUp {
    return cleanUpTables(this.#tables, frames);
  }

  /**
   * Frees the empty tables that a range touches; see
   * {@linkcode CleanUp.cleanUpAddrRange}.
   *
   * @param range Pages of 4 KiB.
   * @param frames Takes the tables' frames.
   * @returns How many there were.
   */
  cleanUpAddrRange(
    range: AddressRange<Page>,
    frames: FrameDeallocator,
  ): CleanedUp {
    return cleanUpTables(this.#tables, frames, range);
  }

  /**
   * The level 4 table, to look at and to write (crate: `level_4_table`).
   *
   * @returns A view of it.
   */
  level4Table(): PageTable {
    const tables = this.#tables;
    const at = tables.tableAt(tables.state.level4Frame, 0, 4);
    return new PageTable(tables.memory, at);
  }

  /**
   * Reports the flush of the last change, if it is neither used nor ignored,
   * without waiting for the next change.
   */
  reportDroppedFlush(): void {
    this.#tables.ledger.report();
  }

  /** The walk's frame, rounded down to a size. */
  #frame(size: PageSize): number {
    const { low, high } = this.#tables;
    return (high & PTE_ADDR_HIGH) * 2 ** 32 + ((low & -size) >>> 0);
  }
}
