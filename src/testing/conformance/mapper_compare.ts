/**
 * Compares all of the tables in memory with all of the model.
 *
 * @module
 */

import { formatHex } from "../../hw/format_hex.ts";
import { entryFlagsText, scriptFlagsOf } from "../arbitraries/address.ts";
import { entriesText } from "../arbitraries/mapper_script.ts";
import type { MapperModel, ModelEntry } from "../models/mapper_model.ts";
import { entryTarget, type TableMemory } from "../models/paging_model.ts";
import { expectLaw, LawBroken } from "./report.ts";

/** What is compared. */
export interface TablesToCompare {
  /** The tables. */
  readonly memory: TableMemory;
  /** What they should hold. */
  readonly model: MapperModel;
  /** An entry of the level 4 table to pass over; −1 for none. */
  readonly skipped: number;
  /** Whether parents have exactly the model's flags; else those at least. */
  readonly exactParents: boolean;
}

/**
 * Walks all tables.
 *
 * @param all What is compared.
 * @throws {LawBroken} At the first entry that differs.
 */
export function compareTables(all: TablesToCompare): void {
  const missing = new Set(all.model.entries.keys());
  compareTable(all, all.memory.root, "", missing);
  for (const key of missing) {
    throw new LawBroken(
      "the tables hold what was mapped",
      `entry ${entriesText(key)} is not there`,
    );
  }
}

function compareTable(
  all: TablesToCompare,
  table: number,
  prefix: string,
  missing: Set<string>,
): void {
  const words = all.memory.tables.get(table)!;
  for (let i = 0; i < 512; i++) {
    const low = words[2 * i]!, high = words[2 * i + 1]!;
    if ((low | high) === 0) continue;
    if (prefix === "" && i === all.skipped) continue;
    const key = `${prefix}${i}`;
    const entry = all.model.entries.get(key);
    const target = entryTarget(low, high);
    expectLaw(
      entry !== undefined,
      "the tables hold what was mapped, and nothing else",
      () => `entry ${entriesText(key)} is ${formatHex(target)}`,
    );
    missing.delete(key);
    compareFlags(all, key, scriptFlagsOf(low, high), entry);
    if (entry.frame !== null) {
      expectLaw(
        target === entry.frame,
        "the tables hold what was mapped",
        () =>
          `entry ${entriesText(key)} maps ${formatHex(target)}, ` +
          `not ${formatHex(entry.frame!)}`,
      );
      continue;
    }
    expectLaw(
      all.memory.tables.has(target),
      "an entry points to a table that was made for it",
      () => `entry ${entriesText(key)} points to ${formatHex(target)}`,
    );
    compareTable(all, target, `${key}/`, missing);
  }
}

function compareFlags(
  all: TablesToCompare,
  key: string,
  got: number,
  { flags, frame }: ModelEntry,
): void {
  const isTable = frame === null;
  const loose = isTable && !all.exactParents;
  expectLaw(
    loose ? (got & flags) === flags : got === flags,
    isTable ? "parents have the flags of their pages" : "a page has its flags",
    () =>
      `entry ${entriesText(key)} has ${entryFlagsText(got)}, ` +
      `right is ${entryFlagsText(flags)}`,
  );
}
