/**
 * The map of physical memory that the bootloader hands to the kernel: at most
 * 64 regions, in whole 4 KiB frames, sorted by address.
 *
 * Source: crate bootloader 0.9.33, `bootinfo::memory_map` and its frame
 * allocator.
 *
 * @module
 */

import { physAddr } from "./addr.ts";
import { crateHex } from "./format_hex.ts";
import { type Frame, frameContaining, SIZE_4_KIB } from "./page.ts";

/** Regions that a map can hold. */
export const MEMORY_REGIONS_MAX = 64;

/** The crate's names of region types, in the order of their numbers. */
export const MEMORY_REGION_TYPES = [
  "Usable",
  "InUse",
  "Reserved",
  "AcpiReclaimable",
  "AcpiNvs",
  "BadMemory",
  "Kernel",
  "KernelStack",
  "PageTable",
  "Bootloader",
  "FrameZero",
  "Empty",
  "BootInfo",
  "Package",
] as const;

/** What a region is used for (crate: `MemoryRegionType`). */
export type MemoryRegionType = (typeof MEMORY_REGION_TYPES)[number];

/** A range of frames with one use (crate: `MemoryRegion`). */
export interface MemoryRegion {
  /** Number of its first frame; times 4096 the physical address. */
  readonly startFrame: number;
  /** Number of the frame after its last one. */
  readonly endFrame: number;
  /** What it is used for; only `Usable` ones are the kernel's. */
  readonly type: MemoryRegionType;
}

/**
 * Makes a region of the frames that a range of bytes touches
 * (crate: `FrameRange::new`).
 *
 * @param start Physical address of the first byte.
 * @param end Physical address after the last byte.
 * @param type What the region is used for.
 * @returns The region; its start is rounded down and its end up.
 * @throws {RangeError} If `end` is 0 or beyond what a number holds exactly.
 */
export function memoryRegion(
  start: number,
  end: number,
  type: MemoryRegionType,
): MemoryRegion {
  if (end === 0) {
    throw new RangeError(
      "Cannot make a memory region that ends at 0: " +
        "attempt to subtract with overflow",
    );
  }
  return {
    startFrame: Math.floor(physAddr(start) / SIZE_4_KIB),
    endFrame: Math.floor(physAddr(end - 1) / SIZE_4_KIB) + 1,
    type,
  };
}

/**
 * Physical address of a region's first byte (crate: `start_addr`).
 *
 * @param region A region.
 * @returns A multiple of 4096.
 */
export function regionStart(region: MemoryRegion): number {
  return region.startFrame * SIZE_4_KIB;
}

/**
 * Physical address after a region's last byte (crate: `end_addr`).
 *
 * @param region A region.
 * @returns A multiple of 4096, up to 2^52.
 */
export function regionEnd(region: MemoryRegion): number {
  return region.endFrame * SIZE_4_KIB;
}

/**
 * The crate's `Debug` text of a region's range.
 *
 * @param region A region.
 * @returns For example `FrameRange(0x0..0xa0000)`.
 */
export function frameRangeDebug(region: MemoryRegion): string {
  return `FrameRange(${crateHex(regionStart(region))}..` +
    `${crateHex(regionEnd(region))})`;
}

/**
 * The crate's `Debug` text of a region.
 *
 * @param region A region.
 * @returns For example
 * `MemoryRegion { range: FrameRange(0x0..0x1000), region_type: FrameZero }`.
 */
export function memoryRegionDebug(region: MemoryRegion): string {
  return `MemoryRegion { range: ${frameRangeDebug(region)}, ` +
    `region_type: ${region.type} }`;
}

const isEmpty = (region: MemoryRegion): boolean =>
  region.startFrame === region.endFrame;

/**
 * A map under construction: the firmware marks in it what it uses.
 *
 * Between two sorts a used-up region stays in its place as an empty one, as in
 * the crate, whose choice of frames follows from that.
 */
export class MemoryMap {
  /** The regions in use, sorted at the end of each `add`. */
  readonly regions: MemoryRegion[];

  /**
   * Makes a map.
   *
   * @param regions Its first regions, added one by one; none by default.
   * @throws {RangeError} If there are more than 64.
   */
  constructor(regions: Iterable<MemoryRegion> = []) {
    this.regions = [];
    for (const region of regions) this.add(region);
  }

  /**
   * Adds a region and sorts (crate: `add_region`).
   *
   * @param region The region; an empty one is dropped by the sort.
   * @throws {RangeError} If 64 regions are in use.
   */
  add(region: MemoryRegion): void {
    if (this.regions.length >= MEMORY_REGIONS_MAX) {
      throw new RangeError(
        `Cannot add ${memoryRegionDebug(region)}: ` +
          "too many memory regions in memory map",
      );
    }
    this.regions.push(region);
    this.sort();
  }

  /** Sorts by start, then by end, and drops empty regions. */
  sort(): void {
    const used = this.regions.filter((region) => !isEmpty(region)).sort((
      a,
      b,
    ) => a.startFrame - b.startFrame || a.endFrame - b.endFrame);
    this.regions.splice(0, this.regions.length, ...used);
  }

  /**
   * Marks a part of a usable region as used (crate: `mark_allocated_region`).
   *
   * @param region What to mark. It is checked against the first region that it
   * overlaps only, and may reach past that one's end.
   * @throws {RangeError} If that region is not usable, or if there is none.
   */
  markAllocated(region: MemoryRegion): void {
    const index = this.regions.findIndex((other) =>
      region.startFrame < other.endFrame && region.endFrame > other.startFrame
    );
    const other = this.regions[index];
    if (other === undefined) {
      throw new RangeError(
        `Cannot mark memory: region ${
          memoryRegionDebug(region)
        } is not a usable memory region`,
      );
    }
    if (other.type !== "Usable") {
      throw new RangeError(
        `Cannot mark memory: region ${memoryRegionDebug(region)} overlaps ` +
          "with non-usable region " +
          memoryRegionDebug(other),
      );
    }
    this.#cut(index, other, region);
  }

  /** Takes `region` out of `other`, which it overlaps, and adds it. */
  #cut(index: number, other: MemoryRegion, region: MemoryRegion): void {
    const { startFrame, endFrame } = region;
    const reachesEnd = endFrame >= other.endFrame;
    if (startFrame > other.startFrame) {
      this.regions[index] = { ...other, endFrame: startFrame };
      if (!reachesEnd) this.add({ ...other, startFrame: endFrame });
      this.add(region);
    } else if (startFrame === other.startFrame && reachesEnd) {
      this.regions[index] = region;
    } else {
      this.regions[index] = { ...other, startFrame: endFrame };
      this.add(region);
    }
  }

  /**
   * Takes one usable frame and marks it (crate: `FrameAllocator::
   * allocate_frame`): it grows a region of the same type into an adjacent
   * usable one if it can. Otherwise page tables take the first frame of the
   * last usable region, all others that of the first.
   *
   * @param type What the frame is used for.
   * @returns The frame, or `null` where none is usable.
   * @throws {RangeError} If a region more were needed than the map can hold.
   */
  allocateFrame(type: MemoryRegionType): Frame | null {
    const regions = this.regions;
    const usable = (region: MemoryRegion | undefined): region is MemoryRegion =>
      region !== undefined && region.type === "Usable" && !isEmpty(region);
    for (let i = 0; i + 1 < regions.length; i++) {
      const region = regions[i]!, next = regions[i + 1];
      if (region.type !== type || !usable(next)) continue;
      if (next.startFrame !== region.endFrame) continue;
      regions[i] = { ...region, endFrame: region.endFrame + 1 };
      return this.#takeFirst(i + 1);
    }
    const index = type === "PageTable"
      ? regions.findLastIndex(usable)
      : regions.findIndex(usable);
    if (index < 0) return null;
    const frame = this.#takeFirst(index);
    const number = frame / SIZE_4_KIB;
    this.add({ startFrame: number, endFrame: number + 1, type });
    return frame;
  }

  #takeFirst(index: number): Frame {
    const region = this.regions[index]!;
    this.regions[index] = { ...region, startFrame: region.startFrame + 1 };
    return frameContaining(physAddr(regionStart(region)));
  }

  /**
   * The crate's `Debug` text of the map.
   *
   * @returns A list of regions.
   */
  debug(): string {
    return `[${this.regions.map(memoryRegionDebug).join(", ")}]`;
  }
}
