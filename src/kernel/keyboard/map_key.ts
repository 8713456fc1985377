/**
 * From a key and the modifiers to a character, by a layout's table.
 * After the pc-keyboard crate, `KeyboardLayout::map_keycode`.
 *
 * @module
 */

import { type DecodedKey, rawKey, unicodeKey } from "./decoded_key.ts";
import { isKeyCode, type KeyCode } from "./key_code.ts";
import type { LayoutTable } from "./layout_table.ts";
import {
  type LayoutName,
  layoutTable,
  type LayoutVersion,
} from "./layouts/mod.ts";
import {
  isAltGr,
  isCaps,
  isCtrl,
  isShifted,
  type Modifiers,
} from "./modifiers.ts";

/**
 * What a letter means while Control is held: U+0001 to U+001A, or the letter as
 * if Control weren't held.
 */
export type HandleControl = "MapLettersToUnicode" | "Ignore";

/** What decides the meaning of a key, besides the modifiers. */
export interface LayoutChoice {
  /** Which layout. */
  layout: LayoutName;
  /** Which crate's tables and rules. */
  version: LayoutVersion;
  /** What Control does to letters. */
  control: HandleControl;
}

/**
 * What a key means. Knows no modifier keys: pressing those is the event
 * decoder's business.
 *
 * @param code Which key.
 * @param modifiers What is held and locked.
 * @param choice Layout, version, control handling.
 * @returns A character, or the raw key where there is none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { initialModifiers, mapKey } from "@lockstep/kernel/keyboard";
 *
 * const held = { ...initialModifiers(), ralt: true };
 * const key = mapKey("Q", held, {
 *   layout: "De105Key",
 *   version: "0.7.0",
 *   control: "Ignore",
 * });
 * assertEquals(key, { kind: "unicode", char: "@" });
 * ```
 */
export function mapKey(
  code: KeyCode,
  modifiers: Modifiers,
  choice: LayoutChoice,
): DecodedKey {
  const table = owner(code, layoutTable(choice.layout, choice.version));
  if (table === null) return rawKey(code);
  const pad = table.numpad?.[code];
  if (pad !== undefined) {
    const [digit, off] = pad;
    if (modifiers.numlock) return unicodeKey(digit);
    return isKeyCode(off) ? rawKey(off) : unicodeKey(off);
  }
  const letter = table.letters?.[code];
  const cell = letter ?? table.symbols?.[code] ?? "";
  if (choice.control === "MapLettersToUnicode" && isCtrl(modifiers)) {
    const char = table.control?.[code] ?? controlCharacter(cell);
    if (char !== null) return unicodeKey(char);
  }
  if (letter !== undefined) {
    return unicodeKey(cellCharacter(cell, isCaps(modifiers), modifiers.ralt));
  }
  // Left Alt with Control stands in for AltGr on symbols, and only in 0.9.0.
  const altGr = choice.version === "0.7.0"
    ? modifiers.ralt
    : isAltGr(modifiers);
  return unicodeKey(cellCharacter(cell, isShifted(modifiers), altGr));
}

/**
 * Which of a cell's characters each level shows, by the number of characters.
 * Levels: 0 plain, 1 Shift, 2 AltGr, 3 Shift with AltGr.
 */
const CELL_LEVELS: readonly (readonly number[])[] = [
  [],
  [0, 0, 0, 0],
  [0, 1, 0, 1],
  [0, 1, 2, 2],
  [0, 1, 2, 3],
];

function cellCharacter(cell: string, shifted: boolean, altGr: boolean): string {
  const level = (shifted ? 1 : 0) + (altGr ? 2 : 0);
  return cell.charAt(CELL_LEVELS[cell.length]?.[level] ?? 0);
}

/** The table that names a key: the layout's own, or one that it falls back to. */
function owner(code: KeyCode, table: LayoutTable): LayoutTable | null {
  for (let t: LayoutTable | null = table; t !== null; t = t.base) {
    if (t.raw?.includes(code)) return null;
    if (
      t.letters?.[code] !== undefined || t.symbols?.[code] !== undefined ||
      t.numpad?.[code] !== undefined
    ) return t;
  }
  return null;
}

/** U+0001 to U+001A for a key whose plain character is a to z. */
function controlCharacter(cell: string): string | null {
  const c = cell.charCodeAt(0);
  return c >= 0x61 && c <= 0x7a ? String.fromCharCode(c - 0x60) : null;
}
