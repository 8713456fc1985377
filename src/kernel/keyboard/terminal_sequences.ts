/**
 * What a terminal sends for keys without a character, as keys.
 *
 * Source: "XTerm Control Sequences", "PC-Style Function Keys" and "VT220-Style
 * Function Keys"; "Comprehensive keyboard handling in terminals" for CSI u; the
 * Linux console's own F1 to F5, and rxvt's Home and End.
 *
 * @module
 */

import type { KeyCode } from "./key_code.ts";

/** Final byte of `ESC [ … X` and `ESC O X`. */
const BY_LETTER: Readonly<Record<string, KeyCode>> = {
  A: "ArrowUp",
  B: "ArrowDown",
  C: "ArrowRight",
  D: "ArrowLeft",
  E: "Numpad5", // "Begin", the 5 of a keypad without Num Lock.
  F: "End",
  H: "Home",
  P: "F1",
  Q: "F2",
  R: "F3",
  S: "F4",
};

/** Keypad in application mode: `ESC O x`. */
const BY_KEYPAD_LETTER: Readonly<Record<string, KeyCode>> = {
  M: "NumpadEnter",
  j: "NumpadMultiply",
  k: "NumpadAdd",
  l: "NumpadPeriod",
  m: "NumpadSubtract",
  n: "NumpadPeriod",
  o: "NumpadDivide",
  p: "Numpad0",
  q: "Numpad1",
  r: "Numpad2",
  s: "Numpad3",
  t: "Numpad4",
  u: "Numpad5",
  v: "Numpad6",
  w: "Numpad7",
  x: "Numpad8",
  y: "Numpad9",
};

/** First number of `ESC [ N ~`. */
const BY_NUMBER: Readonly<Record<number, KeyCode>> = {
  1: "Home",
  2: "Insert",
  3: "Delete",
  4: "End",
  5: "PageUp",
  6: "PageDown",
  7: "Home",
  8: "End",
  11: "F1",
  12: "F2",
  13: "F3",
  14: "F4",
  15: "F5",
  17: "F6",
  18: "F7",
  19: "F8",
  20: "F9",
  21: "F10",
  23: "F11",
  24: "F12",
  29: "Apps",
};

/** Characters of CSI u that are keys rather than text. */
const BY_CHARACTER: Readonly<Record<number, KeyCode>> = {
  8: "Backspace",
  9: "Tab",
  13: "Return",
  27: "Escape",
  127: "Backspace",
};

/** A key from a terminal: by name, or as a character to look up. */
export interface TerminalKey {
  /** Modifier keys that the terminal reports. */
  readonly held: readonly KeyCode[];
  /** The key, or the character. */
  readonly key: { readonly code: KeyCode } | { readonly char: string };
}

/**
 * The key of a control sequence.
 *
 * @param introducer `[` for CSI, `O` for SS3.
 * @param parameters What stands between introducer and final byte.
 * @param final The last byte.
 * @returns The key, or null for a report that is no key (focus, mouse, paste
 * marks) and for sequences of no key of ours.
 */
export function sequenceKey(
  introducer: "[" | "O",
  parameters: string,
  final: string,
): TerminalKey | null {
  if (!/^[0-9;:]*$/.test(parameters)) return null;
  const numbers = parameters.split(";").map((text) => parseInt(text, 10));
  const [first = NaN, second = 1] = numbers;
  const held = heldKeys(introducer === "O" ? first : second);
  const named = (code: KeyCode | undefined): TerminalKey | null =>
    code === undefined ? null : { held, key: { code } };
  if (introducer === "O") {
    // Some terminals put the modifiers right behind the O.
    return named(own(BY_LETTER, final) ?? own(BY_KEYPAD_LETTER, final));
  }
  switch (final) {
    case "~":
      // xterm's modifyOtherKeys: 27 ; modifiers ; character.
      return first === 27
        ? characterKey(numbers[2], held)
        : named(BY_NUMBER[first]);
    case "u":
      return characterKey(first, held);
    case "Z":
      return { held: ["LShift"], key: { code: "Tab" } };
    default:
      // Another first number is a report, such as the cursor's place.
      return first > 1 ? null : named(own(BY_LETTER, final));
  }
}

/**
 * The key of the Linux console's `ESC [ [ A` to `E`.
 *
 * @param final The last byte.
 * @returns F1 to F5, or null for another byte.
 */
export function linuxFunctionKey(final: string): TerminalKey | null {
  const keys: readonly KeyCode[] = ["F1", "F2", "F3", "F4", "F5"];
  const code = keys["ABCDE".indexOf(final)];
  return code === undefined ? null : { held: [], key: { code } };
}

function characterKey(
  codePoint: number | undefined,
  held: readonly KeyCode[],
): TerminalKey | null {
  if (codePoint === undefined || !(codePoint >= 0 && codePoint <= 0x10ffff)) {
    return null;
  }
  const code = BY_CHARACTER[codePoint];
  if (code !== undefined) return { held, key: { code } };
  return codePoint < 0x20
    ? null
    : { held, key: { char: String.fromCodePoint(codePoint) } };
}

/** xterm's modifier number: 1 + a bit each for Shift, Alt, Control, Meta; 0 or none is 1. */
function heldKeys(modifiers: number): KeyCode[] {
  const bits = modifiers >= 1 ? modifiers - 1 : 0;
  const keys: readonly KeyCode[] = ["LShift", "LAlt", "LControl", "LWin"];
  return keys.filter((_, bit) => (bits >> bit & 1) !== 0);
}

function own(
  table: Readonly<Record<string, KeyCode>>,
  key: string,
): KeyCode | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

/** Keys of control bytes; the rest are Control with a letter or a symbol. */
const CONTROL_KEYS: ReadonlyMap<number, KeyCode> = new Map([
  [0x08, "Backspace"],
  [0x09, "Tab"],
  [0x0a, "Return"],
  [0x0d, "Return"],
  [0x7f, "Backspace"],
]);

/**
 * The key of a character outside control sequences.
 *
 * @param char One character, control characters included.
 * @returns The key; Control with a letter for most of U+0001 to U+001A.
 */
export function textKey(char: string): TerminalKey {
  const byte = char.charCodeAt(0);
  const code = CONTROL_KEYS.get(byte);
  if (code !== undefined) return { held: [], key: { code } };
  if (byte >= 0x20) return { held: [], key: { char } };
  // 0x00 is Control with Space; 0x1c to 0x1f with \ ] ^ _.
  const symbol = byte === 0
    ? " "
    : String.fromCharCode(byte + (byte < 0x1b ? 0x60 : 0x40));
  return { held: ["LControl"], key: { char: symbol } };
}
