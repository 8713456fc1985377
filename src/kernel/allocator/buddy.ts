/**
 * The binary buddy heap: blocks are powers of two at multiples of their size, and a freed block joins its buddy, the other half
 * of the block twice as big, whenever that is free.
 *
 * Follows D. Knuth, "The Art of Computer Programming", vol. 1, "Dynamic Storage Allocation", algorithms R and S. A heap of any
 * size works: it begins as the biggest blocks that its addresses allow. Alignment costs nothing, rounding to powers of two up
 * to half of the memory.
 *
 * A free block holds in its first three words its order (log2 of its size) and the offsets of the next and the previous block
 * of its list. One bit for each 16 bytes, on the host, tells where free blocks begin.
 *
 * @module
 */

import type { WordMemory } from "../../base/word_memory.ts";
import { FreeMarks } from "./free_marks.ts";
import { BaseHeap, type FreeRegion } from "./heap.ts";
import { alignUp, isRequest, refuseRequest } from "./layout.ts";
import { NONE } from "./nodes.ts";

export * from "./common.ts";

/** log2 of the smallest block, 16 bytes. */
const ORDER_MIN = 4;
/** log2 of the biggest block, 1 GiB. */
const ORDER_MAX = 30;

const NEXT = 4;
const PREVIOUS = 8;

/** All that a buddy heap knows beside its nodes. */
export interface BuddyState {
  /** Offset of the first usable byte: 0, or what aligning the address to 16 skipped. */
  bottom: number;
  /** Offset behind the last usable byte. */
  end: number;
  /** Bytes in use, sizes rounded. */
  used: number;
  /** Orders with a free block, a bit each. */
  orders: number;
  /** Offset of the first free block of each order 0–30, or −1. */
  heads: Int32Array;
}

/**
 * The fastest general-purpose heap here, and the most wasteful: O(log heap), a split or join each.
 *
 * @example
 * ```ts
 * import { BuddyHeap, FlatMemory } from "@lockstep/kernel/heap/buddy";
 * import { assertEquals } from "@std/assert";
 *
 * const heap = new BuddyHeap(new FlatMemory(new ArrayBuffer(102_400)));
 * const block = heap.alloc(4000, 8)!;
 * assertEquals([block % 4096, heap.used], [0, 4096]);
 * heap.dealloc(block, 4000, 8);
 * assertEquals(heap.freeRegions().map((region) => region.size), [4096, 32_768, 65_536]);
 * ```
 */
export class BuddyHeap extends BaseHeap {
  /** All that the heap knows beside its memory: plain data. */
  readonly state: BuddyState;
  #marks: FreeMarks | null = null;

  /**
   * Makes a heap of a memory.
   *
   * @param memory what to manage
   * @param options `state`: a state to go on from
   * @throws {RangeError} if there is no room for one block of 16 bytes
   */
  constructor(
    memory: WordMemory,
    options: { readonly state?: BuddyState } = {},
  ) {
    super(memory);
    if (options.state !== undefined) {
      this.state = options.state;
      return;
    }
    const bottom = alignUp(0, 1 << ORDER_MIN, this.nodes.baseLow);
    const bytes = (memory.size - bottom) >>> ORDER_MIN << ORDER_MIN >>> 0;
    if (memory.size - bottom < 1 << ORDER_MIN) {
      throw new RangeError(
        `Cannot make a heap of ${memory.size} bytes: a block has 16 at least`,
      );
    }
    this.state = {
      bottom,
      end: bottom + bytes,
      used: 0,
      orders: 0,
      heads: new Int32Array(ORDER_MAX + 1).fill(NONE),
    };
    this.#giveAll();
  }

  /** Offset behind the last byte under management. */
  override get size(): number {
    return this.state.end;
  }

  /** Bytes in use, sizes rounded up. */
  get used(): number {
    return this.state.used;
  }

  /** Bytes that the marks take on the host at this moment. */
  get indexBytes(): number {
    return this.#marks?.bytes ?? 0;
  }

  /** Forgets the marks. To be called after memory and state were changed from outside; at any other time it changes nothing. */
  dropIndex(): void {
    this.#marks = null;
  }

  /** Takes the smallest block that is big enough, and halves it while it can. See {@linkcode HeapCore.alloc}. */
  override alloc(size: number, align: number): number | null {
    if (!isRequest(size, align)) return refuseRequest(size, align);
    const s = this.state;
    const order = orderOf(size > align ? size : align);
    if (order > ORDER_MAX) return null;
    const orders = s.orders & (-1 << order);
    if (orders === 0) return null;
    const found = 31 - Math.clz32(orders & -orders);
    const block = s.heads[found]!;
    this.#unlink(block, found);
    for (let half = found - 1; half >= order; half--) {
      this.#link(block + (1 << half), half);
    }
    s.used += 1 << order;
    return block;
  }

  /**
   * Frees a block and joins it with its buddy, and the two with theirs. See {@linkcode HeapCore.dealloc}.
   *
   * @throws {RangeError} if the block cannot lie here, or a free block begins with it
   */
  override dealloc(offset: number, size: number, align: number): void {
    const s = this.state;
    if (!isRequest(size, align)) this.refuseBlock(offset, size, align, s.end);
    const order = orderOf(size > align ? size : align);
    const bytes = 2 ** order;
    this.checkBlock(offset, bytes, bytes, s.end);
    if ((this.#marks ??= this.#mark()).has(offset)) {
      this.bug(offset, size, "it is free already");
    }
    this.#release(offset, order);
    s.used -= bytes;
  }

  /** The free blocks by size, last freed first. */
  override freeRegions(): FreeRegion[] {
    const regions: FreeRegion[] = [];
    for (const head of this.state.heads) {
      for (
        let block = head;
        block >= 0;
        block = this.nodes.quiet.load(block + NEXT)
      ) {
        this.collect(regions, block, 1 << this.nodes.quiet.load(block));
      }
    }
    return regions;
  }

  /** Makes all of the heap free: from the bottom on, the biggest block that address and end allow. */
  #giveAll(): void {
    const { bottom, end } = this.state;
    this.#marks = new FreeMarks(end);
    for (let at = bottom; at < end;) {
      const address = (at + this.nodes.baseLow) | 0;
      let order = address === 0 ? ORDER_MAX : orderOf(address & -address);
      while (2 ** order > end - at) order -= 1;
      this.#link(at, order);
      at += 2 ** order;
    }
  }

  /** Makes the marks from the free lists. */
  #mark(): FreeMarks {
    const marks = new FreeMarks(this.state.end);
    for (const { offset } of this.freeRegions()) marks.add(offset);
    return marks;
  }

  #release(offset: number, bytesOrder: number): void {
    const { nodes, state } = this;
    const { baseLow } = nodes;
    const marks = this.#marks ??= this.#mark();
    let block = offset;
    let order = bytesOrder;
    while (order < ORDER_MAX) {
      // Buddies are halves of a block by address, which the base may shift.
      const buddy = (((block + baseLow) ^ (1 << order)) - baseLow) | 0;
      if (buddy < state.bottom || buddy >= state.end) break;
      if (!marks.has(buddy) || nodes.load(buddy) !== order) break;
      this.#unlink(buddy, order);
      if (buddy < block) block = buddy;
      order += 1;
    }
    this.#link(block, order);
  }

  #link(block: number, order: number): void {
    const { nodes, state } = this;
    const next = state.heads[order]!;
    nodes.store3(block, order, next, NONE);
    if (next >= 0) nodes.store(next + PREVIOUS, block);
    state.heads[order] = block;
    state.orders |= 1 << order;
    (this.#marks ??= this.#mark()).add(block);
  }

  #unlink(block: number, order: number): void {
    const { nodes, state } = this;
    (this.#marks ??= this.#mark()).delete(block);
    const next = nodes.load(block + NEXT);
    const previous = nodes.load(block + PREVIOUS);
    if (next >= 0) nodes.store(next + PREVIOUS, previous);
    if (previous >= 0) {
      nodes.store(previous + NEXT, next);
      return;
    }
    state.heads[order] = next;
    if (next < 0) state.orders &= ~(1 << order);
  }
}

/** The order of the smallest block of so many bytes, 1–2^31. */
function orderOf(bytes: number): number {
  return 32 - Math.clz32((bytes - 1) | ((1 << ORDER_MIN) - 1));
}
