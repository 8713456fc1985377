/**
 * Japanese, 109 keys, with `Oem12` (backslash) and `Oem13` (yen). The key left
 * of 1 switches the input method and has no character. Both versions differ
 * only by the backslash key of the layout behind it.
 *
 * @module
 */

import type { KeyCells, LayoutTable } from "../layout_table.ts";
import { US104_0_7, US104_0_9 } from "./us104.ts";

const SYMBOLS: KeyCells = {
  Key2: '2"',
  Key6: "6&",
  Key7: "7'",
  Key8: "8(",
  Key9: "9)",
  Key0: "0~",
  OemMinus: "-=",
  OemPlus: "^¯",
  Oem13: "¥|",
  Oem4: "@`",
  Oem6: "[{",
  Oem7: "]}",
  Oem1: ";+",
  Oem3: ":*",
  Oem12: "\\_",
};

/** As 0.7.0 has it. */
export const JIS109_0_7: LayoutTable = {
  physical: "Jis",
  base: US104_0_7,
  symbols: SYMBOLS,
  raw: ["Oem8"],
};

/** As 0.9.0 has it. */
export const JIS109_0_9: LayoutTable = {
  physical: "Jis",
  base: US104_0_9,
  symbols: SYMBOLS,
  raw: ["Oem8"],
};
