/**
 * `docs/measurements.md`: what the comparisons print, with the commands. `deno
 * task measurements` measures all anew and writes the page; `--check` measures
 * and fails where a figure both misses its goal and is worse than the page says by
 * more than a factor of {@linkcode NOISE}; names of areas choose some.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import type { Row } from "../../bench/compare/rows.ts";
import { ROOT } from "../files.ts";
import { type Size, sizes } from "../sizes.ts";

const PAGE = new URL("docs/measurements.md", ROOT);
/** How much worse a figure that misses its goal may come out on a busy machine. */
const NOISE = 2;
/** The areas of `deno task compare`. */
const AREAS = ["machine", "heaps", "executor", "timers", "isa"];
const SIZES = "sizes";

interface Figure {
  readonly id: string;
  readonly value: number;
  readonly unit: string;
  /** `null` for what is only stated, and depends on the machine. */
  readonly goal: number | null;
  /** Whether a greater value is a better one. */
  readonly isMore: boolean;
}

function figureOf(row: Row): Figure {
  // JSON has no infinity: it says null.
  const goal: number | null = row.goal;
  const own = { id: row.id, goal: goal === 0 ? null : goal };
  return "ratio" in row
    ? { ...own, value: row.ratio, unit: "×", isMore: true }
    : {
      ...own,
      value: row.value,
      unit: row.unit,
      isMore: row.better === "more",
    };
}

/** Whether a figure is no worse than the other, but for a factor. */
function holds(figure: Figure, other: number, factor: number): boolean {
  const { value, isMore } = figure;
  return isMore ? value * factor >= other : value <= other * factor;
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
  const size = { unit: "KiB", isMore: false };
  return [
    { id: `${name} minified`, value: minified, goal: null, ...size },
    { id: `${name} gzipped`, value: gzipped, goal: null, ...size },
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
    ...figures.map(({ id, value, unit, goal, isMore }) => {
      const text = goal === null
        ? ""
        : `${isMore ? "≥" : "≤"} ${Number(goal.toPrecision(3))}`;
      return `| ${id} | ${cell(value)} | ${unit} | ${text} |`;
    }),
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
    const off = figures.filter((figure) => {
      const text = says.get(figure.id);
      if (text === undefined) return true;
      const { goal, unit } = figure;
      if (goal === null) return unit === "KiB" && !holds(figure, text, NOISE);
      return !holds(figure, goal, 1) && !holds(figure, text, NOISE);
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
