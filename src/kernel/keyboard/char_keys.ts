/**
 * Which key, with which modifiers, gives a character under a layout: the
 * inverse of `mapKey`.
 *
 * @module
 */

import { KEY_CODES, type KeyCode } from "./key_code.ts";
import {
  isLayoutName,
  LAYOUT_NAMES,
  type LayoutName,
  type LayoutVersion,
} from "./layouts/mod.ts";
import { mapKey } from "./map_key.ts";
import { initialModifiers } from "./modifiers.ts";

/** A key and the modifier keys to hold for it. */
export interface CharKey {
  /** The key. */
  readonly code: KeyCode;
  /** `LShift`, `RAltGr`, both or none. */
  readonly held: readonly KeyCode[];
}

/** From character to key. */
export type CharKeys = ReadonlyMap<string, CharKey>;

/** The four levels, the easiest first. */
const LEVELS: readonly (readonly KeyCode[])[] = [
  [],
  ["LShift"],
  ["RAltGr"],
  ["LShift", "RAltGr"],
];

/** Keys whose press never reaches the layout. */
const MODIFIER_KEYS: readonly KeyCode[] = [
  "LShift",
  "RShift",
  "LControl",
  "RControl",
  "LAlt",
  "RAltGr",
  "RControl2",
  "CapsLock",
  "NumpadLock",
];

/**
 * All characters that a layout can type from a fresh decoder (Caps Lock off, Num
 * Lock on), each with the key that a person would take: the main block before
 * the keypad, fewest modifiers, then the crate's order of keys.
 *
 * @param layout Which layout.
 * @param version Which crate's tables.
 * @returns From character to key; Enter is U+000A.
 * @throws {RangeError} If no layout has this name.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { charKeys } from "@lockstep/kernel/keyboard";
 *
 * const keys = charKeys("De105Key");
 * assertEquals(keys.get("@"), { code: "Q", held: ["RAltGr"] });
 * assertEquals(keys.get("\\"), undefined);
 * ```
 */
export function charKeys(
  layout: LayoutName,
  version: LayoutVersion = "0.7.0",
): CharKeys {
  if (!isLayoutName(layout)) {
    throw new RangeError(
      `Cannot type on layout ${layout}: choose ${LAYOUT_NAMES.join(", ")}`,
    );
  }
  const keys = new Map<string, CharKey>();
  const blocks = [
    KEY_CODES.filter((code) => !code.startsWith("Numpad")),
    KEY_CODES.filter((code) => code.startsWith("Numpad")),
  ];
  for (const block of blocks) {
    for (const held of LEVELS) {
      for (const code of block) {
        if (MODIFIER_KEYS.includes(code)) continue;
        const char = characterAt(code, held, layout, version);
        if (char !== null && !keys.has(char)) keys.set(char, { code, held });
      }
    }
  }
  return keys;
}

function characterAt(
  code: KeyCode,
  held: readonly KeyCode[],
  layout: LayoutName,
  version: LayoutVersion,
): string | null {
  const modifiers = {
    ...initialModifiers(),
    lshift: held.includes("LShift"),
    ralt: held.includes("RAltGr"),
  };
  const key = mapKey(code, modifiers, { layout, version, control: "Ignore" });
  return key.kind === "unicode" ? key.char : null;
}
