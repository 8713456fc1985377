/**
 * The naive frame allocator: a set of numbers that are the kernel's, and one of
 * those in use.
 *
 * @module
 */

import type { MemoryRegion } from "../../hw/memory_map.ts";

/** Why frames are refused, and which one is at fault. */
export interface ModelRefusal {
  /** As `FrameRefusal` has it. */
  readonly reason: "never-owned" | "already-free" | "already-allocated";
  /** Number of the first frame at fault. */
  readonly frame: number;
}

/** Frames by number. */
export class FrameModel {
  /** Frames that a usable region has and no other one claims, in order. */
  readonly own: readonly number[];
  /** Those in use. */
  readonly used: Set<number> = new Set();
  readonly #own: ReadonlySet<number>;

  /**
   * Begins with all frames free.
   *
   * @param map The regions.
   */
  constructor(map: readonly MemoryRegion[]) {
    const own = new Set<number>();
    const each = (usable: boolean, act: (n: number) => void): void => {
      for (const { startFrame, endFrame, type } of map) {
        if ((type === "Usable") !== usable) continue;
        for (let n = startFrame; n < endFrame; n++) act(n);
      }
    };
    each(true, (n) => own.add(n));
    each(false, (n) => own.delete(n));
    this.own = [...own].sort((a, b) => a - b);
    this.#own = own;
  }

  /** Frames that are free, in order. */
  get free(): number[] {
    return this.own.filter((n) => !this.used.has(n));
  }

  /**
   * Whether the kernel may use a frame.
   *
   * @param n Its number.
   */
  isOwn(n: number): boolean {
    return this.#own.has(n);
  }

  /**
   * Whether a run is free as a whole, and aligned.
   *
   * @param first Number of its first frame.
   * @param count Frames.
   * @param align A power of two.
   */
  fits(first: number, count: number, align: number): boolean {
    for (let n = first; n < first + count; n++) {
      if (!this.#own.has(n) || this.used.has(n)) return false;
    }
    return first % align === 0;
  }

  /**
   * The lowest run that fits.
   *
   * @param count Frames.
   * @param align A power of two.
   * @returns Number of its first frame, or −1.
   */
  lowest(count: number, align: number): number {
    return this.own.find((n) => this.fits(n, count, align)) ?? -1;
  }

  /** Frames of the longest free run. */
  longest(): number {
    let [longest, length, before] = [0, 0, -2];
    for (const n of this.free) {
      length = n === before + 1 ? length + 1 : 1;
      longest = Math.max(longest, length);
      before = n;
    }
    return longest;
  }

  /**
   * Takes frames.
   *
   * @param first Number of the first one.
   * @param count Frames.
   */
  take(first: number, count: number): void {
    for (let n = first; n < first + count; n++) this.used.add(n);
  }

  /**
   * Gives frames back, unless one cannot be.
   *
   * @param first Number of the first one.
   * @param count Frames.
   * @returns Why not, or `null`.
   */
  give(first: number, count: number): ModelRefusal | null {
    const refusal = this.#refusal(first, count, "already-free");
    if (refusal !== null) return refusal;
    for (let n = first; n < first + count; n++) this.used.delete(n);
    return null;
  }

  /**
   * Takes certain frames, unless one cannot be.
   *
   * @param first Number of the first one.
   * @param count Frames.
   * @returns Why not, or `null`.
   */
  claim(first: number, count: number): ModelRefusal | null {
    const refusal = this.#refusal(first, count, "already-allocated");
    if (refusal === null) this.take(first, count);
    return refusal;
  }

  #refusal(
    first: number,
    count: number,
    reason: "already-free" | "already-allocated",
  ): ModelRefusal | null {
    const frames = Array.from({ length: count }, (_, i) => first + i);
    const foreign = frames.find((n) => !this.#own.has(n));
    if (foreign !== undefined) return { reason: "never-owned", frame: foreign };
    const wanted = reason === "already-free";
    const bad = frames.find((n) => this.used.has(n) !== wanted);
    return bad === undefined ? null : { reason, frame: bad };
  }
}
