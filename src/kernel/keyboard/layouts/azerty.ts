/**
 * French AZERTY. In 0.7.0 Shift wins over AltGr, `Oem5` is µ instead of <, Caps
 * Lock shifts the `,?` key, and < sits on left Shift, where no press can reach
 * it; 0.9.0 put that right.
 *
 * @module
 */

import type { KeyCells, LayoutTable } from "../layout_table.ts";
import { US104_0_7, US104_0_9 } from "./us104.ts";

const SYMBOLS: KeyCells = {
  Oem8: "²",
  Key1: "&1",
  Oem3: "ù%",
  Oem7: "*µ",
  OemComma: ";.",
  OemPeriod: ":/",
  Oem2: "!§",
};

const LETTERS: KeyCells = { Q: "aA", W: "zZ", A: "qQ", Oem1: "mM", Z: "wW" };

/** As 0.7.0 has it. */
export const AZERTY_0_7: LayoutTable = {
  physical: "Iso",
  base: US104_0_7,
  symbols: {
    ...SYMBOLS,
    Key2: "é2~2",
    Key3: '"3#3',
    Key4: "'4{4",
    Key5: "(5[5",
    Key6: "-6|6",
    Key7: "è7`7",
    Key8: "_8\\8",
    Key9: "ç9^9",
    Key0: "à0@0",
    OemMinus: ")°]°",
    OemPlus: "=+}+",
    Oem4: "^¨ˇ¨",
    Oem6: "$£¤£",
    LShift: "<",
    Oem5: "µ*",
  },
  letters: { ...LETTERS, M: ",?" },
};

/** As 0.9.0 has it. */
export const AZERTY_0_9: LayoutTable = {
  physical: "Iso",
  base: US104_0_9,
  symbols: {
    ...SYMBOLS,
    Key2: "é2~",
    Key3: '"3#',
    Key4: "'4{",
    Key5: "(5[",
    Key6: "-6|",
    Key7: "è7`",
    Key8: "_8\\",
    Key9: "ç9^",
    Key0: "à0@",
    OemMinus: ")°]",
    OemPlus: "=+}",
    Oem4: "^¨",
    Oem6: "$£¤",
    M: ",?",
    Oem5: "<>",
  },
  letters: { ...LETTERS, E: "eE€" },
};
