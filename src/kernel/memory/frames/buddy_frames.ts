/**
 * A frame pool over the buddy system: blocks of 2^order frames that split in
 * halves and merge with the half that they were split from.
 *
 * A run is taken from one block, whose rest goes back at once, so that a run of
 * 9 frames costs 9. It is found in a step for each order, but only where a
 * whole block is free, as large as the run and its alignment; in exchange large
 * blocks last longer. Of the blocks of
 * the smallest order that suffices, the lowest is taken.
 *
 * Source: D. Knuth, "The Art of Computer Programming" 1, "Dynamic Storage
 * Allocation", the buddy system.
 *
 * Invariant: a free frame lies in exactly one free block; two buddies of one
 * order are never both free, unless their union exceeds the region's or the
 * pool's greatest order; `used` and the blocks tell the same.
 *
 * @module
 */

import type { EventSink } from "../../../base/events.ts";
import type { MemoryRegion } from "../../../hw/memory_map.ts";
import {
  type BitTree,
  bitTree,
  treeAdd,
  treeAddRange,
  treeDelete,
  treeDeleteRange,
  treeFirst,
  treeHas,
  treeNext,
  treeNextAbsent,
} from "./bit_tree.ts";
import {
  BaseFramePool,
  type FramePoolState,
  framePoolState,
} from "./frame_pool.ts";
import { blockOrder, frameSpace } from "./frame_space.ts";

/** The greatest order: 2^18 frames, 1 GiB, the largest page. */
export const BUDDY_ORDER_MAX = 18;

/** The pool as data. */
export interface BuddyFramesState extends FramePoolState {
  /** For each order: the free blocks, numbered from bit 0 on. */
  blocks: BitTree[];
  /** Bit `order` is set if a block of that order is free. */
  orders: number;
  /** Frames in use, as bits. */
  used: BitTree;
}

/**
 * Makes the state of a pool in which all usable frames are free.
 *
 * @param memoryMap The regions, as the bootloader tells them.
 * @returns A state for {@linkcode BuddyFrameAllocator}.
 * @throws {RangeError} If there are more than 2^30 usable frames.
 */
export function buddyFramesState(
  memoryMap: readonly MemoryRegion[],
): BuddyFramesState {
  const space = frameSpace(memoryMap, BUDDY_ORDER_MAX);
  const state: BuddyFramesState = {
    ...framePoolState(space),
    blocks: Array.from(
      { length: BUDDY_ORDER_MAX + 1 },
      (_, order) => bitTree(Math.ceil(space.bits / 2 ** order)),
    ),
    orders: 0,
    used: bitTree(space.bits),
  };
  space.bases.forEach((base, i) => release(state, base, space.counts[i]!, i));
  return state;
}

/**
 * A pool that keeps large blocks together.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { BuddyFrameAllocator } from "@lockstep/kernel/frames";
 *
 * const frames = new BuddyFrameAllocator([
 *   { startFrame: 0x100, endFrame: 0x500, type: "Usable" },
 * ]);
 * const large = frames.allocateRun(512, 512)!; // A 2 MiB frame.
 * assertEquals(large as number, 0x20_0000);
 * assertEquals(frames.allocateFrame() as number | null, 0x10_0000);
 * ```
 */
export class BuddyFrameAllocator extends BaseFramePool<BuddyFramesState> {
  /**
   * Makes a pool, or goes on with one.
   *
   * @param source The memory map of a pool in which all is free, or the state
   * of one to go on with.
   * @param events Is told of each frame, or run.
   */
  constructor(
    source: readonly MemoryRegion[] | BuddyFramesState,
    events?: EventSink,
  ) {
    super("blocks" in source ? source : buddyFramesState(source), events);
  }

  /** Takes the free bit of the pool's choice. */
  protected override takeOne(): number {
    const bit = takeBlock(this.state, 0);
    if (bit >= 0) treeAdd(this.state.used, bit);
    return bit;
  }

  /** Takes a run of free bits. */
  protected override takeRun(count: number, align: number): number {
    const state = this.state;
    // A block is as aligned as it is large.
    const order = 32 - Math.clz32(Math.max(count, align) - 1);
    const bit = takeBlock(state, order);
    if (bit < 0) return -1;
    treeAddRange(state.used, bit, bit + count);
    const rest = 2 ** order - count;
    if (rest > 0) cover(state, bit + count, rest);
    return bit;
  }

  /** Takes bits that are free. */
  protected override takeAt(bit: number, count: number): void {
    for (let i = bit; i < bit + count; i++) takeFrame(this.state, i);
    treeAddRange(this.state.used, bit, bit + count);
  }

  /** Gives bits back that are in use. */
  protected override giveBack(
    bit: number,
    count: number,
    region: number,
  ): void {
    if (count === 1) treeDelete(this.state.used, bit);
    else treeDeleteRange(this.state.used, bit, bit + count);
    release(this.state, bit, count, region);
  }

  /** The first free bit of some, or the one after them. */
  protected override firstFree(bit: number, count: number): number {
    return treeNextAbsent(this.state.used, bit, bit + count);
  }

  /** The first bit in use of some, or the one after them. */
  protected override firstUsed(bit: number, count: number): number {
    const used = treeNext(this.state.used, bit);
    return used < 0 ? bit + count : Math.min(used, bit + count);
  }

  /** The longest run that `takeRun` grants. */
  protected override largestRun(): number {
    const { orders } = this.state;
    return orders === 0 ? 0 : 2 ** (31 - Math.clz32(orders));
  }
}

function addBlock(state: BuddyFramesState, order: number, block: number): void {
  treeAdd(state.blocks[order]!, block);
  state.orders |= 1 << order;
}

function dropBlock(
  state: BuddyFramesState,
  order: number,
  block: number,
): void {
  const tree = state.blocks[order]!;
  treeDelete(tree, block);
  if (tree.at(-1)![0] === 0) state.orders &= ~(1 << order);
}

/** Takes a block of an order out of the smallest that suffices; −1 if none. */
function takeBlock(state: BuddyFramesState, order: number): number {
  const fit = order > BUDDY_ORDER_MAX ? 0 : state.orders & (-1 << order);
  if (fit === 0) return -1;
  let from = 31 - Math.clz32(fit & -fit);
  let block = treeFirst(state.blocks[from]!);
  dropBlock(state, from, block);
  for (; from > order; from--) {
    block *= 2;
    addBlock(state, from - 1, block + 1);
  }
  return block * 2 ** order;
}

/** Takes the free frame at a bit out of the block that it lies in. */
function takeFrame(state: BuddyFramesState, bit: number): void {
  let order = 0;
  while (!treeHas(state.blocks[order]!, bit >> order)) order += 1;
  dropBlock(state, order, bit >> order);
  for (order -= 1; order >= 0; order--) {
    addBlock(state, order, bit >> order ^ 1);
  }
}

/** Makes bits free blocks, as large as they can be, without merging. */
function cover(state: BuddyFramesState, bit: number, count: number): void {
  const end = bit + count;
  while (bit < end) {
    const order = largestBlock(bit, end);
    addBlock(state, order, bit >> order);
    bit += 2 ** order;
  }
}

/** Makes bits free blocks, and merges each with its free buddies. */
function release(
  state: BuddyFramesState,
  bit: number,
  count: number,
  region: number,
): void {
  const end = bit + count;
  const orderMax = blockOrder(state.space.counts[region]!, BUDDY_ORDER_MAX);
  while (bit < end) {
    const taken = Math.min(largestBlock(bit, end), orderMax);
    let order = taken;
    let block = bit >> order;
    while (order < orderMax && treeHas(state.blocks[order]!, block ^ 1)) {
      dropBlock(state, order, block ^ 1);
      block >>= 1;
      order += 1;
    }
    addBlock(state, order, block);
    bit += 2 ** taken;
  }
}

/** Order of the largest aligned block that starts at a bit and ends in time. */
function largestBlock(bit: number, end: number): number {
  const aligned = bit === 0 ? 30 : 31 - Math.clz32(bit & -bit);
  return Math.min(aligned, blockOrder(end - bit, BUDDY_ORDER_MAX));
}
