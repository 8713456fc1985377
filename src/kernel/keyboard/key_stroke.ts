/**
 * One stroke: modifiers down, a key down and up, modifiers up again.
 *
 * @module
 */

import { keyBytes } from "./key_bytes.ts";
import type { KeyCode } from "./key_code.ts";
import { type KeyEvent, keyEvent } from "./key_event.ts";
import type { ScancodeSetNumber } from "./scancodes.ts";

/** What is pressed and released for one character or one `{…}`. */
export interface KeyStroke {
  /** What was asked for, as written: `A`, `é`, `{Ctrl+c}`. */
  readonly text: string;
  /** Presses and releases in order. */
  readonly events: readonly KeyEvent[];
  /** The same as the bytes of the chosen scancode set. */
  readonly bytes: readonly number[];
}

/**
 * A stroke of a key with modifiers around it.
 *
 * @param text What it stands for.
 * @param held Modifier keys, in the order in which they are pressed; each once.
 * @param code The key.
 * @param set Scancode set of the bytes.
 * @returns The stroke; releases come in the opposite order.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { keyStroke } from "@lockstep/kernel/keyboard";
 *
 * const { bytes } = keyStroke("A", ["LShift"], "A", 1);
 * assertEquals(bytes, [0x2a, 0x1e, 0x9e, 0xaa]);
 * ```
 */
export function keyStroke(
  text: string,
  held: readonly KeyCode[],
  code: KeyCode,
  set: ScancodeSetNumber,
): KeyStroke {
  const keys = [...new Set([...held, code])];
  const events = [
    ...keys.map((key) => keyEvent(key, "Down")),
    ...keys.toReversed().map((key) => keyEvent(key, "Up")),
  ];
  const kinds = {
    shift: held.includes("LShift") || held.includes("RShift"),
    control: held.includes("LControl") || held.includes("RControl"),
    alt: held.includes("LAlt") || held.includes("RAltGr"),
  };
  const bytes = events.flatMap((event) => keyBytes(event, set, kinds));
  return { text, events, bytes };
}
