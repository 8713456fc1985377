/**
 * Frames of physical memory for programs, taken from what `BootInfo` calls usable, and given back one by one.
 *
 * @module
 */

import { physAddr, virtAddr } from "../../hw/addr.ts";
import type { BootInfo } from "../../hw/boot_info.ts";
import type { Instructions } from "../../hw/instructions.ts";

const PAGE = 4096;

/** What is left, as plain data. */
export interface FramesState {
  /** Where physical address 0 is mapped. */
  offset: number;
  /** Ranges of which nothing was taken yet: first byte and byte behind. */
  fresh: [number, number][];
  /** Frames that were given back. */
  free: number[];
}

/** The frames of one kernel. */
export class Frames {
  /** All that it keeps. */
  readonly state: FramesState;
  readonly #cpu: Instructions;

  /**
   * An allocator over its state.
   *
   * @param cpu clears frames
   * @param state what it keeps
   */
  constructor(cpu: Instructions, state: FramesState) {
    this.#cpu = cpu;
    this.state = state;
  }

  /** Takes over all usable memory. */
  boot(info: BootInfo): void {
    this.state.offset = info.physicalMemoryOffset;
    this.state.fresh = info.memoryMap
      .filter(({ type }) => type === "Usable")
      .map(({ startFrame, endFrame }) => [startFrame * PAGE, endFrame * PAGE]);
  }

  /**
   * Takes a frame and clears it.
   *
   * @returns its physical address, or `null` if there is none left
   */
  take(): number | null {
    const frame = this.state.free.pop() ?? this.#fresh(1);
    if (frame !== null) this.#cpu.fill(this.at(frame), 0, PAGE);
    return frame;
  }

  /**
   * Takes frames that lie side by side, and clears them.
   *
   * @param count how many
   * @returns the physical address of the first
   * @throws {RangeError} if there are not so many
   */
  takeRun(count: number): number {
    const frame = this.#fresh(count);
    if (frame === null) {
      throw new RangeError(`Cannot take ${count} frames: memory is used up`);
    }
    this.#cpu.fill(this.at(frame), 0, count * PAGE);
    return frame;
  }

  /** Gives a frame back. */
  give(frame: number): void {
    this.state.free.push(frame);
  }

  /** The virtual address of a physical one. */
  at(physical: number): ReturnType<typeof virtAddr> {
    return virtAddr(this.state.offset + physAddr(physical));
  }

  #fresh(count: number): number | null {
    const bytes = count * PAGE;
    const range = this.state.fresh.find(([start, end]) => end - start >= bytes);
    if (!range) return null;
    const [frame] = range;
    range[0] += bytes;
    return frame;
  }
}
