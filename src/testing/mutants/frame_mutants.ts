/**
 * Frame allocators with a planted bug.
 *
 * @module
 */

import {
  checkFrameAllocator,
  type FrameCheckOptions,
  type MakeCheckedFrames,
} from "../conformance/check_frame_allocator.ts";
import type { Mutant } from "./mutant.ts";
import { FRAMES_BUGS, PlantedFrames } from "./planted_frames.ts";

/** A frame allocator with one bug. */
export interface FrameMutant extends Mutant {
  /** Makes it. */
  readonly make: MakeCheckedFrames;
}

/** What the planted pool promises. */
export const PLANTED_FRAMES_LAWS: FrameCheckOptions = {
  lowest: true,
  findsRuns: true,
};

/** All of them. */
export const FRAME_MUTANTS: readonly FrameMutant[] = FRAMES_BUGS.map((name) => {
  const make: MakeCheckedFrames = (map) => new PlantedFrames(map, name);
  const check = (): void => void checkFrameAllocator(make, PLANTED_FRAMES_LAWS);
  return { name, make, check };
});
