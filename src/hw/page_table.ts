/**
 * Page-table entries, indices and levels.
 *
 * A table is 512 entries of 8 bytes, each two little-endian 32-bit words. An
 * entry is handled as its low and high word; the bits of the high word have
 * `_HIGH` in their names.
 *
 * Source: Intel SDM 3A, "4-Level Paging" with its formats of entries; crate
 * x86_64 0.15.4, `structures::paging::page_table`.
 *
 * *Not modelled*: protection keys (bits 59 to 62 are free for software).
 *
 * @module
 */

import {
  isAligned,
  type PhysAddr,
  physAddrDebug,
  physFromWords,
} from "./addr.ts";
import { flagNames, flagsDebug } from "./flags_debug.ts";
import { formatHex } from "./format_hex.ts";
import { type Frame, frameContaining } from "./page.ts";
import { type Word64, word64 } from "./word64.ts";

// Bits of the low word.

/** Present (`PRESENT`). */
export const PTE_P = 1 << 0;
/** Writable (`WRITABLE`). */
export const PTE_RW = 1 << 1;
/** User-accessible (`USER_ACCESSIBLE`). */
export const PTE_US = 1 << 2;
/** Write-through (`WRITE_THROUGH`). */
export const PTE_PWT = 1 << 3;
/** Not cached (`NO_CACHE`). */
export const PTE_PCD = 1 << 4;
/** Accessed: set by the processor on every level it walks (`ACCESSED`). */
export const PTE_A = 1 << 5;
/** Dirty: set by the processor on a write, in the last level (`DIRTY`). */
export const PTE_D = 1 << 6;
/** Maps a large page, at levels 2 and 3 (`HUGE_PAGE`). */
export const PTE_PS = 1 << 7;
/** At level 1, bit 7 is PAT instead. */
export const PTE_PAT = 1 << 7;
/** Global: kept over a load of CR3, if CR4.PGE is set (`GLOBAL`). */
export const PTE_G = 1 << 8;
/** Free for software (`BIT_9`, `BIT_10`, `BIT_11`). */
export const PTE_AVL = 7 << 9;
/** PAT of a large page: the lowest bit of its address field. */
export const PTE_PAT_LARGE = 1 << 12;
/** Address bits 12 to 31, unsigned. */
export const PTE_ADDR_LOW = 0xffff_f000;

// Bits of the high word.

/** Address bits 32 to 51. */
export const PTE_ADDR_HIGH = 0x000f_ffff;
/** Free for software (`BIT_52` to `BIT_62`). */
export const PTE_AVL_HIGH = 0x7ff0_0000;
/** Execute-disable, bit 63 (`NO_EXECUTE`), unsigned. */
export const PTE_XD_HIGH = 0x8000_0000;

/** Flags among the low word's bits; the rest is the address. */
export const PTE_FLAGS_LOW = 0x0000_0fff;
/** Flags among the high word's bits, unsigned; the rest is the address. */
export const PTE_FLAGS_HIGH = 0xfff0_0000;

/** Entries in a table. */
export const PAGE_TABLE_ENTRIES = 512;
/** Bytes in an entry. */
export const PAGE_TABLE_ENTRY_BYTES = 8;

const FLAG_NAMES = [
  ...flagNames(
    0,
    "PRESENT WRITABLE USER_ACCESSIBLE WRITE_THROUGH NO_CACHE ACCESSED DIRTY " +
      "HUGE_PAGE GLOBAL BIT_9 BIT_10 BIT_11",
  ),
  ...flagNames(
    52,
    "BIT_52 BIT_53 BIT_54 BIT_55 BIT_56 BIT_57 BIT_58 BIT_59 BIT_60 BIT_61 " +
      "BIT_62 NO_EXECUTE",
  ),
];

// ---- Entries ------------------------------------------------------------

/**
 * Whether an entry is zero as a whole (crate: `is_unused`).
 *
 * @param low Low word.
 * @param high High word.
 * @returns Whether no bit is set, P or other.
 */
export function pteIsUnused(low: number, high: number): boolean {
  return (low | high) === 0;
}

/**
 * The address in an entry, bits 12 to 51 (crate: `addr`).
 *
 * @param low Low word.
 * @param high High word.
 * @returns A 4 KiB-aligned physical address.
 */
export function pteAddr(low: number, high: number): PhysAddr {
  return physFromWords(low & ~0xfff, high & PTE_ADDR_HIGH);
}

/**
 * The flags of an entry (crate: `flags`).
 *
 * @param low Low word.
 * @param high High word.
 * @returns The entry without bits 12 to 51.
 */
export function pteFlags(low: number, high: number): Word64 {
  return word64(low & PTE_FLAGS_LOW, high & PTE_FLAGS_HIGH);
}

/** Why an entry has no 4 KiB frame (crate: `FrameError`). */
export type FrameError = "frame-not-present" | "huge-frame";

/**
 * The crate's `Debug` text of a {@linkcode FrameError}.
 *
 * @param reason The refusal.
 * @returns `FrameNotPresent` or `HugeFrame`.
 */
export function frameErrorDebug(reason: FrameError): string {
  return reason === "huge-frame" ? "HugeFrame" : "FrameNotPresent";
}

/**
 * The 4 KiB frame that an entry refers to (crate: `frame`).
 *
 * @param low Low word.
 * @param high High word.
 * @returns The frame, or why there is none.
 */
export function pteFrame(low: number, high: number): Frame | FrameError {
  if ((low & PTE_P) === 0) return "frame-not-present";
  if ((low & PTE_PS) !== 0) return "huge-frame";
  return frameContaining(pteAddr(low, high));
}

/**
 * Makes an entry (crate: `set_addr`).
 *
 * @param address A 4 KiB-aligned physical address.
 * @param flagsLow Flags of the low word.
 * @param flagsHigh Flags of the high word; none by default.
 * @returns The entry.
 * @throws {RangeError} If the address is not aligned.
 *
 * @example
 * ```ts
 * import { physAddr, PTE_P, PTE_RW, pteNew } from "@lockstep/kernel/hw";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(pteNew(physAddr(0xb8000), PTE_P | PTE_RW), {
 *   low: 0xb8003,
 *   high: 0,
 * });
 * ```
 */
export function pteNew(
  address: PhysAddr,
  flagsLow: number,
  flagsHigh = 0,
): Word64 {
  if (!isAligned(address, 4096)) {
    throw new RangeError(
      `Cannot point an entry at ${formatHex(address)}: ` +
        "assertion failed: addr.is_aligned(Size4KiB::SIZE)",
    );
  }
  return word64(
    address | flagsLow,
    Math.floor(address / 2 ** 32) | flagsHigh,
  );
}

/**
 * Makes an entry for a 4 KiB frame (crate: `set_frame`).
 *
 * @param frame The frame.
 * @param flagsLow Flags of the low word, without {@linkcode PTE_PS}.
 * @param flagsHigh Flags of the high word; none by default.
 * @returns The entry.
 * @throws {RangeError} If the flags say that the page is large.
 */
export function pteOfFrame(
  frame: Frame,
  flagsLow: number,
  flagsHigh = 0,
): Word64 {
  if ((flagsLow & PTE_PS) !== 0) {
    throw new RangeError(
      `Cannot point an entry at frame ${formatHex(frame)}: ` +
        "assertion failed: !flags.contains(PageTableFlags::HUGE_PAGE)",
    );
  }
  return pteNew(frame, flagsLow, flagsHigh);
}

/**
 * An entry with other flags and the same address (crate: `set_flags`).
 *
 * @param low Low word.
 * @param high High word.
 * @param flagsLow Flags of the low word.
 * @param flagsHigh Flags of the high word; none by default.
 * @returns The entry.
 */
export function pteWithFlags(
  low: number,
  high: number,
  flagsLow: number,
  flagsHigh = 0,
): Word64 {
  return word64(low & ~0xfff | flagsLow, high & PTE_ADDR_HIGH | flagsHigh);
}

/**
 * The crate's `Debug` text of flags.
 *
 * @param low Flags of the low word.
 * @param high Flags of the high word.
 * @returns For example `PageTableFlags(PRESENT | WRITABLE)`.
 */
export function pteFlagsDebug(low: number, high: number): string {
  return flagsDebug("PageTableFlags", FLAG_NAMES, low, high);
}

/**
 * The crate's `Debug` text of an entry.
 *
 * @param low Low word.
 * @param high High word.
 * @returns For example `PageTableEntry { addr: PhysAddr(0x2000), flags: … }`.
 */
export function pteDebug(low: number, high: number): string {
  const flags = pteFlags(low, high);
  return `PageTableEntry { addr: ${physAddrDebug(pteAddr(low, high))}, ` +
    `flags: ${pteFlagsDebug(flags.low, flags.high)} }`;
}

// ---- Indices and levels -------------------------------------------------

/**
 * Checks an index into a table (crate: `PageTableIndex::new`).
 *
 * @param index The index.
 * @returns The same index, 0 … 511.
 * @throws {RangeError} From 512 on.
 */
export function pageTableIndex(index: number): number {
  if (index === (index & 0x1ff)) return index;
  throw new RangeError(
    `Cannot use page-table index ${index}: ` +
      "assertion failed: (index as usize) < ENTRY_COUNT",
  );
}

/**
 * The low 9 bits of an index (crate: `PageTableIndex::new_truncate`).
 *
 * @param index Any integer.
 * @returns 0 … 511.
 */
export function pageTableIndexTruncate(index: number): number {
  return index & 0x1ff;
}

/**
 * Checks an offset in a page (crate: `PageOffset::new`).
 *
 * @param offset The offset.
 * @returns The same offset, 0 … 4095.
 * @throws {RangeError} From 4096 on.
 */
export function pageOffsetChecked(offset: number): number {
  if (offset === (offset & 0xfff)) return offset;
  throw new RangeError(
    `Cannot use page offset ${offset}: assertion failed: offset < (1 << 12)`,
  );
}

/**
 * The low 12 bits of an offset (crate: `PageOffset::new_truncate`).
 *
 * @param offset Any integer.
 * @returns 0 … 4095.
 */
export function pageOffsetTruncate(offset: number): number {
  return offset & 0xfff;
}

/** Level of a table: 4 is the root, 1 the last (crate: `PageTableLevel`). */
export type PageTableLevel = 1 | 2 | 3 | 4;

/**
 * The level below (crate: `next_lower_level`).
 *
 * @param level A level.
 * @returns The level to which entries of this one point; `null` below 1.
 */
export function nextLowerLevel(level: PageTableLevel): PageTableLevel | null {
  return level === 1 ? null : level - 1 as PageTableLevel;
}

/**
 * The level above (crate: `next_higher_level`).
 *
 * @param level A level.
 * @returns The level whose entries point to this one; `null` above 4.
 */
export function nextHigherLevel(level: PageTableLevel): PageTableLevel | null {
  return level === 4 ? null : level + 1 as PageTableLevel;
}

/**
 * Bytes of address space under one entry
 * (crate: `entry_address_space_alignment`).
 *
 * @param level The table's level.
 * @returns 4 KiB at level 1, times 512 for each level above.
 */
export function entryBytes(level: PageTableLevel): number {
  return 2 ** (3 + 9 * level);
}

/**
 * Bytes of address space under a whole table
 * (crate: `table_address_space_alignment`).
 *
 * @param level The table's level.
 * @returns 2 MiB at level 1, times 512 for each level above.
 */
export function tableBytes(level: PageTableLevel): number {
  return 2 ** (12 + 9 * level);
}
