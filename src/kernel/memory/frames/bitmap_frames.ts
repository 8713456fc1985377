/**
 * A frame pool over a bitmap: the lowest free frame, and the lowest run.
 *
 * One bit for each frame and a summary of 1 in 32 on each level above: taking
 * and giving back one frame costs a step for each level, at most six. A run is
 * found by first fit; it starts at any frame, and any free run is found.
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
  treeNext,
  treeNextAbsent,
} from "./bit_tree.ts";
import {
  BaseFramePool,
  type FramePoolState,
  framePoolState,
} from "./frame_pool.ts";
import { frameSpace } from "./frame_space.ts";

/** Regions begin at a word of their own, so that whole words can be skipped. */
const WORD_ORDER = 5;

/** The pool as data. */
export interface BitmapFramesState extends FramePoolState {
  /** Free frames as bits, with summaries. */
  tree: BitTree;
}

/**
 * Makes the state of a pool in which all usable frames are free.
 *
 * @param memoryMap The regions, as the bootloader tells them.
 * @returns A state for {@linkcode BitmapFrameAllocator}.
 * @throws {RangeError} If there are more than 2^30 usable frames.
 */
export function bitmapFramesState(
  memoryMap: readonly MemoryRegion[],
): BitmapFramesState {
  const space = frameSpace(memoryMap, WORD_ORDER);
  const tree = bitTree(space.bits);
  space.bases.forEach((base, i) => {
    treeAddRange(tree, base, base + space.counts[i]!);
  });
  return { ...framePoolState(space), tree };
}

/**
 * A pool that hands out the lowest free frame.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { BitmapFrameAllocator } from "@lockstep/kernel/frames";
 *
 * const frames = new BitmapFrameAllocator([
 *   { startFrame: 16, endFrame: 32, type: "Usable" },
 * ]);
 * const run = frames.allocateRun(4)!;
 * assertEquals([run as number, frames.stats().free], [0x1_0000, 12]);
 * assertEquals(frames.deallocateRun(run, 4), null);
 * assertEquals(frames.deallocateFrame(run)?.reason, "already-free");
 * ```
 */
export class BitmapFrameAllocator extends BaseFramePool<BitmapFramesState> {
  /**
   * Makes a pool, or goes on with one.
   *
   * @param source The memory map of a pool in which all is free, or the state
   * of one to go on with.
   * @param events Is told of each frame, or run.
   */
  constructor(
    source: readonly MemoryRegion[] | BitmapFramesState,
    events?: EventSink,
  ) {
    super("tree" in source ? source : bitmapFramesState(source), events);
  }

  /** Takes the free bit of the pool's choice. */
  protected override takeOne(): number {
    const { tree } = this.state;
    const bit = treeFirst(tree);
    if (bit >= 0) treeDelete(tree, bit);
    return bit;
  }

  /** Takes a run of free bits. */
  protected override takeRun(count: number, align: number): number {
    const { space, tree } = this.state;
    for (let i = 0; i < space.counts.length; i++) {
      const bit = this.#findRun(i, count, align);
      if (bit < 0) continue;
      treeDeleteRange(tree, bit, bit + count);
      return bit;
    }
    return -1;
  }

  /** Takes bits that are free. */
  protected override takeAt(bit: number, count: number): void {
    treeDeleteRange(this.state.tree, bit, bit + count);
  }

  /** Gives bits back that are in use. */
  protected override giveBack(bit: number, count: number): void {
    if (count === 1) treeAdd(this.state.tree, bit);
    else treeAddRange(this.state.tree, bit, bit + count);
  }

  /** The first free bit of some, or the one after them. */
  protected override firstFree(bit: number, count: number): number {
    const free = treeNext(this.state.tree, bit);
    return free < 0 ? bit + count : Math.min(free, bit + count);
  }

  /** The first bit in use of some, or the one after them. */
  protected override firstUsed(bit: number, count: number): number {
    return treeNextAbsent(this.state.tree, bit, bit + count);
  }

  /** The longest run that `takeRun` grants. */
  protected override largestRun(): number {
    const { space, tree } = this.state;
    let largest = 0;
    space.bases.forEach((base, i) => {
      const end = base + space.counts[i]!;
      let start = treeNext(tree, base);
      while (start >= 0 && start < end) {
        const stop = treeNextAbsent(tree, start, end);
        largest = Math.max(largest, stop - start);
        start = treeNext(tree, stop);
      }
    });
    return largest;
  }

  /** The lowest run in one region that is long and aligned enough, or −1. */
  #findRun(region: number, count: number, align: number): number {
    const { space, tree } = this.state;
    const base = space.bases[region]!;
    const first = space.firsts[region]!;
    const end = base + space.counts[region]!;
    let bit = treeNext(tree, base);
    while (bit >= 0 && bit + count <= end) {
      const number = first + (bit - base);
      const start = bit + (Math.ceil(number / align) * align - number);
      if (start + count > end) return -1;
      const stop = treeNextAbsent(tree, start, start + count);
      if (stop === start + count) return start;
      bit = treeNext(tree, stop);
    }
    return -1;
  }
}
