/**
 * Checks of arguments that frame allocators make.
 *
 * @module
 */

import { formatHex } from "../../../hw/format_hex.ts";
import type { MemoryRegion } from "../../../hw/memory_map.ts";
import { type Frame, SIZE_4_KIB } from "../../../hw/page.ts";

/** The greatest number of frames in one call, and of bits in one index. */
export const FRAMES_MAX: number = 2 ** 30;

/**
 * Checks a number of frames.
 *
 * @param count The number.
 * @throws {RangeError} If it is not 1 … 2^30.
 */
export function checkCount(count: number): void {
  if (count >= 1 && count <= FRAMES_MAX && (count | 0) === count) return;
  throw new RangeError(
    `Cannot use a run of ${count} frames: give a whole number from 1 to 2^30`,
  );
}

/**
 * Checks the regions of a memory map.
 *
 * @param memoryMap The regions.
 * @throws {RangeError} If a region begins or ends at what is no frame's number.
 */
export function checkRegions(memoryMap: readonly MemoryRegion[]): void {
  for (const { startFrame, endFrame } of memoryMap) {
    if (isBound(startFrame) && isBound(endFrame)) continue;
    throw new RangeError(
      `Cannot manage frames ${startFrame} to ${endFrame}: ` +
        "give whole numbers from 0 to 2^40",
    );
  }
}

function isBound(number: number): boolean {
  return Number.isInteger(number) && number >= 0 && number <= 2 ** 40;
}

/**
 * Checks an alignment in frames.
 *
 * @param align The alignment.
 * @throws {RangeError} If it is no power of two up to 2^30.
 */
export function checkFrameAlign(align: number): void {
  const whole = align >= 1 && align <= FRAMES_MAX && (align | 0) === align;
  if (whole && (align & (align - 1)) === 0) return;
  throw new RangeError(
    `Cannot align a run to ${align} frames: give a power of two up to 2^30`,
  );
}

/**
 * The number of a frame.
 *
 * @param frame A frame.
 * @returns Its address divided by 4096.
 * @throws {RangeError} If the address is no multiple of 4096 below 2^52.
 */
export function frameNumber(frame: Frame): number {
  const number = frame / SIZE_4_KIB;
  if (number >= 0 && number < 2 ** 40 && number % 1 === 0) return number;
  throw new RangeError(
    `Cannot use frame ${
      Number.isSafeInteger(frame) ? formatHex(frame) : frame
    }: its address is no multiple of 4096 below 2^52`,
  );
}
