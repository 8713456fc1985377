/**
 * The gate, `deno task ok`: runs every check of the project, one line each, and
 * shows the output of those that fail, and what others say that they skipped. `deno task ok lint docs` runs these two,
 * `--except=tests` leaves one out.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { entryPoints, filesUnder, ROOT } from "./files.ts";

/** One check: a command of `deno`, good when its status is 0. */
interface Step {
  readonly name: string;
  readonly command: readonly string[];
}

/** What must be right without a host: all of `src` but `cli` and tests. */
function portableFiles(): string[] {
  return filesUnder("src").filter((path) =>
    path.endsWith(".ts") && !path.endsWith("_test.ts") &&
    !path.startsWith("src/cli/")
  );
}

const STEPS: readonly Step[] = [
  { name: "format", command: ["fmt", "--check"] },
  { name: "lint", command: ["lint"] },
  { name: "types", command: ["check", "-q"] },
  { name: "docs", command: ["doc", "--lint", ...entryPoints()] },
  {
    name: "portable",
    command: [
      "check",
      "-q",
      "--config",
      "dev/portable.json",
      ...portableFiles(),
    ],
  },
  { name: "publish", command: ["publish", "--dry-run", "--allow-dirty"] },
  { name: "bench", command: ["run", "--allow-read", "dev/bench_smoke.ts"] },
  {
    name: "examples",
    command: ["run", "--allow-read", "--allow-run", "dev/check_examples.ts"],
  },
  { name: "book", command: ["task", "book"] },
  { name: "tests", command: ["task", "test"] },
];

/** Lines by which a step says what it did not do. */
const SKIPPED = /^([A-Z]+ )?SKIPPED\b.*$/gm;

/** Runs one step; its output goes to the terminal only if it fails, but for what it skipped. */
async function run({ name, command }: Step): Promise<boolean> {
  const start = performance.now();
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...command],
    cwd: ROOT,
    stdin: "null",
  }).output();
  const seconds = ((performance.now() - start) / 1_000).toFixed(1);
  const word = success ? "ok    " : "FAILED";
  console.log(`${word} ${name.padEnd(9)} ${seconds.padStart(6)} s`);
  if (success) {
    for (const bytes of [stdout, stderr]) {
      const text = new TextDecoder().decode(bytes);
      for (const [line] of text.matchAll(SKIPPED)) {
        console.log(`       ${line}`);
      }
    }
    return true;
  }
  await Deno.stdout.write(stdout);
  await Deno.stderr.write(stderr);
  return false;
}

const { except, _ } = parseArgs(Deno.args, {
  string: ["except", "_"],
  collect: ["except"],
});
const only = _.map(String);
const names = STEPS.map(({ name }) => name);
const unknown = [...only, ...except].find((name) => !names.includes(name));
if (unknown !== undefined) {
  console.error(`No such step: ${unknown}. Steps: ${names.join(", ")}`);
  Deno.exit(2);
}

let [passed, failed] = [0, 0];
for (const step of STEPS) {
  if (except.includes(step.name)) continue;
  if (only.length > 0 && !only.includes(step.name)) continue;
  if (await run(step)) passed += 1;
  else failed += 1;
}
console.log(`${passed} passed, ${failed} failed`);
Deno.exitCode = failed === 0 ? 0 : 1;
