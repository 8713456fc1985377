/**
 * UTF-8 without a host: Rust's strings are UTF-8, and its writers see their
 * bytes.
 *
 * Source: Unicode Standard, "UTF-8"; a lone surrogate becomes U+FFFD, as in
 * the Encoding Standard.
 *
 * @module
 */

/**
 * Encodes a text.
 *
 * @param text Any string.
 * @returns Its bytes.
 */
export function encodeUtf8(text: string): number[] {
  const bytes: number[] = [];
  for (const character of text) {
    let code = character.codePointAt(0)!;
    if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), tail(code));
    else if (code < 0x1_0000) {
      bytes.push(0xe0 | (code >> 12), tail(code >> 6), tail(code));
    } else {
      bytes.push(0xf0 | (code >> 18), tail(code >> 12));
      bytes.push(tail(code >> 6), tail(code));
    }
  }
  return bytes;
}

const tail = (code: number): number => 0x80 | (code & 0x3f);
