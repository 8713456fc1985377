/**
 * bzImage files: the setup header, and what follows the setup sectors.
 *
 * Source: Linux, "The Linux/x86 Boot Protocol", "The Real-Mode Kernel Header".
 *
 * @module
 */

import { formatHex } from "../../hw/format_hex.ts";

/** Where the setup header begins, in the file and in the zero page. */
export const SETUP_HEADER = 0x1f1;
/** Where the zero page has no room for more of it. */
export const SETUP_HEADER_END = 0x290;
/** Where the 64-bit entry point lies behind the load address. */
export const ENTRY_64 = 0x200;

const SECTOR = 512;
/** `setup_sects` of 0 means so many. */
const SETUP_SECTS_DEFAULT = 4;
const BOOT_FLAG = 0xaa55;
/** "HdrS". */
const HEADER_MAGIC = 0x5372_6448;
/** The protocol's version that brought `xloadflags`. */
const VERSION_MIN = 0x20c;
const XLF_KERNEL_64 = 1;
const HEADER_BYTES_MIN = 0x268;

/** What the setup header says. */
export interface BzImage {
  /** The header's bytes, from {@linkcode SETUP_HEADER} on. */
  readonly header: Uint8Array;
  /** What is loaded: everything behind the setup sectors. */
  readonly kernel: Uint8Array;
  /** Protocol version, such as 0x20f. */
  readonly version: number;
  /** Bytes of memory that the kernel takes before it knows of any. */
  readonly initSize: number;
  /** Where it moves itself: if it is relocatable, from below only; 0 if it names no address. */
  readonly preferredAddress: number;
  /** The last address that an initial RAM disk may take. */
  readonly initrdAddressMax: number;
  /** Bytes of a command line at most, its final zero not counted. */
  readonly commandLineMax: number;
}

/**
 * Reads the setup header.
 *
 * @param file the file, whole
 * @returns what it says
 * @throws {RangeError} if it is no bzImage, is damaged, or has no 64-bit entry point
 */
export function parseBzImage(file: Uint8Array): BzImage {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (
    file.length < HEADER_BYTES_MIN ||
    view.getUint16(0x1fe, true) !== BOOT_FLAG ||
    view.getUint32(0x202, true) !== HEADER_MAGIC
  ) {
    refuse("it is neither a bzImage nor an ELF file");
  }
  const version = view.getUint16(0x206, true);
  if (version < VERSION_MIN) {
    refuse(
      `its boot protocol is ${
        formatHex(version)
      }; a 64-bit entry point came with ${formatHex(VERSION_MIN)}`,
    );
  }
  if (!(view.getUint16(0x236, true) & XLF_KERNEL_64)) {
    refuse("it has no 64-bit entry point (xloadflags, bit 0)");
  }
  const sectors = view.getUint8(SETUP_HEADER) || SETUP_SECTS_DEFAULT;
  const kernel = file.subarray((sectors + 1) * SECTOR);
  if (kernel.length <= ENTRY_64) {
    refuse(`it ends inside its ${sectors} setup sectors, or right behind them`);
  }
  const headerEnd = Math.min(0x202 + view.getUint8(0x201), SETUP_HEADER_END);
  const preferredAddress = view.getUint32(0x25c, true) * 2 ** 32 +
    view.getUint32(0x258, true);
  return {
    header: file.subarray(SETUP_HEADER, headerEnd),
    kernel,
    version,
    initSize: view.getUint32(0x260, true),
    preferredAddress,
    initrdAddressMax: view.getUint32(0x22c, true),
    commandLineMax: view.getUint32(0x238, true),
  };
}

function refuse(why: string): never {
  throw new RangeError(`Cannot boot the kernel: ${why}`);
}
