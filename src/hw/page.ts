/**
 * Pages and frames of 4 KiB, 2 MiB and 1 GiB, and ranges of them.
 *
 * A page is its start address, branded with its size; so is a frame. The size
 * is an argument where it matters, 4 KiB where it is left out.
 *
 * Source: Intel SDM 3A, "4-Level Paging"; crate x86_64 0.15.4,
 * `structures::paging::{page, frame}`.
 *
 * @module
 */

import {
  isAligned,
  physAdd,
  type PhysAddr,
  physAlignDown,
  physDistance,
  physSub,
  virtAdd,
  type VirtAddr,
  virtAlignDown,
  virtDistance,
  virtFromWordsTruncate,
  virtStepBackward,
  virtStepForward,
  virtStepsBetween,
  virtSub,
} from "./addr.ts";
import { crateHex } from "./format_hex.ts";

/** Bytes of a small page. */
export const SIZE_4_KIB = 4096;
/** Bytes of a large page, mapped at level 2. */
export const SIZE_2_MIB = 0x20_0000;
/** Bytes of a huge page, mapped at level 3. */
export const SIZE_1_GIB = 0x4000_0000;

/** Size of a small page (crate: `Size4KiB`). */
export type Size4KiB = typeof SIZE_4_KIB;
/** Size of a large page (crate: `Size2MiB`). */
export type Size2MiB = typeof SIZE_2_MIB;
/** Size of a huge page (crate: `Size1GiB`). */
export type Size1GiB = typeof SIZE_1_GIB;
/** The sizes that a page can have, in bytes. */
export type PageSize = Size4KiB | Size2MiB | Size1GiB;

/** A page: the virtual address at which it starts. */
export type Page<S extends PageSize = Size4KiB> = VirtAddr & {
  readonly __pageSize: S;
};

/** A frame: the physical address at which it starts. */
export type Frame<S extends PageSize = Size4KiB> = PhysAddr & {
  readonly __frameSize: S;
};

/**
 * A size as the crate prints it.
 *
 * @param size A page size.
 * @returns `4KiB`, `2MiB` or `1GiB`.
 */
export function pageSizeDebug(size: PageSize): string {
  return size === SIZE_4_KIB ? "4KiB" : size === SIZE_2_MIB ? "2MiB" : "1GiB";
}

const SMALL = SIZE_4_KIB as never;

// ---- Pages --------------------------------------------------------------

/**
 * The page that starts at an address (crate: `Page::from_start_address`).
 *
 * @param address A virtual address.
 * @param size The page's size; 4 KiB by default.
 * @returns The page, or `null` where the address is not aligned
 * (`AddressNotAligned`).
 */
export function pageFromStart<S extends PageSize = Size4KiB>(
  address: VirtAddr,
  size: S = SMALL,
): Page<S> | null {
  return isAligned(address, size) ? address as Page<S> : null;
}

/**
 * The page that contains an address (crate: `Page::containing_address`).
 *
 * @param address A virtual address.
 * @param size The page's size; 4 KiB by default.
 * @returns The page.
 *
 * @example
 * ```ts
 * import { pageContaining, pageDebug, virtAddr } from "@lockstep/kernel/hw";
 * import { assertEquals } from "@std/assert";
 *
 * const page = pageContaining(virtAddr(0xdead_beaf));
 * assertEquals(pageDebug(page), "Page[4KiB](0xdeadb000)");
 * ```
 */
export function pageContaining<S extends PageSize = Size4KiB>(
  address: VirtAddr,
  size: S = SMALL,
): Page<S> {
  return virtAlignDown(address, size) as Page<S>;
}

/**
 * The page at given indices (crate: `Page::from_page_table_indices`).
 *
 * @param p4 Index into the level 4 table, 0 … 511.
 * @param p3 Index into the level 3 table.
 * @param p2 Index into the level 2 table; left out for a 1 GiB page.
 * @param p1 Index into the level 1 table; left out for a 2 MiB page.
 * @returns The page; its size follows from the indices given.
 */
export function pageFromIndices(p4: number, p3: number): Page<Size1GiB>;
/** The 2 MiB page at given indices. */
export function pageFromIndices(
  p4: number,
  p3: number,
  p2: number,
): Page<Size2MiB>;
/** The 4 KiB page at given indices. */
export function pageFromIndices(
  p4: number,
  p3: number,
  p2: number,
  p1: number,
): Page;
/** The page at given indices. */
export function pageFromIndices(
  p4: number,
  p3: number,
  p2 = 0,
  p1 = 0,
): VirtAddr {
  return virtFromWordsTruncate(
    p3 << 30 | p2 << 21 | p1 << 12,
    p4 << 7 | p3 >> 2,
  );
}

/**
 * The page `count` pages higher; it does not jump the gap
 * (crate: `Page + u64`).
 *
 * @param page A page.
 * @param count How many pages.
 * @param size The page's size; 4 KiB by default.
 * @returns The page.
 * @throws {RangeError} As {@linkcode virtAdd}.
 */
export function pageAdd<S extends PageSize = Size4KiB>(
  page: Page<S>,
  count: number,
  size: S = SMALL,
): Page<S> {
  return virtAdd(page, count * size) as Page<S>;
}

/**
 * The page `count` pages lower; it does not jump the gap
 * (crate: `Page - u64`).
 *
 * @param page A page.
 * @param count How many pages.
 * @param size The page's size; 4 KiB by default.
 * @returns The page.
 * @throws {RangeError} As {@linkcode virtSub}.
 */
export function pageSub<S extends PageSize = Size4KiB>(
  page: Page<S>,
  count: number,
  size: S = SMALL,
): Page<S> {
  return virtSub(page, count * size) as Page<S>;
}

/**
 * Pages from `from` up to `page` (crate: `Page - Page`).
 *
 * @param page The higher page.
 * @param from The lower page.
 * @param size The pages' size; 4 KiB by default.
 * @returns How many pages.
 * @throws {RangeError} As {@linkcode virtDistance}.
 */
export function pageDistance<S extends PageSize = Size4KiB>(
  page: Page<S>,
  from: Page<S>,
  size: S = SMALL,
): number {
  return virtDistance(page, from) / size;
}

/**
 * Steps upwards, jumping the gap (crate: `Step::forward_checked`).
 *
 * @param page Where to start.
 * @param count How many pages.
 * @param size The page's size; 4 KiB by default.
 * @returns The page reached, or `null` past the last one.
 */
export function pageStepForward<S extends PageSize = Size4KiB>(
  page: Page<S>,
  count: number,
  size: S = SMALL,
): Page<S> | null {
  return virtStepForward(page, count * size) as Page<S> | null;
}

/**
 * Steps downwards, jumping the gap (crate: `Step::backward_checked`).
 *
 * @param page Where to start.
 * @param count How many pages.
 * @param size The page's size; 4 KiB by default.
 * @returns The page reached, or `null` below zero.
 */
export function pageStepBackward<S extends PageSize = Size4KiB>(
  page: Page<S>,
  count: number,
  size: S = SMALL,
): Page<S> | null {
  return virtStepBackward(page, count * size) as Page<S> | null;
}

/**
 * Pages from `start` up to `end`, the gap left out
 * (crate: `Step::steps_between`).
 *
 * @param start The lower page.
 * @param end The higher page.
 * @param size The pages' size; 4 KiB by default.
 * @returns How many steps, or `null` where `start` is higher.
 */
export function pageStepsBetween<S extends PageSize = Size4KiB>(
  start: Page<S>,
  end: Page<S>,
  size: S = SMALL,
): number | null {
  const steps = virtStepsBetween(start, end);
  return steps === null ? null : steps / size;
}

/**
 * The crate's `Debug` text of a page.
 *
 * @param page A page.
 * @param size Its size; 4 KiB by default.
 * @returns For example `Page[4KiB](0xdeadb000)`.
 */
export function pageDebug<S extends PageSize = Size4KiB>(
  page: Page<S>,
  size: S = SMALL,
): string {
  return `Page[${pageSizeDebug(size)}](${crateHex(page)})`;
}

// ---- Frames -------------------------------------------------------------

/**
 * The frame that starts at an address
 * (crate: `PhysFrame::from_start_address`).
 *
 * @param address A physical address.
 * @param size The frame's size; 4 KiB by default.
 * @returns The frame, or `null` where the address is not aligned
 * (`AddressNotAligned`).
 */
export function frameFromStart<S extends PageSize = Size4KiB>(
  address: PhysAddr,
  size: S = SMALL,
): Frame<S> | null {
  return isAligned(address, size) ? address as Frame<S> : null;
}

/**
 * The frame that contains an address
 * (crate: `PhysFrame::containing_address`).
 *
 * @param address A physical address.
 * @param size The frame's size; 4 KiB by default.
 * @returns The frame.
 */
export function frameContaining<S extends PageSize = Size4KiB>(
  address: PhysAddr,
  size: S = SMALL,
): Frame<S> {
  return physAlignDown(address, size) as Frame<S>;
}

/**
 * The frame `count` frames higher (crate: `PhysFrame + u64`).
 *
 * @param frame A frame.
 * @param count How many frames.
 * @param size The frame's size; 4 KiB by default.
 * @returns The frame.
 * @throws {RangeError} As {@linkcode physAdd}.
 */
export function frameAdd<S extends PageSize = Size4KiB>(
  frame: Frame<S>,
  count: number,
  size: S = SMALL,
): Frame<S> {
  return physAdd(frame, count * size) as Frame<S>;
}

/**
 * The frame `count` frames lower (crate: `PhysFrame - u64`).
 *
 * @param frame A frame.
 * @param count How many frames.
 * @param size The frame's size; 4 KiB by default.
 * @returns The frame.
 * @throws {RangeError} As {@linkcode physSub}.
 */
export function frameSub<S extends PageSize = Size4KiB>(
  frame: Frame<S>,
  count: number,
  size: S = SMALL,
): Frame<S> {
  return physSub(frame, count * size) as Frame<S>;
}

/**
 * Frames from `from` up to `frame` (crate: `PhysFrame - PhysFrame`).
 *
 * @param frame The higher frame.
 * @param from The lower frame.
 * @param size The frames' size; 4 KiB by default.
 * @returns How many frames.
 * @throws {RangeError} As {@linkcode physDistance}.
 */
export function frameDistance<S extends PageSize = Size4KiB>(
  frame: Frame<S>,
  from: Frame<S>,
  size: S = SMALL,
): number {
  return physDistance(frame, from) / size;
}

/**
 * The crate's `Debug` text of a frame.
 *
 * @param frame A frame.
 * @param size Its size; 4 KiB by default.
 * @returns For example `PhysFrame[4KiB](0xb8000)`.
 */
export function frameDebug<S extends PageSize = Size4KiB>(
  frame: Frame<S>,
  size: S = SMALL,
): string {
  return `PhysFrame[${pageSizeDebug(size)}](${crateHex(frame)})`;
}
