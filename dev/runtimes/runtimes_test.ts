import { assertEquals } from "@std/assert";
import { ROOT } from "../files.ts";
import { permitted } from "../permission.ts";
import { scenarioLines, SCENARIOS } from "./scenarios/mod.ts";
import { BUN, has, installTarball, output } from "./tarball.ts";

const SCENARIOS_MIN = 50;
const ENTRY = "dev/runtimes/main.ts";
/** Debian's names of a browser without a window. */
const BROWSERS = ["chromium-headless-shell", "chromium"];

const bundle = (...args: string[]): Promise<string> =>
  output(ROOT, Deno.execPath(), "bundle", "--quiet", ...args, ENTRY);

async function inFolder(
  body: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The first of some programs that is there. */
async function first(programs: readonly string[]): Promise<string | null> {
  for (const program of programs) {
    if (await has(program, "--version")) return program;
  }
  return null;
}

/** A browser's view of a page, as lines of its text. */
async function pageLines(browser: string, folder: string): Promise<string[]> {
  const dom = await output(
    folder,
    browser,
    ...["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"],
    ...["--no-first-run", "--disable-background-networking"],
    ...[`--user-data-dir=${folder}/profile`, `file://${folder}/page.html`],
  );
  const body = /<body>([\s\S]*)<\/body>/.exec(dom)?.[1] ?? dom;
  return body.trim().split("\n");
}

Deno.test("SCENARIOS have names of their own, and are as many as promised", () => {
  const names = new Set(SCENARIOS.map(({ name }) => name));
  assertEquals(names.size, SCENARIOS.length);
  assertEquals(names.size >= SCENARIOS_MIN, true);
});

Deno.test("SCENARIOS end twice with the same digests", () => {
  assertEquals(scenarioLines(), scenarioLines());
});

Deno.test({
  name:
    "SCENARIOS end alike under Deno, Node and Bun, from the npm tarball (needs run, read, write)",
  ignore: !permitted("run", "read", "write"),
  fn: () =>
    inFolder(async (folder) => {
      if (!await has("npm", "--version")) {
        return console.log(
          "SKIPPED: no npm, so neither Node nor Bun was tried",
        );
      }
      await installTarball(folder);
      const script = `${folder}/main.mjs`;
      await bundle("--external=@lockstep/kernel*", `--output=${script}`);
      const expected = scenarioLines();
      for (const runtime of [["node"], BUN]) {
        const [program, ...args] = runtime as [string, ...string[]];
        if (!await has(program, ...args, "--version")) {
          console.log(`SKIPPED: no ${runtime.join(" ")}`);
          continue;
        }
        const text = await output(folder, program, ...args, script);
        assertEquals(text.trim().split("\n"), expected, program);
      }
    }),
});

Deno.test({
  name:
    "SCENARIOS end alike in a browser, from a bundle (needs run, read, write)",
  ignore: !permitted("run", "read", "write"),
  fn: () =>
    inFolder(async (folder) => {
      const browser = await first(BROWSERS);
      if (browser === null) {
        console.log("SKIPPED: no Chromium, so the browser was not tried");
        return;
      }
      const script = `${folder}/main.js`;
      await bundle("--platform=browser", "--format=iife", `--output=${script}`);
      await Deno.writeTextFile(
        `${folder}/page.html`,
        `<!doctype html><meta charset="utf-8"><body><script src="main.js"></script></body>`,
      );
      assertEquals(await pageLines(browser, folder), scenarioLines());
    }),
});
