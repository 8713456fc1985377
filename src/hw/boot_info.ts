/**
 * What the bootloader tells the kernel, as a value and as it lies in memory.
 *
 * Layout, little-endian: 64 regions of 24 bytes (first frame u64, end frame
 * u64, type u32, 4 bytes of padding), their count (u64); then, if the level 4
 * table is mapped recursively, the address where (u64); the physical memory
 * offset (u64); the template of thread-local storage (start u64, bytes in the
 * file u64, bytes in memory u64); one byte of reserve and padding.
 *
 * Source: crate bootloader 0.9.33, `bootinfo`, with the feature
 * `map_physical_memory`.
 *
 * @module
 */

import { p4Index, type VirtAddr, virtFromWords } from "./addr.ts";
import {
  MEMORY_REGION_TYPES,
  MEMORY_REGIONS_MAX,
  type MemoryRegion,
} from "./memory_map.ts";
import type { WordSink, WordSource } from "./word64.ts";

export * from "./memory_map.ts";

/** Where thread-local storage is copied from (crate: `TlsTemplate`). */
export interface TlsTemplate {
  /** Virtual address of the template. */
  readonly startAddr: VirtAddr;
  /** Bytes to copy from it. */
  readonly fileSize: number;
  /** Bytes in all; those beyond `fileSize` are zero. */
  readonly memSize: number;
}

/** What the bootloader tells the kernel (crate: `BootInfo`). Plain data. */
export interface BootInfo {
  /** All of physical memory, sorted by address. */
  readonly memoryMap: readonly MemoryRegion[];
  /** Virtual address at which physical address 0 is mapped. */
  readonly physicalMemoryOffset: VirtAddr;
  /** Virtual address of the recursively mapped level 4 table, if it is. */
  readonly recursivePageTableAddr: VirtAddr | null;
  /** Thread-local storage of the kernel, if it has any. */
  readonly tlsTemplate: TlsTemplate | null;
}

/**
 * Index of the level 4 table's entry that points to the table itself
 * (crate: `recursive_index`).
 *
 * @param info What the bootloader tells the kernel.
 * @returns 0 … 511, or `null` where there is none.
 */
export function recursiveIndex(info: BootInfo): number | null {
  const address = info.recursivePageTableAddr;
  return address === null ? null : p4Index(address);
}

/** Bytes of a region in memory. */
export const MEMORY_REGION_BYTES = 24;
/** Bytes of the map of regions in memory, its count included. */
export const MEMORY_MAP_BYTES = 1544;

/**
 * Bytes of the whole structure in memory.
 *
 * @param recursive Whether the level 4 table is mapped recursively.
 * @returns 1584, and 8 more for the recursive table's address.
 */
export function bootInfoBytes(recursive: boolean): number {
  return MEMORY_MAP_BYTES + 8 + 24 + 8 + (recursive ? 8 : 0);
}

/**
 * Writes the structure as a kernel in machine code finds it.
 *
 * @param memory Where to write.
 * @param address Address of its first byte, a multiple of 8.
 * @param info What to write.
 */
export function writeBootInfo(
  memory: WordSink,
  address: number,
  info: BootInfo,
): void {
  let at = address;
  const word64 = (value: number) => {
    memory.store32(at, value >>> 0);
    memory.store32(at + 4, Math.floor(value / 2 ** 32) >>> 0);
    at += 8;
  };
  for (let i = 0; i < MEMORY_REGIONS_MAX; i++) {
    const region = info.memoryMap[i];
    word64(region?.startFrame ?? 0);
    word64(region?.endFrame ?? 0);
    word64(MEMORY_REGION_TYPES.indexOf(region?.type ?? "Empty"));
  }
  word64(info.memoryMap.length);
  if (info.recursivePageTableAddr !== null) word64(info.recursivePageTableAddr);
  word64(info.physicalMemoryOffset);
  word64(info.tlsTemplate?.startAddr ?? 0);
  word64(info.tlsTemplate?.fileSize ?? 0);
  word64(info.tlsTemplate?.memSize ?? 0);
  word64(0);
}

/**
 * Reads the structure from memory.
 *
 * @param memory Where to read.
 * @param address Address of its first byte.
 * @param recursive Whether it was built for a recursively mapped table.
 * @returns What it says.
 * @throws {RangeError} If its count, a type or an address cannot be right.
 */
export function readBootInfo(
  memory: WordSource,
  address: number,
  recursive = false,
): BootInfo {
  let at = address;
  const words = (): [number, number] => {
    at += 8;
    return [memory.load32(at - 8) >>> 0, memory.load32(at - 4) >>> 0];
  };
  const number64 = () => {
    const [low, high] = words();
    return high * 2 ** 32 + low;
  };
  const virtual = () => virtFromWords(...words());

  at = address + MEMORY_REGIONS_MAX * MEMORY_REGION_BYTES;
  const count = number64();
  if (count > MEMORY_REGIONS_MAX) {
    throw new RangeError(`Cannot read a map of ${count} regions: 64 at most`);
  }
  const end = at;
  at = address;
  const memoryMap = Array.from({ length: count }, (): MemoryRegion => {
    const startFrame = number64(), endFrame = number64();
    const type = MEMORY_REGION_TYPES[words()[0]];
    if (type === undefined) {
      throw new RangeError("Cannot read a map: a region's type is unknown");
    }
    return { startFrame, endFrame, type };
  });
  at = end;
  const recursivePageTableAddr = recursive ? virtual() : null;
  const physicalMemoryOffset = virtual();
  const startAddr = virtual(), fileSize = number64(), memSize = number64();
  const tlsTemplate = memSize === 0 ? null : { startAddr, fileSize, memSize };
  return {
    memoryMap,
    physicalMemoryOffset,
    recursivePageTableAddr,
    tlsTemplate,
  };
}
