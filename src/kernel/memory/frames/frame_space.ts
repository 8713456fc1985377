/**
 * The usable frames of a memory map, numbered densely: an index for pools of
 * frames whose map may have holes of terabytes.
 *
 * Regions are sorted, adjacent and overlapping ones are joined, and frames that
 * a region of another type claims too are left out: what is handed out once is
 * handed out once, whatever the firmware says twice.
 *
 * Each region lies at bits that are aligned as its frames are, and nothing else
 * lies in the aligned blocks that it touches. So a block of frames and its
 * buddy differ in one bit of the index, and blocks of two regions never meet.
 *
 * @module
 */

import type { MemoryRegion } from "../../../hw/memory_map.ts";
import { type Frame, SIZE_4_KIB } from "../../../hw/page.ts";
import { checkRegions, FRAMES_MAX } from "./checks.ts";

/** The numbering as data: one item of each list for each region, sorted. */
export interface FrameSpaceState {
  /** Number of the region's first frame. */
  firsts: Float64Array;
  /** Frames in the region. */
  counts: Int32Array;
  /** Bit of the region's first frame. */
  bases: Int32Array;
  /** Bits in all, a few of them nobody's. */
  bits: number;
  /** Frames in all. */
  frames: number;
}

/** Frames from `first` up to, but not including, `end`. */
interface Span {
  readonly first: number;
  readonly end: number;
}

/**
 * Order of the largest block that fits into a number of frames.
 *
 * @param count Frames, 1 or more.
 * @param orderMax The greatest order of interest.
 * @returns The order: the block has 2^order frames.
 */
export function blockOrder(count: number, orderMax: number): number {
  return Math.min(orderMax, 31 - Math.clz32(count));
}

/**
 * Numbers the usable frames.
 *
 * @param memoryMap The regions, in any order.
 * @param orderMax Blocks of up to 2^orderMax frames keep their alignment.
 * @returns The numbering.
 * @throws {RangeError} If there are more than 2^30 frames, or a region begins or
 * ends at what is no frame's number.
 */
export function frameSpace(
  memoryMap: readonly MemoryRegion[],
  orderMax: number,
): FrameSpaceState {
  checkRegions(memoryMap);
  const spans = usableSpans(memoryMap);
  const bases: number[] = [];
  let bits = 0, frames = 0;
  for (const { first, end } of spans) {
    const count = end - first;
    if (count > FRAMES_MAX) refuse();
    const block = 2 ** blockOrder(count, orderMax);
    const start = Math.ceil(bits / block) * block + first % block;
    bases.push(start);
    bits = Math.ceil((start + count) / block) * block;
    frames += count;
    if (bits > FRAMES_MAX) refuse();
  }
  return {
    firsts: Float64Array.from(spans, (span) => span.first),
    counts: Int32Array.from(spans, (span) => span.end - span.first),
    bases: Int32Array.from(bases),
    bits,
    frames,
  };
}

function refuse(): never {
  throw new RangeError("Cannot manage more than 2^30 frames in one pool");
}

/** Usable memory less what others claim; sorted, nothing adjacent. */
function usableSpans(memoryMap: readonly MemoryRegion[]): Span[] {
  const spans = (usable: boolean) =>
    joined(
      memoryMap
        .filter((region) => (region.type === "Usable") === usable)
        .map(({ startFrame, endFrame }) => ({
          first: startFrame,
          end: endFrame,
        })),
    );
  const taken = spans(false);
  const free: Span[] = [];
  for (const span of spans(true)) {
    let first = span.first;
    for (const other of taken) {
      if (other.end <= first || other.first >= span.end) continue;
      if (other.first > first) free.push({ first, end: other.first });
      first = Math.max(first, other.end);
    }
    if (first < span.end) free.push({ first, end: span.end });
  }
  return free;
}

/** Sorts spans and joins those that touch. */
function joined(spans: readonly Span[]): Span[] {
  const result: Span[] = [];
  const sorted = spans.filter(({ first, end }) => first < end)
    .sort((a, b) => a.first - b.first);
  for (const span of sorted) {
    const last = result.at(-1);
    if (last === undefined || span.first > last.end) result.push(span);
    else {
      const end = Math.max(last.end, span.end);
      result[result.length - 1] = { first: last.first, end };
    }
  }
  return result;
}

/**
 * The region that a frame lies in.
 *
 * @param space The numbering.
 * @param number Number of the frame.
 * @returns Index of the region, or −1 where the frame is nobody's.
 */
export function regionOf(space: FrameSpaceState, number: number): number {
  const { firsts, counts } = space;
  for (let i = 0; i < firsts.length; i++) {
    const inside = number - firsts[i]!;
    if (inside >= 0 && inside < counts[i]!) return i;
  }
  return -1;
}

/**
 * The region that a bit belongs to.
 *
 * @param space The numbering.
 * @param bit Bit of a frame under management.
 * @returns Index of the region.
 */
export function regionOfBit(space: FrameSpaceState, bit: number): number {
  const { bases } = space;
  let i = bases.length - 1;
  while (i > 0 && bit < bases[i]!) i -= 1;
  return i;
}

/**
 * The frame at a bit.
 *
 * @param space The numbering.
 * @param bit Bit of a frame under management.
 * @returns The frame.
 */
export function frameAtBit(space: FrameSpaceState, bit: number): Frame {
  const i = regionOfBit(space, bit);
  return (space.firsts[i]! + (bit - space.bases[i]!)) * SIZE_4_KIB as Frame;
}
