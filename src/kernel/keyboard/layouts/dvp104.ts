/**
 * Programmer Dvorak, 104 keys: symbols first, digits with Shift. Both versions
 * are the same.
 *
 * @module
 */

import type { LayoutTable } from "../layout_table.ts";
import { DVORAK_LETTERS } from "./dvorak104.ts";
import { US104_0_9 } from "./us104.ts";

/** As 0.7.0 and 0.9.0 have it. */
export const DVP104: LayoutTable = {
  physical: "Ansi",
  base: US104_0_9, // Which has nothing on Oem5; the key is raw in both.
  symbols: {
    Oem8: "$~",
    Key1: "&%",
    Key2: "[7",
    Key3: "{5",
    Key4: "}3",
    Key5: "(1",
    Key6: "=9",
    Key7: "*0",
    Key8: ")2",
    Key9: "+4",
    Key0: "]6",
    OemMinus: "!8",
    OemPlus: "=`", // Sic: # in the real layout.
    Q: ";:",
    W: ",<",
    E: ".>",
    Oem4: "/?",
    Oem6: "@^",
    Oem7: "\\|",
    Oem3: "-_",
    Z: "'\"",
  },
  letters: DVORAK_LETTERS,
};
