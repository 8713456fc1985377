/**
 * From the keyboard's wire to bytes: frames of 11 bits, of a start bit (0),
 * eight data bits with the lowest first, an odd parity bit and a stop bit (1).
 * Needed only where nothing like an 8042 reads the wire.
 * After the pc-keyboard crate, `Ps2Decoder`.
 *
 * @module
 */

import {
  BAD_START_BIT,
  BAD_STOP_BIT,
  type KeyboardError,
  PARITY_ERROR,
} from "./keyboard_error.ts";

/** Bits in a frame. */
const FRAME_BITS = 11;

/** All that the decoder remembers between two bits. */
export interface Ps2State {
  /** The bits so far, the first in bit 0. */
  register: number;
  /** How many, 0 to 10. */
  bits: number;
}

/**
 * The frame decoder.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { PARITY_ERROR, Ps2Decoder } from "@lockstep/kernel/keyboard";
 *
 * const decoder = new Ps2Decoder();
 * assertEquals(decoder.addWord(0x402), 0x01);
 * assertEquals(decoder.addWord(0x602), PARITY_ERROR);
 * ```
 */
export class Ps2Decoder {
  /** What it remembers: plain data. */
  readonly state: Ps2State;

  /**
   * Restores a decoder, or starts one.
   *
   * @param state Restored state; an empty register when left out.
   */
  constructor(state: Ps2State = { register: 0, bits: 0 }) {
    this.state = state;
  }

  /** Forgets the bits so far: for a time-out in the middle of a frame. */
  clear(): void {
    this.state.register = 0;
    this.state.bits = 0;
  }

  /**
   * Takes the next bit.
   *
   * @param bit The level of the data line.
   * @returns Null until the 11th bit, then the byte or what was wrong.
   */
  addBit(bit: boolean): number | KeyboardError | null {
    const s = this.state; // Invariant: bits < FRAME_BITS between two calls.
    if (bit) s.register |= 1 << s.bits;
    s.bits += 1;
    if (s.bits < FRAME_BITS) return null;
    const word = s.register;
    this.clear();
    return this.addWord(word);
  }

  /**
   * Takes a whole frame at once. Touches no state.
   *
   * @param word The first bit in bit 0; bits 11 and up are ignored.
   * @returns The byte, or what was wrong.
   */
  addWord(word: number): number | KeyboardError {
    const data = word >> 1 & 0xff;
    const parity = (word >> 9 & 1) !== 0;
    if ((word & 1) !== 0) return BAD_START_BIT;
    if ((word >> 10 & 1) === 0) return BAD_STOP_BIT;
    return parity === hasEvenOnes(data) ? data : PARITY_ERROR;
  }
}

/**
 * The frame that a keyboard puts on the wire for a byte.
 *
 * @param byte 0 to 255.
 * @returns 11 bits, the first in bit 0.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { ps2Frame } from "@lockstep/kernel/keyboard";
 *
 * assertEquals(ps2Frame(0x01), 0b1_0_00000001_0);
 * ```
 */
export function ps2Frame(byte: number): number {
  return 1 << 10 | (hasEvenOnes(byte) ? 1 << 9 : 0) | byte << 1;
}

function hasEvenOnes(byte: number): boolean {
  let folded = byte ^ byte >> 4;
  folded ^= folded >> 2;
  folded ^= folded >> 1;
  return (folded & 1) === 0;
}
