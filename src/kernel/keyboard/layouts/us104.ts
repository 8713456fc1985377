/**
 * United States, 104 keys. The layout that others fall back to.
 *
 * 0.7.0 has the backslash on `Oem5`, the key that only 105-key boards own, so
 * that the backslash key of a real 104-key board (`Oem7`) is a raw key; 0.8.0
 * put it right.
 *
 * @module
 */

import type { KeyCells, LayoutTable } from "../layout_table.ts";

const SYMBOLS: KeyCells = {
  Escape: "\x1b",
  Oem8: "`~",
  Key1: "1!",
  Key2: "2@",
  Key3: "3#",
  Key4: "4$",
  Key5: "5%",
  Key6: "6^",
  Key7: "7&",
  Key8: "8*",
  Key9: "9(",
  Key0: "0)",
  OemMinus: "-_",
  OemPlus: "=+",
  Backspace: "\b",
  Tab: "\t",
  Oem4: "[{",
  Oem6: "]}",
  Oem1: ";:",
  Oem3: "'\"",
  Return: "\n", // LF, not CR.
  OemComma: ",<",
  OemPeriod: ".>",
  Oem2: "/?",
  Spacebar: " ",
  Delete: "\x7f",
  NumpadDivide: "/",
  NumpadMultiply: "*",
  NumpadSubtract: "-",
  NumpadAdd: "+",
  NumpadEnter: "\n",
  Numpad5: "5", // Num Lock off or on.
};

/** As 0.7.0 has it. */
export const US104_0_7: LayoutTable = {
  physical: "Ansi",
  base: null,
  symbols: { ...SYMBOLS, Oem5: "\\|" },
  letters: {
    Q: "qQ",
    W: "wW",
    E: "eE",
    R: "rR",
    T: "tT",
    Y: "yY",
    U: "uU",
    I: "iI",
    O: "oO",
    P: "pP",
    A: "aA",
    S: "sS",
    D: "dD",
    F: "fF",
    G: "gG",
    H: "hH",
    J: "jJ",
    K: "kK",
    L: "lL",
    Z: "zZ",
    X: "xX",
    C: "cC",
    V: "vV",
    B: "bB",
    N: "nN",
    M: "mM",
  },
  numpad: {
    Numpad7: ["7", "Home"],
    Numpad8: ["8", "ArrowUp"],
    Numpad9: ["9", "PageUp"],
    Numpad4: ["4", "ArrowLeft"],
    Numpad6: ["6", "ArrowRight"],
    Numpad1: ["1", "End"],
    Numpad2: ["2", "ArrowDown"],
    Numpad3: ["3", "PageDown"],
    Numpad0: ["0", "Insert"],
    NumpadPeriod: [".", "\x7f"],
  },
};

/** As 0.9.0 has it. */
export const US104_0_9: LayoutTable = {
  ...US104_0_7,
  symbols: { ...SYMBOLS, Oem7: "\\|" },
};
