/**
 * The machine as BIOS and bootloader 0.9 leave it to the kernel: long mode,
 * page tables from 0x1000, a kernel stack with a guard page, physical memory
 * mapped at an offset, a memory map, `BootInfo`.
 *
 * Source: crate bootloader 0.9.33 (`main`, `stage_3`, `linker.ld`,
 * `level4_entries`); vectors/bootloader-0.9-bootinfo.json.
 *
 * *Not modelled*: the BIOS's code and data below 0x1000 and above 0xf0000; the
 * bootloader's code, of which only its GDT, its E820 table and the loop after
 * the kernel's return are there (their addresses and the end of its memory,
 * 0xa000, are ours); accessed and dirty bits that it left; what it printed.
 *
 * @module
 */

import {
  physAdd,
  type PhysAddr,
  physAddr,
  physAlignDown,
  virtAdd,
  type VirtAddr,
  virtAddr,
  virtAlignDown,
} from "./addr.ts";
import {
  type BootInfo,
  type MemoryMap,
  memoryRegion,
  type MemoryRegionType,
  regionEnd,
  regionStart,
  writeBootInfo,
} from "./boot_info.ts";
import {
  checkRamBytes,
  type E820Entry,
  e820Map,
  memoryMapFromE820,
  RAM_HIGH_START,
  RAM_LOW_END_MAX,
} from "./e820.ts";
import {
  defaultSegments,
  KERNEL_FILE,
  KERNEL_IMAGE_BYTES_DEFAULT,
  KERNEL_IMAGE_FILL,
  type KernelSegment,
  loadKernelFile,
  SegmentMapper,
} from "./firmware_kernel.ts";
import {
  type FirmwareMemory,
  FirmwareTables,
  LEVEL_4_TABLE,
  type MapFlags,
} from "./firmware_tables.ts";
import {
  BOOTLOADER_END,
  BOOTLOADER_GDT,
  BOOTLOADER_LOOP,
  BOOTLOADER_START,
  type EntryState,
  type FirmwareConfig,
  KERNEL_STACK_PAGES_DEFAULT,
  VGA_WINDOW_END,
  VGA_WINDOW_START,
} from "./firmware_config.ts";
import { formatHex } from "./format_hex.ts";
import { pageFromIndices, SIZE_2_MIB, SIZE_4_KIB } from "./page.ts";
import { PTE_P, PTE_RW } from "./page_table.ts";
import {
  CR0_ET,
  CR0_PE,
  CR0_PG,
  CR0_WP,
  CR4_PAE,
  EFER_LMA,
  EFER_LME,
  EFER_NXE,
  RFLAGS_FIXED,
} from "./registers.ts";

export {
  KERNEL_DATA_BYTES,
  KERNEL_DATA_START,
  KERNEL_FILE,
  KERNEL_IMAGE_BYTES_DEFAULT,
  KERNEL_IMAGE_BYTES_MAX,
  KERNEL_IMAGE_FILL,
  KERNEL_IMAGE_START,
  type KernelSegment,
} from "./firmware_kernel.ts";
export * from "./firmware_config.ts";
export type { FirmwareMemory } from "./firmware_tables.ts";

/** Null, 64-bit code, data: words low and high. */
const GDT_WORDS = [0, 0, 0, 0x0020_9a00, 0, 0x0000_9200] as const;
/** JMP to itself: `eb fe`. */
const ENDLESS_JUMP = 0xfeeb;

const WRITABLE: MapFlags = { low: PTE_P | PTE_RW, high: 0 };

/**
 * Does BIOS's and bootloader's work in memory.
 *
 * @param config What can be chosen.
 * @param memory Physical memory.
 * @returns The CPU's state at the kernel's entry.
 * @throws {RangeError} If a size cannot be, if the memory map claims memory
 * that is not there or leaves too little, or if two things are to be mapped
 * at one address.
 *
 * @example
 * ```ts
 * import { bootFirmware } from "@lockstep/kernel/hw";
 * import { assertEquals } from "@std/assert";
 *
 * const ram = new Int32Array(16 * 2 ** 20 / 4);
 * const entry = bootFirmware({ ramBytes: 16 * 2 ** 20 }, {
 *   load32: (address) => ram[address / 4] ?? -1,
 *   store32: (address, value) => ram[address / 4] = value,
 *   fill: (address, bytes, value) =>
 *     new Uint8Array(ram.buffer).fill(value, address, address + bytes),
 * });
 * assertEquals(entry.cr3, 0x1000);
 * assertEquals(entry.bootInfo.physicalMemoryOffset, 0x180_0000_0000);
 * ```
 */
export function bootFirmware(
  config: FirmwareConfig,
  memory: FirmwareMemory,
): EntryState {
  const ramBytes = checkRamBytes(config.ramBytes);
  const e820 = config.e820 ?? e820Map(ramBytes);
  const map = memoryMapFromE820(e820);
  checkBacked(map, ramBytes);
  const physEnd = Math.max(0, ...map.regions.map(regionEnd));

  const fileBytes = config.kernelFile?.length ?? config.kernelImageBytes ??
    KERNEL_IMAGE_BYTES_DEFAULT;
  const segments = config.segments ?? defaultSegments(fileBytes);
  const level4 = new Level4Entries(segments);
  const recursive = level4.take(1);

  markUsed(map, fileBytes);
  const tables = new FirmwareTables(memory, map);
  mapLowMemory(tables);
  writeBootloader(memory, e820);
  if (config.kernelFile !== undefined) {
    loadKernelFile(memory, config.kernelFile);
  } else {
    memory.fill(KERNEL_FILE, fileBytes, KERNEL_IMAGE_FILL);
  }

  const bootInfoAddr = config.bootInfoAddress === undefined
    ? pageFromIndices(level4.take(1), 0, 0, 0)
    : virtAlignDown(config.bootInfoAddress, SIZE_4_KIB);
  const bootInfoFrame = takeFrame(map, "BootInfo");
  tables.map(bootInfoAddr, bootInfoFrame, WRITABLE);

  const segmentMapper = new SegmentMapper(memory, map, tables);
  for (const segment of segments) segmentMapper.mapSegment(segment);

  const guardPage = config.kernelStackAddress === undefined
    ? virtAdd(bootInfoAddr, SIZE_4_KIB)
    : virtAlignDown(config.kernelStackAddress, SIZE_4_KIB);
  const stack = mapStack(
    tables,
    map,
    guardPage,
    config.kernelStackPages ?? KERNEL_STACK_PAGES_DEFAULT,
  );
  memory.store32(stack.topFrame + SIZE_4_KIB - 8, BOOTLOADER_LOOP);
  memory.store32(stack.topFrame + SIZE_4_KIB - 4, 0);

  const offset = config.physicalMemoryOffset ??
    pageFromIndices(level4.take(Math.ceil(physEnd / 2 ** 39)), 0, 0, 0);
  mapPhysicalMemory(tables, offset, physEnd);

  if (config.recursivePageTable) tables.mapRecursively(recursive);
  map.sort();
  const bootInfo: BootInfo = {
    memoryMap: map.regions.map((region) => ({ ...region })),
    physicalMemoryOffset: offset,
    recursivePageTableAddr: config.recursivePageTable
      ? pageFromIndices(recursive, recursive, recursive, recursive)
      : null,
    tlsTemplate: config.tlsTemplate ?? null,
  };
  memory.fill(bootInfoFrame, SIZE_4_KIB, 0);
  writeBootInfo(memory, bootInfoFrame, bootInfo);

  return {
    rip: config.entryPoint ?? null,
    rsp: virtAddr(stack.end - 8),
    rdi: bootInfoAddr,
    rflags: RFLAGS_FIXED,
    cr0: (CR0_PG | CR0_WP | CR0_ET | CR0_PE) >>> 0,
    cr3: LEVEL_4_TABLE,
    cr4: CR4_PAE,
    efer: EFER_LME | EFER_LMA | EFER_NXE,
    cs: 0x08,
    ss: 0,
    ds: 0x10,
    gdtr: { base: BOOTLOADER_GDT, limit: GDT_WORDS.length * 4 - 1 },
    idtr: { base: 0, limit: 0 },
    bootInfo,
    bootInfoAddr,
    guardPage,
    stackEnd: stack.end,
  };
}

/** Which entries of the level 4 table are in use (crate: `level4_entries`). */
class Level4Entries {
  readonly #used: boolean[] = Array(512).fill(false);

  constructor(segments: readonly KernelSegment[]) {
    this.#used[0] = true;
    for (const { virtualAddr, memBytes } of segments) {
      const index = (address: number) => Math.floor(address / 2 ** 39) & 0x1ff;
      const last = index(virtualAddr + memBytes);
      for (let i = index(virtualAddr); i <= last; i++) this.#used[i] = true;
    }
  }

  /** Takes the lowest run of unused entries. */
  take(count: number): number {
    for (let first = 0; first + count <= 512; first++) {
      const run = this.#used.slice(first, first + count);
      if (run.includes(true)) continue;
      this.#used.fill(true, first, first + count);
      return first;
    }
    throw new RangeError(
      `Cannot take ${count} entries of the level 4 table: ` +
        "no usable level 4 entries found",
    );
  }
}

/** Usable memory must be RAM, or the tables built there would be lost. */
function checkBacked(map: MemoryMap, ramBytes: number): void {
  const low = Math.min(ramBytes, RAM_LOW_END_MAX);
  const ranges = [
    [0, VGA_WINDOW_START],
    [0x10_0000, low],
    [RAM_HIGH_START, RAM_HIGH_START + ramBytes - low],
  ] as const;
  for (const region of map.regions) {
    if (region.type !== "Usable") continue;
    const start = regionStart(region), end = regionEnd(region);
    if (ranges.some((range) => range[0] <= start && end <= range[1])) continue;
    throw new RangeError(
      `Cannot use memory from ${formatHex(start)} to ${formatHex(end)}: ` +
        "the E820 map calls it usable, but there is no RAM",
    );
  }
}

/** Marks what is in use before the first frame is given out. */
function markUsed(map: MemoryMap, fileBytes: number): void {
  const mark = (start: number, end: number, type: MemoryRegionType) =>
    map.markAllocated(memoryRegion(start, end, type));
  mark(0, SIZE_4_KIB, "FrameZero");
  mark(BOOTLOADER_START, BOOTLOADER_END, "Bootloader");
  mark(KERNEL_FILE, KERNEL_FILE + fileBytes, "Kernel");
  mark(LEVEL_4_TABLE, LEVEL_4_TABLE + 4 * SIZE_4_KIB, "PageTable");
}

/** The bootloader's own memory and the display, identity-mapped by stage 3. */
function mapLowMemory(tables: FirmwareTables): void {
  const identity = (start: number, end: number) => {
    for (let at = start; at < end; at += SIZE_4_KIB) {
      tables.map(virtAddr(at), physAddr(at), WRITABLE);
    }
  };
  identity(BOOTLOADER_START, BOOTLOADER_END);
  identity(VGA_WINDOW_START, VGA_WINDOW_END);
}

/** What of the bootloader's memory a kernel can meet. */
function writeBootloader(
  memory: FirmwareMemory,
  e820: readonly E820Entry[],
): void {
  let at = BOOTLOADER_START;
  const word = (value: number) => {
    memory.store32(at, value);
    at += 4;
  };
  for (const [start, bytes, type] of e820) {
    for (const value of [start, bytes]) {
      word(value >>> 0);
      word(Math.floor(value / 2 ** 32));
    }
    word(type);
    word(1); // ACPI 3.0 attributes: the row is valid.
  }
  at = BOOTLOADER_GDT;
  GDT_WORDS.forEach(word);
  at = BOOTLOADER_LOOP;
  word(ENDLESS_JUMP);
}

function takeFrame(map: MemoryMap, type: MemoryRegionType): PhysAddr {
  const frame = map.allocateFrame(type);
  if (frame !== null) return frame;
  throw new RangeError(`Cannot place ${type}: no usable frame is left`);
}

/** Maps the stack above its guard page, lowest page first. */
function mapStack(
  tables: FirmwareTables,
  map: MemoryMap,
  guardPage: VirtAddr,
  pages: number,
): { end: VirtAddr; topFrame: PhysAddr } {
  if (!(Number.isInteger(pages) && pages >= 1)) {
    throw new RangeError(`Cannot map a stack of ${pages} pages: 1 at least`);
  }
  let page = virtAdd(guardPage, SIZE_4_KIB);
  let topFrame = physAddr(0);
  for (let i = 0; i < pages; i++) {
    topFrame = takeFrame(map, "KernelStack");
    tables.map(page, topFrame, WRITABLE);
    page = virtAdd(page, SIZE_4_KIB);
  }
  return { end: page, topFrame };
}

/** Maps physical memory in 2 MiB pages, the one at its end included. */
function mapPhysicalMemory(
  tables: FirmwareTables,
  offset: VirtAddr,
  end: number,
): void {
  if (virtAlignDown(offset, SIZE_2_MIB) !== offset) {
    throw new RangeError(
      `Cannot map physical memory at ${formatHex(offset)}: ` +
        "choose a multiple of 2 MiB",
    );
  }
  const last = physAlignDown(physAddr(end), SIZE_2_MIB);
  let frame = physAddr(0);
  for (; frame <= last; frame = physAdd(frame, SIZE_2_MIB)) {
    tables.map(virtAdd(offset, frame), frame, WRITABLE, SIZE_2_MIB);
  }
}
