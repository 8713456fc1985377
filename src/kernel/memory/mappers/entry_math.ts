/**
 * Arithmetic on entries and indices that the walks share.
 *
 * @module
 */

import { formatHex } from "../../../hw/format_hex.ts";
import {
  PTE_ADDR_HIGH,
  PTE_FLAGS_HIGH,
  PTE_FLAGS_LOW,
} from "../../../hw/page_table.ts";

const TWO_32 = 2 ** 32;

/**
 * Address bits of an entry.
 *
 * @param low Low word, signed or unsigned.
 * @param high High word.
 * @returns A multiple of 4096 below 2^52.
 */
export function entryAddress(low: number, high: number): number {
  const bottom = (low & ~PTE_FLAGS_LOW) >>> 0;
  const top = high & PTE_ADDR_HIGH;
  // Below 4 GiB engines keep it a small integer, which is twice as fast.
  return top === 0 ? bottom : top * TWO_32 + bottom;
}

/**
 * Index of an address in the table of a level.
 *
 * @param low Bits 0 to 31 of the address, as `address | 0`.
 * @param high Bits 32 to 47 of it, see {@linkcode highBits}.
 * @param level The level.
 * @returns 0 … 511.
 */
export function indexAt(low: number, high: number, level: number): number {
  switch (level) {
    case 4:
      return high >>> 7 & 511;
    case 3:
      return (high << 2 | low >>> 30) & 511;
    case 2:
      return low >>> 21 & 511;
    default:
      return low >>> 12 & 511;
  }
}

/**
 * Bits 32 to 47 of an address, and the sign above them.
 *
 * @param address A virtual address.
 * @returns A small integer.
 */
export function highBits(address: number): number {
  return Math.floor(address / TWO_32);
}

/**
 * Checks the flags' high word and low word for bits of the address.
 *
 * @param low Low word.
 * @param high High word.
 * @throws {RangeError} If there are any, or if the low word is no such number.
 */
export function checkFlags(low: number, high: number): void {
  const lowIsOk = low === (low & PTE_FLAGS_LOW);
  if (lowIsOk && (high & ~PTE_FLAGS_HIGH) === 0) return;
  throw new RangeError(
    `Cannot use flags ${formatFlags(low, high)}: ` +
      "bits 12 to 51 of an entry are its address",
  );
}

function formatFlags(low: number, high: number): string {
  if (!Number.isSafeInteger(low) || !Number.isSafeInteger(high)) {
    return `${low}`;
  }
  return formatHex(BigInt(high >>> 0) << 32n | BigInt.asUintN(32, BigInt(low)));
}
