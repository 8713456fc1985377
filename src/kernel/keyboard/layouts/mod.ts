/**
 * All layouts by name. A name is data, so that a decoder's state can hold it
 * and change it at run time (the crate's `AnyLayout`).
 *
 * @module
 */

import type { LayoutTable } from "../layout_table.ts";
import { AZERTY_0_7, AZERTY_0_9 } from "./azerty.ts";
import { COLEMAK_0_7, COLEMAK_0_9 } from "./colemak.ts";
import { DE105_0_7, DE105_0_9 } from "./de105.ts";
import { DVORAK104_0_7, DVORAK104_0_9 } from "./dvorak104.ts";
import { DVP104 } from "./dvp104.ts";
import { FI_SE105 } from "./fi_se105.ts";
import { JIS109_0_7, JIS109_0_9 } from "./jis109.ts";
import { NO105 } from "./no105.ts";
import { UK105_0_7, UK105_0_9 } from "./uk105.ts";
import { US104_0_7, US104_0_9 } from "./us104.ts";

/** Version of the pc-keyboard crate whose tables apply. */
export type LayoutVersion = "0.7.0" | "0.9.0";

/** Names of all layouts, as the crate spells them. */
export const LAYOUT_NAMES = [
  "Us104Key",
  "Uk105Key",
  "De105Key",
  "Azerty",
  "Colemak",
  "Dvorak104Key",
  "DVP104Key",
  "Jis109Key",
  "No105Key",
  "FiSe105Key",
] as const;

/** A layout by name. */
export type LayoutName = typeof LAYOUT_NAMES[number];

type Tables = Readonly<Record<LayoutName, LayoutTable>>;

const TABLES_0_9: Tables = {
  Us104Key: US104_0_9,
  Uk105Key: UK105_0_9,
  De105Key: DE105_0_9,
  Azerty: AZERTY_0_9,
  Colemak: COLEMAK_0_9,
  Dvorak104Key: DVORAK104_0_9,
  DVP104Key: DVP104,
  Jis109Key: JIS109_0_9,
  No105Key: NO105,
  FiSe105Key: FI_SE105,
};

const TABLES_0_7: Tables = {
  ...TABLES_0_9,
  Us104Key: US104_0_7,
  Uk105Key: UK105_0_7,
  De105Key: DE105_0_7,
  Azerty: AZERTY_0_7,
  Colemak: COLEMAK_0_7,
  Dvorak104Key: DVORAK104_0_7,
  Jis109Key: JIS109_0_7,
};

/**
 * Whether a string names a layout.
 *
 * @param name Any string.
 * @returns True for one of `LAYOUT_NAMES`.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { isLayoutName } from "@lockstep/kernel/keyboard";
 *
 * assert(isLayoutName("De105Key"));
 * assert(!isLayoutName("de"));
 * ```
 */
export function isLayoutName(name: string): name is LayoutName {
  return (LAYOUT_NAMES as readonly string[]).includes(name);
}

/**
 * The table of a layout.
 *
 * @param name Which layout.
 * @param version Which crate; `No105Key` and `FiSe105Key`, which 0.7.0 lacks,
 * are those of 0.9.0 in both.
 * @returns The table.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { layoutTable } from "@lockstep/kernel/keyboard";
 *
 * assertEquals(layoutTable("De105Key", "0.9.0").symbols?.Key7, "7/{");
 * ```
 */
export function layoutTable(
  name: LayoutName,
  version: LayoutVersion,
): LayoutTable {
  return (version === "0.7.0" ? TABLES_0_7 : TABLES_0_9)[name];
}
