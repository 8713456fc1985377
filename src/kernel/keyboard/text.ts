/**
 * From text to key strokes: what a person at the keyboard would press.
 *
 * @module
 */

import { type CharKey, type CharKeys, charKeys } from "./char_keys.ts";
import type { KeyCode } from "./key_code.ts";
import { type KeyStroke, keyStroke } from "./key_stroke.ts";
import {
  type KeyPart,
  readKeyPart,
  refusal,
  type TextRefusal,
} from "./key_syntax.ts";
import type { LayoutName, LayoutVersion } from "./layouts/mod.ts";
import type { ScancodeSetNumber } from "./scancodes.ts";

/** A text as strokes. */
export interface TextStrokes {
  /** Tells strokes from a refusal. */
  readonly kind: "strokes";
  /** One for each character or `{…}`, in order. */
  readonly strokes: readonly KeyStroke[];
}

/** What `scancodesForText` takes besides text, layout and set. */
export interface TextOptions {
  /** Which crate's tables; 0.7.0 when left out. */
  readonly version?: LayoutVersion;
  /** False types braces as they are, for text that names no keys. */
  readonly braces?: boolean;
}

/**
 * The strokes that type a text on a fresh keyboard: Caps Lock off, Num Lock on.
 * Names of keys stand in braces, as `readKeyPart` says. With Control, Alt or Win
 * held a letter's case is ignored, as people write it: `{Ctrl+C}` presses no
 * Shift.
 *
 * @param text What to type.
 * @param layout The layout that will decode it.
 * @param set The scancode set of the bytes.
 * @param options Tables and syntax.
 * @returns The strokes; or the first place that can't be typed, and why.
 * @throws {RangeError} If no layout has this name.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { scancodesForText } from "@lockstep/kernel/keyboard";
 *
 * const typed = scancodesForText("A{Enter}", "Us104Key", 1);
 * assertEquals(typed.kind === "strokes" && typed.strokes.map((s) => s.bytes), [
 *   [0x2a, 0x1e, 0x9e, 0xaa],
 *   [0x1c, 0x9c],
 * ]);
 *
 * const refused = scancodesForText("5 €", "Us104Key", 1);
 * assertEquals(
 *   refused.kind === "refused" && refused.message,
 *   'Cannot type "€" at position 2: layout Us104Key has no key for it',
 * );
 * ```
 */
export function scancodesForText(
  text: string,
  layout: LayoutName = "Us104Key",
  set: ScancodeSetNumber = 1,
  options: TextOptions = {},
): TextStrokes | TextRefusal {
  const keys = charKeys(layout, options.version);
  const strokes: KeyStroke[] = [];
  for (let position = 0; position < text.length;) {
    const part = readKeyPart(text, position, options.braces ?? true);
    if (part.kind === "refused") return part;
    const key = keyFor(part, keys);
    if (key === null) {
      const why = `layout ${layout} has no key for it`;
      return refusal("no-key", position, part.text, why);
    }
    const held = [...part.held, ...key.held];
    strokes.push(keyStroke(part.text, held, key.code, set));
    position = part.end;
  }
  return { kind: "strokes", strokes };
}

/** Modifiers under which a letter's case says nothing. */
const CASELESS: readonly KeyCode[] = [
  "LControl",
  "RControl",
  "LAlt",
  "LWin",
  "RWin",
];

function keyFor(part: KeyPart, keys: CharKeys): CharKey | null {
  if ("code" in part.key) return { code: part.key.code, held: [] };
  const { char } = part.key;
  const caseless = part.held.some((code) => CASELESS.includes(code));
  const lower = caseless && /^[A-Z]$/.test(char) ? char.toLowerCase() : char;
  return keys.get(lower) ?? null;
}
