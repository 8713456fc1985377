/**
 * Norwegian, 105 keys; since 0.8.0.
 *
 * @module
 */

import type { LayoutTable } from "../layout_table.ts";
import { NORDIC_LETTERS, NORDIC_NUMPAD, NORDIC_SYMBOLS } from "./nordic.ts";
import { US104_0_9 } from "./us104.ts";

/** As 0.9.0 has it. */
export const NO105: LayoutTable = {
  physical: "Iso",
  base: US104_0_9,
  symbols: {
    ...NORDIC_SYMBOLS,
    Oem8: "|§",
    OemMinus: "+?",
    OemPlus: "\\`´",
    Oem5: "<>",
  },
  letters: { ...NORDIC_LETTERS, Oem1: "øØ", Oem3: "æÆ" },
  numpad: NORDIC_NUMPAD,
};
