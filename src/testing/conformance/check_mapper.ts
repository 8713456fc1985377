/**
 * The suite for page mappers: random scripts against a model of what is mapped,
 * with a walk and a TLB of its own beside it. What a mapper refuses, and which
 * flags parents get, is as in the crate x86_64.
 *
 * @module
 */

import type { Frame } from "../../hw/page.ts";
import { PTE_P, PTE_RW } from "../../hw/page_table.ts";
import type { MapperAllSizes } from "../../kernel/memory/mappers/mapper.ts";
import {
  anyMapperScript,
  type MapperOperation,
} from "../arbitraries/mapper_script.ts";
import { TableMemory, WalkedMemory } from "../models/paging_model.ts";
import type {
  CheckedMapper,
  MakeCheckedMapper,
  MapperCheckOptions,
  MapperPlace,
} from "./mapper_laws.ts";
import { MapperRun, RECURSIVE_INDEX } from "./mapper_run.ts";
import { runSuite } from "./report.ts";

/** Scripts that {@linkcode checkMapper} runs by default. */
export const MAPPER_RUNS = 200;

const ROOT = 0x1000 as Frame;

/**
 * Checks a mapper. What it has of `MapperAllSizes` is called: large pages,
 * flags, translation, cleaning up.
 *
 * @param make Makes one over an empty level 4 table.
 * @param options What it promises.
 * @returns Scripts that were run.
 * @throws {ConformanceError} If it breaks a law.
 *
 * @example
 * ```ts
 * import { checkMapper } from "@lockstep/kernel/testing";
 * import { OffsetPageTable, offsetPageTableState } from "@lockstep/kernel/mappers";
 *
 * checkMapper(
 *   ({ memory, root }) => new OffsetPageTable(memory, offsetPageTableState(root)),
 *   { runs: 20 },
 * );
 * ```
 */
export function checkMapper(
  make: MakeCheckedMapper,
  options: MapperCheckOptions = {},
): number {
  const probe = make(newPlace().place);
  const scripts = anyMapperScript({
    lengthMax: options.operationsMax ?? 40,
    large: probe.size2MiB !== undefined && probe.size1GiB !== undefined,
    operations: operationsOf(probe),
  });
  return runSuite(
    "checkMapper",
    scripts,
    (script, transcript) => {
      const { memory, place, recursive } = newPlace();
      const mapper = make(place);
      const run = new MapperRun(
        mapper,
        memory,
        recursive(),
        options,
        transcript,
      );
      run.run(script);
    },
    options,
    MAPPER_RUNS,
  );
}

function newPlace(): {
  memory: TableMemory;
  place: MapperPlace;
  recursive: () => boolean;
} {
  const memory = new TableMemory(ROOT);
  let recursive = false;
  const place: MapperPlace = {
    memory,
    virtual: new WalkedMemory(memory),
    root: ROOT,
    recursiveIndex: RECURSIVE_INDEX,
    mapRecursively() {
      recursive = true;
      memory.tables.get(ROOT)![2 * RECURSIVE_INDEX] = ROOT | PTE_P | PTE_RW;
    },
  };
  return { memory, place, recursive: () => recursive };
}

/** Which operations a mapper has. */
function operationsOf(mapper: CheckedMapper): MapperOperation["op"][] {
  const all:
    readonly (readonly [MapperOperation["op"], keyof MapperAllSizes])[] = [
      ["map", "mapTo"],
      ["unmap", "unmap"],
      ["identity-map", "identityMap"],
      ["update-flags", "updateFlags"],
      ["parent-flags", "setFlagsP4Entry"],
      ["translate-page", "translatePage"],
      ["translate", "translateAddr"],
      ["clean-up", "cleanUp"],
      ["clean-up-range", "cleanUpAddrRange"],
    ];
  return all.filter(([, method]) => mapper[method] !== undefined)
    .map(([op]) => op);
}
