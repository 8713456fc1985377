/**
 * The kernel's file and how the bootloader maps its segments.
 *
 * Source: crate bootloader 0.9.33, `page_table::map_segment`; System V ABI,
 * "Program Header".
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
  virtAlignUp,
  virtSub,
} from "./addr.ts";
import { e820Map } from "./e820.ts";
import type {
  FirmwareMemory,
  FirmwareTables,
  MapFlags,
} from "./firmware_tables.ts";
import { formatHex } from "./format_hex.ts";
import type { MemoryMap } from "./memory_map.ts";
import { PTE_P, PTE_RW, PTE_XD_HIGH } from "./page_table.ts";
import { SIZE_2_MIB, SIZE_4_KIB } from "./page.ts";

/** Physical address at which the kernel's file is loaded. */
export const KERNEL_FILE: PhysAddr = physAddr(0x40_0000);
/** Virtual address of the default kernel's read-only, executable part. */
export const KERNEL_IMAGE_START: VirtAddr = virtAddr(0x20_0000);
/** Bytes of that part where no other number is asked for. */
export const KERNEL_IMAGE_BYTES_DEFAULT: number = 2 ** 20;
/** Most bytes of that part. */
export const KERNEL_IMAGE_BYTES_MAX: number = SIZE_2_MIB;
/** Virtual address of the default kernel's writable part, all zero. */
export const KERNEL_DATA_START: VirtAddr = virtAddr(0x40_0000);
/** Bytes of that part. */
export const KERNEL_DATA_BYTES = 0x4_0000;
/** What the default kernel's image is filled with: INT3 instructions. */
export const KERNEL_IMAGE_FILL = 0xcc;

/** The bootloader's scratch page, whose tables stay behind. */
const SCRATCH_PAGE: VirtAddr = virtAddr(0xfee_efee_e000);

/** A loadable segment of the kernel's file (ELF: `PT_LOAD`). */
export interface KernelSegment {
  /** Where it shall lie. */
  readonly virtualAddr: VirtAddr;
  /** Where it begins in the file; equal to `virtualAddr` modulo 4096. */
  readonly fileOffset: number;
  /** Bytes in the file. */
  readonly fileBytes: number;
  /** Bytes in memory; those beyond `fileBytes` are zero. */
  readonly memBytes: number;
  /** Whether it may be written (else read-only). */
  readonly writable: boolean;
  /** Whether it may be executed (else NO_EXECUTE). */
  readonly executable: boolean;
}

/**
 * The segments of a kernel that has no file of its own: a read-only image and
 * a zeroed writable part.
 *
 * @param imageBytes Bytes of the image, a multiple of 4 KiB up to 2 MiB.
 * @returns Two segments.
 * @throws {RangeError} If the size is none of these.
 */
export function defaultSegments(imageBytes: number): KernelSegment[] {
  const pages = imageBytes / SIZE_4_KIB;
  if (
    !Number.isInteger(pages) || pages < 1 || imageBytes > KERNEL_IMAGE_BYTES_MAX
  ) {
    throw new RangeError(
      `Cannot map a kernel image of ${imageBytes} bytes: ` +
        "choose a multiple of 4 KiB from 4 KiB to 2 MiB",
    );
  }
  return [
    {
      virtualAddr: KERNEL_IMAGE_START,
      fileOffset: 0,
      fileBytes: imageBytes,
      memBytes: imageBytes,
      writable: false,
      executable: true,
    },
    {
      virtualAddr: KERNEL_DATA_START,
      fileOffset: 0,
      fileBytes: 0,
      memBytes: KERNEL_DATA_BYTES,
      writable: true,
      executable: false,
    },
  ];
}

/**
 * How big a kernel's file can be.
 *
 * @param ramBytes Bytes of RAM.
 * @returns Bytes from {@linkcode KERNEL_FILE} to the BIOS's tables.
 */
export function loadableBytes(ramBytes: number): number {
  const rows = e820Map(ramBytes);
  const row = rows.find(([start, bytes]) =>
    start <= KERNEL_FILE && start + bytes > KERNEL_FILE
  )!;
  return row[0] + row[1] - KERNEL_FILE;
}

/**
 * Copies a file to where the bootloader's first stages load it.
 *
 * @param memory Physical memory.
 * @param file The file's bytes.
 */
export function loadKernelFile(memory: FirmwareMemory, file: Uint8Array): void {
  for (let at = 0; at < file.length; at += 4) {
    const byte = (i: number) => file[at + i] ?? 0;
    memory.store32(
      KERNEL_FILE + at,
      byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24,
    );
  }
}

/** Maps segments one by one. */
export class SegmentMapper {
  readonly #memory: FirmwareMemory;
  readonly #map: MemoryMap;
  readonly #tables: FirmwareTables;

  /**
   * Makes a mapper.
   *
   * @param memory Physical memory, the file at {@linkcode KERNEL_FILE} in it.
   * @param map Where frames for zeroed parts come from.
   * @param tables Where to map.
   */
  constructor(
    memory: FirmwareMemory,
    map: MemoryMap,
    tables: FirmwareTables,
  ) {
    this.#memory = memory;
    this.#map = map;
    this.#tables = tables;
  }

  /**
   * Maps the pages in the file where they were loaded, then gives the rest
   * zeroed frames.
   *
   * @param segment The segment.
   * @throws {RangeError} If a page of it is mapped already, or if its place in
   * the file does not fit its address.
   */
  mapSegment(segment: KernelSegment): void {
    const { virtualAddr: start, fileOffset, fileBytes, memBytes } = segment;
    const phys = physAdd(KERNEL_FILE, fileOffset);
    if (fileBytes > 0 && (start & 0xfff) !== (phys & 0xfff)) {
      throw new RangeError(
        `Cannot map the segment at ${formatHex(start)}: it lies at ` +
          `${formatHex(fileOffset)} in the file, which differs modulo 4096`,
      );
    }
    const flags: MapFlags = {
      low: PTE_P | (segment.writable ? PTE_RW : 0),
      high: segment.executable ? 0 : PTE_XD_HIGH,
    };
    const offset = start & 0xfff;
    for (let done = 0; fileBytes > 0 && done < offset + fileBytes;) {
      this.#tables.map(
        virtAdd(virtAlignDown(start, SIZE_4_KIB), done),
        physAdd(physAlignDown(phys, SIZE_4_KIB), done),
        flags,
      );
      done += SIZE_4_KIB;
    }
    if (memBytes > fileBytes) this.#addZeros(segment, flags);
  }

  #addZeros(segment: KernelSegment, flags: MapFlags): void {
    const { virtualAddr, fileBytes, memBytes } = segment;
    const start = virtAdd(virtualAddr, fileBytes);
    const end = virtAdd(virtualAddr, memBytes);
    const firstNew = virtAlignUp(start, SIZE_4_KIB);
    if (firstNew !== start) this.#splitLastPage(segment, start, flags);
    let page = firstNew;
    for (; page < end; page = virtAdd(page, SIZE_4_KIB)) {
      const frame = this.#kernelFrame(page);
      this.#tables.map(page, frame, flags);
      this.#memory.fill(frame, SIZE_4_KIB, 0);
    }
  }

  /**
   * Gives the page in which the file's part ends a frame of its own, so that
   * zeroing its rest spares what follows in the file.
   */
  #splitLastPage(
    segment: KernelSegment,
    end: VirtAddr,
    flags: MapFlags,
  ): void {
    if (segment.fileBytes === 0) {
      throw new RangeError(
        `Cannot map the segment at ${formatHex(segment.virtualAddr)}: ` +
          "with nothing in the file its address must be a multiple of 4096",
      );
    }
    const page = virtAlignDown(virtSub(end, 1), SIZE_4_KIB);
    const frame = this.#kernelFrame(page);
    // The bootloader copies through a scratch page, whose tables stay.
    this.#tables.map(SCRATCH_PAGE, frame, flags);
    const old = this.#tables.unmap(page);
    for (let at = 0; at < SIZE_4_KIB; at += 4) {
      this.#memory.store32(frame + at, this.#memory.load32(old + at));
    }
    this.#tables.unmap(SCRATCH_PAGE);
    this.#tables.map(page, frame, flags);
    const used = end & 0xfff;
    const bytes = Math.min(
      SIZE_4_KIB - used,
      segment.memBytes - segment.fileBytes,
    );
    this.#memory.fill(frame + used, bytes, 0);
  }

  #kernelFrame(page: VirtAddr): PhysAddr {
    const frame = this.#map.allocateFrame("Kernel");
    if (frame !== null) return frame;
    throw new RangeError(
      `Cannot map page ${formatHex(page)}: no frame is left for it`,
    );
  }
}
