/**
 * `deno task compare`: how fast this is beside what one would use without it. `--json` prints `{"rows": […]}`, else a
 * table; names of areas choose some of them. Each area has a process of its own, so that no area's calls spoil what the
 * host's compiler knows about another's; ours and a peer always share one.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { type Row, table } from "./rows.ts";

/** What a module of an area exports under one name: its rows, measured. */
type Measure = () => Row[] | Promise<Row[]>;

/** The areas, each a module that is loaded when it is measured. */
const AREAS: Readonly<Record<string, () => Promise<Measure>>> = {
  machine: async () => (await import("./machine.ts")).machineRows,
  heaps: async () => (await import("./heaps.ts")).heapRows,
  executor: async () => (await import("./executor.ts")).compareExecutor,
  isa: async () => (await import("./isa.ts")).isaRows,
  timers: async () => (await import("./timers.ts")).compareTimers,
};

/** Measures one area in a process of its own. */
async function rowsOf(area: string): Promise<Row[]> {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-all",
      "--v8-flags=--expose-gc",
      import.meta.filename!,
      "--json",
      area,
    ],
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`measuring ${area} failed`);
  return JSON.parse(new TextDecoder().decode(stdout)).rows;
}

const { _: chosen, json } = parseArgs(Deno.args, { boolean: ["json"] });
for (const area of chosen) {
  if (Object.hasOwn(AREAS, area)) continue;
  console.error(
    `no area "${area}"; there are ${Object.keys(AREAS).join(", ")}`,
  );
  Deno.exit(2);
}
const rows: Row[] = [];
if (chosen.length === 1) rows.push(...await (await AREAS[chosen[0]!]!())());
else {
  const areas = chosen.length > 0 ? chosen.map(String) : Object.keys(AREAS);
  for (const area of areas) rows.push(...await rowsOf(area));
}
console.log(json ? JSON.stringify({ rows }, null, 2) : table(rows));
