/**
 * The BIOS's memory map (INT 15h, AX = E820h), and how bootloader 0.9 turns it
 * into a {@linkcode MemoryMap}.
 *
 * Source: ACPI Specification, "INT 15H, E820H: Query System Address Map"; the
 * default map is that of QEMU's PC; crate bootloader 0.9.33, `boot_info`.
 *
 * @module
 */

import { formatHex } from "./format_hex.ts";
import {
  MemoryMap,
  type MemoryRegion,
  memoryRegion,
  type MemoryRegionType,
} from "./memory_map.ts";

/** A row of the BIOS's map: start, length in bytes, type. */
export type E820Entry = readonly [start: number, bytes: number, type: number];

/** Type of memory that software may use. */
export const E820_USABLE = 1;
/** Type of memory that is not to be used. */
export const E820_RESERVED = 2;
/** Type of memory that holds ACPI tables. */
export const E820_ACPI_RECLAIMABLE = 3;
/** Type of memory that ACPI keeps. */
export const E820_ACPI_NVS = 4;
/** Type of memory found to be bad. */
export const E820_BAD = 5;

/** Least memory of a machine, bytes. */
export const RAM_BYTES_MIN = 16 * 2 ** 20;
/** Most memory of a machine, bytes. */
export const RAM_BYTES_MAX = 4 * 2 ** 30;
/** Where the memory below the device hole ends at most, 3 GiB. */
export const RAM_LOW_END_MAX = 3 * 2 ** 30;
/** Where the rest of the memory goes on, 4 GiB. */
export const RAM_HIGH_START = 4 * 2 ** 30;

/** Memory at the end of the low part that the BIOS keeps for its tables. */
const BIOS_TABLES_BYTES = 128 * 2 ** 10;

/**
 * Checks an amount of memory.
 *
 * @param ramBytes Bytes of RAM.
 * @returns The same number.
 * @throws {RangeError} If it is less than 16 MiB, more than 4 GiB, or no
 * multiple of 4 KiB.
 */
export function checkRamBytes(ramBytes: number): number {
  const mib = `${ramBytes / 2 ** 20} MiB of RAM`;
  if (!(ramBytes >= RAM_BYTES_MIN && ramBytes <= RAM_BYTES_MAX)) {
    throw new RangeError(
      `Cannot build a machine with ${mib}: ` +
        "choose from 16 MiB (0x100_0000) to 4 GiB (0x1_0000_0000)",
    );
  }
  if (ramBytes % 4096 !== 0) {
    throw new RangeError(
      `Cannot build a machine with ${mib}: choose a multiple of 4 KiB`,
    );
  }
  return ramBytes;
}

/**
 * The map that a PC's BIOS reports. Memory above 3 GiB continues at 4 GiB.
 *
 * @param ramBytes Bytes of RAM, 16 MiB … 4 GiB.
 * @returns Rows in ascending order.
 * @throws {RangeError} As {@linkcode checkRamBytes}.
 *
 * @example
 * ```ts
 * import { e820Map } from "@lockstep/kernel/hw";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(e820Map(128 * 2 ** 20)[3], [0x10_0000, 0x7ee_0000, 1]);
 * ```
 */
export function e820Map(ramBytes: number): E820Entry[] {
  const low = Math.min(checkRamBytes(ramBytes), RAM_LOW_END_MAX);
  const map: E820Entry[] = [
    [0, 0x9_fc00, E820_USABLE],
    [0x9_fc00, 0x400, E820_RESERVED], // Extended BIOS data area.
    [0xf_0000, 0x1_0000, E820_RESERVED], // BIOS.
    [0x10_0000, low - BIOS_TABLES_BYTES - 0x10_0000, E820_USABLE],
    [low - BIOS_TABLES_BYTES, BIOS_TABLES_BYTES, E820_RESERVED],
    [0xfffc_0000, 0x4_0000, E820_RESERVED], // BIOS flash.
  ];
  const high = ramBytes - low;
  if (high > 0) map.push([RAM_HIGH_START, high, E820_USABLE]);
  return map;
}

const TYPES: readonly (MemoryRegionType | undefined)[] = [
  undefined,
  "Usable",
  "Reserved",
  "AcpiReclaimable",
  "AcpiNvs",
  "BadMemory",
];

/**
 * One row as the bootloader reads it.
 *
 * @param entry A row of the BIOS's map.
 * @returns The region.
 * @throws {RangeError} If the type is not 1 … 5, or if the row is empty at 0
 * or beyond the 52-bit address space.
 */
export function memoryRegionFromE820(entry: E820Entry): MemoryRegion {
  const [start, bytes, type] = entry;
  const name = TYPES[type];
  if (name === undefined) {
    throw new RangeError(
      `Cannot read the E820 row at ${formatHex(start)}: ` +
        `invalid region type ${type}`,
    );
  }
  return memoryRegion(start, start + bytes, name);
}

/**
 * The map as the bootloader makes it: sorted, and usable regions cut where the
 * next one begins. Other overlaps stay as they are.
 *
 * @param entries Rows of the BIOS's map in any order.
 * @returns The map.
 * @throws {RangeError} As {@linkcode memoryRegionFromE820}, or if there are
 * more than 64 regions.
 */
export function memoryMapFromE820(entries: Iterable<E820Entry>): MemoryMap {
  const map = new MemoryMap();
  for (const entry of entries) map.add(memoryRegionFromE820(entry));
  map.regions.forEach((region, index) => {
    const next = map.regions[index + 1];
    if (next === undefined || region.type !== "Usable") return;
    if (region.endFrame <= next.startFrame) return;
    map.regions[index] = { ...region, endFrame: next.startFrame };
  });
  return map;
}
