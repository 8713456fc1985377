/**
 * Received bytes as Rust's `from_utf8` and `{:?}` show them.
 *
 * Source: The Unicode Standard, "UTF-8", table of well-formed byte sequences; Rust's `Utf8Error` and `Debug` of `str`.
 *
 * *Not modelled*: Rust's version of Unicode. Beyond ASCII the blocks in `SHOWN` are shown, and all else is escaped, whatever
 * Rust would do: a table of the host's would differ between hosts, and the text may reach a kernel's screen.
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

/** Ranges in which each code point has been a visible character since Unicode 9. */
const SHOWN: readonly (readonly [first: number, last: number])[] = [
  [0x20, 0x7e], // ASCII.
  [0xa1, 0xac], // Latin, without the soft hyphen.
  [0xae, 0x2af],
  [0x400, 0x482], // Cyrillic, without its combining signs.
  [0x48a, 0x4ff],
  [0x2010, 0x2027], // Punctuation, without separators.
  [0x2030, 0x205e],
  [0x20a0, 0x20be], // Currencies.
  [0x2190, 0x23fa], // Arrows to technical signs.
  [0x2500, 0x27bf], // Boxes to dingbats.
  [0x3041, 0x3096], // Hiragana.
  [0x30a1, 0x30fa], // Katakana.
  [0x4e00, 0x9fd5], // Chinese characters.
  [0xac00, 0xd7a3], // Hangul.
  [0x1_f300, 0x1_f64f], // Pictures and faces.
];

function escape(code: number): string {
  const short = ESCAPES[code];
  if (short !== undefined) return short;
  return SHOWN.some(([first, last]) => code >= first && code <= last)
    ? String.fromCodePoint(code)
    : `\\u{${code.toString(16)}}`;
}
