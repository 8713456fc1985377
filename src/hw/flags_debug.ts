/**
 * The `Debug` text of a set of flags as the crate x86_64 prints it.
 *
 * 0.15 (bitflags 2) wraps the names in the type's name and shows unnamed bits
 * as one hexadecimal number; 0.14 (bitflags 1) leaves the type's name out.
 *
 * @module
 */

import { hexDigits64 } from "./format_hex.ts";

/** One named bit of a set of flags. */
export interface FlagName {
  /** The crate's word, for example `PRESENT`. */
  readonly name: string;
  /** Number of the bit, 0 … 63. */
  readonly bit: number;
}

/** Which version of the crate x86_64 a text is printed after. */
export type CrateVersion = "0.15" | "0.14";

/**
 * Makes the table of names from a line of words.
 *
 * @param firstBit The bit of the first word; each further one is a bit higher.
 * @param words Names separated by spaces; `-` leaves a bit without a name.
 * @returns One row for each name, in the order given.
 */
export function flagNames(
  firstBit: number,
  words: string,
): readonly FlagName[] {
  return words.split(" ")
    .map((name, index) => ({ name, bit: firstBit + index }))
    .filter(({ name }) => name !== "-");
}

/**
 * Formats a set of flags.
 *
 * @param type The crate's type, for example `RFlags`.
 * @param names Named bits in the order in which they are printed.
 * @param low Bits 0 to 31.
 * @param high Bits 32 to 63.
 * @param version After which version of the crate; 0.15 by default.
 * @returns For example `RFlags(INTERRUPT_FLAG | 0x2)`.
 */
export function flagsDebug(
  type: string,
  names: readonly FlagName[],
  low: number,
  high: number,
  version: CrateVersion = "0.15",
): string {
  const parts = flagsParts(names, low, high);
  if (version === "0.15") return `${type}(${parts.join(" | ") || "0x0"})`;
  return parts.join(" | ") || "(empty)";
}

/**
 * The parts of such a text: the names that are set, then the rest as a number.
 *
 * @param names Named bits in the order in which they are printed.
 * @param low Bits 0 to 31.
 * @param high Bits 32 to 63.
 * @returns For example `["INTERRUPT_FLAG", "0x2"]`; empty where no bit is set.
 */
export function flagsParts(
  names: readonly FlagName[],
  low: number,
  high: number,
): string[] {
  const parts: string[] = [];
  for (const { name, bit } of names) {
    const word = bit < 32 ? low : high;
    const mask = 1 << (bit & 31);
    if ((word & mask) === 0) continue;
    parts.push(name);
    if (bit < 32) low &= ~mask;
    else high &= ~mask;
  }
  if ((low | high) !== 0) parts.push("0x" + hexDigits64(low, high));
  return parts;
}
