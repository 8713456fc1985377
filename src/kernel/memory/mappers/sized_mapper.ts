/**
 * A mapper for one size of page: checks its arguments, walks, and turns codes
 * into results.
 *
 * @module
 */

import { physAddr, type VirtAddr, virtAddr } from "../../../hw/addr.ts";
import { formatHex } from "../../../hw/format_hex.ts";
import {
  type Frame,
  type Page,
  type PageSize,
  SIZE_2_MIB,
  SIZE_4_KIB,
} from "../../../hw/page.ts";
import {
  type PageTableLevel,
  PTE_P,
  PTE_PS,
  PTE_RW,
  PTE_US,
} from "../../../hw/page_table.ts";
import type { FrameAllocator } from "../frames/frame_allocator.ts";
import { MapperFlush, MapperFlushAll } from "./flush.ts";
import type { EntryFlags, Mapper, Unmapped } from "./mapper.ts";
import {
  type FlagUpdateError,
  FRAME_ALLOCATION_FAILED,
  InvalidFrameAddress,
  type MapToError,
  PAGE_NOT_MAPPED,
  PageAlreadyMapped,
  PARENT_ENTRY_HUGE_PAGE,
  type TranslateError,
  type UnmapError,
} from "./mapper_errors.ts";
import {
  ABSENT,
  HUGE,
  IN_USE,
  MISALIGNED,
  NO_FRAME,
  OK,
  type Tables,
} from "./tables.ts";
import { checkFlags, entryAddress } from "./entry_math.ts";

/** What of a page's flags its parents get by default. */
const PARENT_FLAGS = PTE_P | PTE_RW | PTE_US;

const lowOf = (flags: EntryFlags): number =>
  typeof flags === "number" ? flags : flags.low;

const highOf = (flags: EntryFlags): number =>
  typeof flags === "number" ? 0 : flags.high | 0;

/** Maps pages of one size over tables that other sizes may share. */
export class SizedMapper<S extends PageSize> implements Mapper<S> {
  /** Bytes of the pages. */
  readonly size: S;
  readonly #tables: Tables;
  /** Level of the table that has the pages' entries. */
  readonly #level: PageTableLevel;

  /**
   * Makes a mapper for pages of one size.
   *
   * @param tables The tables.
   * @param size Bytes of the pages.
   */
  constructor(tables: Tables, size: S) {
    this.size = size;
    this.#tables = tables;
    this.#level = size === SIZE_4_KIB ? 1 : size === SIZE_2_MIB ? 2 : 3;
  }

  /** Maps a page; see {@linkcode Mapper.mapTo}. */
  mapTo(
    page: Page<S>,
    frame: Frame<S>,
    flags: EntryFlags,
    frames: FrameAllocator,
  ): MapperFlush<S> | MapToError<S> {
    const low = lowOf(flags);
    return this.#map(
      page,
      frame,
      low,
      highOf(flags),
      low & PARENT_FLAGS,
      0,
      frames,
    );
  }

  /** Maps a page; see {@linkcode Mapper.mapToWithTableFlags}. */
  mapToWithTableFlags(
    page: Page<S>,
    frame: Frame<S>,
    flags: EntryFlags,
    parentFlags: EntryFlags,
    frames: FrameAllocator,
  ): MapperFlush<S> | MapToError<S> {
    const [parentLow, parentHigh] = [lowOf(parentFlags), highOf(parentFlags)];
    checkFlags(parentLow, parentHigh);
    return this.#map(
      page,
      frame,
      lowOf(flags),
      highOf(flags),
      parentLow,
      parentHigh,
      frames,
    );
  }

  /** Maps a frame to its own address; see {@linkcode Mapper.identityMap}. */
  identityMap(
    frame: Frame<S>,
    flags: EntryFlags,
    frames: FrameAllocator,
  ): MapperFlush<S> | MapToError<S> {
    const page = virtAddr(physAddr(frame)) as VirtAddr as Page<S>;
    return this.mapTo(page, frame, flags, frames);
  }

  /** Unmaps a page; see {@linkcode Mapper.unmap}. */
  unmap(page: Page<S>): Unmapped<S> | UnmapError {
    this.#checkPage(page);
    const tables = this.#tables;
    const code = tables.unmap(page, this.#level);
    if (code === OK) {
      return {
        reason: null,
        frame: tables.unmapped as Frame<S>,
        flush: new MapperFlush(page, tables.ledger),
      };
    }
    if (code === MISALIGNED) return this.#invalid();
    return code === HUGE ? PARENT_ENTRY_HUGE_PAGE : PAGE_NOT_MAPPED;
  }

  /** Replaces a page's flags; see {@linkcode Mapper.updateFlags}. */
  updateFlags(
    page: Page<S>,
    flags: EntryFlags,
  ): MapperFlush<S> | FlagUpdateError {
    const huge = this.#level === 1 ? 0 : PTE_PS;
    const code = this.#setFlags(page, this.#level, flags, huge);
    if (code === OK) return new MapperFlush(page, this.#tables.ledger);
    return code === HUGE ? PARENT_ENTRY_HUGE_PAGE : PAGE_NOT_MAPPED;
  }

  /** Replaces a parent's flags; see {@linkcode Mapper.setFlagsP4Entry}. */
  setFlagsP4Entry(
    page: Page<S>,
    flags: EntryFlags,
  ): MapperFlushAll | FlagUpdateError {
    return this.#setParentFlags(page, 4, flags);
  }

  /** Replaces a parent's flags; see {@linkcode Mapper.setFlagsP3Entry}. */
  setFlagsP3Entry(
    page: Page<S>,
    flags: EntryFlags,
  ): MapperFlushAll | FlagUpdateError {
    return this.#setParentFlags(page, 3, flags);
  }

  /** Replaces a parent's flags; see {@linkcode Mapper.setFlagsP2Entry}. */
  setFlagsP2Entry(
    page: Page<S>,
    flags: EntryFlags,
  ): MapperFlushAll | FlagUpdateError {
    return this.#setParentFlags(page, 2, flags);
  }

  /** The frame of a page; see {@linkcode Mapper.translatePage}. */
  translatePage(page: Page<S>): Frame<S> | TranslateError {
    this.#checkPage(page);
    const tables = this.#tables;
    const code = tables.descend(page, this.#level, tables.whole);
    if (code === HUGE) return PARENT_ENTRY_HUGE_PAGE;
    if (code === ABSENT || (tables.low | tables.high) === 0) {
      return PAGE_NOT_MAPPED;
    }
    if (tables.isMisaligned(this.#level)) return this.#invalid();
    return entryAddress(tables.low, tables.high) as Frame<S>;
  }

  #map(
    page: Page<S>,
    frame: Frame<S>,
    low: number,
    high: number,
    parentLow: number,
    parentHigh: number,
    frames: FrameAllocator,
  ): MapperFlush<S> | MapToError<S> {
    this.#checkPage(page);
    this.#checkFrame(frame);
    checkFlags(low, high);
    const tables = this.#tables;
    const code = tables.map(
      page,
      this.#level,
      frame,
      low,
      high,
      parentLow,
      parentHigh,
      frames,
    );
    if (code === OK) return new MapperFlush(page, tables.ledger);
    if (code === NO_FRAME) return FRAME_ALLOCATION_FAILED;
    if (code === IN_USE) return new PageAlreadyMapped(frame, this.size);
    return PARENT_ENTRY_HUGE_PAGE;
  }

  #setParentFlags(
    page: Page<S>,
    level: PageTableLevel,
    flags: EntryFlags,
  ): MapperFlushAll | FlagUpdateError {
    // The page has its own entry at this level, or none.
    if (level <= this.#level) return PARENT_ENTRY_HUGE_PAGE;
    const code = this.#setFlags(page, level, flags, 0);
    if (code === OK) return new MapperFlushAll(page, this.#tables.ledger);
    return code === HUGE ? PARENT_ENTRY_HUGE_PAGE : PAGE_NOT_MAPPED;
  }

  #setFlags(
    page: Page<S>,
    level: PageTableLevel,
    flags: EntryFlags,
    more: number,
  ): number {
    this.#checkPage(page);
    const [low, high] = [lowOf(flags), highOf(flags)];
    checkFlags(low, high);
    return this.#tables.setFlags(page, level, low | more, high);
  }

  #invalid(): InvalidFrameAddress {
    const { low, high } = this.#tables;
    return new InvalidFrameAddress(physAddr(entryAddress(low, high)));
  }

  #checkPage(page: number): void {
    const canonical = page >= -(2 ** 47) && page < 2 ** 47;
    if (canonical && page % this.size === 0) return;
    throw new RangeError(`Cannot use page ${hex(page)}: ${this.#expected()}`);
  }

  #checkFrame(frame: number): void {
    if (frame >= 0 && frame < 2 ** 52 && frame % this.size === 0) return;
    throw new RangeError(`Cannot use frame ${hex(frame)}: ${this.#expected()}`);
  }

  #expected(): string {
    return `its address must be valid and a multiple of ${hex(this.size)}`;
  }
}

function hex(value: number): string {
  return Number.isSafeInteger(value) ? formatHex(value) : `${value}`;
}
