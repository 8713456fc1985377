/**
 * Dvorak, 104 keys. Both versions differ only by the backslash key of the
 * layout behind it.
 *
 * @module
 */

import type { KeyCells, LayoutTable } from "../layout_table.ts";
import { US104_0_7, US104_0_9 } from "./us104.ts";

/** The letters, shared with the programmer's variant. */
export const DVORAK_LETTERS: KeyCells = {
  R: "pP",
  T: "yY",
  Y: "fF",
  U: "gG",
  I: "cC",
  O: "rR",
  P: "lL",
  S: "oO",
  D: "eE",
  F: "uU",
  G: "iI",
  H: "dD",
  J: "hH",
  K: "tT",
  L: "nN",
  Oem1: "sS",
  X: "qQ",
  C: "jJ",
  V: "kK",
  B: "xX",
  N: "bB",
  OemComma: "wW",
  OemPeriod: "vV",
  Oem2: "zZ",
};

const SYMBOLS: KeyCells = {
  OemMinus: "[{",
  OemPlus: "]}",
  Q: "'\"",
  W: ",<",
  E: ".>",
  Oem4: "/?",
  Oem6: "=+",
  Oem3: "-_",
  Z: ";:",
};

/** As 0.7.0 has it. */
export const DVORAK104_0_7: LayoutTable = {
  physical: "Ansi",
  base: US104_0_7,
  symbols: SYMBOLS,
  letters: DVORAK_LETTERS,
};

/** As 0.9.0 has it. */
export const DVORAK104_0_9: LayoutTable = {
  physical: "Ansi",
  base: US104_0_9,
  symbols: SYMBOLS,
  letters: DVORAK_LETTERS,
};
