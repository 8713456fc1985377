/**
 * Arithmetic on virtual addresses: sums that must stay in their half, and
 * steps that jump the gap between the halves. Reached through `addr.ts`.
 *
 * Source: Intel SDM 1, "Canonical Addressing"; panics as in the crate x86_64
 * 0.15.4.
 *
 * @module
 */

import { exactBig, isCount, signExtend48 } from "./addr_checks.ts";
import { formatHex } from "./format_hex.ts";
import {
  tryVirtAddr,
  type VirtAddr,
  virtAddrNotValidDebug,
} from "./virt_addr.ts";

const TWO_47 = 2 ** 47;
const TWO_48 = 2 ** 48;

/**
 * Adds bytes to a virtual address; it does not jump the gap
 * (crate: `VirtAddr + u64`).
 *
 * @param address The address.
 * @param bytes How many whole bytes, 0 … 2^53 − 1.
 * @returns The address `bytes` higher.
 * @throws {RangeError} If the sum is not canonical or passes 2^64, or if
 * `bytes` is negative or not exact.
 *
 * @example
 * ```ts
 * import { virtAdd, virtAddr } from "@lockstep/kernel/hw";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(virtAdd(virtAddr(0xb8000), 160), 0xb80a0);
 * assertThrows(() => virtAdd(virtAddr(0x7fff_ffff_ffff), 1), RangeError);
 * ```
 */
export function virtAdd(address: VirtAddr, bytes: number): VirtAddr {
  const sum = address + bytes;
  // Invariant: both ends lie in the same half.
  if (isCount(bytes) && (address < 0 ? sum < 0 : sum < TWO_47)) {
    return sum as VirtAddr;
  }
  return virtAddBig(address, exactBig(bytes));
}

/**
 * Subtracts bytes from a virtual address; it does not jump the gap
 * (crate: `VirtAddr - u64`).
 *
 * @param address The address.
 * @param bytes How many whole bytes, 0 … 2^53 − 1.
 * @returns The address `bytes` lower.
 * @throws {RangeError} If the difference is not canonical or below zero, or
 * if `bytes` is negative or not exact.
 */
export function virtSub(address: VirtAddr, bytes: number): VirtAddr {
  const rest = address - bytes;
  if (isCount(bytes) && (address < 0 ? rest >= -TWO_47 : rest >= 0)) {
    return rest as VirtAddr;
  }
  return virtSubBig(address, exactBig(bytes));
}

/**
 * {@linkcode virtAdd} for any unsigned 64-bit number of bytes.
 *
 * @param address The address.
 * @param bytes How many bytes, 0 … 2^64 − 1.
 * @returns The address `bytes` higher.
 * @throws {RangeError} If the sum is not canonical or passes 2^64.
 */
export function virtAddBig(address: VirtAddr, bytes: bigint): VirtAddr {
  const sum = unsigned(address) + bytes;
  const act = `Cannot add ${formatHex(bytes)} to ${formatHex(address)}`;
  if (sum >> 64n !== 0n) {
    throw new RangeError(`${act}: attempt to add with overflow`);
  }
  return canonicalResult(sum, `${act}: attempt to add`);
}

/**
 * {@linkcode virtSub} for any unsigned 64-bit number of bytes.
 *
 * @param address The address.
 * @param bytes How many bytes, 0 … 2^64 − 1.
 * @returns The address `bytes` lower.
 * @throws {RangeError} If the difference is not canonical or below zero.
 */
export function virtSubBig(address: VirtAddr, bytes: bigint): VirtAddr {
  const rest = unsigned(address) - bytes;
  const act = `Cannot subtract ${formatHex(bytes)} from ${formatHex(address)}`;
  if (rest < 0n) {
    throw new RangeError(`${act}: attempt to subtract with overflow`);
  }
  return canonicalResult(rest, `${act}: attempt to subtract`);
}

/**
 * Bytes from `from` up to `address` (crate: `VirtAddr - VirtAddr`).
 *
 * @param address The higher address.
 * @param from The lower address.
 * @returns The distance in bytes.
 * @throws {RangeError} If `from` is higher, or if the gap lies between them:
 * that distance needs {@linkcode virtDistanceBig}.
 */
export function virtDistance(address: VirtAddr, from: VirtAddr): number {
  const distance = address - from;
  if (distance >= 0 && address < 0 === from < 0) return distance;
  virtDistanceBig(address, from);
  throw new RangeError(
    `Cannot subtract ${formatHex(from)} from ${formatHex(address)}: ` +
      "the distance is no exact number, ask for it as a bigint",
  );
}

/**
 * Bytes from `from` up to `address`, the gap included.
 *
 * @param address The higher address.
 * @param from The lower address.
 * @returns The distance as an unsigned 64-bit value.
 * @throws {RangeError} If `from` is higher.
 */
export function virtDistanceBig(address: VirtAddr, from: VirtAddr): bigint {
  const distance = unsigned(address) - unsigned(from);
  if (distance >= 0n) return distance;
  throw new RangeError(
    `Cannot subtract ${formatHex(from)} from ${formatHex(address)}: ` +
      "attempt to subtract with overflow",
  );
}

function canonicalResult(value: bigint, act: string): VirtAddr {
  const address = tryVirtAddr(value);
  if (address !== null) return address;
  throw new RangeError(
    `${act} resulted in non-canonical virtual address: ` +
      virtAddrNotValidDebug(value),
  );
}

function unsigned(address: VirtAddr): bigint {
  return BigInt.asUintN(64, BigInt(address));
}

/** Ordinal of an address among all canonical ones, 0 … 2^48 − 1. */
function ordinal(address: VirtAddr): number {
  return address < 0 ? address + TWO_48 : address;
}

/**
 * Steps upwards over canonical addresses only, jumping the gap
 * (crate: `Step::forward_checked`).
 *
 * @param address Where to start.
 * @param count How many addresses.
 * @returns The address reached, or `null` past the last one.
 * @throws {RangeError} If `count` is negative or no whole number.
 */
export function virtStepForward(
  address: VirtAddr,
  count: number,
): VirtAddr | null {
  if (!isCount(count)) exactBig(count); // Throws.
  const position = ordinal(address) + count;
  return position < TWO_48 ? signExtend48(position) as VirtAddr : null;
}

/**
 * Steps downwards over canonical addresses only, jumping the gap
 * (crate: `Step::backward_checked`).
 *
 * @param address Where to start.
 * @param count How many addresses.
 * @returns The address reached, or `null` below zero.
 * @throws {RangeError} If `count` is negative or no whole number.
 */
export function virtStepBackward(
  address: VirtAddr,
  count: number,
): VirtAddr | null {
  if (!isCount(count)) exactBig(count); // Throws.
  const position = ordinal(address) - count;
  return position >= 0 ? signExtend48(position) as VirtAddr : null;
}

/**
 * Canonical addresses from `start` up to `end`
 * (crate: `Step::steps_between`).
 *
 * @param start The lower address.
 * @param end The higher address.
 * @returns How many steps, or `null` where `start` is higher.
 */
export function virtStepsBetween(
  start: VirtAddr,
  end: VirtAddr,
): number | null {
  const steps = ordinal(end) - ordinal(start);
  return steps >= 0 ? steps : null;
}
