/**
 * Physical addresses: a {@linkcode PhysAddr} is a number below 2^52. Reached
 * through `addr.ts`.
 *
 * Source: Intel SDM 3A, "Physical Address Space" and "4-Level Paging"
 * (MAXPHYADDR of 52 bits); refusals and panics as in the crate x86_64 0.15.4.
 *
 * @module
 */

import { checkExact, exactBig, isCount, joinBig } from "./addr_checks.ts";
import { crateHex, formatHex } from "./format_hex.ts";

/** A physical address, 0 … 2^52 − 1. */
export type PhysAddr = number & { readonly __brand: "PhysAddr" };

const TWO_32 = 2 ** 32;
const TWO_52 = 2 ** 52;

/** The highest physical address, 0xf_ffff_ffff_ffff. */
export const PHYS_ADDR_MAX: PhysAddr = TWO_52 - 1 as PhysAddr;

const NOT_52_BITS =
  "physical addresses must not have any bits in the range 52 to 64 set";
const UNWRAP_NONE = "called `Option::unwrap()` on a `None` value";

/**
 * Makes a physical address (crate: `PhysAddr::new`).
 *
 * @param value The address, 0 … 2^52 − 1.
 * @returns The same address.
 * @throws {RangeError} If a bit above 51 is set, or if a number is not an
 * exact integer.
 */
export function physAddr(value: number | bigint): PhysAddr {
  const address = tryPhysAddr(value);
  if (address === null) {
    throw new RangeError(
      `Cannot make physical address ${formatHex(value)}: ${NOT_52_BITS}`,
    );
  }
  return address;
}

/**
 * Makes a physical address, or refuses (crate: `PhysAddr::try_new`).
 *
 * @param value The address.
 * @returns The address, or `null` where a bit above 51 is set.
 * @throws {RangeError} If a number is not an exact integer.
 */
export function tryPhysAddr(value: number | bigint): PhysAddr | null {
  if (typeof value === "bigint") {
    return value >= 0n && value < 1n << 52n ? Number(value) as PhysAddr : null;
  }
  checkExact(value, "physical");
  return value >= 0 && value < TWO_52 ? value as PhysAddr : null;
}

/**
 * Makes a physical address of the low 52 bits
 * (crate: `PhysAddr::new_truncate`).
 *
 * @param value Any integer.
 * @returns Its low 52 bits.
 * @throws {RangeError} If a number is not an exact integer.
 */
export function physAddrTruncate(value: number | bigint): PhysAddr {
  if (typeof value === "bigint") {
    return Number(BigInt.asUintN(52, value)) as PhysAddr;
  }
  checkExact(value, "physical");
  return value - Math.floor(value / TWO_52) * TWO_52 as PhysAddr;
}

/**
 * Joins two words to a physical address.
 *
 * @param low Bits 0 to 31, signed or unsigned.
 * @param high Bits 32 to 63, signed or unsigned.
 * @returns The address.
 * @throws {RangeError} If a bit above 51 is set.
 */
export function physFromWords(low: number, high: number): PhysAddr {
  if (high >>> 20 !== 0) return physAddr(joinBig(low, high));
  return high * TWO_32 + (low >>> 0) as PhysAddr;
}

/**
 * Adds bytes to a physical address (crate: `PhysAddr + u64`).
 *
 * @param address The address.
 * @param bytes How many whole bytes, 0 … 2^53 − 1.
 * @returns The address `bytes` higher.
 * @throws {RangeError} If the sum needs more than 52 bits, or if `bytes` is
 * negative or not exact.
 */
export function physAdd(address: PhysAddr, bytes: number): PhysAddr {
  const sum = address + bytes;
  if (isCount(bytes) && sum < TWO_52) return sum as PhysAddr;
  return physAddBig(address, exactBig(bytes));
}

/**
 * Subtracts bytes from a physical address (crate: `PhysAddr - u64`).
 *
 * @param address The address.
 * @param bytes How many whole bytes, 0 … 2^53 − 1.
 * @returns The address `bytes` lower.
 * @throws {RangeError} If the difference is below zero, or if `bytes` is
 * negative or not exact.
 */
export function physSub(address: PhysAddr, bytes: number): PhysAddr {
  const rest = address - bytes;
  if (isCount(bytes) && rest >= 0) return rest as PhysAddr;
  return physSubBig(address, exactBig(bytes));
}

/**
 * {@linkcode physAdd} for any unsigned 64-bit number of bytes.
 *
 * @param address The address.
 * @param bytes How many bytes, 0 … 2^64 − 1.
 * @returns The address `bytes` higher.
 * @throws {RangeError} If the sum needs more than 52 bits.
 */
export function physAddBig(address: PhysAddr, bytes: bigint): PhysAddr {
  const sum = BigInt(address) + bytes;
  const result = tryPhysAddr(sum);
  if (result !== null) return result;
  throw new RangeError(
    `Cannot add ${formatHex(bytes)} to ${formatHex(address)}: ` +
      (sum >> 64n === 0n ? NOT_52_BITS : UNWRAP_NONE),
  );
}

/**
 * {@linkcode physSub} for any unsigned 64-bit number of bytes.
 *
 * @param address The address.
 * @param bytes How many bytes, 0 … 2^64 − 1.
 * @returns The address `bytes` lower.
 * @throws {RangeError} If the difference is below zero.
 */
export function physSubBig(address: PhysAddr, bytes: bigint): PhysAddr {
  const result = tryPhysAddr(BigInt(address) - bytes);
  if (result !== null) return result;
  throw new RangeError(
    `Cannot subtract ${formatHex(bytes)} from ${formatHex(address)}: ` +
      UNWRAP_NONE,
  );
}

/**
 * Bytes from `from` up to `address` (crate: `PhysAddr - PhysAddr`).
 *
 * @param address The higher address.
 * @param from The lower address.
 * @returns The distance in bytes.
 * @throws {RangeError} If `from` is higher.
 */
export function physDistance(address: PhysAddr, from: PhysAddr): number {
  return physSub(address, from);
}

/**
 * The crate's `Debug` text of a physical address.
 *
 * @param address A physical address.
 * @returns For example `PhysAddr(0x1000)`.
 */
export function physAddrDebug(address: PhysAddr): string {
  return `PhysAddr(${crateHex(address)})`;
}

/**
 * The crate's `Debug` text of the refusal of `PhysAddr::try_new`.
 *
 * @param value The refused value.
 * @returns For example `PhysAddrNotValid(0x10000000000000)`.
 */
export function physAddrNotValidDebug(value: number | bigint): string {
  return `PhysAddrNotValid(${crateHex(value)})`;
}
