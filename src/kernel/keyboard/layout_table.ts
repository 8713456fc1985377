/**
 * A keyboard layout as a table that can be laid beside the keyboard.
 *
 * A *cell* is what is printed on a key: one to four characters for
 * [plain, Shift, AltGr, Shift with AltGr]. One character serves all four; two
 * mean that AltGr changes nothing; three that Shift changes nothing under AltGr.
 *
 * Which level applies: for `symbols` Shift alone decides, for `letters` Shift
 * xor Caps Lock. A key whose plain character is a to z gives U+0001 to U+001A
 * under Control, if the decoder is told to (`MapLettersToUnicode`).
 *
 * @module
 */

import type { KeyCode } from "./key_code.ts";

/** Keys and what is printed on them. */
export type KeyCells = { readonly [K in KeyCode]?: string };

/** Keys with a digit while Num Lock is on, and another key while it is off. */
export type NumpadCells = {
  readonly [K in KeyCode]?: readonly [digit: string, off: KeyCode | "\x7f"];
};

/** One layout. A key that no table names is a raw key of its own name. */
export interface LayoutTable {
  /** Shape of the board: 101/104, 102/105 or 106/109 keys. */
  readonly physical: "Ansi" | "Iso" | "Jis";
  /** The layout that is asked for keys that this one doesn't name. */
  readonly base: LayoutTable | null;
  /** Keys that Caps Lock leaves alone. */
  readonly symbols?: KeyCells;
  /** Keys that Caps Lock shifts. */
  readonly letters?: KeyCells;
  /** Keys that follow Num Lock. */
  readonly numpad?: NumpadCells;
  /** Control characters that don't follow from the key's letter. */
  readonly control?: KeyCells;
  /** Keys of the base that mean nothing here. */
  readonly raw?: readonly KeyCode[];
}
