/**
 * Page tables as the bootloader builds them: its mapper, and the walk back.
 *
 * Source: crate bootloader 0.9.33, `page_table`, which maps through x86_64's
 * `RecursivePageTable`; Intel SDM 3A, "4-Level Paging".
 *
 * @module
 */

import {
  p1Index,
  p2Index,
  p3Index,
  p4Index,
  type PhysAddr,
  physAddr,
  type VirtAddr,
} from "./addr.ts";
import { formatHex } from "./format_hex.ts";
import type { MemoryMap } from "./memory_map.ts";
import {
  PAGE_TABLE_ENTRY_BYTES,
  PTE_P,
  PTE_PS,
  PTE_RW,
  pteAddr,
  pteIsUnused,
  pteNew,
} from "./page_table.ts";
import { type Size2MiB, type Size4KiB, SIZE_4_KIB } from "./page.ts";
import type { WordSink, WordSource } from "./word64.ts";

/** Physical memory as firmware uses it: by address, 32-bit words and runs. */
export interface FirmwareMemory extends WordSource, WordSink {
  /**
   * Sets bytes.
   *
   * @param address Physical address of the first byte.
   * @param bytes How many.
   * @param value 0 … 255.
   */
  fill(address: number, bytes: number, value: number): void;
}

/** Physical address of the level 4 table. */
export const LEVEL_4_TABLE: PhysAddr = physAddr(0x1000);
/** Physical address of the level 3 table under entry 0. */
const LEVEL_3_TABLE: PhysAddr = physAddr(0x2000);
/** Physical address of the level 2 table of the first GiB. */
const LEVEL_2_TABLE: PhysAddr = physAddr(0x3000);
/** Physical address of the level 1 table of the first 2 MiB. */
const LEVEL_1_TABLE: PhysAddr = physAddr(0x4000);

/** A mapping: flags of an entry's low and high word. */
export interface MapFlags {
  /** Flags of the low word. */
  readonly low: number;
  /** Flags of the high word. */
  readonly high: number;
}

const indexAt = [p1Index, p2Index, p3Index, p4Index] as const;

/** The tables under {@linkcode LEVEL_4_TABLE}, new ones taken from a map. */
export class FirmwareTables {
  readonly #memory: FirmwareMemory;
  readonly #map: MemoryMap;

  /**
   * Clears and links the four tables that stage 3 sets up.
   *
   * @param memory Physical memory.
   * @param map Where frames of further tables come from.
   */
  constructor(memory: FirmwareMemory, map: MemoryMap) {
    this.#memory = memory;
    this.#map = map;
    memory.fill(LEVEL_4_TABLE, 4 * SIZE_4_KIB, 0);
    this.#link(LEVEL_4_TABLE, LEVEL_3_TABLE);
    this.#link(LEVEL_3_TABLE, LEVEL_2_TABLE);
    this.#link(LEVEL_2_TABLE, LEVEL_1_TABLE);
  }

  #link(entry: number, table: number): void {
    this.#memory.store32(entry, table | PTE_P | PTE_RW);
  }

  /**
   * Points an entry of the level 4 table to that table.
   *
   * @param index The entry, 0 … 511.
   */
  mapRecursively(index: number): void {
    this.#link(LEVEL_4_TABLE + index * PAGE_TABLE_ENTRY_BYTES, LEVEL_4_TABLE);
  }

  /**
   * Maps a page. Parents are PRESENT and WRITABLE, whatever the page is.
   *
   * @param page Virtual address, a multiple of `size`.
   * @param frame Physical address, a multiple of `size`.
   * @param flags The page's flags; PS is added for a large one.
   * @param size 4 KiB by default, or 2 MiB.
   * @throws {RangeError} If the page or a larger one is mapped there, or if no
   * frame is left for a table.
   */
  map(
    page: VirtAddr,
    frame: PhysAddr,
    flags: MapFlags,
    size: Size4KiB | Size2MiB = SIZE_4_KIB,
  ): void {
    const last = size === SIZE_4_KIB ? 0 : 1;
    const entry = this.#entry(page, last, true)!;
    const { load32 } = this.#words(entry);
    if (!pteIsUnused(load32(0), load32(4))) {
      throw new RangeError(
        `Cannot map page ${formatHex(page)}: already mapped to frame ` +
          formatHex(pteAddr(load32(0), load32(4))),
      );
    }
    const large = last === 0 ? 0 : PTE_PS;
    const word = pteNew(frame, flags.low | large, flags.high);
    this.#memory.store32(entry, word.low);
    this.#memory.store32(entry + 4, word.high);
  }

  /**
   * Takes a 4 KiB page's mapping away; its tables stay.
   *
   * @param page Virtual address of a mapped page.
   * @returns Physical address of its frame.
   * @throws {RangeError} If it is not mapped.
   */
  unmap(page: VirtAddr): PhysAddr {
    const frame = this.translate(page);
    const entry = this.#entry(page, 0, false);
    if (frame === null || entry === null) {
      throw new RangeError(`Cannot unmap page ${formatHex(page)}: not mapped`);
    }
    this.#memory.store32(entry, 0);
    this.#memory.store32(entry + 4, 0);
    return frame;
  }

  /**
   * The frame of a 4 KiB page.
   *
   * @param page Virtual address of the page.
   * @returns Its physical address, or `null` where it is not mapped.
   */
  translate(page: VirtAddr): PhysAddr | null {
    const entry = this.#entry(page, 0, false);
    if (entry === null) return null;
    const { load32 } = this.#words(entry);
    return load32(0) & PTE_P ? pteAddr(load32(0), load32(4)) : null;
  }

  #words(entry: number): { load32(offset: number): number } {
    return { load32: (offset) => this.#memory.load32(entry + offset) };
  }

  /** Address of a page's entry; makes tables on the way if asked to. */
  #entry(page: VirtAddr, last: 0 | 1, make: boolean): number | null {
    let table: number = LEVEL_4_TABLE;
    for (let level = 3; level > last; level--) {
      const entry = table + indexAt[level]!(page) * PAGE_TABLE_ENTRY_BYTES;
      const low = this.#memory.load32(entry);
      const high = this.#memory.load32(entry + 4);
      if ((low & PTE_P) === 0) {
        if (!make) return null;
        table = this.#newTable(page);
        this.#memory.store32(entry, table | PTE_P | PTE_RW);
        this.#memory.store32(entry + 4, Math.floor(table / 2 ** 32));
        continue;
      }
      if ((low & PTE_PS) !== 0) {
        throw new RangeError(
          `Cannot map page ${formatHex(page)}: a larger page is mapped there`,
        );
      }
      table = pteAddr(low, high);
    }
    return table + indexAt[last](page) * PAGE_TABLE_ENTRY_BYTES;
  }

  #newTable(page: VirtAddr): number {
    const frame = this.#map.allocateFrame("PageTable");
    if (frame === null) {
      throw new RangeError(
        `Cannot map page ${formatHex(page)}: no frame is left for a table`,
      );
    }
    this.#memory.fill(frame, SIZE_4_KIB, 0);
    return frame;
  }
}
