/**
 * Runs each of `examples/*.ts`, without any permission, and compares what it
 * prints with `examples/expected/*.txt`; `--update` writes those files anew.
 * Part of `deno task ok`.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { filesUnder, ROOT } from "./files.ts";

const EXPECTED = "examples/expected/";
const { update } = parseArgs(Deno.args, { boolean: ["update"] });

/** What an example prints, and what is wrong with how it ended. */
async function run(path: string): Promise<{ text: string; why: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", path],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return {
    text: decoder.decode(stdout),
    why: code === 0 ? "" : `status ${code}\n${decoder.decode(stderr)}`,
  };
}

/** Where two texts part, as a line of each. */
function difference(text: string, expected: string): string {
  const [got, want] = [text.split("\n"), expected.split("\n")];
  const at = got.findIndex((line, i) => line !== want[i]);
  const line = at < 0 ? got.length : at;
  return `line ${line + 1}\n  prints   ${got[line] ?? "(nothing)"}\n` +
    `  expected ${want[line] ?? "(nothing)"}`;
}

/** Why the example at `path` is not as it should be; empty if it is. */
async function check(path: string, file: URL): Promise<string> {
  const { text, why } = await run(path);
  if (why !== "") return why;
  if (update) {
    Deno.mkdirSync(new URL(EXPECTED, ROOT), { recursive: true });
    Deno.writeTextFileSync(file, text);
    return "";
  }
  let expected: string;
  try {
    expected = Deno.readTextFileSync(file);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return "nothing to compare with: run `deno task examples --update`";
  }
  return text === expected ? "" : difference(text, expected);
}

const examples = filesUnder("examples").filter((path) =>
  /^examples\/[^/]+\.ts$/.test(path) && !path.endsWith("_test.ts")
);
const orphans = new Set(
  filesUnder("examples/expected").map((path) => path.slice(EXPECTED.length)),
);
let failed = 0;
if (examples.length === 0) {
  console.error("FAILED: there is no example");
  failed += 1;
}
for (const path of examples) {
  const name = path.replace(/^examples\/(.*)\.ts$/, "$1.txt");
  orphans.delete(name);
  const why = await check(path, new URL(EXPECTED + name, ROOT));
  console.log(`${why === "" ? "ok    " : "FAILED"} ${path}`);
  if (why !== "") {
    console.error(why);
    failed += 1;
  }
}
for (const name of orphans) {
  console.error(`FAILED ${EXPECTED}${name}: no example prints it`);
  failed += 1;
}
Deno.exitCode = failed === 0 ? 0 : 1;
