/**
 * What a translation found.
 *
 * Source: crate x86_64 0.15.4, `Translate`, `TranslateResult`, `MappedFrame`.
 *
 * @module
 */

import {
  type PhysAddr,
  physAddrDebug,
  type VirtAddr,
} from "../../../hw/addr.ts";
import { type Frame, frameDebug, type PageSize } from "../../../hw/page.ts";
import { pteFlagsDebug } from "../../../hw/page_table.ts";
import type { Word64 } from "../../../hw/word64.ts";

/** An address that is mapped. */
export interface Mapped {
  /** Which result. */
  readonly kind: "mapped";
  /** The frame; its size is beside it. */
  readonly frame: Frame<PageSize>;
  /** Bytes of the frame. */
  readonly size: PageSize;
  /** Offset of the address in the frame. */
  readonly offset: number;
  /** The last entry's flags; those of its parents are not looked at. */
  readonly flags: Word64;
}

/** An address that is not mapped. */
export interface NotMapped {
  /** Which result. */
  readonly kind: "not-mapped";
}

/** An entry that cannot be one. Entries of 4 KiB pages always can. */
export interface InvalidMapping {
  /** Which result. */
  readonly kind: "invalid-frame-address";
  /** What stands in the entry. */
  readonly address: PhysAddr;
}

/** What a translation found. */
export type TranslateResult = Mapped | NotMapped | InvalidMapping;

/** Translates addresses, whatever the size of the page (crate: `Translate`). */
export interface Translate {
  /**
   * Translates an address.
   *
   * @param address Any address.
   * @returns Frame, offset and flags, or that it is not mapped.
   * @throws {RangeError} If the level 4 entry claims to map a large page; of
   * `RecursivePageTable`, the level 1 entry, too.
   */
  translate(address: VirtAddr): TranslateResult;
  /**
   * Translates an address, without an object for the result.
   *
   * @param address Any address.
   * @returns The physical address, or `null` where it is not mapped.
   * @throws {RangeError} As {@linkcode Translate.translate} does.
   */
  translateAddr(address: VirtAddr): PhysAddr | null;
}

/** The one value of {@linkcode NotMapped}. */
export const NOT_MAPPED: NotMapped = Object.freeze({ kind: "not-mapped" });

/**
 * The crate's `Debug` text of a result.
 *
 * @param result What a translation found.
 * @returns For example `NotMapped`.
 */
export function translateResultDebug(result: TranslateResult): string {
  if (result.kind === "not-mapped") return "NotMapped";
  if (result.kind === "invalid-frame-address") {
    return `InvalidFrameAddress(${physAddrDebug(result.address)})`;
  }
  const { frame, size, offset, flags } = result;
  const text = frameDebug(frame, size);
  const variant = "Size" + text.slice(text.indexOf("[") + 1, text.indexOf("]"));
  return `Mapped { frame: ${variant}(${text}), offset: ${offset}, ` +
    `flags: ${pteFlagsDebug(flags.low, flags.high)} }`;
}
