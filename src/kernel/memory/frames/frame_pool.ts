/**
 * What both pools do alike: account, checks, and refusals. A pool knows of each
 * frame whether it is in use, so that no frame is handed out twice, and one
 * that is given back twice or by a stranger is seen.
 *
 * @module
 */

import { type EventSink, NO_EVENTS } from "../../../base/events.ts";
import { type Frame, SIZE_4_KIB } from "../../../hw/page.ts";
import { checkCount, checkFrameAlign, frameNumber } from "./checks.ts";
import {
  type FramePool,
  FrameRefusal,
  type FrameRefusalReason,
  type FrameStats,
} from "./frame_allocator.ts";
import { frameAtBit, type FrameSpaceState, regionOf } from "./frame_space.ts";

/** The part of a pool's state that both pools have. */
export interface FramePoolState {
  /** Which frames there are. */
  space: FrameSpaceState;
  /** Free frames. */
  free: number;
  /** Frames handed out or claimed since the beginning. */
  allocations: number;
  /** Frames taken back since the beginning. */
  frees: number;
  /** Calls refused or answered with `null`. */
  refusals: number;
}

/**
 * The account of a pool in which all is free.
 *
 * @param space The frames.
 * @returns The common part of a pool's state.
 */
export function framePoolState(space: FrameSpaceState): FramePoolState {
  return { space, free: space.frames, allocations: 0, frees: 0, refusals: 0 };
}

/** A pool over an index of bits; what a bit tree holds is its heirs' affair. */
export abstract class BaseFramePool<S extends FramePoolState>
  implements FramePool {
  /** All there is to save; the frames under management are in it. */
  readonly state: S;
  readonly #events: EventSink;

  /**
   * Makes a pool over a state.
   *
   * @param state Fresh or restored.
   * @param events Is told of each frame, or run.
   */
  constructor(state: S, events: EventSink = NO_EVENTS) {
    this.state = state;
    this.#events = events;
  }

  /** Takes the lowest free bit of the pool's choice, or returns −1. */
  protected abstract takeOne(): number;
  /** Takes a run of bits; returns its first one, or −1. */
  protected abstract takeRun(count: number, align: number): number;
  /** Takes bits that are free. */
  protected abstract takeAt(bit: number, count: number, region: number): void;
  /** Gives bits back that are in use. */
  protected abstract giveBack(bit: number, count: number, region: number): void;
  /** The first free bit of some, or `bit + count` where none is. */
  protected abstract firstFree(bit: number, count: number): number;
  /** The first bit in use of some, or `bit + count` where none is. */
  protected abstract firstUsed(bit: number, count: number): number;
  /** The longest run that `takeRun` grants. */
  protected abstract largestRun(): number;

  /**
   * Takes a frame. What it holds is not cleared.
   *
   * @returns The frame, or `null` where none is left.
   */
  allocateFrame(): Frame | null {
    const bit = this.takeOne();
    return bit < 0 ? this.#none() : this.#taken(bit, 1);
  }

  /**
   * Takes frames that lie side by side; see {@linkcode FramePool}.
   *
   * @param count How many, 1 or more.
   * @param align A power of two; 1 by default.
   * @returns The first frame, or `null` where there is no such run.
   */
  allocateRun(count: number, align: number = 1): Frame | null {
    checkCount(count);
    checkFrameAlign(align);
    const bit = this.takeRun(count, align);
    return bit < 0 ? this.#none() : this.#taken(bit, count);
  }

  /**
   * Gives a frame back.
   *
   * @param frame A frame that nothing uses any more.
   * @returns `null` if it was taken back, else why not.
   */
  deallocateFrame(frame: Frame): FrameRefusal | null {
    return this.deallocateRun(frame, 1);
  }

  /**
   * Gives frames back that lie side by side; see {@linkcode FramePool}.
   *
   * @param first The first frame.
   * @param count How many, 1 or more.
   * @returns `null` if all were taken back; else why not one was.
   */
  deallocateRun(first: Frame, count: number): FrameRefusal | null {
    const region = this.#regionOfRun(first, count);
    if (region < 0) return this.#notOwned(first);
    const bit = this.#bitOf(first, region);
    const free = this.firstFree(bit, count);
    if (free < bit + count) return this.#refuse("already-free", free);
    this.giveBack(bit, count, region);
    this.state.free += count;
    this.state.frees += count;
    if (this.#events.on) this.#events.emit("frame-free", first, count);
    return null;
  }

  /**
   * Takes certain frames; see {@linkcode FramePool}.
   *
   * @param first The first frame.
   * @param count How many; 1 by default.
   * @returns `null` if all are taken; else why not one is.
   */
  claimRun(first: Frame, count: number = 1): FrameRefusal | null {
    const region = this.#regionOfRun(first, count);
    if (region < 0) return this.#notOwned(first);
    const bit = this.#bitOf(first, region);
    const used = this.firstUsed(bit, count);
    if (used < bit + count) return this.#refuse("already-allocated", used);
    this.takeAt(bit, count, region);
    this.#taken(bit, count);
    return null;
  }

  /**
   * Whether a frame is under management and in use.
   *
   * @param frame A frame.
   * @returns `false` for free frames and for those of others.
   */
  isAllocated(frame: Frame): boolean {
    const region = regionOf(this.state.space, frameNumber(frame));
    if (region < 0) return false;
    const bit = this.#bitOf(frame, region);
    return this.firstUsed(bit, 1) === bit;
  }

  /**
   * Counts up. Looks at the whole index.
   *
   * @returns The figures as of this moment.
   */
  stats(): FrameStats {
    const { space, free, allocations, frees, refusals } = this.state;
    return {
      total: space.frames,
      free,
      allocated: space.frames - free,
      largestRun: this.largestRun(),
      allocations,
      frees,
      refusals,
    };
  }

  #taken(bit: number, count: number): Frame {
    const frame = frameAtBit(this.state.space, bit);
    this.state.free -= count;
    this.state.allocations += count;
    if (this.#events.on) this.#events.emit("frame-alloc", frame, count);
    return frame;
  }

  #none(): null {
    this.state.refusals += 1;
    return null;
  }

  #bitOf(frame: Frame, region: number): number {
    const { firsts, bases } = this.state.space;
    return frame / SIZE_4_KIB - firsts[region]! + bases[region]!;
  }

  /** The region that holds a whole run, or −1. */
  #regionOfRun(first: Frame, count: number): number {
    checkCount(count);
    const number = frameNumber(first);
    const { space } = this.state;
    const region = regionOf(space, number);
    if (region < 0) return -1;
    const end = space.firsts[region]! + space.counts[region]!;
    return number + count <= end ? region : -1;
  }

  /** Refuses a run that is not in one region, by its first foreign frame. */
  #notOwned(first: Frame): FrameRefusal {
    const { space } = this.state;
    const region = regionOf(space, first / SIZE_4_KIB);
    // Regions never touch: behind one's end lies a frame that is nobody's.
    const frame = region < 0
      ? first
      : (space.firsts[region]! + space.counts[region]!) * SIZE_4_KIB as Frame;
    this.state.refusals += 1;
    return new FrameRefusal("never-owned", frame);
  }

  #refuse(reason: FrameRefusalReason, bit: number): FrameRefusal {
    this.state.refusals += 1;
    return new FrameRefusal(reason, frameAtBit(this.state.space, bit));
  }
}
