/**
 * Ranges of pages and of frames, exclusive and inclusive.
 *
 * Iterating goes upwards and ends correctly at the top of the address space;
 * a range of pages across the gap between the halves throws there, as the
 * crate's does.
 *
 * Source: crate x86_64 0.15.4, `structures::paging::{page, frame}`.
 *
 * @module
 */

import { physAdd, type PhysAddr, virtAdd, type VirtAddr } from "./addr.ts";
import {
  type Frame,
  frameDebug,
  type Page,
  pageDebug,
  type PageSize,
  type Size2MiB,
  type Size4KiB,
  SIZE_4_KIB,
} from "./page.ts";

/** A range of equally large pages or frames. */
export interface AddressRange<T extends VirtAddr | PhysAddr>
  extends Iterable<T> {
  /** The first page or frame. */
  readonly start: T;
  /** The one after the last, or the last one if the range is inclusive. */
  readonly end: T;
  /** Bytes of each. */
  readonly pageSize: PageSize;
  /** Whether `end` belongs to the range. */
  readonly inclusive: boolean;
  /** Whether there is none in it (crate: `is_empty`). */
  isEmpty(): boolean;
  /** How many there are (crate: `len`). */
  len(): number;
  /** Bytes in all (crate: `size`). */
  bytes(): number;
  /** The crate's `Debug` text. */
  debug(): string;
}

interface Kind<T extends VirtAddr | PhysAddr> {
  readonly type: string;
  next(item: T, size: PageSize): T;
  debug(item: T, size: PageSize): string;
}

class Range<T extends VirtAddr | PhysAddr> implements AddressRange<T> {
  readonly #kind: Kind<T>;
  constructor(
    kind: Kind<T>,
    readonly start: T,
    readonly end: T,
    readonly pageSize: PageSize,
    readonly inclusive: boolean,
  ) {
    this.#kind = kind;
  }

  isEmpty(): boolean {
    return this.len() === 0;
  }

  len(): number {
    const steps = this.#number(this.end) - this.#number(this.start);
    return Math.max(this.inclusive ? steps + 1 : steps, 0);
  }

  /** Number of a page or frame, counted from address 0 as unsigned. */
  #number(item: T): number {
    return item / this.pageSize + (item < 0 ? 2 ** 64 / this.pageSize : 0);
  }

  bytes(): number {
    return this.len() * this.pageSize;
  }

  debug(): string {
    const [start, end] = [this.start, this.end]
      .map((item) => this.#kind.debug(item, this.pageSize));
    const type = this.#kind.type + (this.inclusive ? "Inclusive" : "");
    return `${type} { start: ${start}, end: ${end} }`;
  }

  *[Symbol.iterator](): Generator<T, void, void> {
    let item = this.start;
    for (let left = this.len(); left > 0; left--) {
      yield item;
      // Not past the last one, which may be the last that there is.
      if (left > 1) item = this.#kind.next(item, this.pageSize);
    }
  }
}

const PAGES: Kind<Page<PageSize>> = {
  type: "PageRange",
  next: (page, size) => virtAdd(page, size) as Page<PageSize>,
  debug: pageDebug,
};

const FRAMES: Kind<Frame<PageSize>> = {
  type: "PhysFrameRange",
  next: (frame, size) => physAdd(frame, size) as Frame<PageSize>,
  debug: frameDebug,
};

const SMALL = SIZE_4_KIB as never;

/**
 * The pages from `start` up to, but not including, `end`
 * (crate: `Page::range`).
 *
 * @param start The first page.
 * @param end The page after the last one.
 * @param size The pages' size; 4 KiB by default.
 * @returns The range; empty where `end` is not higher.
 */
export function pageRange<S extends PageSize = Size4KiB>(
  start: Page<S>,
  end: Page<S>,
  size: S = SMALL,
): AddressRange<Page<S>> {
  return new Range(PAGES as Kind<Page<S>>, start, end, size, false);
}

/**
 * The pages from `start` to `end`, both included
 * (crate: `Page::range_inclusive`).
 *
 * @param start The first page.
 * @param end The last page.
 * @param size The pages' size; 4 KiB by default.
 * @returns The range; empty where `end` is lower.
 *
 * @example
 * ```ts
 * import {
 *   pageContaining,
 *   pageRangeInclusive,
 *   virtAddr,
 * } from "@lockstep/kernel/hw";
 * import { assertEquals } from "@std/assert";
 *
 * const heap = pageRangeInclusive(
 *   pageContaining(virtAddr(0x4444_4444_0000)),
 *   pageContaining(virtAddr(0x4444_4444_0000 + 100 * 1024 - 1)),
 * );
 * assertEquals(heap.len(), 25);
 * ```
 */
export function pageRangeInclusive<S extends PageSize = Size4KiB>(
  start: Page<S>,
  end: Page<S>,
  size: S = SMALL,
): AddressRange<Page<S>> {
  return new Range(PAGES as Kind<Page<S>>, start, end, size, true);
}

/**
 * The same memory as a range of 2 MiB pages, in 4 KiB pages
 * (crate: `PageRange<Size2MiB>::as_4kib_page_range`).
 *
 * @param range An exclusive range of 2 MiB pages.
 * @returns An exclusive range of 512 times as many 4 KiB pages.
 */
export function as4KiBPageRange(
  range: AddressRange<Page<Size2MiB>>,
): AddressRange<Page> {
  const small = (page: VirtAddr) => page as Page;
  return pageRange(small(range.start), small(range.end));
}

/**
 * The frames from `start` up to, but not including, `end`
 * (crate: `PhysFrame::range`).
 *
 * @param start The first frame.
 * @param end The frame after the last one.
 * @param size The frames' size; 4 KiB by default.
 * @returns The range; empty where `end` is not higher.
 */
export function frameRange<S extends PageSize = Size4KiB>(
  start: Frame<S>,
  end: Frame<S>,
  size: S = SMALL,
): AddressRange<Frame<S>> {
  return new Range(FRAMES as Kind<Frame<S>>, start, end, size, false);
}

/**
 * The frames from `start` to `end`, both included
 * (crate: `PhysFrame::range_inclusive`).
 *
 * @param start The first frame.
 * @param end The last frame.
 * @param size The frames' size; 4 KiB by default.
 * @returns The range; empty where `end` is lower.
 */
export function frameRangeInclusive<S extends PageSize = Size4KiB>(
  start: Frame<S>,
  end: Frame<S>,
  size: S = SMALL,
): AddressRange<Frame<S>> {
  return new Range(FRAMES as Kind<Frame<S>>, start, end, size, true);
}
