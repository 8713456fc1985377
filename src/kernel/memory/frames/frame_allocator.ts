/**
 * What a frame allocator can do, and how it refuses.
 *
 * A frame is its physical start address, a number, so that taking one makes no
 * object. "No frame left" is `null`; the refusals of giving back and of
 * claiming are values that say which frame and why.
 *
 * Source: crate x86_64 0.15.4, `structures::paging::frame_alloc`; the pools
 * that free are ours.
 *
 * @module
 */

import { formatHex } from "../../../hw/format_hex.ts";
import type { Frame } from "../../../hw/page.ts";

/** Hands out 4 KiB frames (crate: `FrameAllocator<Size4KiB>`). */
export interface FrameAllocator {
  /**
   * Takes a frame. What it holds is not cleared.
   *
   * @returns The frame, or `null` where none is left.
   */
  allocateFrame(): Frame | null;
}

/** Takes 4 KiB frames back (crate: `FrameDeallocator<Size4KiB>`). */
export interface FrameDeallocator {
  /**
   * Gives a frame back.
   *
   * @param frame A frame that nothing uses any more.
   * @returns `null` if it was taken back, else why not; then nothing changed.
   */
  deallocateFrame(frame: Frame): FrameRefusal | null;
}

/**
 * Why frames were refused: outside what the pool manages, free already when
 * given back, or in use already when claimed.
 */
export type FrameRefusalReason =
  | "never-owned"
  | "already-free"
  | "already-allocated";

/** For each reason: what could not be done, and why. */
const WORDS: Readonly<Record<FrameRefusalReason, readonly [string, string]>> =
  Object.freeze({
    "never-owned": ["use", "it belongs to no usable region of this pool"],
    "already-free": ["free", "it is free already"],
    "already-allocated": ["claim", "it is in use already"],
  });

/** A refusal of one frame, or of the first bad one of a run. */
export class FrameRefusal {
  /** Which of the three. */
  readonly reason: FrameRefusalReason;
  /** The frame that is at fault. */
  readonly frame: Frame;

  /**
   * Makes a refusal.
   *
   * @param reason Which of the three.
   * @param frame The frame that is at fault.
   */
  constructor(reason: FrameRefusalReason, frame: Frame) {
    this.reason = reason;
    this.frame = frame;
  }

  /**
   * The refusal in words.
   *
   * @returns For example `Cannot free frame 0x10_0000: it is free already`.
   */
  debug(): string {
    const [act, why] = WORDS[this.reason];
    return `Cannot ${act} frame ${formatHex(this.frame)}: ${why}`;
  }
}

/** Figures of a pool, in frames of 4 KiB. */
export interface FrameStats {
  /** Frames under management. */
  readonly total: number;
  /** Frames that are free. */
  readonly free: number;
  /** Frames in use. */
  readonly allocated: number;
  /** The longest run that `allocateRun` would grant at alignment 1. */
  readonly largestRun: number;
  /** Frames handed out or claimed since the beginning. */
  readonly allocations: number;
  /** Frames taken back since the beginning. */
  readonly frees: number;
  /** Calls refused or answered with `null`. */
  readonly refusals: number;
}

/** A frame allocator that frees, finds contiguous runs, and keeps account. */
export interface FramePool extends FrameAllocator, FrameDeallocator {
  /**
   * Takes frames that lie side by side.
   *
   * @param count How many, 1 or more.
   * @param align A power of two: the first one's number is a multiple of it.
   * `allocateRun(512, 512)` gives a 2 MiB frame.
   * @returns The first frame, or `null` where there is no such run.
   * @throws {RangeError} If `count` or `align` is no such number.
   */
  allocateRun(count: number, align?: number): Frame | null;
  /**
   * Gives frames back that lie side by side, be they one run or parts of some.
   *
   * @param first The first frame.
   * @param count How many, 1 or more.
   * @returns `null` if all were taken back; else why not one was.
   * @throws {RangeError} If `first` is no frame, or `count` no such number.
   */
  deallocateRun(first: Frame, count: number): FrameRefusal | null;
  /**
   * Takes certain frames, such as those that another allocator has handed out.
   *
   * @param first The first frame.
   * @param count How many; 1 by default.
   * @returns `null` if all are taken; else why not one is.
   * @throws {RangeError} If `first` is no frame, or `count` no such number.
   */
  claimRun(first: Frame, count?: number): FrameRefusal | null;
  /**
   * Whether a frame is under management and in use.
   *
   * @param frame A frame.
   * @returns `false` for free frames and for those of others.
   */
  isAllocated(frame: Frame): boolean;
  /**
   * Counts up.
   *
   * @returns The figures as of this moment.
   */
  stats(): FrameStats;
}
