/**
 * Names that people write for keys, in `{…}`, beside the crate's own.
 *
 * @module
 */

import { KEY_CODES, type KeyCode } from "./key_code.ts";

/** Names beside the crate's, in lower case. */
const ALIASES: Readonly<Record<string, KeyCode>> = {
  enter: "Return",
  esc: "Escape",
  space: "Spacebar",
  bs: "Backspace",
  ins: "Insert",
  del: "Delete",
  up: "ArrowUp",
  down: "ArrowDown",
  left: "ArrowLeft",
  right: "ArrowRight",
  pgup: "PageUp",
  pgdn: "PageDown",
  prtsc: "PrintScreen",
  pause: "PauseBreak",
  caps: "CapsLock",
  numlock: "NumpadLock",
  scroll: "ScrollLock",
  menu: "Apps",
  shift: "LShift",
  ctrl: "LControl",
  control: "LControl",
  rctrl: "RControl",
  alt: "LAlt",
  altgr: "RAltGr",
  ralt: "RAltGr",
  win: "LWin",
  super: "LWin",
  meta: "LWin",
};

const KEYS_BY_NAME: ReadonlyMap<string, KeyCode> = new Map([
  ...KEY_CODES.map((code): [string, KeyCode] => [code.toLowerCase(), code]),
  ...Object.entries(ALIASES),
]);

/** Keys that `+` may join to another one. */
const MODIFIERS: readonly KeyCode[] = [
  "LShift",
  "RShift",
  "LControl",
  "RControl",
  "LAlt",
  "RAltGr",
  "LWin",
  "RWin",
];

/**
 * The key that a name stands for, in capitals or not: the crate's names, and
 * `Enter`, `Esc`, `Space`, `Up`, `PgUp`, `Ctrl`, `AltGr`, `Win` and the like.
 *
 * @param name A name.
 * @returns The key, or null for a name that none has.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { keyNamed } from "@lockstep/kernel/keyboard";
 *
 * assertEquals(keyNamed("enter"), "Return");
 * assertEquals(keyNamed("F13"), null);
 * ```
 */
export function keyNamed(name: string): KeyCode | null {
  return KEYS_BY_NAME.get(name.toLowerCase()) ?? null;
}

/**
 * The modifier key that a name stands for.
 *
 * @param name A name such as `Ctrl` or `RShift`.
 * @returns The key, or null when it is none that others are held with.
 */
export function modifierNamed(name: string): KeyCode | null {
  const code = keyNamed(name);
  return code !== null && MODIFIERS.includes(code) ? code : null;
}
