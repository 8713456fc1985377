/**
 * `docs/measurements.md`: what the comparisons print, with the commands. `deno
 * task measurements` measures all anew and writes the page; `--check` measures
 * and fails where a figure is off by more than a factor of {@linkcode NOISE} on
 * the bad side; names of areas choose some.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import type { Row } from "../../bench/compare/rows.ts";
import { ROOT } from "../files.ts";
import { type Size, sizes } from "../sizes.ts";

const PAGE = new URL("docs/measurements.md", ROOT);
/** How much worse a figure may come out on a busy machine. */
const NOISE = 2;
/** The areas of `deno task compare`. */
const AREAS = ["machine", "heaps", "executor", "timers", "isa"];
const SIZES = "sizes";

interface Figure {
  readonly id: string;
  readonly value: number;
  readonly unit: string;
  readonly goal: string;
  /** Whether a greater value is a better one. */
  readonly isMore: boolean;
}

function figureOf(row: Row): Figure {
  const isMore = "ratio" in row || row.better === "more";
  const sign = isMore ? "≥" : "≤";
  const goal = row.goal > 0 ? `${sign} ${row.goal}` : "";
  return "ratio" in row
    ? { id: row.id, value: row.ratio, unit: "×", goal, isMore }
    : { id: row.id, value: row.value, unit: row.unit, goal, isMore };
}

async function measured(area: string): Promise<Figure[]> {
  if (area === SIZES) return (await sizes()).flatMap(sizeFigures);
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "compare", "--json", area],
    cwd: ROOT,
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`measuring ${area} failed`);
  const { rows } = JSON.parse(new TextDecoder().decode(stdout));
  return rows.map(figureOf);
}

function sizeFigures({ name, minified, gzipped }: Size): Figure[] {
  const size = { unit: "KiB", goal: "", isMore: false };
  return [
    { id: `${name} minified`, value: minified, ...size },
    { id: `${name} gzipped`, value: gzipped, ...size },
  ];
}

const cell = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value.toPrecision(3);

const command = (area: string): string =>
  area === SIZES ? "deno task sizes" : `deno task compare ${area}`;

function section(area: string, figures: readonly Figure[]): string[] {
  return [
    `## ${area}`,
    "",
    `\`${command(area)}\``,
    "",
    "| figure | measured | unit | goal |",
    "| --- | ---: | --- | --- |",
    ...figures.map(({ id, value, unit, goal }) =>
      `| ${id} | ${cell(value)} | ${unit} | ${goal} |`
    ),
    "",
  ];
}

/** The figures that the page states for an area. */
function stated(page: string, area: string): Map<string, number> {
  const [, rest = ""] = page.split(`\n## ${area}\n`);
  const [own = ""] = rest.split("\n## ");
  const rows = own.matchAll(/^\| (.+?) +\| +([\d.]+) +\|/gm);
  return new Map([...rows].map(([, id, value]) => [id!, Number(value)]));
}

async function check(areas: readonly string[]): Promise<boolean> {
  const page = Deno.readTextFileSync(PAGE);
  let good = true;
  for (const area of areas) {
    const says = stated(page, area);
    const figures = await measured(area);
    const ids = new Set(figures.map(({ id }) => id));
    const gone = [...says.keys()].filter((id) => !ids.has(id));
    const off = figures.filter(({ id, value, isMore }) => {
      const text = says.get(id) ?? NaN;
      // Not the other way round: an id that the page lacks is NaN, and off.
      return !(isMore ? value * NOISE >= text : value <= text * NOISE);
    });
    for (const { id, value } of off) {
      console.log(`${id}: ${cell(value)}, the page says ${says.get(id)}`);
    }
    for (const id of gone) console.log(`${id}: there is no such figure`);
    const isGood = off.length + gone.length === 0;
    console.log(`${isGood ? "ok    " : "FAILED"} ${command(area)}`);
    good &&= isGood;
  }
  return good;
}

async function write(areas: readonly string[]): Promise<void> {
  const page = Deno.readTextFileSync(PAGE);
  const [intro] = page.split("\n## ") as [string];
  const kept = new Map(
    page.split("\n## ").slice(1).map((part) => [part.split("\n", 1)[0]!, part]),
  );
  for (const area of areas) {
    const lines = section(area, await measured(area));
    kept.set(area, lines.join("\n").slice(3));
  }
  const parts = [...AREAS, SIZES].filter((area) => kept.has(area))
    .map((area) => kept.get(area)!.trimEnd());
  Deno.writeTextFileSync(
    PAGE,
    `${[intro.trimEnd(), ...parts].join("\n\n## ")}\n`,
  );
}

const { _: chosen, check: checks } = parseArgs(Deno.args, {
  boolean: ["check"],
});
const areas = chosen.length > 0 ? chosen.map(String) : [...AREAS, SIZES];
const unknown = areas.find((area) => ![...AREAS, SIZES].includes(area));
if (unknown !== undefined) {
  console.error(
    `no area "${unknown}"; there are ${AREAS.join(", ")}, ${SIZES}`,
  );
  Deno.exit(2);
}
if (!checks) await write(areas);
else if (!await check(areas)) Deno.exitCode = 1;
