/**
 * A frame pool that keeps one flag for each frame, and one bug of choice.
 *
 * @module
 */

import type { MemoryRegion } from "../../hw/memory_map.ts";
import type { Frame } from "../../hw/page.ts";
import {
  type FramePool,
  FrameRefusal,
  type FrameRefusalReason,
  type FrameStats,
} from "../../kernel/memory/frames/frame_allocator.ts";

/** What can be wrong with {@linkcode PlantedFrames}. */
export const FRAMES_BUGS = [
  "takes a region's end for its last frame",
  "forgets the last frame of a region",
  "takes frames of a kernel's region, too",
  "takes the frames between two regions, too",
  "gives a frame twice where regions change",
  "skips the first frame of the second region",
  "an empty region has one frame",
  "addresses wrap around at 4 GiB",
  "says null while one frame is left",
  "a freed frame is never given again",
  "freeing frees the next frame, too, now and then",
  "a frame is freed twice",
  "frees what it never had",
  "calls a foreign frame free",
  "a refused free is counted as free",
  "a run crosses from one region to the next",
  "aligns a run in its region",
  "marks all frames of a run but the last",
  "looks at all frames of a run but the last",
  "gives up at the first gap that is too short",
  "freeing a run frees its first frame",
  "freeing a run stops at a bad frame half way",
  "claims frames that are in use",
  "a claim marks its first frame",
  "counts frees by calls",
  "takes a foreign frame for one in use",
  "goes on behind what was given last",
  "says that the longest run is all that is free",
] as const;

/** One of them. */
export type FramesBug = (typeof FRAMES_BUGS)[number];

/** A pool that is healthy, or has one bug. */
export class PlantedFrames implements FramePool {
  readonly #bug: FramesBug | null;
  /** Whether a frame is in use, by number; in order. */
  readonly #used: Map<number, boolean> = new Map();
  #allocations = 0;
  #frees = 0;
  #refusals = 0;
  #free = 0;
  #from = 0;
  #given = -1;

  /**
   * Makes a pool in which all is free.
   *
   * @param map The memory map; usable regions don't overlap others.
   * @param bug What is wrong; `null` for nothing.
   */
  constructor(map: readonly MemoryRegion[], bug: FramesBug | null = null) {
    this.#bug = bug;
    let before = Infinity;
    const numbers: number[] = [];
    for (const { startFrame, endFrame, type } of map) {
      const kernels = type === "Kernel" &&
        this.#has("takes frames of a kernel's region, too");
      if (type !== "Usable" && !kernels) continue;
      const second = numbers.length > 0;
      let start = startFrame;
      if (second && this.#has("skips the first frame of the second region")) {
        start += 1;
      }
      if (this.#has("takes the frames between two regions, too")) {
        start = Math.min(start, before);
      }
      let end = endFrame;
      if (this.#has("takes a region's end for its last frame")) end += 1;
      if (this.#has("forgets the last frame of a region")) end -= 1;
      if (this.#has("an empty region has one frame")) {
        end = Math.max(end, start + 1);
      }
      for (let n = start; n < end; n++) numbers.push(n);
      before = endFrame;
    }
    numbers.sort((a, b) => a - b);
    for (const n of numbers) this.#used.set(n, false);
    this.#free = this.#used.size;
  }

  allocateFrame(): Frame | null {
    const last = this.#has("says null while one frame is left") &&
      this.#free === 1;
    let from = this.#from;
    if (!this.#has("goes on behind what was given last")) from = 0;
    for (const [n, used] of this.#used) {
      if (used || last || n < from) continue;
      const changes = this.#given >= 0 && n > this.#given + 1 &&
        !this.#used.has(n - 1);
      this.#from = n + 1;
      this.#given = n;
      const again = changes &&
        this.#has("gives a frame twice where regions change");
      return this.#take(n, again ? 0 : 1, 1);
    }
    this.#refusals += 1;
    return null;
  }

  deallocateFrame(frame: Frame): FrameRefusal | null {
    return this.deallocateRun(frame, 1);
  }

  allocateRun(count: number, align: number = 1): Frame | null {
    const wanted = this.#has("looks at all frames of a run but the last")
      ? Math.max(1, count - 1)
      : count;
    for (const [first, used] of this.#used) {
      const skew = this.#has("aligns a run in its region")
        ? this.#regionStart(first)
        : 0;
      if (used || (first - skew) % align !== 0) continue;
      const length = this.#runFrom(first, wanted);
      if (length >= wanted) {
        const but = this.#has("marks all frames of a run but the last") ? 1 : 0;
        return this.#take(first, Math.max(1, count - but), count);
      }
      if (this.#has("gives up at the first gap that is too short")) break;
    }
    this.#refusals += 1;
    return null;
  }

  deallocateRun(first: Frame, count: number): FrameRefusal | null {
    const start = first / 4096;
    const frames = Array.from({ length: count }, (_, i) => start + i);
    const foreign = frames.find((n) => !this.#used.has(n));
    if (foreign !== undefined && !this.#has("frees what it never had")) {
      const reason = this.#has("calls a foreign frame free")
        ? "already-free"
        : "never-owned";
      return this.#refuse(reason, foreign);
    }
    const bad = frames.find((n) => this.#used.get(n) === false);
    if (bad !== undefined && !this.#has("a frame is freed twice")) {
      if (this.#has("freeing a run stops at a bad frame half way")) {
        for (let n = start; n < bad; n++) this.#put(n);
      }
      if (this.#has("a refused free is counted as free")) this.#free += 1;
      return this.#refuse("already-free", bad);
    }
    for (const n of frames) {
      this.#put(n);
      if (this.#has("freeing a run frees its first frame")) break;
    }
    this.#frees += this.#has("counts frees by calls") ? 1 : count;
    return null;
  }

  claimRun(first: Frame, count: number = 1): FrameRefusal | null {
    const start = first / 4096;
    const frames = Array.from({ length: count }, (_, i) => start + i);
    const foreign = frames.find((n) => !this.#used.has(n));
    if (foreign !== undefined) return this.#refuse("never-owned", foreign);
    const bad = frames.find((n) => this.#used.get(n));
    if (bad !== undefined && !this.#has("claims frames that are in use")) {
      return this.#refuse("already-allocated", bad);
    }
    const marked = this.#has("a claim marks its first frame") ? 1 : count;
    this.#take(start, marked, count);
    return null;
  }

  isAllocated(frame: Frame): boolean {
    return this.#used.get(frame / 4096) ??
      this.#has("takes a foreign frame for one in use");
  }

  stats(): FrameStats {
    let largestRun = 0;
    for (const n of this.#used.keys()) {
      largestRun = Math.max(largestRun, this.#runFrom(n, Infinity));
    }
    if (this.#has("says that the longest run is all that is free")) {
      largestRun = this.#free;
    }
    return {
      total: this.#used.size,
      free: this.#free,
      allocated: this.#used.size - this.#free,
      largestRun,
      allocations: this.#allocations,
      frees: this.#frees,
      refusals: this.#refusals,
    };
  }

  #has(bug: FramesBug): boolean {
    return this.#bug === bug;
  }

  /** Free frames side by side, up to a limit. */
  #runFrom(first: number, limit: number): number {
    let length = 0;
    let n = first;
    while (length < limit && this.#used.get(n) === false) {
      length += 1;
      n += 1;
      const gap = !this.#used.has(n) &&
        this.#has("a run crosses from one region to the next");
      if (gap) n = [...this.#used.keys()].find((other) => other > n) ?? n;
    }
    return length;
  }

  #regionStart(n: number): number {
    while (this.#used.has(n - 1)) n -= 1;
    return n;
  }

  #take(first: number, marked: number, count: number): Frame {
    for (let n = first; n < first + marked; n++) this.#used.set(n, true);
    this.#free -= count;
    this.#allocations += count;
    const address = first * 4096;
    return (this.#has("addresses wrap around at 4 GiB")
      ? address >>> 0
      : address) as Frame;
  }

  #put(n: number): void {
    if (
      this.#has("freeing frees the next frame, too, now and then") &&
      n % 8 === 0
    ) {
      this.#used.set(n + 1, false);
    }
    if (!this.#has("a freed frame is never given again")) {
      this.#used.set(n, false);
    }
    this.#free += 1;
  }

  #refuse(reason: FrameRefusalReason, n: number): FrameRefusal {
    this.#refusals += 1;
    return new FrameRefusal(reason, n * 4096 as Frame);
  }
}
