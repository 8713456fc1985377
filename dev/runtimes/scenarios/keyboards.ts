/**
 * Keyboards: text to scancodes and back, for every layout and both sets.
 *
 * @module
 */

import {
  Keyboard,
  keyboardState,
  LAYOUT_NAMES,
  type LayoutName,
  type ScancodeSetNumber,
  scancodesForText,
} from "@lockstep/kernel/keyboard";
import { digestOf, type Scenario } from "./scenario.ts";

const TEXT = "The quick brown fox jumps over 13 lazy dogs.{Enter}{F1}{Ctrl+c}";

function typed(layout: LayoutName): string {
  const seen: unknown[] = [];
  for (const set of [1, 2] satisfies ScancodeSetNumber[]) {
    const text = scancodesForText(TEXT, layout, set);
    if (text.kind === "refused") throw new Error(text.message);
    const keyboard = new Keyboard(keyboardState({ set, layout }));
    for (const { bytes } of text.strokes) {
      for (const byte of bytes) seen.push(byte, keyboard.typed(byte));
    }
    seen.push(keyboard.state);
  }
  return digestOf(seen);
}

/** One for each layout. */
export const KEYBOARD_SCENARIOS: readonly Scenario[] = LAYOUT_NAMES.map(
  (layout) => ({ name: `keyboard ${layout}`, run: () => typed(layout) }),
);
