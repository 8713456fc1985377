/**
 * A seeded source of numbers for tests, benchmarks and searches. The machine itself has no randomness.
 *
 * Source: C. Doty-Humphrey's sfc32 (PractRand): 128 bits of state, period of at least 2^32. Seeding departs: PractRand puts a
 * 64-bit seed into b and c, this into a and b, with as many words drawn before the first that counts.
 *
 * @module
 */

/** Words that are drawn and dropped, so that each bit of the seed has reached all of the state. */
const WARM_UP_WORDS = 12;

/** The state of a {@linkcode Prng}: four words and nothing else. */
export interface PrngState {
  /** sfc32's a, b, c and counter. */
  readonly words: Int32Array;
}

/**
 * A pseudo-random sequence that a seed decides.
 *
 * @example
 * ```ts
 * import { Prng } from "@lockstep/kernel/hw";
 * import { assertEquals } from "@std/assert";
 *
 * const [once, again] = [new Prng(7), new Prng(7)];
 * assertEquals([once.below(6), once.word()], [again.below(6), again.word()]);
 * ```
 */
export class Prng {
  /** All there is to save. */
  readonly state: PrngState;

  /**
   * Starts a sequence.
   *
   * @param seed an integer, or a state to go on from
   */
  constructor(seed: number | PrngState) {
    if (typeof seed === "object") {
      this.state = seed;
      return;
    }
    const high = Math.floor(seed / 0x1_0000_0000);
    this.state = { words: Int32Array.of(seed | 0, high | 0, 0, 1) };
    for (let i = 0; i < WARM_UP_WORDS; i++) this.word();
  }

  /**
   * Draws a word.
   *
   * @returns the next 32 bits, unsigned
   */
  word(): number {
    const w = this.state.words;
    const [a, b, c, n] = [w[0]!, w[1]!, w[2]!, w[3]!];
    const sum = (a + b + n) | 0;
    w[3] = n + 1;
    w[0] = b ^ (b >>> 9);
    w[1] = c + (c << 3);
    w[2] = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  }

  /**
   * Draws an integer.
   *
   * @param bound from 1 to 2^32
   * @returns an integer from 0 to `bound` − 1
   */
  below(bound: number): number {
    return Math.floor(this.word() / 0x1_0000_0000 * bound);
  }
}
