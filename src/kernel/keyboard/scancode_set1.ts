/**
 * Scancode set 1, the one that the 8042 hands to software: press = 7-bit code,
 * release = code + 0x80, prefixes 0xe0 and 0xe1 for one byte.
 * After the pc-keyboard crate, `ScancodeSet1`.
 *
 * The keyboard's replies 0xfa, 0xfe and 0xaa are not told apart from keys: as
 * in the crate 0xaa is the release of left Shift.
 *
 * @module
 */

import { keyEvent } from "./key_event.ts";
import type { KeyEvent } from "./key_event.ts";
import { type KeyboardError, UNKNOWN_KEY_CODE } from "./keyboard_error.ts";
import type { ScancodeSet, ScancodeState } from "./scancode_set.ts";
import { SET1_KEYS } from "./scancodes.ts";

/**
 * The set 1 decoder.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { ScancodeSet1 } from "@lockstep/kernel/keyboard";
 *
 * const set = new ScancodeSet1();
 * assertEquals(set.advance(0xe0), null);
 * assertEquals(set.advance(0x48), { code: "ArrowUp", state: "Down" });
 * assertEquals(set.advance(0x9e), { code: "A", state: "Up" });
 * ```
 */
export class ScancodeSet1 implements ScancodeSet {
  /** What it remembers: plain data. */
  readonly state: ScancodeState;

  /**
   * Restores a decoder, or starts one.
   *
   * @param state Restored state; at the start when left out.
   */
  constructor(state: ScancodeState = { prefix: "start" }) {
    this.state = state;
  }

  /**
   * Takes the next byte.
   *
   * @param byte 0 to 255.
   * @returns A key event, null after a prefix, or `UNKNOWN_KEY_CODE`.
   */
  advance(byte: number): KeyEvent | KeyboardError | null {
    const { prefix } = this.state;
    if (prefix === "start") {
      if (byte === 0xe0) return this.#await("e0");
      if (byte === 0xe1) return this.#await("e1");
    }
    this.state.prefix = "start";
    const page = prefix === "e0" ? 0xe000 : prefix === "e1" ? 0xe100 : 0;
    const code = SET1_KEYS.get(page | byte & 0x7f);
    if (code === undefined) return UNKNOWN_KEY_CODE;
    return keyEvent(code, byte < 0x80 ? "Down" : "Up");
  }

  #await(prefix: "e0" | "e1"): null {
    this.state.prefix = prefix;
    return null;
  }
}
