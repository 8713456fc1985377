/**
 * The keys of a PC keyboard by name: where a key sits, not what is printed on
 * it. Names, order and spelling of the pc-keyboard crate (0.7.0, `KeyCode`).
 *
 * @module
 */

/**
 * All 124 key names, in the crate's order: 120 keys, of which a board has 87 to
 * 109 and perhaps the nine of media players and browsers; two hidden ones
 * (`RControl2` in front of Pause, `RAlt2` in front of Print Screen) and two
 * messages of the keyboard itself (`PowerOnTestOk`, `TooManyKeys`).
 */
export const KEY_CODES = [
  "Escape",
  "F1",
  "F2",
  "F3",
  "F4",
  "F5",
  "F6",
  "F7",
  "F8",
  "F9",
  "F10",
  "F11",
  "F12",
  "PrintScreen",
  "SysRq",
  "ScrollLock",
  "PauseBreak",
  "Oem8",
  "Key1",
  "Key2",
  "Key3",
  "Key4",
  "Key5",
  "Key6",
  "Key7",
  "Key8",
  "Key9",
  "Key0",
  "OemMinus",
  "OemPlus",
  "Backspace",
  "Insert",
  "Home",
  "PageUp",
  "NumpadLock",
  "NumpadDivide",
  "NumpadMultiply",
  "NumpadSubtract",
  "Tab",
  "Q",
  "W",
  "E",
  "R",
  "T",
  "Y",
  "U",
  "I",
  "O",
  "P",
  "Oem4",
  "Oem6",
  "Oem5",
  "Oem7",
  "Delete",
  "End",
  "PageDown",
  "Numpad7",
  "Numpad8",
  "Numpad9",
  "NumpadAdd",
  "CapsLock",
  "A",
  "S",
  "D",
  "F",
  "G",
  "H",
  "J",
  "K",
  "L",
  "Oem1",
  "Oem3",
  "Return",
  "Numpad4",
  "Numpad5",
  "Numpad6",
  "LShift",
  "Z",
  "X",
  "C",
  "V",
  "B",
  "N",
  "M",
  "OemComma",
  "OemPeriod",
  "Oem2",
  "RShift",
  "ArrowUp",
  "Numpad1",
  "Numpad2",
  "Numpad3",
  "NumpadEnter",
  "LControl",
  "LWin",
  "LAlt",
  "Spacebar",
  "RAltGr",
  "RWin",
  "Apps",
  "RControl",
  "ArrowLeft",
  "ArrowDown",
  "ArrowRight",
  "Numpad0",
  "NumpadPeriod",
  "Oem9",
  "Oem10",
  "Oem11",
  "Oem12",
  "Oem13",
  "PrevTrack",
  "NextTrack",
  "Mute",
  "Calculator",
  "Play",
  "Stop",
  "VolumeDown",
  "VolumeUp",
  "WWWHome",
  "PowerOnTestOk",
  "TooManyKeys",
  "RControl2",
  "RAlt2",
] as const;

/** A key by its place on the keyboard, for example `Oem7` or `ArrowUp`. */
export type KeyCode = typeof KEY_CODES[number];

const NAMES: ReadonlySet<string> = new Set(KEY_CODES);

/**
 * Whether a string is the name of a key, spelt as the crate spells it.
 *
 * @param name Any string.
 * @returns True for one of the 124 names.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { isKeyCode } from "@lockstep/kernel/keyboard";
 *
 * assert(isKeyCode("ArrowUp"));
 * assert(!isKeyCode("arrow up"));
 * ```
 */
export function isKeyCode(name: string): name is KeyCode {
  return NAMES.has(name);
}
