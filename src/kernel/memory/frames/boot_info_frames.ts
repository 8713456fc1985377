/**
 * The book's frame allocator: the usable frames of the memory map, one after
 * the other, never back.
 *
 * Book: "Paging Implementation", section "Allocating Frames". The book asks an
 * iterator for its n-th item each time, which costs more with every frame; here
 * the place of the last one is remembered, and the same frames come out.
 *
 * Surprises of the original, kept: the running number goes up even when no
 * frame is left, and two allocators over one map hand out the same frames
 * (two `frame-alloc` events of one frame show it). Usable regions that overlap
 * give the frames in both of them twice.
 *
 * @module
 */

import { type EventSink, NO_EVENTS } from "../../../base/events.ts";
import type { MemoryRegion } from "../../../hw/memory_map.ts";
import { type Frame, SIZE_4_KIB } from "../../../hw/page.ts";
import { checkRegions } from "./checks.ts";
import type { FrameAllocator } from "./frame_allocator.ts";

/** The allocator as data. */
export interface BootInfoFramesState {
  /** Calls so far: the number of the usable frame that is next. */
  next: number;
  /** For each usable region, in the map's order: number of its first frame. */
  firsts: Float64Array;
  /** For each of them: how many usable frames lie in those before it. */
  skips: Float64Array;
  /** Usable frames in all. */
  total: number;
}

/**
 * Makes the state of an allocator that has handed out nothing.
 *
 * @param memoryMap The regions, as the bootloader tells them.
 * @returns A state for {@linkcode BootInfoFrameAllocator}.
 * @throws {RangeError} If a region begins or ends at what is no frame's number.
 */
export function bootInfoFramesState(
  memoryMap: readonly MemoryRegion[],
): BootInfoFramesState {
  checkRegions(memoryMap);
  const usable = memoryMap.filter((region) =>
    region.type === "Usable" && region.endFrame > region.startFrame
  );
  let total = 0;
  const skips = usable.map((region) => {
    total += region.endFrame - region.startFrame;
    return total - (region.endFrame - region.startFrame);
  });
  return {
    next: 0,
    firsts: Float64Array.from(usable, (region) => region.startFrame),
    skips: Float64Array.from(skips),
    total,
  };
}

/**
 * Hands out the usable frames in the map's order. O(1).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { BootInfoFrameAllocator } from "@lockstep/kernel/frames";
 *
 * const frames = new BootInfoFrameAllocator([
 *   { startFrame: 0, endFrame: 1, type: "FrameZero" },
 *   { startFrame: 1, endFrame: 3, type: "Usable" },
 * ]);
 * const taken = [1, 2, 3].map(() => frames.allocateFrame());
 * assertEquals(taken as unknown, [0x1000, 0x2000, null]);
 * assertEquals(frames.state.next, 3);
 * ```
 */
export class BootInfoFrameAllocator implements FrameAllocator {
  /** All there is to save; the memory map is in it. */
  readonly state: BootInfoFramesState;
  readonly #events: EventSink;
  /** Region of the last frame. Derived: any value leads to the same frames. */
  #region = 0;

  /**
   * Makes an allocator, or goes on with one.
   *
   * @param source The memory map of an allocator that has handed out nothing,
   * or the state of one to go on with.
   * @param events Is told of each frame.
   */
  constructor(
    source: readonly MemoryRegion[] | BootInfoFramesState,
    events: EventSink = NO_EVENTS,
  ) {
    this.state = "next" in source ? source : bootInfoFramesState(source);
    this.#events = events;
  }

  /**
   * Begins anew over another map, in the same state object
   * (book: `BootInfoFrameAllocator::init`).
   *
   * @param memoryMap The regions, as the bootloader tells them.
   */
  init(memoryMap: readonly MemoryRegion[]): void {
    Object.assign(this.state, bootInfoFramesState(memoryMap));
  }

  /**
   * Takes the next usable frame.
   *
   * @returns The frame, or `null` past the last one; the number of calls goes
   * up all the same.
   */
  allocateFrame(): Frame | null {
    const n = this.state.next;
    this.state.next = n + 1;
    if (n >= this.state.total) return null;
    const frame = this.#frameAt(n);
    if (this.#events.on) this.#events.emit("frame-alloc", frame, 1);
    return frame;
  }

  /**
   * The usable frames in the map's order, taken or not (book:
   * `usable_frames`).
   *
   * @returns Each frame once for each usable region that it lies in.
   */
  *usableFrames(): Generator<Frame, void, void> {
    for (let n = 0; n < this.state.total; n++) yield this.#frameAt(n);
  }

  /** The n-th usable frame; n is below the total. */
  #frameAt(n: number): Frame {
    const { firsts, skips } = this.state;
    let region = this.#region;
    // A loaded state may have fewer regions, or stand before this one.
    if (region >= skips.length || n < skips[region]!) region = 0;
    while (region + 1 < skips.length && n >= skips[region + 1]!) region += 1;
    this.#region = region;
    return (firsts[region]! + (n - skips[region]!)) * SIZE_4_KIB as Frame;
  }
}
