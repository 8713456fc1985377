/**
 * The linked list allocator of "Allocator Designs": free regions in a list, the last freed one first.
 *
 * Its weaknesses are the book's: neighbours are never merged, the gap in front of an aligned block is lost for good, and a
 * region that would leave a rest of 1–15 bytes is passed over.
 *
 * A node is 16 bytes at the start of the region: its size, then the link to the next, each two words.
 *
 * @module
 */

import type { WordMemory } from "../../base/word_memory.ts";
import { BaseHeap, type FreeRegion } from "./heap.ts";
import { alignUp, isRequest, refuseRequest } from "./layout.ts";
import { endlessList, NODE_BYTES, NONE } from "./nodes.ts";

export * from "./common.ts";

const NODE_ALIGN = 8;

/** All that a linked list allocator knows beside its nodes. */
export interface LinkedListState {
  /** Bytes under management. */
  size: number;
  /** Offset of the first region in the list, or −1. */
  head: number;
}

/**
 * The book's free list: first fit in the order last freed, first used. O(regions).
 *
 * @example
 * ```ts
 * import { FlatMemory, LinkedListHeap } from "@lockstep/kernel/heap/linked-list";
 * import { assertEquals } from "@std/assert";
 *
 * const heap = new LinkedListHeap(new FlatMemory(new ArrayBuffer(64)));
 * const a = heap.alloc(16, 8)!;
 * heap.dealloc(a, 16, 8);
 * assertEquals(heap.freeRegions(), [{ offset: 0, size: 16 }, { offset: 16, size: 48 }]);
 * ```
 */
export class LinkedListHeap extends BaseHeap {
  /** All that the heap knows beside its memory: plain data. */
  readonly state: LinkedListState;

  /**
   * Makes a heap of a memory.
   *
   * @param memory what to manage
   * @param options `state`: a state to go on from, over a copy of its memory
   * @throws {RangeError} if the memory is smaller than a node, or its address is no multiple of 8
   */
  constructor(
    memory: WordMemory,
    options: { readonly state?: LinkedListState } = {},
  ) {
    super(memory);
    if (options.state !== undefined) {
      this.state = options.state;
      return;
    }
    const { size } = memory;
    if (this.nodes.baseLow % NODE_ALIGN !== 0) {
      throw new RangeError(
        "Cannot make a heap at an address that is no multiple of 8: " +
          "assertion `left == right` failed",
      );
    }
    if (size < NODE_BYTES) {
      throw new RangeError(
        `Cannot make a heap of ${size} bytes: ` +
          "assertion failed: size >= mem::size_of::<ListNode>()",
      );
    }
    this.state = { size, head: NONE };
    this.#push(0, size);
  }

  /** Offset behind the last byte under management. */
  override get size(): number {
    return this.state.size;
  }

  /**
   * Takes the first region of the list that fits. O(regions). See {@linkcode HeapCore.alloc}.
   *
   * @throws {InvariantError} if the list has no end, where the book's walks for ever
   */
  override alloc(size: number, align: number): number | null {
    if (!isRequest(size, align)) return refuseRequest(size, align);
    const { nodes, state } = this;
    const need = blockSize(size, align);
    if (need > state.size) return null;
    let previous = NONE;
    let region = state.head;
    let left = (state.size / NODE_BYTES) | 0; // Regions that there can be.
    while (region >= 0) {
      if (left === 0) endlessList();
      left -= 1;
      const next = nodes.next(region);
      const start = align <= NODE_ALIGN
        ? region
        : alignUp(region, align, this.nodes.baseLow);
      const rest = region + nodes.load(region) - start - need;
      // A rest must hold a node. A start before the region is one that overflowed.
      if (start >= region && (rest === 0 || rest >= NODE_BYTES)) {
        if (previous < 0) state.head = next;
        else nodes.setNext(previous, next);
        if (rest > 0) this.#push(start + need, rest);
        return start;
      }
      previous = region;
      region = next;
    }
    return null;
  }

  /**
   * Puts a block at the front of the list. O(1).
   *
   * @throws {RangeError} if the block cannot lie here
   */
  override dealloc(offset: number, size: number, align: number): void {
    const end = this.state.size;
    this.checkBlock(offset, size, align, end, NODE_ALIGN);
    const bytes = blockSize(size, align);
    if (offset > end - bytes) this.refuseBlock(offset, bytes, align, end);
    this.#push(offset, bytes);
  }

  /** The regions, the last freed first. */
  override freeRegions(): FreeRegion[] {
    const regions: FreeRegion[] = [];
    let region = this.state.head;
    while (region >= 0) {
      this.collect(regions, region, this.nodes.quiet.load(region));
      region = this.nodes.quiet.next(region);
    }
    return regions;
  }

  /** `add_free_region`. */
  #push(offset: number, size: number): void {
    const { state } = this;
    this.nodes.setNode(offset, size, state.head);
    state.head = offset;
  }
}

/** `size_align`: padded to the alignment, which is 8 or more, and big enough for a node. */
function blockSize(size: number, align: number): number {
  const step = align < NODE_ALIGN ? NODE_ALIGN : align;
  const padded = ((size + step - 1) & -step) >>> 0; // May reach 2^31: no heap has that.
  return padded < NODE_BYTES ? NODE_BYTES : padded;
}
