/**
 * What the Norwegian and the Finnish/Swedish layouts share.
 *
 * @module
 */

import type { KeyCells, NumpadCells } from "../layout_table.ts";

/** Keys that Caps Lock leaves alone. */
export const NORDIC_SYMBOLS: KeyCells = {
  Key2: '2"@',
  Key3: "3#£",
  Key4: "4¤$",
  Key6: "6&",
  Key7: "7/{",
  Key8: "8([",
  Key9: "9)]",
  Key0: "0=}",
  Oem6: "¨^~",
  Oem7: "'*",
  OemComma: ",;",
  OemPeriod: ".:",
  Oem2: "-_",
};

/** Keys that Caps Lock shifts. */
export const NORDIC_LETTERS: KeyCells = { E: "eE€", M: "mMµ", Oem4: "åÅ" };

/** The keypad's decimal comma. */
export const NORDIC_NUMPAD: NumpadCells = { NumpadPeriod: [",", "\x7f"] };
