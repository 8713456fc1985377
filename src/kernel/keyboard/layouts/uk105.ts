/**
 * United Kingdom, 105 keys. 0.9.0 adds the accented vowels under AltGr.
 *
 * @module
 */

import type { KeyCells, LayoutTable } from "../layout_table.ts";
import { US104_0_7, US104_0_9 } from "./us104.ts";

const SYMBOLS: KeyCells = {
  Key2: '2"',
  Key3: "3£",
  Key4: "4$€",
  Oem3: "'@",
  Oem5: "\\|",
  Oem7: "#~",
};

/** As 0.7.0 has it. */
export const UK105_0_7: LayoutTable = {
  physical: "Iso",
  base: US104_0_7,
  symbols: { ...SYMBOLS, Oem8: "`¬|" },
};

/** As 0.9.0 has it. */
export const UK105_0_9: LayoutTable = {
  physical: "Iso",
  base: US104_0_9,
  symbols: { ...SYMBOLS, Oem8: "`¬¦" },
  letters: { E: "eEéÉ", U: "uUúÚ", I: "iIíÍ", O: "oOóÓ", A: "aAáÁ" },
};
