/**
 * What a key press means under a layout: a character, or a key without one.
 * After the pc-keyboard crate, `DecodedKey`.
 *
 * @module
 */

import type { KeyCode } from "./key_code.ts";

/** A key press that stands for a character. */
export interface UnicodeKey {
  /** Tells the two kinds apart. */
  readonly kind: "unicode";
  /** One character; Enter is U+000A, Backspace U+0008, Delete U+007F. */
  readonly char: string;
}

/** A key press that stands for no character, such as an arrow or a shift. */
export interface RawKey {
  /** Tells the two kinds apart. */
  readonly kind: "raw";
  /** The key; its name is what the book's kernel prints. */
  readonly code: KeyCode;
}

/** What a key press means. */
export type DecodedKey = UnicodeKey | RawKey;

/**
 * A decoded key for a character.
 *
 * @param char One character.
 * @returns The key.
 */
export function unicodeKey(char: string): UnicodeKey {
  return { kind: "unicode", char };
}

/**
 * A decoded key without a character.
 *
 * @param code Which key.
 * @returns The key.
 */
export function rawKey(code: KeyCode): RawKey {
  return { kind: "raw", code };
}

/**
 * What the book's kernel prints for a key: the character itself, or the raw
 * key's name as the crate's `{:?}` gives it ("Hardware Interrupts",
 * "Interpreting the Scancodes").
 *
 * @param key A decoded key.
 * @returns For example `a`, `LShift`, `ArrowUp` or `F1`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { printedKey, rawKey, unicodeKey } from "@lockstep/kernel/keyboard";
 *
 * assertEquals(printedKey(unicodeKey("é")), "é");
 * assertEquals(printedKey(rawKey("ArrowUp")), "ArrowUp");
 * ```
 */
export function printedKey(key: DecodedKey): string {
  return key.kind === "unicode" ? key.char : key.code;
}
