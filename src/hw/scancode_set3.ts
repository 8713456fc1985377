/**
 * Scan code set 3: one byte a key, no prefixes, and a type for each key.
 *
 * Source: IBM PS/2 Hardware Interface Technical Reference, "Keyboards", scan code tables and default key states.
 *
 * @module
 */

/** Key type: whether the key repeats. */
export const KEY_TYPEMATIC = 1;
/** Key type: whether the key sends a break. */
export const KEY_BREAKS = 2;

/** Pause in set 3. */
const PAUSE = 0x62;

/** Set 2 → set 3 for keys without prefix, where the codes differ: pairs. */
// deno-fmt-ignore
const PLAIN: readonly number[] = Object.freeze([
  0x76, 0x08, // Esc
  0x05, 0x07, 0x06, 0x0f, 0x04, 0x17, 0x0c, 0x1f, // F1–F4
  0x03, 0x27, 0x0b, 0x2f, 0x83, 0x37, 0x0a, 0x3f, // F5–F8
  0x01, 0x47, 0x09, 0x4f, 0x78, 0x56, 0x07, 0x5e, // F9–F12
  0x84, 0x57, // SysRq
  0x7e, 0x5f, // Scroll Lock
  0x77, 0x76, // Num Lock
  0x7c, 0x7e, // Keypad *
  0x7b, 0x84, // Keypad −
  0x79, 0x7c, // Keypad +
  0x58, 0x14, // Caps Lock
  0x14, 0x11, // Left Ctrl
  0x11, 0x19, // Left Alt
  0x5d, 0x5c, // Backslash
  0x61, 0x13, // The key left of Z
]);

/** Set 2 → set 3 for keys with prefix 0xe0: pairs. Others, the shifts around arrow keys among them, send nothing. */
// deno-fmt-ignore
const EXTENDED: readonly number[] = Object.freeze([
  0x7c, 0x57, // Print Screen
  0x7e, PAUSE, // Ctrl+Pause
  0x70, 0x67, 0x71, 0x64, // Insert, Delete
  0x6c, 0x6e, 0x69, 0x65, // Home, End
  0x7d, 0x6f, 0x7a, 0x6d, // Page Up, Page Down
  0x75, 0x63, 0x72, 0x60, 0x6b, 0x61, 0x74, 0x6a, // Arrows up, down, left, right
  0x4a, 0x77, // Keypad /
  0x5a, 0x79, // Keypad Enter
  0x14, 0x58, // Right Ctrl
  0x11, 0x39, // Right Alt
  0x1f, 0x8b, 0x27, 0x8c, 0x2f, 0x8d, // Left and right Windows, menu
]);

/** Left Shift, Right Shift, Caps Lock, left Ctrl, left Alt: make and break. */
const MAKE_AND_BREAK = "\x12\x59\x14\x11\x19";

/** Keys that send a make only, by default. */
const MAKE_ONLY = "\x08\x07\x0f\x17\x1f\x27\x2f\x37\x3f\x47\x4f\x56\x5e" +
  "\x57\x5f\x62\x67\x6e\x65\x6f\x6d\x76\x77\x7e\x84" +
  "\x6c\x75\x7d\x6b\x73\x74\x69\x72\x7a\x70\x71\x79\x58\x39\x8b\x8c\x8d";

function pair(pairs: readonly number[], code: number): number | null {
  for (let i = 0; i < pairs.length; i += 2) {
    if (pairs[i] === code) return pairs[i + 1]!;
  }
  return null;
}

/**
 * The set 3 code of a key.
 *
 * @param prefix 0, 0xe0 or 0xe1 before the code
 * @param code the code in set 2
 * @returns the code in set 3, or `null` if the byte is no key of its own
 */
export function set3FromSet2(prefix: number, code: number): number | null {
  if (prefix === 0xe0) return pair(EXTENDED, code);
  if (prefix === 0xe1) return code === 0x77 ? PAUSE : null;
  return pair(PLAIN, code) ?? code;
}

/**
 * The default type of each key.
 *
 * @returns 256 types by set 3 code: {@linkcode KEY_TYPEMATIC} and {@linkcode KEY_BREAKS}
 */
export function defaultKeyTypes(): Uint8Array {
  const types = new Uint8Array(256).fill(KEY_TYPEMATIC);
  for (const key of MAKE_AND_BREAK) types[key.charCodeAt(0)] = KEY_BREAKS;
  for (const key of MAKE_ONLY) types[key.charCodeAt(0)] = 0;
  return types;
}
