/**
 * Writes page tables by hand, entry by entry, for tests of what reads them.
 *
 * @module
 */

import type { PhysMemory } from "../../src/hw/phys_memory.ts";

/** Bits of an entry that tests set, as bigint. */
export const BIT: Readonly<
  Record<
    "P" | "RW" | "US" | "PWT" | "PCD" | "A" | "D" | "PS" | "G" | "XD",
    bigint
  >
> = {
  P: 1n,
  RW: 2n,
  US: 4n,
  PWT: 8n,
  PCD: 16n,
  A: 32n,
  D: 64n,
  PS: 128n,
  G: 256n,
  XD: 1n << 63n,
};

/** Writes a 64-bit entry. */
export function writeEntry(
  phys: PhysMemory,
  table: number,
  index: number,
  entry: bigint,
): void {
  phys.write(table + 8 * index, Number(entry & 0xffff_ffffn), 4);
  phys.write(table + 8 * index + 4, Number(entry >> 32n), 4);
}

/** Reads a 64-bit entry. */
export function readEntry(
  phys: PhysMemory,
  table: number,
  index: number,
): bigint {
  const low = BigInt(phys.read(table + 8 * index, 4));
  return low | BigInt(phys.read(table + 8 * index + 4, 4)) << 32n;
}

/** Index of an address at a level, 4 to 1. */
export function indexAt(address: bigint, level: number): number {
  return Number((address >> BigInt(12 + 9 * (level - 1))) & 511n);
}

/** The four tables that {@linkcode mapOne} uses, by level. */
export const TABLES: readonly number[] = [0, 0x4000, 0x3000, 0x2000, 0x1000];

/**
 * Maps one page with the given entries, from level 4 down; the last one is the leaf.
 *
 * @param entries flags of each level; addresses of the next table are added
 */
export function mapOne(
  phys: PhysMemory,
  address: bigint,
  frame: bigint,
  entries: readonly bigint[],
): void {
  entries.forEach((flags, i) => {
    const level = 4 - i;
    const leaf = i === entries.length - 1;
    const target = leaf ? frame : BigInt(TABLES[level - 1]!);
    writeEntry(phys, TABLES[level]!, indexAt(address, level), target | flags);
  });
}
