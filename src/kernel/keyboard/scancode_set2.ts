/**
 * Scancode set 2, the one that a keyboard sends on its wire: press = code,
 * release = 0xf0 and code, later keys behind 0xe0 or 0xe1.
 * After the pc-keyboard crate, `ScancodeSet2`.
 *
 * 0x00 (too many keys) and 0xaa (self-test passed) alone are messages, not
 * presses. Like the crate it decodes them after 0xf0 as releases.
 *
 * @module
 */

import { keyEvent } from "./key_event.ts";
import type { KeyEvent } from "./key_event.ts";
import { type KeyboardError, UNKNOWN_KEY_CODE } from "./keyboard_error.ts";
import type {
  ScancodePrefix,
  ScancodeSet,
  ScancodeState,
} from "./scancode_set.ts";
import { SET2_KEYS } from "./scancodes.ts";

/**
 * The set 2 decoder.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { ScancodeSet2 } from "@lockstep/kernel/keyboard";
 *
 * const set = new ScancodeSet2();
 * assertEquals(set.advance(0x1c), { code: "A", state: "Down" });
 * assertEquals(set.advance(0xf0), null);
 * assertEquals(set.advance(0x1c), { code: "A", state: "Up" });
 * ```
 */
export class ScancodeSet2 implements ScancodeSet {
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
    const longer = longerPrefix(prefix, byte);
    if (longer !== null) {
      this.state.prefix = longer;
      return null;
    }
    this.state.prefix = "start";
    const page = prefix.startsWith("e0")
      ? 0xe000
      : prefix.startsWith("e1")
      ? 0xe100
      : 0;
    const code = SET2_KEYS.get(page | byte);
    if (code === undefined) return UNKNOWN_KEY_CODE;
    if (prefix.endsWith("f0")) return keyEvent(code, "Up");
    const message = code === "TooManyKeys" || code === "PowerOnTestOk";
    return keyEvent(code, message ? "SingleShot" : "Down");
  }
}

/** The prefix with one more byte, or null when the byte ends the sequence. */
function longerPrefix(
  prefix: ScancodePrefix,
  byte: number,
): ScancodePrefix | null {
  switch (byte) {
    case 0xe0:
      return prefix === "start" ? "e0" : null;
    case 0xe1:
      return prefix === "start" ? "e1" : null;
    case 0xf0:
      if (prefix === "start") return "f0";
      if (prefix === "e0") return "e0_f0";
      return prefix === "e1" ? "e1_f0" : null;
    default:
      return null;
  }
}
