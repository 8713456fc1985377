/**
 * A 64-bit word as two unsigned 32-bit words, low first, as the machine keeps
 * page-table entries, descriptors and registers. BigInt stands only at the
 * edge: {@linkcode word64FromBigInt} and {@linkcode word64ToBigInt}.
 *
 * The formats that lie in memory are read and written through
 * {@linkcode WordSource} and {@linkcode WordSink}, whatever stands behind them.
 *
 * Source: Intel SDM 1, "Fundamental Data Types" (quadword, little-endian).
 *
 * @module
 */

/** A 64-bit word: two unsigned 32-bit halves. */
export interface Word64 {
  /** Bits 0 to 31, 0 … 0xffff_ffff. */
  readonly low: number;
  /** Bits 32 to 63, 0 … 0xffff_ffff. */
  readonly high: number;
}

/**
 * Makes a 64-bit word from two halves, each taken modulo 2^32.
 *
 * @param low Bits 0 to 31, signed or unsigned.
 * @param high Bits 32 to 63, signed or unsigned.
 * @returns Both halves as unsigned numbers.
 *
 * @example
 * ```ts
 * import { word64, word64ToBigInt } from "@lockstep/kernel/hw";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(word64(-1, 0), { low: 0xffff_ffff, high: 0 });
 * assertEquals(word64ToBigInt(word64(0, -1)), 0xffff_ffff_0000_0000n);
 * ```
 */
export function word64(low: number, high: number): Word64 {
  return { low: low >>> 0, high: high >>> 0 };
}

/**
 * Splits a bigint, taken modulo 2^64, into its two halves.
 *
 * @param value Any integer; a negative one is read as two's complement.
 * @returns Its low 64 bits.
 */
export function word64FromBigInt(value: bigint): Word64 {
  return {
    low: Number(BigInt.asUintN(32, value)),
    high: Number(BigInt.asUintN(32, value >> 32n)),
  };
}

/**
 * Joins the two halves.
 *
 * @param word A 64-bit word.
 * @returns The same value, unsigned, 0 … 2^64 − 1.
 */
export function word64ToBigInt(word: Word64): bigint {
  return BigInt(word.high) << 32n | BigInt(word.low);
}

/**
 * Compares two words bit for bit.
 *
 * @param a One word.
 * @param b The other.
 * @returns Whether both halves are equal.
 */
export function word64Equals(a: Word64, b: Word64): boolean {
  return a.low === b.low && a.high === b.high;
}

/** Memory that can be read: 32-bit words by address. */
export interface WordSource {
  /**
   * Reads a little-endian 32-bit word.
   *
   * @param address Address of the word, a multiple of 4.
   * @returns The word, signed or unsigned.
   */
  load32(address: number): number;
}

/** Memory that can be written: 32-bit words by address. */
export interface WordSink {
  /**
   * Writes a little-endian 32-bit word.
   *
   * @param address Address of the word, a multiple of 4.
   * @param value The word, signed or unsigned.
   */
  store32(address: number, value: number): void;
}
