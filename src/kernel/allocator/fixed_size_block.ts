/**
 * The fixed-size block allocator of "Allocator Designs": nine lists of free blocks of 8, 16, … 2048 bytes over a fallback heap,
 * which gives what a list lacks and serves all that is bigger.
 *
 * Its price is the book's: a block never goes back to the fallback, so what was once cut into small blocks stays small.
 *
 * A free block holds in its first 8 bytes the link to the next one.
 *
 * @module
 */

import { FlatMemory, type WordMemory } from "../../base/word_memory.ts";
import { BaseHeap, type FreeRegion, type Heap } from "./heap.ts";
import { isRequest } from "./layout.ts";
import { NONE } from "./nodes.ts";

export * from "./common.ts";

/** The sizes of blocks, bytes. */
export const BLOCK_SIZES: readonly number[] = [
  8,
  16,
  32,
  64,
  128,
  256,
  512,
  1024,
  2048,
];

/** Leading zeros in the bits of the greatest size less 1: the last list. */
const ZEROS_MIN = 21;
/** Bits of the smallest size less 1. */
const BITS_MIN = 7;
/** Leading zeros in the bits of the smallest size: list 0. */
const LIST_0 = 29;

/** All that a fixed-size block allocator knows beside its nodes. */
export interface FixedSizeBlockState<F extends object = object> {
  /** Offset of the first free block of each size, or −1. */
  heads: Int32Array;
  /** The fallback's state. */
  fallback: F;
}

/** A heap that fixed-size blocks can fall back to. */
export interface FallbackHeap<F extends object = object> extends Heap {
  /** Plain data: a part of the state of the heap above. */
  readonly state: F;
}

/**
 * The book's fastest heap: a list pop to allocate, a push to free, O(1) but for the fallback.
 *
 * @example
 * ```ts
 * import { FixedSizeBlockHeap } from "@lockstep/kernel/heap/fixed-size-block";
 * import { FirstFitHeap, FlatMemory } from "@lockstep/kernel/heap/first-fit";
 * import { assertEquals } from "@std/assert";
 *
 * const fallback = new FirstFitHeap(new FlatMemory(new ArrayBuffer(102_400)));
 * const heap = new FixedSizeBlockHeap(fallback);
 * const a = heap.alloc(50, 8)!;
 * heap.dealloc(a, 50, 8);
 * assertEquals(heap.alloc(64, 8), a);
 * assertEquals(fallback.used, 64);
 * ```
 */
export class FixedSizeBlockHeap<F extends object = object> extends BaseHeap {
  /** All that the heap knows beside its memory: plain data. */
  readonly state: FixedSizeBlockState<F>;
  /** Derived, from the end of the fallback when last asked. It may have been extended since. */
  readonly #bounds: Int32Array = new Int32Array(LIST_0 + 1);
  /** Derived: the memory's words, if it is flat. They may have been replaced since. */
  #words: Int32Array | null;
  /** `nodes.baseLow`. */
  readonly #baseLow: number;
  /** `state.heads`, whose identity outlives whatever is copied into the state. */
  readonly #heads: Int32Array;
  /** The heap that blocks come from. Its memory is this heap's memory. */
  readonly fallback: FallbackHeap<F>;

  /**
   * Puts empty lists over a heap.
   *
   * @param fallback where blocks come from, and what serves layouts beyond 2048
   * @param options `state`: a state to go on from; its `fallback` is the state of `fallback`
   * @throws {TypeError} if it is not
   */
  constructor(
    fallback: FallbackHeap<F>,
    options: { readonly state?: FixedSizeBlockState<F> } = {},
  ) {
    super(fallback.memory);
    if (options.state && options.state.fallback !== fallback.state) {
      throw new TypeError(
        "Cannot restore a fixed-size block heap: " +
          "state.fallback is not the state of its fallback",
      );
    }
    this.fallback = fallback;
    this.state = options.state ?? {
      heads: new Int32Array(BLOCK_SIZES.length).fill(NONE),
      fallback: fallback.state,
    };
    this.#heads = this.state.heads;
    setBounds(this.#bounds, fallback.size);
    this.#words = flatWords(this.memory);
    this.#baseLow = this.nodes.baseLow;
  }

  /** The fallback's bytes. */
  override get size(): number {
    return this.fallback.size;
  }

  /** Pops a block, or has the fallback cut one. O(1) if a block is free. See {@linkcode HeapCore.alloc}. */
  override alloc(size: number, align: number): number | null {
    const low = align - 1;
    // As many as those of the greater. None for 0 or less: no list has them.
    const zeros = Math.clz32((size - 1) | low | BITS_MIN);
    if (zeros < ZEROS_MIN) return this.fallback.alloc(size, align);
    if (
      (align & low) !== 0 || (size | 0) !== size || (align | 0) !== align
    ) return this.fallback.alloc(size, align); // Wrong.
    const heads = this.#heads;
    const block = heads[LIST_0 - zeros]!;
    if (block < 0) {
      const blockSize = (-1 >>> zeros) + 1; // Its alignment, too.
      return this.fallback.alloc(blockSize, blockSize);
    }
    const words = this.#words;
    if (words === null) {
      heads[LIST_0 - zeros] = this.nodes.link(block);
      return block;
    }
    const next = words[block >> 2];
    heads[LIST_0 - zeros] = next === undefined ? this.#linkAgain(block) : next;
    return block;
  }

  /**
   * Pushes a block onto the list of its size, or hands it to the fallback. O(1) for blocks.
   *
   * @throws {RangeError} if the block cannot lie here, or the fallback throws
   */
  override dealloc(offset: number, size: number, align: number): void {
    const low = align - 1;
    const zeros = Math.clz32((size - 1) | low | BITS_MIN);
    if (zeros < ZEROS_MIN) {
      this.fallback.dealloc(offset, size, align);
      return;
    }
    if (
      (size | 0) !== size || (align | 0) !== align || (offset | 0) !== offset ||
      (offset >>> 0) >= this.#bounds[zeros]! ||
      // The block's size less 1 are the bits that its address has not.
      (((offset + this.#baseLow) & (-1 >>> zeros)) | (align & low)) !== 0
    ) {
      this.#deallocSlow(offset, size, align);
      return;
    }
    const heads = this.#heads;
    const next = heads[LIST_0 - zeros]!;
    const words = this.#words;
    const word = offset >> 2;
    if (words === null) this.nodes.setLink(offset, next);
    else if (words[word] === undefined) this.#setLinkAgain(offset, next);
    else {
      words[word] = next;
      words[word + 1] = next >> 31;
    }
    heads[LIST_0 - zeros] = offset;
  }

  /** The free blocks by size, last freed first, then the free regions of the fallback. */
  override freeRegions(): FreeRegion[] {
    const regions: FreeRegion[] = [];
    for (const [index, size] of BLOCK_SIZES.entries()) {
      let block = this.state.heads[index]!;
      while (block >= 0) {
        this.collect(regions, block, size);
        block = this.nodes.quiet.link(block);
      }
    }
    return [...regions, ...this.fallback.freeRegions()];
  }

  /** Reads a link from a buffer that has grown. */
  #linkAgain(block: number): number {
    const next = this.nodes.link(block);
    this.#words = flatWords(this.memory);
    return next;
  }

  /** Writes a link to a buffer that has grown. */
  #setLinkAgain(block: number, target: number): void {
    this.nodes.setLink(block, target);
    this.#words = flatWords(this.memory);
  }

  /** `dealloc` of a wrong block, or of one that lies beyond the end that was known: the fallback may have been extended. */
  #deallocSlow(offset: number, size: number, align: number): void {
    const end = this.fallback.size;
    if (!isRequest(size, align)) this.refuseBlock(offset, size, align, end);
    const zeros = Math.clz32((size - 1) | (align - 1) | BITS_MIN);
    const blockSize = (-1 >>> zeros) + 1;
    this.checkBlock(offset, blockSize, blockSize, end);
    this.#setLinkAgain(offset, this.#heads[LIST_0 - zeros]!);
    this.#heads[LIST_0 - zeros] = offset;
    setBounds(this.#bounds, end);
  }
}

/** For each number of leading zeros: the offset from which on no block of that size, less 1, fits below `end`. */
function setBounds(bounds: Int32Array, end: number): void {
  for (let zeros = ZEROS_MIN; zeros <= LIST_0; zeros++) {
    bounds[zeros] = Math.max(0, end - (-1 >>> zeros));
  }
}

function flatWords(memory: WordMemory): Int32Array | null {
  return memory instanceof FlatMemory ? memory.words : null;
}
