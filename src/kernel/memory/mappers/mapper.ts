/**
 * What a mapper can do with pages of one size.
 *
 * Source: crate x86_64 0.15.4, traits `Mapper<S>`, `MapperAllSizes`, `CleanUp`.
 *
 * @module
 */

import type {
  Frame,
  Page,
  PageSize,
  Size1GiB,
  Size2MiB,
  Size4KiB,
} from "../../../hw/page.ts";
import type { AddressRange } from "../../../hw/page_range.ts";
import type { Word64 } from "../../../hw/word64.ts";
import type {
  FrameAllocator,
  FrameDeallocator,
  FrameRefusal,
} from "../frames/frame_allocator.ts";
import type { MapperFlush, MapperFlushAll } from "./flush.ts";
import type {
  FlagUpdateError,
  MapToError,
  TranslateError,
  UnmapError,
} from "./mapper_errors.ts";
import type { Translate } from "./translate.ts";

/**
 * Flags of an entry: a number for those of the low word (`PTE_P | PTE_RW`), a
 * {@linkcode Word64} where some are in the high word (`PTE_XD_HIGH`).
 */
export type EntryFlags = number | Word64;

/** A page that was unmapped. */
export interface Unmapped<S extends PageSize = Size4KiB> {
  /** No refusal. */
  readonly reason: null;
  /** The frame that was mapped; it is the caller's. */
  readonly frame: Frame<S>;
  /** The flush that the change owes. */
  readonly flush: MapperFlush<S>;
}

/** Maps pages of one size. */
export interface Mapper<S extends PageSize = Size4KiB> {
  /**
   * Maps a page; its parents get as flags what `flags` has of PRESENT,
   * WRITABLE and USER_ACCESSIBLE (crate: `map_to`).
   *
   * Missing tables are made, of at most three frames. Surprises: flags of
   * existing parents are added to, never taken away, and that before a large
   * page among them is refused; after a refusal tables that were made stay
   * linked, and their frames are taken; a page counts as mapped if its entry is
   * not zero, PRESENT or not; frame 0 with no flags leaves it zero.
   *
   * @param page The page.
   * @param frame The frame, which nothing else should use.
   * @param flags Flags of the page's entry; HUGE_PAGE is added for large ones.
   * @param frames Gives frames for tables.
   * @returns The flush that the change owes, or why nothing was mapped.
   * @throws {RangeError} If `flags` lacks PRESENT and a table must be made (the
   * frame is taken and linked by then); if it has HUGE_PAGE and the page 4 KiB;
   * if page, frame or flags cannot be any.
   */
  mapTo(
    page: Page<S>,
    frame: Frame<S>,
    flags: EntryFlags,
    frames: FrameAllocator,
  ): MapperFlush<S> | MapToError<S>;
  /**
   * Maps a page and says which flags its parents get at least
   * (crate: `map_to_with_table_flags`); see {@linkcode Mapper.mapTo}.
   *
   * @param page The page.
   * @param frame The frame.
   * @param flags Flags of the page's entry.
   * @param parentFlags Flags that tables on the way get, those that exist too.
   * @param frames Gives frames for tables.
   * @returns The flush that the change owes, or why nothing was mapped.
   * @throws {RangeError} As `mapTo`; if `parentFlags` has HUGE_PAGE and a table
   * must be made.
   */
  mapToWithTableFlags(
    page: Page<S>,
    frame: Frame<S>,
    flags: EntryFlags,
    parentFlags: EntryFlags,
    frames: FrameAllocator,
  ): MapperFlush<S> | MapToError<S>;
  /**
   * Maps a frame to the page of the same address (crate: `identity_map`).
   *
   * @param frame The frame.
   * @param flags Flags of the page's entry.
   * @param frames Gives frames for tables.
   * @returns The flush that the change owes, or why nothing was mapped.
   * @throws {RangeError} As `mapTo`; if no page has that address.
   */
  identityMap(
    frame: Frame<S>,
    flags: EntryFlags,
    frames: FrameAllocator,
  ): MapperFlush<S> | MapToError<S>;
  /**
   * Unmaps a page. Tables stay, empty ones too (crate: `unmap`).
   *
   * Surprise: an entry without PRESENT is not unmapped.
   *
   * @param page The page.
   * @returns Its frame and the flush that is owed, or why it was not unmapped.
   */
  unmap(page: Page<S>): Unmapped<S> | UnmapError;
  /**
   * Replaces the flags of the page's own entry (crate: `update_flags`).
   *
   * Surprises: the parents' stay as they are, so that a flag that they lack has
   * no effect; nobody asks whether the entry maps a page of this size.
   *
   * @param page The page.
   * @param flags All its flags; HUGE_PAGE is added for large pages.
   * @returns The flush that the change owes, or why nothing changed.
   */
  updateFlags(
    page: Page<S>,
    flags: EntryFlags,
  ): MapperFlush<S> | FlagUpdateError;
  /**
   * Replaces the flags of the level 4 entry (crate: `set_flags_p4_entry`).
   *
   * @param page A page under the entry.
   * @param flags All its flags.
   * @returns The flush of everything, or why nothing changed.
   */
  setFlagsP4Entry(
    page: Page<S>,
    flags: EntryFlags,
  ): MapperFlushAll | FlagUpdateError;
  /**
   * Replaces the flags of the level 3 entry (crate: `set_flags_p3_entry`).
   *
   * @param page A page under the entry.
   * @param flags All its flags.
   * @returns The flush of everything, or why nothing changed: for 1 GiB pages
   * always `ParentEntryHugePage`.
   */
  setFlagsP3Entry(
    page: Page<S>,
    flags: EntryFlags,
  ): MapperFlushAll | FlagUpdateError;
  /**
   * Replaces the flags of the level 2 entry (crate: `set_flags_p2_entry`).
   *
   * @param page A page under the entry.
   * @param flags All its flags.
   * @returns The flush of everything, or why nothing changed: for 2 MiB and
   * 1 GiB pages always `ParentEntryHugePage`.
   */
  setFlagsP2Entry(
    page: Page<S>,
    flags: EntryFlags,
  ): MapperFlushAll | FlagUpdateError;
  /**
   * The frame that a page is mapped to (crate: `translate_page`).
   *
   * Surprise: nobody asks whether the entry is PRESENT or maps a page of this
   * size, so that a 2 MiB page over a table of small ones may yield that table.
   *
   * @param page The page.
   * @returns Its frame, or why there is none.
   */
  translatePage(page: Page<S>): Frame<S> | TranslateError;
}

/** What cleaning up did. */
export interface CleanedUp {
  /** Tables that were empty and are unlinked. */
  readonly tables: number;
  /** Frames among them that the deallocator did not take back, and why. */
  readonly refusals: readonly FrameRefusal[];
}

/** Frees empty tables (crate: `CleanUp`). */
export interface CleanUp {
  /**
   * Frees all empty tables of levels 1 to 3, lower levels first.
   *
   * Surprise: nothing is flushed. The processor may go on using a freed table
   * from its paging-structure caches; flush everything before its frame is
   * used again.
   *
   * @param frames Takes the tables' frames.
   * @returns How many there were.
   */
  cleanUp(frames: FrameDeallocator): CleanedUp;
  /**
   * Frees the empty tables of levels 1 to 3 that a range of pages touches.
   * A table counts as empty only if it is so outside of the range too.
   *
   * @param range Pages of 4 KiB.
   * @param frames Takes the tables' frames.
   * @returns How many there were.
   */
  cleanUpAddrRange(
    range: AddressRange<Page>,
    frames: FrameDeallocator,
  ): CleanedUp;
}

/**
 * A mapper for all sizes: by itself for 4 KiB pages, and a view for each larger
 * size (crate: `MapperAllSizes`, with `Translate` and `CleanUp`).
 */
export interface MapperAllSizes extends Mapper<Size4KiB>, Translate, CleanUp {
  /** The same tables, for 2 MiB pages. */
  readonly size2MiB: Mapper<Size2MiB>;
  /** The same tables, for 1 GiB pages. */
  readonly size1GiB: Mapper<Size1GiB>;
}
