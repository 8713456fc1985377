/**
 * The bytes that a keyboard sends for a press or a release: the decoder's
 * inverse. Three keys are sequences: Pause sends everything on the press and
 * nothing on the release, Print Screen wraps itself in a hidden key, and both
 * change under other keys (Control with Pause is Break, Alt with Print Screen is
 * SysRq; with Shift or Control held Print Screen comes without its wrapping).
 *
 * Source: "Keyboard Scan Code Specification", notes below the tables of sets 1
 * and 2.
 *
 * *Not modelled*: the false shift codes around arrows and navigation keys while
 * Num Lock is on or Shift is held; the three-byte alternatives of `Numpad/`.
 *
 * @module
 */

import type { KeyCode } from "./key_code.ts";
import type { KeyEvent } from "./key_event.ts";
import { SCANCODES, type ScancodeSetNumber } from "./scancodes.ts";

/** Kinds of modifier keys that change what another key sends. */
export interface HeldKinds {
  /** A shift key is held. */
  readonly shift?: boolean;
  /** A control key is held. */
  readonly control?: boolean;
  /** An Alt key is held. */
  readonly alt?: boolean;
}

/** Pause: hidden control and Num Lock, pressed and released at once. */
const PAUSE: readonly KeyEvent[] = [
  { code: "RControl2", state: "Down" },
  { code: "NumpadLock", state: "Down" },
  { code: "RControl2", state: "Up" },
  { code: "NumpadLock", state: "Up" },
];

/** Control with Pause: a key of its own, which no table of the crate knows. */
const BREAK: readonly (readonly number[])[] = [
  [0xe0, 0x46, 0xe0, 0xc6],
  [0xe0, 0x7e, 0xe0, 0xf0, 0x7e],
];

/**
 * The bytes for one event.
 *
 * @param event Which key, and whether pressed, released or a message.
 * @param set Scancode set; 1 is what software reads behind an 8042.
 * @param held What else is held, for Pause and Print Screen.
 * @returns The bytes in the order of the wire; none for the release of Pause,
 * and none for a message of the keyboard in set 1.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { keyBytes, keyEvent } from "@lockstep/kernel/keyboard";
 *
 * assertEquals(keyBytes(keyEvent("ArrowUp", "Up"), 1), [0xe0, 0xc8]);
 * assertEquals(keyBytes(keyEvent("ArrowUp", "Up"), 2), [0xe0, 0xf0, 0x75]);
 * ```
 */
export function keyBytes(
  event: KeyEvent,
  set: ScancodeSetNumber,
  held: HeldKinds = {},
): number[] {
  const { code, state } = event;
  if (code === "PauseBreak") {
    if (state === "Up") return [];
    if (held.control) return [...BREAK[set - 1]!];
    return PAUSE.flatMap((e) => plainBytes(e.code, e.state === "Up", set));
  }
  const up = state === "Up";
  if (code !== "PrintScreen") return plainBytes(code, up, set);
  if (held.alt) return plainBytes("SysRq", up, set);
  const key = plainBytes(code, up, set);
  if (held.shift || held.control) return key;
  const hidden = plainBytes("RAlt2", up, set);
  return up ? [...key, ...hidden] : [...hidden, ...key];
}

function plainBytes(
  code: KeyCode,
  up: boolean,
  set: ScancodeSetNumber,
): number[] {
  const make = SCANCODES[code][set - 1] ?? null;
  if (make === null) return [];
  const prefix = make > 0xff ? [make >> 8] : [];
  const byte = make & 0xff;
  if (!up) return [...prefix, byte];
  return set === 1 ? [...prefix, byte | 0x80] : [...prefix, 0xf0, byte];
}

/** Set 1 → set 2, byte for byte, for every byte that a key of ours has. */
const SET2_BYTES: ReadonlyMap<number, number> = new Map(
  Object.values(SCANCODES).flatMap(([set1, set2]) =>
    set1 === null || set2 === null ? [] : [[set1 & 0xff, set2 & 0xff]]
  ),
);

/**
 * What a keyboard has to send in set 2 so that an 8042 with translation on
 * hands exactly these set 1 bytes to software. Not the same as encoding the key
 * in set 2 where the crate's tables depart from real keyboards (`Oem9` to
 * `Oem13`).
 *
 * @param bytes Set 1 bytes; each belongs to a key of `SCANCODES`.
 * @returns Set 2 bytes.
 * @throws RangeError for a byte that no key has.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { untranslated } from "@lockstep/kernel/keyboard";
 *
 * assertEquals(untranslated([0x1e, 0x9e]), [0x1c, 0xf0, 0x1c]);
 * assertEquals(untranslated([0xe0, 0xc8]), [0xe0, 0xf0, 0x75]);
 * ```
 */
export function untranslated(bytes: readonly number[]): number[] {
  return bytes.flatMap((byte) => {
    if (byte === 0xe0 || byte === 0xe1) return [byte];
    const set2 = SET2_BYTES.get(byte & 0x7f);
    if (set2 === undefined) {
      throw new RangeError(
        `Cannot undo the translation of 0x${byte.toString(16)}: ` +
          "no key has this byte in set 1",
      );
    }
    return byte < 0x80 ? [set2] : [0xf0, set2];
  });
}
