/**
 * Blocks of fixed sizes over a bump pointer, and one bug of choice. Blocks are
 * powers of two from 16 bytes, at multiples of their size; a freed one is
 * pushed onto the list of its size.
 *
 * @module
 */

import type { WordMemory } from "../../base/word_memory.ts";
import type { HeapCore } from "../../kernel/allocator/heap.ts";

/** What can be wrong with a {@linkcode PlantedBlocks}. */
export const BLOCKS_BUGS = [
  "chooses a list by size, whatever the alignment",
  "chooses a list by size rounded down, when freeing",
  "pops a block and leaves it in its list",
  "takes a block of half the size when it has no other",
  "pushes a block without a link",
  "loses a block that is freed into an empty list",
  "the bump pointer stands still for the greatest alignment",
  "the last block may reach beyond the end",
] as const;

/** One of them. */
export type BlocksBug = (typeof BLOCKS_BUGS)[number];

const ORDER_MIN = 4;

/** A heap that is healthy, or has one bug. */
export class PlantedBlocks implements HeapCore {
  readonly #memory: WordMemory;
  readonly #bug: BlocksBug | null;
  /** First free block of each order, or −1. */
  readonly #heads: number[] = new Array<number>(32).fill(-1);
  #bump = 0;

  /**
   * Makes a heap.
   *
   * @param memory What to manage.
   * @param bug What is wrong; `null` for nothing.
   */
  constructor(memory: WordMemory, bug: BlocksBug | null = null) {
    this.#memory = memory;
    this.#bug = bug;
  }

  alloc(size: number, align: number): number | null {
    if (size > this.#memory.size) return null;
    let order = this.#order(size, align);
    const half = this.#heads[order]! < 0 && this.#heads[order - 1]! >= 0;
    if (
      half && this.#has("takes a block of half the size when it has no other")
    ) order -= 1;
    const head = this.#heads[order]!;
    if (head >= 0) {
      if (!this.#has("pops a block and leaves it in its list")) {
        this.#heads[order] = (this.#memory.load32(head) | 0) - 1;
      }
      return head;
    }
    const bytes = 2 ** order;
    const { base } = this.#memory;
    const start = Math.ceil((base + this.#bump) / bytes) * bytes - base;
    const slack = this.#has("the last block may reach beyond the end")
      ? bytes - size
      : 0;
    const beyond = start + bytes - slack > this.#memory.size;
    if (beyond) return null;
    const stands =
      this.#has("the bump pointer stands still for the greatest alignment") &&
      align >= 256;
    if (!stands) this.#bump = start + bytes;
    return start;
  }

  dealloc(offset: number, size: number, align: number): void {
    const down = this.#has("chooses a list by size rounded down, when freeing");
    const order = this.#order(size, align) -
      (down && size > 16 && size % 16 !== 0 ? 1 : 0);
    if (!this.#has("pushes a block without a link")) {
      this.#memory.store32(offset, this.#heads[order]! + 1);
    }
    const loses = this.#heads[order]! < 0 &&
      this.#has("loses a block that is freed into an empty list");
    if (!loses) this.#heads[order] = offset;
  }

  #has(bug: BlocksBug): boolean {
    return this.#bug === bug;
  }

  #order(size: number, align: number): number {
    const ignores = this.#has("chooses a list by size, whatever the alignment");
    const bytes = Math.max(size, ignores ? 1 : align);
    let order = ORDER_MIN;
    while (2 ** order < bytes) order += 1;
    return order;
  }
}
