/**
 * Hashing of machine state: 64 bits, not cryptographic. Memory pages go through four lanes of xxHash32's round, trees
 * through one word at a time.
 *
 * Source: "xxHash fast digest algorithm", the XXH32 part (rounds, primes, avalanche). The 64-bit result is our own
 * second reading of the same four lanes, so values are ours and stable within a version of this package.
 *
 * @module
 */

const PRIME_1 = 0x9e37_79b1 | 0;
const PRIME_2 = 0x85eb_ca77 | 0;
const PRIME_3 = 0xc2b2_ae3d | 0;
const PRIME_4 = 0x27d4_eb2f;
const PRIME_5 = 0x1656_67b1;

function avalanche(h: number): number {
  h = Math.imul(h ^ (h >>> 15), PRIME_2);
  h = Math.imul(h ^ (h >>> 13), PRIME_3);
  return h ^ (h >>> 16);
}

/** Two 32-bit words of a 64-bit hash. */
export interface Hash64 {
  /** Bits 0 to 31, as a signed word. */
  low: number;
  /** Bits 32 to 63, as a signed word. */
  high: number;
}

/**
 * Hashes a run of words.
 *
 * @param words memory as 32-bit words
 * @param start index of the first word
 * @param count number of words, a multiple of 4
 * @param out receives the hash
 * @returns `out`; both words are 0 exactly if all words are 0, or (once in 2^64) by chance
 */
export function hashWords(
  words: Int32Array,
  start: number,
  count: number,
  out: Hash64,
): Hash64 {
  let a = (PRIME_1 + PRIME_2) | 0, b = PRIME_2, c = 0, d = -PRIME_1 | 0;
  let any = 0;
  const end = start + count;
  for (let i = start; i < end; i += 4) {
    const w = words[i]!, x = words[i + 1]!;
    const y = words[i + 2]!, z = words[i + 3]!;
    any |= w | x | y | z;
    a = (a + Math.imul(w, PRIME_2)) | 0;
    a = Math.imul((a << 13) | (a >>> 19), PRIME_1);
    b = (b + Math.imul(x, PRIME_2)) | 0;
    b = Math.imul((b << 13) | (b >>> 19), PRIME_1);
    c = (c + Math.imul(y, PRIME_2)) | 0;
    c = Math.imul((c << 13) | (c >>> 19), PRIME_1);
    d = (d + Math.imul(z, PRIME_2)) | 0;
    d = Math.imul((d << 13) | (d >>> 19), PRIME_1);
  }
  if (any === 0) {
    out.low = out.high = 0;
    return out;
  }
  const low = ((a << 1) | (a >>> 31)) + ((b << 7) | (b >>> 25)) +
    ((c << 12) | (c >>> 20)) + ((d << 18) | (d >>> 14));
  const high = ((a << 20) | (a >>> 12)) ^ ((b << 5) | (b >>> 27)) ^
    Math.imul((c << 15) | (c >>> 17), PRIME_4) ^ Math.imul(d, PRIME_5);
  out.low = avalanche((low + count) | 0);
  out.high = avalanche((high + PRIME_5) | 0);
  return out;
}

/** A 64-bit hash that is fed one thing after the other. */
export class Hasher {
  #low = PRIME_5;
  #high = PRIME_4;
  readonly #float = new Float64Array(1);
  readonly #floatWords = new Int32Array(this.#float.buffer);

  /** Feeds 32 bits. */
  word(value: number): void {
    let h = (this.#low + Math.imul(value, PRIME_3)) | 0;
    h = Math.imul((h << 17) | (h >>> 15), PRIME_4);
    this.#low = h;
    h = (this.#high ^ Math.imul(value, PRIME_2)) | 0;
    h = (Math.imul((h << 13) | (h >>> 19), PRIME_1) + PRIME_5) | 0;
    this.#high = h;
  }

  /** Feeds the 64 bits of a number. */
  float64(value: number): void {
    this.#float[0] = value;
    this.word(this.#floatWords[0]!);
    this.word(this.#floatWords[1]!);
  }

  /** Feeds a length and UTF-16 code units. */
  text(value: string): void {
    this.word(value.length);
    for (let i = 0; i < value.length; i++) this.word(value.charCodeAt(i));
  }

  /** Feeds a length and bytes, four to a word, little-endian. */
  bytes(value: Uint8Array): void {
    this.word(value.length);
    const whole = value.length & ~3;
    for (let i = 0; i < whole; i += 4) {
      this.word(
        value[i]! | value[i + 1]! << 8 | value[i + 2]! << 16 |
          value[i + 3]! << 24,
      );
    }
    for (let i = whole; i < value.length; i++) this.word(value[i]!);
  }

  /**
   * Ends the hash; more can be fed and a later digest taken.
   *
   * @returns the hash of what was fed, as 16 hex digits
   */
  digest(): string {
    const low = avalanche(this.#low ^ (this.#high >>> 3));
    const high = avalanche((this.#high + Math.imul(low, PRIME_3)) | 0);
    return hex32(high) + hex32(low);
  }
}

const hex32 = (word: number): string =>
  (word >>> 0).toString(16).padStart(8, "0");
