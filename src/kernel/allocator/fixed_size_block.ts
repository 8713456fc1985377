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

const BLOCK_MAX = 2048;
/** Bits of the greatest size less 1, as a number of them. */
const BITS_MAX = 11;
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
  /** Derived: the end of the fallback when last asked. It may have been extended since. */
  #end = 0;
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
  }

  /** The fallback's bytes. */
  override get size(): number {
    return this.fallback.size;
  }

  /** Pops a block, or has the fallback cut one. O(1) if a block is free. See {@linkcode HeapCore.alloc}. */
  override alloc(size: number, align: number): number | null {
    const bits = (size - 1) | (align - 1); // As long as those of the greater.
    if (
      (size | 0) !== size || (align | 0) !== align ||
      ((bits >>> BITS_MAX) | (align & (align - 1))) !== 0
    ) return this.fallback.alloc(size, align); // Too big, or wrong.
    const zeros = Math.clz32(bits | BITS_MIN);
    const block = this.#heads[LIST_0 - zeros]!;
    if (block < 0) {
      const blockSize = (-1 >>> zeros) + 1; // Its alignment, too.
      return this.fallback.alloc(blockSize, blockSize);
    }
    this.#heads[LIST_0 - zeros] = this.nodes.link(block);
    return block;
  }

  /**
   * Pushes a block onto the list of its size, or hands it to the fallback. O(1) for blocks.
   *
   * @throws {RangeError} if the block cannot lie here, or the fallback throws
   */
  override dealloc(offset: number, size: number, align: number): void {
    const bits = (size - 1) | (align - 1);
    const zeros = Math.clz32(bits | BITS_MIN);
    const mask = -1 >>> zeros; // The block's size less 1: its alignment, too.
    const room = this.#end - offset;
    const { nodes } = this;
    if (
      (size | 0) === size && (align | 0) === align && (offset | 0) === offset &&
      ((bits >>> BITS_MAX) | (align & (align - 1)) |
          ((offset + nodes.baseLow) & mask) |
          ((offset | room | (room - 1 - mask)) >>> 31)) === 0
    ) {
      const index = LIST_0 - zeros;
      nodes.setLink(offset, this.#heads[index]!);
      this.#heads[index] = offset;
    } else this.#deallocFallback(offset, size, align);
  }

  /** The free blocks by size, last freed first, then the free regions of the fallback. */
  override freeRegions(): FreeRegion[] {
    const regions: FreeRegion[] = [];
    for (const [index, size] of BLOCK_SIZES.entries()) {
      let block = this.state.heads[index]!;
      while (block >= 0) {
        regions.push({ offset: block, size });
        block = this.nodes.quiet.link(block);
      }
    }
    return [...regions, ...this.fallback.freeRegions()];
  }

  /** Has the fallback free what no list takes. A block beyond the end that was known may lie in an extended fallback. */
  #deallocFallback(offset: number, size: number, align: number): void {
    if (size > BLOCK_MAX || align > BLOCK_MAX) {
      this.fallback.dealloc(offset, size, align);
      return;
    }
    const end = this.fallback.size;
    if (!isRequest(size, align)) this.refuseBlock(offset, size, align, end);
    const blockSize = sizeFor(size > align ? size : align);
    this.checkBlock(offset, blockSize, blockSize, end);
    this.#end = end;
    const index = LIST_0 - Math.clz32((blockSize - 1) | BITS_MIN);
    this.nodes.setLink(offset, this.#heads[index]!);
    this.#heads[index] = offset;
  }
}

/** The size of the smallest block of so many bytes, 1–2048. */
function sizeFor(bytes: number): number {
  return 1 << (32 - Math.clz32((bytes - 1) | BITS_MIN));
}
