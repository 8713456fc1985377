/**
 * Virtual and physical addresses: the only door for arithmetic on them.
 *
 * This file holds what both kinds share (words, text, alignment) and passes on
 * `virt_addr.ts`, `virt_math.ts` and `phys_addr.ts`.
 *
 * Source: Intel SDM 1, "Canonical Addressing"; SDM 3A, "4-Level Paging";
 * refusals and panics as in the crate x86_64 0.15.4.
 *
 * @module
 */

import { signExtend48 } from "./addr_checks.ts";
import { formatHex } from "./format_hex.ts";
import { type PhysAddr, physAddr } from "./phys_addr.ts";
import type { VirtAddr } from "./virt_addr.ts";

export * from "./phys_addr.ts";
export * from "./virt_addr.ts";
export * from "./virt_math.ts";

const TWO_32 = 2 ** 32;
const TWO_52 = 2 ** 52;
const NOT_A_POWER = "`align` must be a power of two";

/**
 * The address as an unsigned 64-bit value (crate: `as_u64`).
 *
 * @param address A virtual or physical address.
 * @returns 0 … 2^64 − 1.
 */
export function addrToBigInt(address: VirtAddr | PhysAddr): bigint {
  return BigInt.asUintN(64, BigInt(address));
}

/**
 * Bits 0 to 31 of an address.
 *
 * @param address A virtual or physical address.
 * @returns An unsigned 32-bit word.
 */
export function addrLow(address: VirtAddr | PhysAddr): number {
  return address >>> 0;
}

/**
 * Bits 32 to 63 of an address, sign extension included.
 *
 * @param address A virtual or physical address.
 * @returns An unsigned 32-bit word.
 */
export function addrHigh(address: VirtAddr | PhysAddr): number {
  return Math.floor(address / TWO_32) >>> 0;
}

/**
 * The address in groups of four digits, as our messages print it.
 *
 * @param address A virtual or physical address.
 * @returns For example `0x4444_4444_0000`.
 */
export function formatAddr(address: VirtAddr | PhysAddr): string {
  return formatHex(address);
}

/** Exact for every power of two that a double holds, 2^63 included. */
function checkAlign(align: number): void {
  const word = align >= TWO_32 ? align / TWO_32 : align;
  if (word === word >>> 0 && word !== 0 && (word & word - 1) === 0) return;
  throw new RangeError(`Cannot align to ${align}: ${NOT_A_POWER}`);
}

/**
 * Rounds a virtual address up; past the lower half it jumps to the upper one,
 * as the crate does (crate: `VirtAddr::align_up`).
 *
 * @param address The address.
 * @param align A power of two.
 * @returns The lowest aligned address that is not below.
 * @throws {RangeError} If `align` is no power of two, or past 2^64.
 */
export function virtAlignUp(address: VirtAddr, align: number): VirtAddr {
  checkAlign(align);
  const up = Math.ceil(address / align) * align;
  if (address < 0 && up >= 0) {
    throw new RangeError(
      `Cannot align ${formatHex(address)} up to ${formatHex(BigInt(align))}: ` +
        "attempt to add with overflow",
    );
  }
  return signExtend48(up) as VirtAddr;
}

/**
 * Rounds a virtual address down (crate: `VirtAddr::align_down`).
 *
 * @param address The address.
 * @param align A power of two.
 * @returns The highest aligned address that is not above.
 * @throws {RangeError} If `align` is no power of two.
 */
export function virtAlignDown(address: VirtAddr, align: number): VirtAddr {
  checkAlign(align);
  return signExtend48(Math.floor(address / align) * align) as VirtAddr;
}

/**
 * Rounds a physical address up (crate: `PhysAddr::align_up`).
 *
 * @param address The address.
 * @param align A power of two.
 * @returns The lowest aligned address that is not below.
 * @throws {RangeError} If `align` is no power of two, or past 2^52.
 */
export function physAlignUp(address: PhysAddr, align: number): PhysAddr {
  checkAlign(align);
  const up = Math.ceil(address / align) * align;
  return up < TWO_52 ? up as PhysAddr : physAddr(BigInt(up));
}

/**
 * Rounds a physical address down (crate: `PhysAddr::align_down`).
 *
 * @param address The address.
 * @param align A power of two.
 * @returns The highest aligned address that is not above.
 * @throws {RangeError} If `align` is no power of two.
 */
export function physAlignDown(address: PhysAddr, align: number): PhysAddr {
  checkAlign(align);
  return Math.floor(address / align) * align as PhysAddr;
}

/**
 * Whether an address is a multiple of `align` (crate: `is_aligned`).
 *
 * @param address A virtual or physical address.
 * @param align A power of two.
 * @returns Whether nothing has to be rounded.
 * @throws {RangeError} If `align` is no power of two.
 */
export function isAligned(
  address: VirtAddr | PhysAddr,
  align: number,
): boolean {
  checkAlign(align);
  return Math.floor(address / align) * align === address;
}

/**
 * Rounds any unsigned 64-bit value up (crate: the free function `align_up`).
 *
 * @param value 0 … 2^64 − 1.
 * @param align A power of two.
 * @returns The lowest multiple that is not below.
 * @throws {RangeError} If `align` is no power of two, or past 2^64.
 */
export function alignUpBig(value: bigint, align: bigint): bigint {
  const up = alignDownBig(value + align - 1n, align);
  if (up >> 64n === 0n) return up;
  throw new RangeError(
    `Cannot align ${formatHex(value)} up to ${formatHex(align)}: ` +
      "attempt to add with overflow",
  );
}

/**
 * Rounds any unsigned 64-bit value down
 * (crate: the free function `align_down`).
 *
 * @param value 0 … 2^64 − 1.
 * @param align A power of two.
 * @returns The highest multiple that is not above.
 * @throws {RangeError} If `align` is no power of two.
 */
export function alignDownBig(value: bigint, align: bigint): bigint {
  if (align > 0n && (align & align - 1n) === 0n) return value & ~(align - 1n);
  throw new RangeError(`Cannot align to ${align}: ${NOT_A_POWER}`);
}
