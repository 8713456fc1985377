/**
 * Memory maps, as a bootloader hands them over.
 *
 * @module
 */

import fc from "fast-check";
import type { Arbitrary } from "./arbitrary.ts";
import type { MemoryRegion, MemoryRegionType } from "../../hw/memory_map.ts";

/** A piece of a map: a gap before it, its length, its use. */
interface Piece {
  readonly gap: number;
  readonly frames: number;
  readonly type: MemoryRegionType;
}

/** What memory maps are drawn. */
export interface MemoryMapOptions {
  /** Whether regions overlap: what others claim too is nobody's. By default not. */
  readonly overlaps?: boolean;
  /** Frames of a region at most; 40 by default. */
  readonly framesMax?: number;
}

/**
 * A map as code.
 *
 * @param map The regions.
 * @returns An array literal.
 */
export function memoryMapText(map: readonly MemoryRegion[]): string {
  const rows = map.map(({ startFrame, endFrame, type }) =>
    `  { startFrame: ${startFrame}, endFrame: ${endFrame}, type: "${type}" },`
  );
  return ["[", ...rows, "]"].join("\n");
}

/**
 * Memory maps of 1 to 6 regions: usable ones, others between them, some that
 * touch, an empty one now and then.
 *
 * @param options What is drawn.
 * @returns Maps, sorted by address unless they overlap.
 *
 * @example
 * ```ts
 * import { anyMemoryMap } from "@lockstep/kernel/testing";
 * import { BitmapFrameAllocator } from "@lockstep/kernel/frames";
 * import fc from "fast-check";
 *
 * fc.assert(
 *   fc.property(anyMemoryMap(), (map) => {
 *     const { total, free } = new BitmapFrameAllocator(map).stats();
 *     return total === free;
 *   }),
 *   { numRuns: 20 },
 * );
 * ```
 */
export function anyMemoryMap(
  options: MemoryMapOptions = {},
): Arbitrary<MemoryRegion[]> {
  const { overlaps = false, framesMax = 40 } = options;
  const piece: Arbitrary<Piece> = fc.record({
    gap: fc.oneof(fc.constant(0), fc.nat(20)),
    frames: fc.oneof(
      { weight: 6, arbitrary: fc.integer({ min: 1, max: framesMax }) },
      { weight: 1, arbitrary: fc.constant(0) },
    ),
    type: fc.oneof(
      { weight: 3, arbitrary: fc.constant("Usable" as const) },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          "Reserved" as const,
          "Kernel" as const,
          "PageTable" as const,
          "FrameZero" as const,
        ),
      },
    ),
  });
  const start = fc.oneof(
    { weight: 4, arbitrary: fc.nat(40) },
    { weight: 1, arbitrary: fc.constant(2 ** 20 - 9) }, // Across 4 GiB.
  );
  return fc.tuple(start, fc.array(piece, { minLength: 1, maxLength: 6 }))
    .map(([first, pieces]) => {
      let at = first;
      return pieces.map(({ gap, frames, type }) => {
        const startFrame = overlaps ? first + 3 * gap : at + gap;
        at = startFrame + frames;
        return { startFrame, endFrame: startFrame + frames, type };
      });
    });
}
