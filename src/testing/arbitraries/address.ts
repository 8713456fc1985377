/**
 * Addresses, pages, frames and flags. The edges are drawn often: both sides of
 * the gap between the halves, the ends of address space, of pages and of 32 bits.
 *
 * @module
 */

import fc from "fast-check";
import type { EntryFlags } from "../../kernel/memory/mappers/mapper.ts";
import type { Arbitrary } from "./arbitrary.ts";
import {
  type PhysAddr,
  physAlignDown,
  type VirtAddr,
  virtAlignDown,
} from "../../hw/addr.ts";
import { formatHex } from "../../hw/format_hex.ts";
import {
  type Frame,
  type Page,
  type PageSize,
  type Size4KiB,
  SIZE_4_KIB,
} from "../../hw/page.ts";
import {
  PTE_A,
  PTE_D,
  PTE_FLAGS_LOW,
  PTE_G,
  PTE_P,
  PTE_PCD,
  PTE_PWT,
  PTE_RW,
  PTE_US,
  PTE_XD_HIGH,
} from "../../hw/page_table.ts";

const VIRT_MAX = 2 ** 47 - 1;
const PHYS_MAX = 2 ** 52 - 1;

/** Numbers near some, and anywhere between two bounds. */
function near(
  edges: readonly number[],
  min: number,
  max: number,
): Arbitrary<number> {
  return fc.oneof(
    {
      weight: 2,
      arbitrary: fc.tuple(
        fc.constantFrom(...edges),
        fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom(-4096, 4096)),
      ).map(([edge, by]) => Math.min(max, Math.max(min, edge + by))),
    },
    {
      weight: 1,
      arbitrary: fc.maxSafeInteger().map((n) => inside(n, min, max)),
    },
  );
}

/** A number anywhere, brought between two bounds. */
function inside(n: number, min: number, max: number): number {
  const span = max - min + 1;
  return min + ((n % span) + span) % span;
}

/**
 * Canonical virtual addresses, the edges of the gap in their midst.
 *
 * @returns Numbers from −2^47 to 2^47 − 1.
 *
 * @example
 * ```ts
 * import { anyVirtAddr } from "@lockstep/kernel/testing";
 * import { addrToBigInt, virtAddrTruncate } from "@lockstep/kernel/hw";
 * import fc from "fast-check";
 *
 * fc.assert(fc.property(anyVirtAddr(), (address) =>
 *   virtAddrTruncate(addrToBigInt(address)) === address));
 * ```
 */
export function anyVirtAddr(): Arbitrary<VirtAddr> {
  const edges = [0, VIRT_MAX, -VIRT_MAX - 1, -1, 2 ** 31, 2 ** 32, -(2 ** 31)];
  return near(edges, -VIRT_MAX - 1, VIRT_MAX) as Arbitrary<VirtAddr>;
}

/**
 * Physical addresses.
 *
 * @returns Numbers from 0 to 2^52 − 1.
 */
export function anyPhysAddr(): Arbitrary<PhysAddr> {
  const edges = [0, 0xb_8000, 2 ** 20, 2 ** 31, 2 ** 32, PHYS_MAX];
  return near(edges, 0, PHYS_MAX) as Arbitrary<PhysAddr>;
}

/**
 * 64-bit words that are canonical addresses or not: inputs of constructors.
 *
 * @returns Unsigned words.
 */
export function anyAddressWord(): Arbitrary<bigint> {
  const gap = [2n ** 47n, 2n ** 64n - 2n ** 47n, 2n ** 63n, 2n ** 52n];
  return fc.oneof(
    anyVirtAddr().map((address) => BigInt.asUintN(64, BigInt(address))),
    fc.tuple(fc.constantFrom(...gap), fc.bigInt({ min: -2n, max: 2n }))
      .map(([edge, by]) => edge + by),
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  );
}

/**
 * Pages.
 *
 * @param size Their size; 4 KiB by default.
 * @returns Start addresses.
 */
export function anyPage<S extends PageSize = Size4KiB>(
  size: S = SIZE_4_KIB as S,
): Arbitrary<Page<S>> {
  return anyVirtAddr().map((address) =>
    virtAlignDown(address, size) as VirtAddr as Page<S>
  );
}

/**
 * Frames.
 *
 * @param size Their size; 4 KiB by default.
 * @returns Start addresses.
 */
export function anyFrame<S extends PageSize = Size4KiB>(
  size: S = SIZE_4_KIB as S,
): Arbitrary<Frame<S>> {
  return anyPhysAddr().map((address) =>
    physAlignDown(address, size) as PhysAddr as Frame<S>
  );
}

/**
 * NO_EXECUTE, bit 63 of an entry, in flags of scripts and models: there it
 * stands where an entry has its address.
 */
export const SCRIPT_NO_EXECUTE = 0x1000;

/**
 * Flags of a script, as a mapper takes them.
 *
 * @param flags Bits 0 to 11 of an entry, and {@linkcode SCRIPT_NO_EXECUTE}.
 * @returns A number, or a word where it has a high half.
 */
export function entryFlagsOf(flags: number): EntryFlags {
  if ((flags & SCRIPT_NO_EXECUTE) === 0) return flags;
  return { low: flags & PTE_FLAGS_LOW, high: PTE_XD_HIGH };
}

/**
 * The flags of an entry, as a script has them.
 *
 * @param low Low word.
 * @param high High word.
 * @returns Bits 0 to 11, and {@linkcode SCRIPT_NO_EXECUTE}.
 */
export function scriptFlagsOf(low: number, high: number): number {
  const noExecute = high < 0 || high >= PTE_XD_HIGH;
  return (low & PTE_FLAGS_LOW) | (noExecute ? SCRIPT_NO_EXECUTE : 0);
}

/** Flags of the low word, by their names. */
const FLAGS: readonly (readonly [number, string])[] = [
  [PTE_P, "PTE_P"],
  [PTE_RW, "PTE_RW"],
  [PTE_US, "PTE_US"],
  [PTE_PWT, "PTE_PWT"],
  [PTE_PCD, "PTE_PCD"],
  [PTE_A, "PTE_A"],
  [PTE_D, "PTE_D"],
  [PTE_G, "PTE_G"],
];

/**
 * Flags of page-table entries.
 *
 * @param present Whether PRESENT is always among them; by default it is.
 * @returns Numbers, without HUGE_PAGE.
 */
export function anyEntryFlags(present: boolean = true): Arbitrary<number> {
  const bits = fc.subarray(FLAGS.map(([bit]) => bit));
  return bits.map((list) =>
    list.reduce((flags, bit) => flags | bit, present ? PTE_P : 0)
  );
}

/**
 * Flags as code.
 *
 * @param flags Flags of the low word, and {@linkcode SCRIPT_NO_EXECUTE}.
 * @returns For example `PTE_P | PTE_RW`.
 */
export function entryFlagsText(flags: number): string {
  if ((flags & SCRIPT_NO_EXECUTE) !== 0) {
    const low = entryFlagsText(flags & PTE_FLAGS_LOW);
    return `{ low: ${low}, high: PTE_XD_HIGH }`;
  }
  const named = FLAGS.filter(([bit]) => (flags & bit) !== 0);
  const rest = named.reduce((left, [bit]) => left & ~bit, flags);
  const names = named.map(([, name]) => name);
  if (rest !== 0 || names.length === 0) names.push(formatHex(rest));
  return names.join(" | ");
}
