/**
 * One page table in memory: 512 entries.
 *
 * Source: crate x86_64 0.15.4, `PageTable`.
 *
 * @module
 */

import { PAGE_TABLE_ENTRIES, pageTableIndex } from "../../../hw/page_table.ts";
import { type Word64, word64 } from "../../../hw/word64.ts";
import {
  type EntryWords,
  entryWords,
  type PageTableMemory,
} from "./page_table_memory.ts";

/**
 * A view of a table: each access reads or writes memory.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { PageTable } from "@lockstep/kernel/mappers";
 *
 * const words = new Int32Array(1024);
 * const table = new PageTable({
 *   load32: (address) => words[address >> 2]!,
 *   store32: (address, word) => void (words[address >> 2] = word),
 * }, 0);
 * table.set(3, { low: 0xb8003, high: 0 });
 * assertEquals(table.get(3), { low: 0xb8003, high: 0 });
 * assertEquals([...table].filter(({ low }) => low !== 0).length, 1);
 * ```
 */
export class PageTable implements Iterable<Word64> {
  /** Where the table is accessed. */
  readonly address: number;
  readonly #words: EntryWords;

  /**
   * Looks at a table.
   *
   * @param memory Where it lies.
   * @param address Its address there, a multiple of 4096.
   */
  constructor(memory: PageTableMemory, address: number) {
    this.address = address;
    this.#words = entryWords(memory);
  }

  /**
   * Reads an entry.
   *
   * @param index 0 … 511.
   * @returns The entry.
   * @throws {RangeError} If there is no such entry.
   */
  get(index: number): Word64 {
    const at = this.address + 8 * pageTableIndex(index);
    const low = this.#words.load(at);
    return word64(low, this.#words.high);
  }

  /**
   * Writes an entry.
   *
   * @param index 0 … 511.
   * @param entry The entry.
   * @throws {RangeError} If there is no such entry.
   */
  set(index: number, entry: Word64): void {
    const at = this.address + 8 * pageTableIndex(index);
    this.#words.store(at, entry.low, entry.high);
  }

  /** Clears all entries (crate: `zero`). */
  zero(): void {
    for (let i = 0; i < PAGE_TABLE_ENTRIES; i++) this.set(i, word64(0, 0));
  }

  /**
   * Whether all entries are zero (crate: `is_empty`).
   *
   * @returns Whether they are.
   */
  isEmpty(): boolean {
    for (const { low, high } of this) if ((low | high) !== 0) return false;
    return true;
  }

  /** The entries, from the first to the last. */
  *[Symbol.iterator](): Generator<Word64, void, void> {
    for (let i = 0; i < PAGE_TABLE_ENTRIES; i++) yield this.get(i);
  }
}
