/**
 * Colemak, 104 keys. In 0.7.0 Caps Lock shifts the `;:` key and leaves o alone,
 * and Control with p gives U+0012 instead of U+0010; 0.9.0 put that right.
 *
 * @module
 */

import type { KeyCells, LayoutTable } from "../layout_table.ts";
import { US104_0_7, US104_0_9 } from "./us104.ts";

const SYMBOLS: KeyCells = { Oem7: "\\|" };

const LETTERS: KeyCells = {
  E: "fF",
  R: "pP",
  T: "gG",
  Y: "jJ",
  U: "lL",
  I: "uU",
  O: "yY",
  S: "rR",
  D: "sS",
  F: "tT",
  G: "dD",
  J: "nN",
  K: "eE",
  L: "iI",
  N: "kK",
};

/** As 0.7.0 has it. */
export const COLEMAK_0_7: LayoutTable = {
  physical: "Ansi",
  base: US104_0_7,
  symbols: { ...SYMBOLS, Oem1: "oO" },
  letters: { ...LETTERS, P: ";:" },
  control: { R: "\x12" },
  raw: ["Oem5"],
};

/** As 0.9.0 has it. */
export const COLEMAK_0_9: LayoutTable = {
  physical: "Ansi",
  base: US104_0_9,
  symbols: { ...SYMBOLS, P: ";:" },
  letters: { ...LETTERS, Oem1: "oO" },
};
