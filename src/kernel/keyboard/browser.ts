/**
 * From a browser's `KeyboardEvent.code` to keys: both name the place of a key,
 * so no layout is involved.
 *
 * Source: "UI Events KeyboardEvent code Values", the tables of each section. The
 * 104-key and the 105-key board call their backslash key `Backslash` (`Oem7`);
 * the 105-key board's extra key is `IntlBackslash` (`Oem5`).
 *
 * @module
 */

import { isKeyCode, type KeyCode } from "./key_code.ts";

/** Keys whose browser name differs, or has no number or letter in it. */
const PLACES: Readonly<Record<string, KeyCode>> = {
  // "Writing System Keys"; letters and digits are below.
  Backquote: "Oem8",
  Backslash: "Oem7",
  BracketLeft: "Oem4",
  BracketRight: "Oem6",
  Comma: "OemComma",
  Equal: "OemPlus",
  IntlBackslash: "Oem5",
  IntlRo: "Oem12",
  IntlYen: "Oem13",
  Minus: "OemMinus",
  Period: "OemPeriod",
  Quote: "Oem3",
  Semicolon: "Oem1",
  Slash: "Oem2",
  // "Functional Keys".
  AltLeft: "LAlt",
  AltRight: "RAltGr",
  Backspace: "Backspace",
  CapsLock: "CapsLock",
  ContextMenu: "Apps",
  ControlLeft: "LControl",
  ControlRight: "RControl",
  Enter: "Return",
  MetaLeft: "LWin",
  MetaRight: "RWin",
  OSLeft: "LWin", // Older Firefox and Chrome.
  OSRight: "RWin",
  ShiftLeft: "LShift",
  ShiftRight: "RShift",
  Space: "Spacebar",
  Tab: "Tab",
  Convert: "Oem10",
  KanaMode: "Oem11",
  NonConvert: "Oem9",
  // "Control Pad Section".
  Delete: "Delete",
  End: "End",
  Home: "Home",
  Insert: "Insert",
  PageDown: "PageDown",
  PageUp: "PageUp",
  // "Arrow Pad Section".
  ArrowDown: "ArrowDown",
  ArrowLeft: "ArrowLeft",
  ArrowRight: "ArrowRight",
  ArrowUp: "ArrowUp",
  // "Numpad Section"; digits are below.
  NumLock: "NumpadLock",
  NumpadAdd: "NumpadAdd",
  NumpadDecimal: "NumpadPeriod",
  NumpadDivide: "NumpadDivide",
  NumpadEnter: "NumpadEnter",
  NumpadMultiply: "NumpadMultiply",
  NumpadSubtract: "NumpadSubtract",
  // "Function Section"; F1 to F12 are below.
  Escape: "Escape",
  Pause: "PauseBreak",
  PrintScreen: "PrintScreen",
  ScrollLock: "ScrollLock",
  // "Media Keys".
  AudioVolumeDown: "VolumeDown",
  AudioVolumeMute: "Mute",
  AudioVolumeUp: "VolumeUp",
  VolumeDown: "VolumeDown", // Older Firefox.
  VolumeMute: "Mute",
  VolumeUp: "VolumeUp",
  BrowserHome: "WWWHome",
  LaunchApp2: "Calculator",
  MediaPlayPause: "Play",
  MediaStop: "Stop",
  MediaTrackNext: "NextTrack",
  MediaTrackPrevious: "PrevTrack",
};

/** `KeyA` → `A`, `Digit1` → `Key1`; `F1` and `Numpad1` are called the same. */
function serial(code: string): string | null {
  const match = /^(Key|Digit|Numpad|F)([A-Z]|[0-9]|1[0-2])$/.exec(code);
  if (match === null) return null;
  const [, kind = "", which = ""] = match;
  const isLetter = which >= "A";
  if ((kind === "Key") !== isLetter) return null;
  if (kind === "Key") return which;
  return kind === "Digit" ? `Key${which}` : code;
}

/**
 * The key at the place that a browser reports. Turn presses (repeats included)
 * and releases into bytes with `keyBytes`.
 *
 * @param code A `KeyboardEvent`'s `code`, not its `key`.
 * @returns The key, or null for a key that PC keyboards of our kind lack.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { keyBytes, keyForBrowser } from "@lockstep/kernel/keyboard";
 *
 * const code = keyForBrowser("KeyA");
 * assertEquals(code, "A");
 * assertEquals(code && keyBytes({ code, state: "Down" }, 1), [0x1e]);
 * assertEquals(keyForBrowser("F13"), null);
 * ```
 */
export function keyForBrowser(code: string): KeyCode | null {
  const name = serial(code);
  if (name !== null) return isKeyCode(name) ? name : null;
  return Object.hasOwn(PLACES, code) ? PLACES[code] ?? null : null;
}
