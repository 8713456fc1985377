/**
 * Virtual addresses: the type, its constructors, page-table indices.
 *
 * A {@linkcode VirtAddr} is the 64-bit address as a signed number: 0 … 2^47 − 1
 * is the lower half, −2^47 … −1 the upper one, and nothing else is canonical.
 * It is exact as a double, so that no arithmetic needs BigInt; `>>>` on it
 * drops the high bits. Reached through `addr.ts`.
 *
 * Source: Intel SDM 1, "Canonical Addressing"; SDM 3A, "Linear-Address
 * Translation with 4-Level Paging and 5-Level Paging"; refusals as in the
 * crate x86_64 0.15.4.
 *
 * *Not modelled*: 57-bit addresses (5-level paging).
 *
 * @module
 */

import { checkExact, joinBig, signExtend48 } from "./addr_checks.ts";
import { crateHex, formatHex } from "./format_hex.ts";

/** A canonical virtual address as a signed number, −2^47 … 2^47 − 1. */
export type VirtAddr = number & { readonly __brand: "VirtAddr" };

const TWO_32 = 2 ** 32;
const TWO_47 = 2 ** 47;

/** The lowest virtual address of the upper half, 0xffff_8000_0000_0000. */
export const VIRT_ADDR_MIN: VirtAddr = -TWO_47 as VirtAddr;
/** The highest virtual address of the lower half, 0x7fff_ffff_ffff. */
export const VIRT_ADDR_MAX: VirtAddr = TWO_47 - 1 as VirtAddr;

const NOT_SIGN_EXTENDED =
  "virtual address must be sign extended in bits 48 to 64";

/**
 * Makes a virtual address (crate: `VirtAddr::new`).
 *
 * @param value The address, signed or as an unsigned 64-bit value. Numbers
 * beyond 2^53 are not exact: give the upper half as a negative number or as a
 * bigint.
 * @returns The same address.
 * @throws {RangeError} If bits 48 to 63 are not copies of bit 47, or if a
 * number is not an exact integer.
 *
 * @example
 * ```ts
 * import { formatAddr, virtAddr } from "@lockstep/kernel/hw";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const page = virtAddr(0xffff_ffff_ffff_f000n);
 * assertEquals(page, -4096);
 * assertEquals(formatAddr(page), "0xffff_ffff_ffff_f000");
 * assertThrows(() => virtAddr(0x8000_0000_0000), RangeError, "sign extended");
 * ```
 */
export function virtAddr(value: number | bigint): VirtAddr {
  const address = tryVirtAddr(value);
  if (address === null) {
    throw new RangeError(
      `Cannot make virtual address ${formatHex(value)}: ${NOT_SIGN_EXTENDED}`,
    );
  }
  return address;
}

/**
 * Makes a virtual address, or refuses (crate: `VirtAddr::try_new`).
 *
 * @param value The address, signed or as an unsigned 64-bit value.
 * @returns The address, or `null` where it is not canonical.
 * @throws {RangeError} If a number is not an exact integer.
 */
export function tryVirtAddr(value: number | bigint): VirtAddr | null {
  if (typeof value === "bigint") {
    const signed = BigInt.asIntN(48, value);
    const canonical = signed === value ||
      BigInt.asUintN(64, signed) === value;
    return canonical ? Number(signed) as VirtAddr : null;
  }
  checkExact(value, "virtual");
  return value >= -TWO_47 && value < TWO_47 ? value as VirtAddr : null;
}

/**
 * Makes a virtual address by copying bit 47 into the bits above it
 * (crate: `VirtAddr::new_truncate`).
 *
 * @param value Any integer.
 * @returns The address of its low 48 bits.
 * @throws {RangeError} If a number is not an exact integer.
 */
export function virtAddrTruncate(value: number | bigint): VirtAddr {
  if (typeof value === "bigint") {
    return Number(BigInt.asIntN(48, value)) as VirtAddr;
  }
  checkExact(value, "virtual");
  return signExtend48(value) as VirtAddr;
}

/**
 * Joins two words to a virtual address, or refuses.
 *
 * @param low Bits 0 to 31, signed or unsigned.
 * @param high Bits 32 to 63, signed or unsigned.
 * @returns The address, or `null` where it is not canonical.
 */
export function tryVirtFromWords(low: number, high: number): VirtAddr | null {
  const top = high | 0;
  if (top !== top << 16 >> 16) return null;
  return top * TWO_32 + (low >>> 0) as VirtAddr;
}

/**
 * Joins two words to a virtual address.
 *
 * @param low Bits 0 to 31, signed or unsigned.
 * @param high Bits 32 to 63, signed or unsigned.
 * @returns The address.
 * @throws {RangeError} If it is not canonical.
 */
export function virtFromWords(low: number, high: number): VirtAddr {
  const address = tryVirtFromWords(low, high);
  return address ?? virtAddr(joinBig(low, high));
}

/**
 * Joins two words to a virtual address, bit 47 copied upwards.
 *
 * @param low Bits 0 to 31, signed or unsigned.
 * @param high Bits 32 to 63; only 32 to 47 count.
 * @returns The address.
 */
export function virtFromWordsTruncate(low: number, high: number): VirtAddr {
  return (high << 16 >> 16) * TWO_32 + (low >>> 0) as VirtAddr;
}

/**
 * Offset in the 4 KiB page, bits 0 to 11 (crate: `page_offset`).
 *
 * @param address A virtual address.
 * @returns 0 … 4095.
 */
export function pageOffset(address: VirtAddr): number {
  return address & 0xfff;
}

/**
 * Index into the level 1 table, bits 12 to 20 (crate: `p1_index`).
 *
 * @param address A virtual address.
 * @returns 0 … 511.
 */
export function p1Index(address: VirtAddr): number {
  return address >>> 12 & 0x1ff;
}

/**
 * Index into the level 2 table, bits 21 to 29 (crate: `p2_index`).
 *
 * @param address A virtual address.
 * @returns 0 … 511.
 */
export function p2Index(address: VirtAddr): number {
  return address >>> 21 & 0x1ff;
}

/**
 * Index into the level 3 table, bits 30 to 38 (crate: `p3_index`).
 *
 * @param address A virtual address.
 * @returns 0 … 511.
 */
export function p3Index(address: VirtAddr): number {
  return Math.floor(address / 2 ** 30) & 0x1ff;
}

/**
 * Index into the level 4 table, bits 39 to 47 (crate: `p4_index`).
 *
 * @param address A virtual address.
 * @returns 0 … 511.
 */
export function p4Index(address: VirtAddr): number {
  return Math.floor(address / 2 ** 39) & 0x1ff;
}

/**
 * Index into the table of a level (crate: `page_table_index`).
 *
 * @param address A virtual address.
 * @param level The table's level, 1 … 4.
 * @returns 0 … 511.
 */
export function pageTableIndexAt(
  address: VirtAddr,
  level: 1 | 2 | 3 | 4,
): number {
  return Math.floor(address / 2 ** (3 + 9 * level)) & 0x1ff;
}

/**
 * The crate's `Debug` text of a virtual address.
 *
 * @param address A virtual address.
 * @returns For example `VirtAddr(0xdeadbeaf)`.
 */
export function virtAddrDebug(address: VirtAddr): string {
  return `VirtAddr(${crateHex(address)})`;
}

/**
 * The crate's `Debug` text of the refusal of `VirtAddr::try_new`.
 *
 * @param value The refused value.
 * @returns For example `VirtAddrNotValid(0x800000000000)`.
 */
export function virtAddrNotValidDebug(value: number | bigint): string {
  return `VirtAddrNotValid(${crateHex(value)})`;
}
