/**
 * The zero page, `struct boot_params`: what a boot loader tells Linux.
 *
 * Source: Linux, "Zero Page" and "The Linux/x86 Boot Protocol".
 *
 * *Not modelled*: what a BIOS would have filled in beside memory map and text screen (APM, disks, EDD, EFI).
 *
 * @module
 */

import type { E820Entry } from "../../hw/e820.ts";
import { SETUP_HEADER } from "./bzimage.ts";

/** Bytes of the page. */
export const BOOT_PARAMS_BYTES = 4096;
/** Rows of the memory map at most. */
export const E820_ROWS_MAX = 128;

const SCREEN_INFO_MODE = 0x06;
const SCREEN_INFO_COLUMNS = 0x07;
const SCREEN_INFO_LINES = 0x0e;
const SCREEN_INFO_IS_VGA = 0x0f;
const SCREEN_INFO_POINTS = 0x10;
const E820_ENTRIES = 0x1e8;
const VIDEO_MODE = 0x1fa;
const TYPE_OF_LOADER = 0x210;
const RAMDISK_IMAGE = 0x218;
const RAMDISK_SIZE = 0x21c;
const COMMAND_LINE = 0x228;
const E820_TABLE = 0x2d0;
const E820_ROW_BYTES = 20;

/** A loader without a number of its own. */
const LOADER_UNDEFINED = 0xff;
/** The mode that the display is in already. */
const VIDEO_MODE_NORMAL = 0xffff;

/** The parts of a setup header that a kernel without one has to be given, by offset in the page. */
const PLAIN_HEADER:
  readonly (readonly [offset: number, bytes: 1 | 2 | 4, value: number])[] = [
    [0x1fe, 2, 0xaa55],
    [0x202, 4, 0x5372_6448], // "HdrS".
    [0x206, 2, 0x20f],
    [0x211, 1, 1], // LOADED_HIGH.
    [0x22c, 4, 0x7fff_ffff],
    [0x230, 4, 0x20_0000],
    [0x238, 4, 2047],
  ];

/** What the page tells. */
export interface BootParams {
  /** The setup header of a bzImage, or `null` for the one of a plain vmlinux. */
  readonly header: Uint8Array | null;
  /** The memory map. */
  readonly e820: readonly E820Entry[];
  /** Physical address of the command line, which ends with a zero byte. */
  readonly commandLineAddress: number;
  /** Physical address of the initial RAM disk, 0 for none. */
  readonly initrdAddress: number;
  /** Its size in bytes. */
  readonly initrdBytes: number;
}

/**
 * Makes the page.
 *
 * @param params what to tell
 * @returns 4,096 bytes
 * @throws {RangeError} if the memory map has more rows than the page has room for
 */
export function bootParams(params: BootParams): Uint8Array {
  const page = new Uint8Array(BOOT_PARAMS_BYTES);
  const view = new DataView(page.buffer);
  writeScreen(view);
  if (params.header) page.set(params.header, SETUP_HEADER);
  else {
    for (const [offset, bytes, value] of PLAIN_HEADER) {
      if (bytes === 1) view.setUint8(offset, value);
      else if (bytes === 2) view.setUint16(offset, value, true);
      else view.setUint32(offset, value, true);
    }
  }
  view.setUint16(VIDEO_MODE, VIDEO_MODE_NORMAL, true);
  view.setUint8(TYPE_OF_LOADER, LOADER_UNDEFINED);
  view.setUint32(COMMAND_LINE, params.commandLineAddress, true);
  view.setUint32(RAMDISK_IMAGE, params.initrdAddress, true);
  view.setUint32(RAMDISK_SIZE, params.initrdBytes, true);
  writeMemoryMap(view, params.e820);
  return page;
}

/** The display is in text mode 3, 80 × 25. */
function writeScreen(view: DataView): void {
  view.setUint8(SCREEN_INFO_MODE, 3);
  view.setUint8(SCREEN_INFO_COLUMNS, 80);
  view.setUint8(SCREEN_INFO_LINES, 25);
  view.setUint8(SCREEN_INFO_IS_VGA, 1);
  view.setUint16(SCREEN_INFO_POINTS, 16, true);
}

function writeMemoryMap(view: DataView, e820: readonly E820Entry[]): void {
  if (e820.length > E820_ROWS_MAX) {
    throw new RangeError(
      `Cannot boot the kernel: its memory map has ${e820.length} rows, ` +
        `${E820_ROWS_MAX} at most`,
    );
  }
  view.setUint8(E820_ENTRIES, e820.length);
  e820.forEach(([start, bytes, type], i) => {
    const row = E820_TABLE + i * E820_ROW_BYTES;
    [start, bytes].forEach((value, word) => {
      view.setUint32(row + 8 * word, value >>> 0, true);
      view.setUint32(row + 8 * word + 4, Math.floor(value / 2 ** 32), true);
    });
    view.setUint32(row + 16, type, true);
  });
}
