/**
 * German, 105 keys. 0.7.0 lacks braces, brackets and backslash, lets Caps Lock
 * shift the `+*~` key but not ö and ä, and gives U+0014 and U+001A for Control
 * with z and y; 0.9.0 put that right.
 *
 * @module
 */

import type { KeyCells, LayoutTable } from "../layout_table.ts";
import { US104_0_7, US104_0_9 } from "./us104.ts";

const SYMBOLS: KeyCells = {
  Oem8: "^°",
  Key6: "6&",
  OemPlus: "´`",
  Oem7: "#'",
  OemComma: ",;",
  OemPeriod: ".:",
  Oem2: "-_",
};

const LETTERS: KeyCells = {
  Q: "qQ@",
  E: "eE€",
  Y: "zZ",
  Z: "yY",
  Oem4: "üÜ",
};

/** As 0.7.0 has it. */
export const DE105_0_7: LayoutTable = {
  physical: "Iso",
  base: US104_0_7,
  symbols: {
    ...SYMBOLS,
    Key2: '2"',
    Key3: "3§",
    Key7: "7/",
    Key8: "8(",
    Key9: "9)",
    Key0: "0=",
    OemMinus: "ß?",
    Oem1: "öÖ",
    Oem3: "äÄ",
    Oem5: "<>|>",
  },
  letters: { ...LETTERS, Oem6: "+*~" },
  control: { Y: "\x14", Z: "\x1a" },
};

/** As 0.9.0 has it. */
export const DE105_0_9: LayoutTable = {
  physical: "Iso",
  base: US104_0_9,
  symbols: {
    ...SYMBOLS,
    Key2: '2"²',
    Key3: "3§³",
    Key7: "7/{",
    Key8: "8([",
    Key9: "9)]",
    Key0: "0=}",
    OemMinus: "ß?\\",
    Oem6: "+*~",
    Oem5: "<>|",
  },
  letters: { ...LETTERS, Oem1: "öÖ", Oem3: "äÄ", M: "mMµ" },
};
