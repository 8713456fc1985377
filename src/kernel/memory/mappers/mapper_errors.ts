/**
 * Why a mapper refused: values, with a reason to branch on and the crate's text
 * to print.
 *
 * A result that is no refusal has `reason: null`, or is a frame, a number.
 *
 * Source: crate x86_64 0.15.4, `structures::paging::mapper`.
 *
 * @module
 */

import { type PhysAddr, physAddrDebug } from "../../../hw/addr.ts";
import { type Frame, frameDebug, type PageSize } from "../../../hw/page.ts";

/** A refusal that its reason says all about. */
export class PlainRefusal<R extends string> {
  /** Which one. */
  readonly reason: R;
  readonly #debug: string;

  /**
   * Used for the constants below only.
   *
   * @param reason Which one.
   * @param debug The crate's own name for it.
   */
  constructor(reason: R, debug: string) {
    this.reason = reason;
    this.#debug = debug;
  }

  /**
   * The refusal as the crate prints it with `{:?}`.
   *
   * @returns For example `PageNotMapped`.
   */
  debug(): string {
    return this.#debug;
  }
}

/** A table was needed, and the frame allocator had no frame. */
export type FrameAllocationFailed = PlainRefusal<"frame-allocation-failed">;
/**
 * An upper entry maps a large page. Surprise: `unmap` of a 2 MiB or 1 GiB page
 * says so too where the entry points to a table, and so do the setters of
 * parents' flags for levels that a page of that size does not have.
 */
export type ParentEntryHugePage = PlainRefusal<"parent-entry-huge-page">;
/** Nothing is mapped there. */
export type PageNotMapped = PlainRefusal<"page-not-mapped">;

/** The one value of {@linkcode FrameAllocationFailed}. */
export const FRAME_ALLOCATION_FAILED: FrameAllocationFailed = new PlainRefusal(
  "frame-allocation-failed",
  "FrameAllocationFailed",
);
/** The one value of {@linkcode ParentEntryHugePage}. */
export const PARENT_ENTRY_HUGE_PAGE: ParentEntryHugePage = new PlainRefusal(
  "parent-entry-huge-page",
  "ParentEntryHugePage",
);
/** The one value of {@linkcode PageNotMapped}. */
export const PAGE_NOT_MAPPED: PageNotMapped = new PlainRefusal(
  "page-not-mapped",
  "PageNotMapped",
);

/**
 * The page's entry is in use. Surprise: `frame` is the one that was to be
 * mapped, not the one that is.
 */
export class PageAlreadyMapped<S extends PageSize> {
  /** Which refusal. */
  readonly reason = "page-already-mapped";
  /** The frame that was passed in. */
  readonly frame: Frame<S>;
  /** The frame's size. */
  readonly size: S;

  /**
   * Makes a refusal.
   *
   * @param frame The frame that was passed in.
   * @param size Its size.
   */
  constructor(frame: Frame<S>, size: S) {
    this.frame = frame;
    this.size = size;
  }

  /**
   * The refusal as the crate prints it with `{:?}`.
   *
   * @returns For example `PageAlreadyMapped(PhysFrame[4KiB](0x9000))`.
   */
  debug(): string {
    return `PageAlreadyMapped(${frameDebug(this.frame, this.size)})`;
  }
}

/** The entry's address is not aligned to the page's size. */
export class InvalidFrameAddress {
  /** Which refusal. */
  readonly reason = "invalid-frame-address";
  /** What stands in the entry. */
  readonly address: PhysAddr;

  /**
   * Makes a refusal.
   *
   * @param address What stands in the entry.
   */
  constructor(address: PhysAddr) {
    this.address = address;
  }

  /**
   * The refusal as the crate prints it with `{:?}`.
   *
   * @returns For example `InvalidFrameAddress(PhysAddr(0x201000))`.
   */
  debug(): string {
    return `InvalidFrameAddress(${physAddrDebug(this.address)})`;
  }
}

/** Why a page was not mapped. */
export type MapToError<S extends PageSize> =
  | FrameAllocationFailed
  | ParentEntryHugePage
  | PageAlreadyMapped<S>;

/** Why a page was not unmapped. */
export type UnmapError =
  | ParentEntryHugePage
  | PageNotMapped
  | InvalidFrameAddress;

/** Why flags were not changed. */
export type FlagUpdateError = PageNotMapped | ParentEntryHugePage;

/** Why a page was not translated. */
export type TranslateError =
  | PageNotMapped
  | ParentEntryHugePage
  | InvalidFrameAddress;

/** Any refusal: a reason, and the text that Rust prints with `{:?}`. */
export interface Refusal {
  /** Which one. */
  readonly reason: string;
  /** The text. */
  debug(): string;
}

/**
 * Takes a result for granted, as Rust's `expect` does.
 *
 * @param result What an operation returned.
 * @param text What was expected.
 * @returns The result, which is no refusal.
 * @throws {Error} If it is one: `TEXT: ` and the crate's text of the refusal.
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { expectOk, PAGE_NOT_MAPPED } from "@lockstep/kernel/mappers";
 *
 * assertThrows(
 *   () => expectOk(PAGE_NOT_MAPPED, "unmap failed"),
 *   Error,
 *   "unmap failed: PageNotMapped",
 * );
 * ```
 */
export function expectOk<T>(result: T, text: string): Exclude<T, Refusal> {
  if (typeof result === "object" && result !== null && "reason" in result) {
    const refusal = result as { reason: string | null; debug?(): string };
    if (refusal.reason !== null) {
      throw new Error(`${text}: ${refusal.debug?.() ?? refusal.reason}`);
    }
  }
  return result as Exclude<T, Refusal>;
}
