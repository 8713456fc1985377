/**
 * Hexadecimal text: our own messages group digits by four
 * (`0x4444_4444_0000`), texts of the crates don't (`0x444444440000`).
 *
 * @module
 */

/**
 * Unsigned hexadecimal digits of a 64-bit word, no prefix, no leading zeros.
 *
 * @param low Bits 0 to 31, signed or unsigned.
 * @param high Bits 32 to 63, signed or unsigned.
 * @returns Lower-case digits, at least one.
 */
export function hexDigits64(low: number, high: number): string {
  const lowDigits = (low >>> 0).toString(16);
  if (high === 0) return lowDigits;
  return (high >>> 0).toString(16) + lowDigits.padStart(8, "0");
}

/**
 * Hexadecimal digits of a number or bigint.
 *
 * A negative value is read as 64-bit two's complement, the form in which the
 * upper half of the address space is written.
 *
 * @param value An integer; a number must be a safe one to be exact.
 * @returns Lower-case digits, no prefix.
 */
export function hexDigits(value: number | bigint): string {
  if (typeof value === "bigint") {
    return (value < 0n ? BigInt.asUintN(64, value) : value).toString(16);
  }
  return value < 0
    ? hexDigits64(value % 2 ** 32, Math.floor(value / 2 ** 32))
    : value.toString(16);
}

/**
 * Formats as Rust's `{:#x}` does, which the crates' messages use.
 *
 * @param value An integer; negative values as 64-bit two's complement.
 * @returns For example `0x444444440000`.
 */
export function crateHex(value: number | bigint): string {
  return "0x" + hexDigits(value);
}

/**
 * Formats in groups of four digits, as our own messages do.
 *
 * @param value An integer; negative values as 64-bit two's complement.
 * @returns For example `0x4444_4444_0000`.
 *
 * @example
 * ```ts
 * import { formatHex } from "@lockstep/kernel/hw";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(formatHex(0x444444440000), "0x4444_4444_0000");
 * assertEquals(formatHex(-4096), "0xffff_ffff_ffff_f000");
 * ```
 */
export function formatHex(value: number | bigint): string {
  return "0x" + groupDigits(hexDigits(value));
}

/**
 * Formats a 64-bit word given in halves, in groups of four digits.
 *
 * @param low Bits 0 to 31.
 * @param high Bits 32 to 63.
 * @returns For example `0xaf_9b00_0000_ffff`.
 */
export function formatHex64(low: number, high: number): string {
  return "0x" + groupDigits(hexDigits64(low, high));
}

function groupDigits(digits: string): string {
  let text = digits.slice(-4);
  for (let end = digits.length - 4; end > 0; end -= 4) {
    text = digits.slice(Math.max(end - 4, 0), end) + "_" + text;
  }
  return text;
}
