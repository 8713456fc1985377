/**
 * An incremental UTF-8 decoder with plain state: bytes in, characters out.
 *
 * Source: "The Unicode Standard", "UTF-8"; a broken sequence is one U+FFFD, and
 * the byte that broke it starts afresh ("U+FFFD Substitution of Maximal
 * Subparts", but for lead bytes with an impossible second byte).
 *
 * @module
 */

/** Stands for bytes that are no character. */
export const REPLACEMENT_CHARACTER = "\ufffd";

/** All that the decoder remembers between two bytes. */
export interface Utf8State {
  /** Bits of the character in progress. */
  codePoint: number;
  /** How many of its bytes are missing, 0 to 3. */
  missing: number;
  /** Smallest code point that its length may encode. */
  smallest: number;
}

/**
 * The state between two characters.
 *
 * @returns Plain data.
 */
export function utf8State(): Utf8State {
  return { codePoint: 0, missing: 0, smallest: 0 };
}

/**
 * Ends the character in progress, if there is one.
 *
 * @param s The decoder's state.
 * @returns U+FFFD, or nothing.
 */
export function endUtf8(s: Utf8State): string {
  if (s.missing === 0) return "";
  s.missing = 0;
  return REPLACEMENT_CHARACTER;
}

/**
 * Takes the next byte.
 *
 * @param s The decoder's state.
 * @param byte 0 to 255.
 * @returns No, one or two characters; the first of two is U+FFFD.
 */
export function addUtf8(s: Utf8State, byte: number): string {
  if (s.missing > 0 && (byte & 0xc0) === 0x80) {
    s.codePoint = s.codePoint << 6 | byte & 0x3f;
    s.missing -= 1;
    return s.missing > 0 ? "" : character(s);
  }
  const broken = endUtf8(s);
  if (byte < 0x80) return broken + String.fromCharCode(byte);
  if (byte >= 0xc2 && byte < 0xe0) lead(s, byte & 0x1f, 1, 0x80);
  else if (byte >= 0xe0 && byte < 0xf0) lead(s, byte & 0x0f, 2, 0x800);
  else if (byte >= 0xf0 && byte < 0xf5) lead(s, byte & 0x07, 3, 0x1_0000);
  else return broken + REPLACEMENT_CHARACTER;
  return broken;
}

function lead(
  s: Utf8State,
  bits: number,
  missing: number,
  smallest: number,
): void {
  s.codePoint = bits;
  s.missing = missing;
  s.smallest = smallest;
}

function character(s: Utf8State): string {
  const c = s.codePoint;
  const isSurrogate = c >= 0xd800 && c <= 0xdfff;
  if (c < s.smallest || c > 0x10_ffff || isSurrogate) {
    return REPLACEMENT_CHARACTER;
  }
  return String.fromCodePoint(c);
}
