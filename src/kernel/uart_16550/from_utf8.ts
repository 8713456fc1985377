/**
 * Received bytes as Rust's `from_utf8` and `{:?}` show them.
 *
 * Source: The Unicode Standard, "UTF-8", table of well-formed byte sequences; Rust's `Utf8Error` and `Debug` of `str`.
 *
 * *Not modelled*: Rust's version of Unicode. Which characters beyond ASCII are escaped, the host's version decides, so the
 * text is for people and stays out of a kernel's state.
 *
 * @module
 */

/** What a lead byte asks for: bytes in all, and the range of the second one. */
function sequence(lead: number): [length: number, low: number, high: number] {
  if (lead < 0x80) return [1, 0, 0];
  if (lead >= 0xc2 && lead <= 0xdf) return [2, 0x80, 0xbf];
  if (lead === 0xe0) return [3, 0xa0, 0xbf];
  if (lead === 0xed) return [3, 0x80, 0x9f];
  if (lead >= 0xe1 && lead <= 0xef) return [3, 0x80, 0xbf];
  if (lead === 0xf0) return [4, 0x90, 0xbf];
  if (lead >= 0xf1 && lead <= 0xf3) return [4, 0x80, 0xbf];
  if (lead === 0xf4) return [4, 0x80, 0x8f];
  return [0, 0, 0];
}

/**
 * What Rust prints for `core::str::from_utf8(bytes)` with `{:?}`.
 *
 * @param bytes any bytes
 * @returns `Ok("…")`, or `Err(Utf8Error { valid_up_to: …, error_len: … })`
 */
export function fromUtf8Debug(bytes: ArrayLike<number>): string {
  let text = "";
  let at = 0;
  while (at < bytes.length) {
    const [length, low, high] = sequence(bytes[at]!);
    let good = length === 0 ? 0 : 1;
    while (good > 0 && good < length && at + good < bytes.length) {
      const byte = bytes[at + good]!;
      const fits = good === 1
        ? byte >= low && byte <= high
        : (byte & 0xc0) === 0x80;
      if (!fits) break;
      good += 1;
    }
    if (length === 0 || good < length) {
      const ended = length > 0 && at + good === bytes.length;
      const errorLength = ended ? "None" : `Some(${Math.max(1, good)})`;
      return `Err(Utf8Error { valid_up_to: ${at}, error_len: ${errorLength} })`;
    }
    let code = length === 1 ? bytes[at]! : bytes[at]! & (0x7f >> length);
    for (let i = 1; i < length; i++) {
      code = (code << 6) | (bytes[at + i]! & 0x3f);
    }
    text += escape(code);
    at += length;
  }
  return `Ok("${text}")`;
}

const ESCAPES: { readonly [code: number]: string } = {
  0x00: "\\0",
  0x09: "\\t",
  0x0a: "\\n",
  0x0d: "\\r",
  0x22: '\\"',
  0x5c: "\\\\",
};

function escape(code: number): string {
  const short = ESCAPES[code];
  if (short !== undefined) return short;
  const character = String.fromCodePoint(code);
  return /[\p{C}\p{Z}\p{Grapheme_Extend}]/u.test(character) && code !== 0x20
    ? `\\u{${code.toString(16)}}`
    : character;
}
