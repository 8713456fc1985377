/**
 * First fit by address that does not walk: the same addresses, the same memory image and the same state as `FirstFitHeap`, found
 * by an index on the host.
 *
 * The index is derived: what it reads of memory it reads as an onlooker, and when it is asked follows from the number of holes
 * alone, so that dropping it at any moment changes nothing. It is made and asked when there are more than 64 holes, below which
 * walking is faster, kept up to date below, and given up under 32.
 *
 * @module
 */

import type { WordMemory } from "../../base/word_memory.ts";
import { HoleIndex } from "./hole_index.ts";
import { HOLE_ALIGN, HoleListHeap } from "./hole_list.ts";
import type { HoleListOptions } from "./hole_list.ts";
import { NODE_BYTES, NONE } from "./nodes.ts";

export * from "./common.ts";
export {
  type CrateVersion,
  HoleListHeap,
  type HoleListOptions,
  type HoleListState,
} from "./hole_list.ts";

/** With more holes than this an index is made, and asked. */
const INDEX_ABOVE = 64;
/** With fewer holes than this it is given up. */
const INDEX_BELOW = 32;

/**
 * The crate's heap at O(log heap) an operation.
 *
 * @example
 * ```ts
 * import { FlatMemory, IndexedFirstFitHeap } from "@lockstep/kernel/heap/indexed-first-fit";
 * import { assertEquals } from "@std/assert";
 *
 * const heap = new IndexedFirstFitHeap(new FlatMemory(new ArrayBuffer(1 << 20)));
 * const blocks = Array.from({ length: 20_000 }, () => heap.alloc(32, 8)!);
 * for (let i = 0; i < 20_000; i += 2) heap.dealloc(blocks[i]!, 32, 8);
 * assertEquals(heap.alloc(64, 8), 640_000); // Past 10,000 holes, in one step.
 * ```
 */
export class IndexedFirstFitHeap extends HoleListHeap {
  #index: HoleIndex | null = null;

  /**
   * Makes a heap of a memory.
   *
   * @param memory what to manage
   * @param options version, size, state
   * @throws {RangeError} as `FirstFitHeap` does
   */
  constructor(memory: WordMemory, options: HoleListOptions = {}) {
    super(memory, options);
  }

  /** Bytes that the index takes on the host at this moment. */
  get indexBytes(): number {
    return this.#index?.bytes ?? 0;
  }

  /** Forgets the index. To be called after memory and state were changed from outside; at any other time it changes nothing. */
  dropIndex(): void {
    this.#index = null;
  }

  /** Takes memory behind the heap's end. See `HoleListHeap.extend`. */
  override extend(by: number): void {
    this.dropIndex(); // It may not reach the new end.
    super.extend(by);
  }

  /** Asks the index, or walks. */
  protected override findHole(need: number, align: number): number {
    const index = this.#ready();
    if (index === null) return super.findHole(need, align);
    const { nodes } = this;
    let chunk = index.find(0, need);
    while (chunk >= 0) {
      let previous = NONE;
      let hole = index.first(chunk);
      while (hole >= 0 && index.chunkOf(hole) === chunk) {
        const rest = nodes.load(hole) - need;
        if (
          rest >= 0 &&
          (align > HOLE_ALIGN
            ? this.place(hole, rest + need, need, align) >= 0
            : rest === 0 || rest >= NODE_BYTES)
        ) {
          this.previous = previous < 0 ? index.lastBefore(chunk) : previous;
          return hole;
        }
        previous = hole;
        hole = nodes.next(hole);
      }
      chunk = index.find(chunk + 1, need);
    }
    return NONE;
  }

  /** Asks the index, or walks. */
  protected override findPlace(offset: number): number {
    const index = this.#ready();
    if (index === null) return super.findPlace(offset);
    const chunk = index.chunkOf(offset);
    let hole = index.first(chunk);
    if (hole < 0 || hole > offset) return index.lastBefore(chunk);
    let place = hole;
    while (hole >= 0 && hole <= offset) {
      place = hole;
      hole = this.nodes.next(hole);
    }
    return place;
  }

  /** Keeps the index, if there is one. */
  protected override reindex(
    offset: number,
    hole: number,
    offset2: number,
    hole2: number,
  ): void {
    const index = this.#index;
    if (index === null) return;
    this.#reindexChunk(index, offset, hole);
    if (offset2 >= 0 && index.chunkOf(offset2) !== index.chunkOf(offset)) {
      this.#reindexChunk(index, offset2, hole2);
    }
  }

  /** The index if there are enough holes to ask it, made or given up as needed. */
  #ready(): HoleIndex | null {
    const { holes } = this.state;
    if (this.#index === null) {
      if (holes > INDEX_ABOVE) this.#index = this.#build();
    } else if (holes < INDEX_BELOW) this.#index = null;
    return holes > INDEX_ABOVE ? this.#index : null;
  }

  #build(): HoleIndex {
    const index = new HoleIndex(this.memory.size);
    let hole = this.state.first;
    while (hole >= 0) hole = this.#indexFrom(index, hole);
    return index;
  }

  /** Records the holes of a chunk anew after a change at `offset`; `hole` is the first at or behind it. */
  #reindexChunk(index: HoleIndex, offset: number, hole: number): void {
    const chunk = index.chunkOf(offset);
    const first = index.first(chunk);
    const from = first >= 0 && first < offset ? first : hole;
    if (from >= 0 && index.chunkOf(from) === chunk) {
      this.#indexFrom(index, from);
    } else index.set(chunk, NONE, NONE, 0);
  }

  /** Records a chunk by its first hole, and returns the first hole behind the chunk. */
  #indexFrom(index: HoleIndex, first: number): number {
    const chunk = index.chunkOf(first);
    let last = first;
    let biggest = 0;
    let hole = first;
    while (hole >= 0 && index.chunkOf(hole) === chunk) {
      const size = this.holeSize(hole);
      if (size > biggest) biggest = size;
      last = hole;
      hole = this.nextHole(hole);
    }
    index.set(chunk, first, last, biggest);
    return hole;
  }
}
