/**
 * The bump allocator of "Allocator Designs": a pointer that only moves up, and falls back to the start when the last block is
 * freed. The fastest heap there is, and one long-lived block stops it from reusing anything.
 *
 * @module
 */

import type { WordMemory } from "../../base/word_memory.ts";
import { BaseHeap, type FreeRegion } from "./heap.ts";
import { alignUp, isRequest, refuseRequest } from "./layout.ts";

export * from "./common.ts";

/** All that a bump allocator knows. */
export interface BumpState {
  /** Bytes under management. */
  size: number;
  /** Offset of the first byte never given out, 0 … size. */
  next: number;
  /** Blocks in use. */
  allocations: number;
}

/**
 * A heap that gives out ascending addresses and frees all at once.
 *
 * @example
 * ```ts
 * import { BumpHeap, FlatMemory } from "@lockstep/kernel/heap/bump";
 * import { assertEquals } from "@std/assert";
 *
 * const heap = new BumpHeap(new FlatMemory(new ArrayBuffer(64)));
 * assertEquals([heap.alloc(4, 4), heap.alloc(8, 8), heap.alloc(64, 1)], [0, 8, null]);
 * heap.dealloc(0, 4, 4);
 * heap.dealloc(8, 8, 8);
 * assertEquals(heap.alloc(64, 1), 0);
 * ```
 */
export class BumpHeap extends BaseHeap {
  /** All that the heap knows beside its memory: plain data. */
  readonly state: BumpState;

  /**
   * Makes a heap of a memory.
   *
   * @param memory what to manage; never written
   * @param options `state`: a state to go on from
   */
  constructor(
    memory: WordMemory,
    options: { readonly state?: BumpState } = {},
  ) {
    super(memory);
    this.state = options.state ??
      { size: memory.size, next: 0, allocations: 0 };
  }

  /** Offset behind the last byte under management. */
  override get size(): number {
    return this.state.size;
  }

  /** Takes a block, in the order of addresses. O(1). See {@linkcode HeapCore.alloc}. */
  override alloc(size: number, align: number): number | null {
    if (!isRequest(size, align)) return refuseRequest(size, align);
    const s = this.state; // Invariant: 0 <= next <= size.
    const start = alignUp(s.next, align, this.nodes.baseLow);
    if (start < s.next || start > s.size - size) return null;
    s.next = start + size;
    s.allocations += 1;
    return start;
  }

  /**
   * Counts a block as freed; the last one frees all. O(1). Which block it is plays no part.
   *
   * @throws {RangeError} if no block is in use, or the block cannot lie here
   */
  override dealloc(offset: number, size: number, align: number): void {
    this.checkBlock(offset, size, align, this.state.size);
    const s = this.state;
    if (s.allocations === 0) {
      this.bug(
        offset,
        size,
        "no block is in use: attempt to subtract with overflow",
      );
    }
    s.allocations -= 1;
    if (s.allocations === 0) s.next = 0;
  }

  /** What was never given out, if anything. */
  override freeRegions(): FreeRegion[] {
    const { next, size } = this.state;
    return next < size ? [{ offset: next, size: size - next }] : [];
  }
}
