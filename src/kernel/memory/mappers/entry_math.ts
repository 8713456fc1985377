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
  return (high & PTE_ADDR_HIGH) * TWO_32 + ((low & ~PTE_FLAGS_LOW) >>> 0);
}

/**
 * Index of an address in the table of a level.
 *
 * @param address A virtual address.
 * @param level The level.
 * @returns 0 … 511.
 */
export function indexAt(address: number, level: number): number {
  if (level === 1) return address >>> 12 & 511;
  if (level === 2) return address >>> 21 & 511;
  return Math.floor(address / (level === 3 ? 2 ** 30 : 2 ** 39)) & 511;
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
