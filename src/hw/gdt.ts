/**
 * The global descriptor table. This file holds the table and passes on
 * selectors and descriptors.
 *
 * Source: Intel SDM 3A, "Segment Descriptor Tables"; crate x86_64 0.15.4,
 * `structures::gdt`.
 *
 * @module
 */

import { DESC_S, descriptorDpl, type SystemDescriptor } from "./descriptor.ts";
import { segmentSelector } from "./segment_selector.ts";
import type { Word64, WordSink } from "./word64.ts";

export * from "./descriptor.ts";
export * from "./segment_selector.ts";

/** Entries of a table where no other number is asked for. */
export const GDT_ENTRIES_DEFAULT = 8;
/** Entries that a table can have: a selector's index has 13 bits. */
export const GDT_ENTRIES_MAX = 8192;

/** A table under construction; its first entry is null. */
export class GlobalDescriptorTable {
  /** Entries that it can hold. */
  readonly entriesMax: number;
  readonly #entries: Word64[] = [{ low: 0, high: 0 }];

  /**
   * Makes a table with the null entry alone (crate: `new`, `empty`).
   *
   * @param entriesMax Entries that it can hold; 8 by default.
   * @throws {RangeError} If that is not 1 … 8192.
   */
  constructor(entriesMax: number = GDT_ENTRIES_DEFAULT) {
    if (!(entriesMax >= 1 && entriesMax <= GDT_ENTRIES_MAX)) {
      throw new RangeError(
        `Cannot make a GDT of ${entriesMax} entries: use 1 to 8192`,
      );
    }
    this.entriesMax = entriesMax;
  }

  /**
   * Makes a table of given entries (crate: `from_raw_entries`).
   *
   * @param entries All entries, the null one included; a system descriptor is
   * two of them.
   * @param entriesMax Entries that it can hold; 8 by default.
   * @returns The table.
   * @throws {RangeError} If there is none or too many, or if the first is not
   * null.
   */
  static fromRawEntries(
    entries: readonly Word64[],
    entriesMax: number = GDT_ENTRIES_DEFAULT,
  ): GlobalDescriptorTable {
    const table = new GlobalDescriptorTable(entriesMax);
    const [first] = entries;
    if (first === undefined) {
      throw new RangeError(
        "Cannot make a GDT: cannot initialize GDT with empty slice",
      );
    }
    if ((first.low | first.high) !== 0) {
      throw new RangeError("Cannot make a GDT: first GDT entry must be zero");
    }
    if (entries.length > entriesMax) {
      throw new RangeError(
        "Cannot make a GDT: cannot initialize GDT with slice exceeding the " +
          "maximum length",
      );
    }
    table.#entries.push(...entries.slice(1));
    return table;
  }

  /**
   * Appends a descriptor (crate: `append`).
   *
   * @param descriptor One entry for code or data, two for a TSS or LDT.
   * @returns Its selector; the RPL is the descriptor's DPL.
   * @throws {RangeError} If the table has not that much room.
   */
  append(descriptor: Word64 | SystemDescriptor): number {
    const entries = "first" in descriptor
      ? [descriptor.first, descriptor.second]
      : [descriptor];
    const index = this.#entries.length;
    if (index + entries.length > this.entriesMax) {
      const text = entries.length === 1
        ? "GDT full"
        : "GDT requires two free spaces to hold a SystemSegment";
      throw new RangeError(`Cannot append a descriptor: ${text}`);
    }
    this.#entries.push(...entries);
    return segmentSelector(index, descriptorDpl(entries[0]!.high));
  }

  /**
   * All entries, the null one included (crate: `entries`).
   *
   * @returns A copy.
   */
  entries(): Word64[] {
    return [...this.#entries];
  }

  /**
   * Offset of the table's last byte, as LGDT takes it (crate: `limit`).
   *
   * @returns 8 bytes an entry, less one.
   */
  limit(): number {
    return this.#entries.length * 8 - 1;
  }

  /**
   * Writes the entries.
   *
   * @param memory Where to write.
   * @param address Address of the first byte, a multiple of 4.
   */
  write(memory: WordSink, address: number): void {
    this.#entries.forEach(({ low, high }, index) => {
      memory.store32(address + index * 8, low);
      memory.store32(address + index * 8 + 4, high);
    });
  }
}

/**
 * Whether a descriptor takes two entries of a table.
 *
 * @param high Its second word.
 * @returns Whether it is of a system segment.
 */
export function isSystemDescriptor(high: number): boolean {
  return (high & DESC_S) === 0;
}
