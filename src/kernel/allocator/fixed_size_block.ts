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
import { isRequest, refuseRequest } from "./layout.ts";
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
/** log2 of the smallest block. */
const SHIFT_MIN = 3;

/** All that a fixed-size block allocator knows beside its nodes. */
export interface FixedSizeBlockState<F extends object = object> {
  /** Offset of the first free block of each size, or −1. */
  heads: Int32Array;
  /** The end of the fallback's heap when last looked at: blocks lie below. */
  end: number;
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
      end: fallback.size,
      fallback: fallback.state,
    };
  }

  /** The fallback's bytes. */
  override get size(): number {
    return this.fallback.size;
  }

  /** Pops a block, or has the fallback cut one. O(1) if a block is free. See {@linkcode HeapCore.alloc}. */
  override alloc(size: number, align: number): number | null {
    const bytes = size > align ? size : align;
    if (bytes <= BLOCK_MAX && isRequest(size, align)) {
      const index = blockIndex(bytes);
      const { heads } = this.state;
      const block = heads[index]!;
      if (block >= 0) {
        heads[index] = this.nodes.link(block);
        return block;
      }
    }
    return this.#allocFallback(size, align);
  }

  /**
   * Pushes a block onto the list of its size, or hands it to the fallback. O(1) for blocks.
   *
   * @throws {RangeError} if the block cannot lie here, or the fallback throws
   */
  override dealloc(offset: number, size: number, align: number): void {
    const bytes = size > align ? size : align;
    if (bytes > BLOCK_MAX) return this.fallback.dealloc(offset, size, align);
    const s = this.state;
    const { nodes } = this;
    const index = blockIndex(bytes);
    const blockSize = 1 << (index + SHIFT_MIN);
    const at = offset + nodes.baseLow;
    if (
      offset < 0 || offset > s.end - blockSize || (at & -blockSize) !== at ||
      !isRequest(size, align)
    ) this.#checkAgain(offset, size, align, blockSize);
    nodes.setLink(offset, s.heads[index]!);
    s.heads[index] = offset;
  }

  /** The free blocks by size, last freed first, then the free regions of the fallback. */
  override freeRegions(): FreeRegion[] {
    const regions: FreeRegion[] = [];
    for (const [index, size] of BLOCK_SIZES.entries()) {
      let block = this.state.heads[index]!;
      while (block >= 0) {
        regions.push({ offset: block, size });
        block = this.nodes.link(block);
      }
    }
    return [...regions, ...this.fallback.freeRegions()];
  }

  /** Has the fallback serve what no list can: an empty list gets a block of its size, aligned to it. */
  #allocFallback(size: number, align: number): number | null {
    if (!isRequest(size, align)) return refuseRequest(size, align);
    const bytes = size > align ? size : align;
    if (bytes > BLOCK_MAX) return this.fallback.alloc(size, align);
    const blockSize = 1 << (blockIndex(bytes) + SHIFT_MIN);
    return this.fallback.alloc(blockSize, blockSize);
  }

  /** Checks a block that looked wrong: the fallback may have been extended meanwhile. */
  #checkAgain(
    offset: number,
    size: number,
    align: number,
    blockSize: number,
  ): void {
    const s = this.state;
    if (!isRequest(size, align)) this.refuseBlock(offset, size, align, s.end);
    s.end = this.fallback.size;
    // A block is aligned to its size, whatever was asked for.
    this.checkBlock(offset, blockSize, blockSize, s.end);
  }
}

/** Which list blocks of so many bytes, 1–2048, come from. */
function blockIndex(bytes: number): number {
  return 32 - SHIFT_MIN - Math.clz32((bytes - 1) | 7);
}
