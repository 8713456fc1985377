/**
 * What the address files share among themselves; not part of the public door
 * `addr.ts`.
 *
 * @module
 */

const TWO_48 = 2 ** 48;

/**
 * Throws unless a number is an exact integer.
 *
 * `-0` is refused too: it passes every range test, and is yet another value
 * to `Object.is` and so to a digest of the state.
 *
 * @param value The number to be made an address.
 * @param kind "virtual" or "physical", for the message.
 * @throws {RangeError} If it is a fraction, beyond 2^53, or `-0`.
 */
export function checkExact(value: number, kind: string): void {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return;
  throw new RangeError(
    `Cannot make a ${kind} address from the number ${value}: ` +
      "not an exact integer, give a bigint",
  );
}

/**
 * Whether a number counts something.
 *
 * @param value Any number.
 * @returns Whether it is whole, from 0 on; infinity is, and past every end.
 */
export function isCount(value: number): boolean {
  return value >= 0 && Math.floor(value) === value;
}

/**
 * A number of bytes as bigint, for the exact message of a failed sum.
 *
 * @param bytes The number of bytes.
 * @returns The same number.
 * @throws {RangeError} If it is negative or not an exact integer.
 */
export function exactBig(bytes: number): bigint {
  if (Number.isSafeInteger(bytes) && bytes >= 0) return BigInt(bytes);
  throw new RangeError(
    `Cannot count ${bytes} bytes: not an exact integer from 0 on`,
  );
}

/**
 * Keeps the low 48 bits, sign-extended.
 *
 * @param value A safe integer, or a power of two up to 2^63.
 * @returns −2^47 … 2^47 − 1.
 */
export function signExtend48(value: number): number {
  return value - Math.floor(value / TWO_48 + 0.5) * TWO_48;
}

/**
 * Joins two words, for the exact message of a refusal.
 *
 * @param low Bits 0 to 31.
 * @param high Bits 32 to 63.
 * @returns The unsigned 64-bit value.
 */
export function joinBig(low: number, high: number): bigint {
  return BigInt(high >>> 0) << 32n | BigInt(low >>> 0);
}
