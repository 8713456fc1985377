/**
 * Mutation testing, `deno task mutate`: draws small changes of `src/hw` and
 * `src/kernel`, and runs for each the tests of its folder that load the file.
 * What no test notices survives, and is listed.
 *
 * Works in a copy of the last commit. A run that was ended goes on where it
 * stood; a file that has changed since is tried again, and with `--survivors`
 * what survived: for when tests were added.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { type Area, areasOf, importsIn, testsOf } from "./areas.ts";
import { choose, digestOf } from "./choose.ts";
import { Copy } from "./copy.ts";
import { type Mutant, mutantsOf, mutated } from "./mutants.ts";
import reasons from "./reasons.json" with { type: "json" };
import { nameOf, report } from "./report.ts";
import { addResult, readResults, type Result } from "./results.ts";

/** A run of tests may take so many times what it takes without a change. */
const LIMIT_TIMES = 3;
/** And this, for a computer that does other things, too. */
const LIMIT_MS_MORE = 10_000;

const options = parseArgs(Deno.args, {
  string: ["count", "seed"],
  boolean: ["survivors"],
  default: { count: "600", seed: "1" },
});
const [count, seed] = [Number(options.count), Number(options.seed)];
if (!Number.isSafeInteger(count) || !Number.isSafeInteger(seed)) {
  console.error("Cannot mutate: --count and --seed are whole numbers");
  Deno.exit(2);
}

const copy = await Copy.make();
try {
  Deno.exitCode = await mutate(copy) ? 0 : 1;
} finally {
  await copy.remove();
}

async function mutate(copy: Copy): Promise<boolean> {
  const areas = areasOf([...copy.files("src/hw"), ...copy.files("src/kernel")]);
  const all = areas.flatMap(({ sources }) =>
    sources.flatMap((path) => mutantsOf(path, copy.read(path)))
  );
  const chosen = choose(all, count, seed);
  console.log(`${chosen.length} of ${all.length} mutants, seed ${seed}`);
  const known = readResults();
  const limits = new Map<string, number>();
  const results: Result[] = [];
  for (const [i, mutant] of chosen.entries()) {
    const text = copy.read(mutant.path);
    const id = idOf(mutant, text);
    let result = known.get(id);
    if (options.survivors && result?.verdict === "survived") result = undefined;
    if (result === undefined) {
      const area = areas.find(({ sources }) => sources.includes(mutant.path))!;
      let limitMs = limits.get(area.folder);
      if (limitMs === undefined) {
        limitMs = await measure(copy, area);
        limits.set(area.folder, limitMs);
      }
      result = { id, ...mutant, ...await tried(copy, area, mutant, limitMs) };
      addResult(result);
      const { verdict, seconds } = result;
      console.log(
        `${i + 1} ${verdict.padEnd(8)} ${seconds.toFixed(1).padStart(5)} s ` +
          nameOf(mutant),
      );
    }
    results.push(result);
  }
  console.log(report(results, reasons).join("\n"));
  const killed = results.filter(({ verdict }) => verdict !== "survived");
  return killed.length >= 0.8 * results.length;
}

/** How long a mutant of an area may take, in ms. */
async function measure(copy: Copy, { folder, tests }: Area): Promise<number> {
  const start = performance.now();
  const outcome = await copy.test(tests, 600_000);
  if (outcome !== "passed") {
    throw new Error(`Cannot mutate ${folder}: its tests ${outcome}`);
  }
  const ms = performance.now() - start;
  console.log(`${folder}: ${(ms / 1_000).toFixed(1)} s without a change`);
  return LIMIT_TIMES * ms + LIMIT_MS_MORE;
}

async function tried(
  copy: Copy,
  { tests }: Area,
  mutant: Mutant,
  limitMs: number,
): Promise<Pick<Result, "verdict" | "seconds">> {
  const text = copy.read(mutant.path);
  const own = testsOf(
    mutant.path,
    tests,
    (path) => importsIn(path, read(copy, path)),
  );
  if (own.length === 0) return { verdict: "survived", seconds: 0 };
  const start = performance.now();
  copy.write(mutant.path, mutated(text, mutant));
  const outcome = await copy.test(own, limitMs);
  copy.write(mutant.path, text);
  return {
    verdict: outcome === "passed"
      ? "survived"
      : outcome === "failed"
      ? "killed"
      : "timeout",
    seconds: Math.round((performance.now() - start) / 100) / 10,
  };
}

/** A module's text; none for one that a test names in vain. */
function read(copy: Copy, path: string): string {
  try {
    return copy.read(path);
  } catch {
    return "";
  }
}

function idOf({ path, start, end, to }: Mutant, text: string): string {
  return `${path}:${start}-${end}:${to}:${digestOf(text)}`;
}
