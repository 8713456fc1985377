/**
 * The book's tests, `tests/book`, from the npm tarball under Node's runner and
 * Bun's, `deno task book`: as many tests as under Deno's, and the same
 * digests. Part of `deno task ok`; a runtime that is not there is skipped.
 *
 * @module
 */

import ts from "typescript";
import { ROOT } from "../files.ts";
import { BUN, has, installTarball, output, said } from "./tarball.ts";

const FOLDER = "tests/book";
const TESTS = `${FOLDER}/book_test`;
const DIGESTS = `${FOLDER}/digests`;

type Command = readonly [string, ...string[]];

/** The tarball, installed, and beside it the tests as JavaScript. */
async function install(folder: string): Promise<void> {
  await Deno.writeTextFile(`${folder}/package.json`, '{"type":"module"}');
  await installTarball(folder);
  for (const name of [FOLDER, "vectors"]) {
    await Deno.mkdir(`${folder}/${name}`, { recursive: true });
  }
  const vectors = "vectors/blog_os-tests.json";
  await Deno.copyFile(new URL(vectors, ROOT), `${folder}/${vectors}`);
  for await (const { name } of Deno.readDir(new URL(FOLDER, ROOT))) {
    const text = await Deno.readTextFile(new URL(`${FOLDER}/${name}`, ROOT));
    const { outputText } = ts.transpileModule(text, {
      compilerOptions: {
        target: ts.ScriptTarget.ESNext,
        module: ts.ModuleKind.ESNext,
        rewriteRelativeImportExtensions: true,
      },
    });
    const script = name.replace(/\.ts$/, ".js");
    await Deno.writeTextFile(`${folder}/${FOLDER}/${script}`, outputText);
  }
}

/** How many tests ran and what the digests are. */
interface Report {
  readonly passed: number;
  readonly digests: string;
}

/** Runs tests and digests in a folder, with a runtime. */
async function report(
  folder: string | URL,
  test: Command,
  digests: Command,
  words: RegExp,
): Promise<Report> {
  // Bun's numbers stand on standard error.
  const { all } = await said(folder, ...test);
  const passed = all.match(words)?.[1];
  if (passed === undefined) throw new Error(`No number of tests in ${all}`);
  return {
    passed: Number(passed),
    digests: await output(folder, ...digests),
  };
}

/** Says what a runtime did, and whether it did the same as Deno. */
function compare(name: string, report: Report, wanted: Report): boolean {
  const isSame = report.passed === wanted.passed &&
    report.digests === wanted.digests;
  const count = report.digests.trim().split("\n").length;
  console.log(
    `${isSame ? "ok    " : "FAILED"} ${name}: ${report.passed} tests passed, ` +
      `${count} digests${isSame ? "" : `\n${report.digests}`}`,
  );
  return isSame;
}

async function main(folder: string): Promise<boolean> {
  const deno = Deno.execPath();
  const ours = await report(
    ROOT,
    [deno, "test", "--no-check", `${TESTS}.ts`],
    [deno, "run", "--no-check", `${DIGESTS}.ts`],
    /(\d+) passed/,
  );
  let good = compare("Deno", ours, ours);
  if (!await has("node", "--version") || !await has("npm", "--version")) {
    console.log("SKIPPED: no Node, so the tests were not run there");
    return good;
  }
  await install(folder);
  const node = await report(
    folder,
    ["node", "--test", `${TESTS}.js`],
    ["node", `${DIGESTS}.js`],
    /^(?:#|ℹ) pass (\d+)/m,
  );
  good = compare("Node", node, ours) && good;
  if (!await has(...BUN, "--version")) {
    console.log("SKIPPED: no Bun, so the tests were not run there");
    return good;
  }
  const bun = await report(
    folder,
    [...BUN, "test", `./${TESTS}.js`],
    [...BUN, `${DIGESTS}.js`],
    /(\d+) pass/,
  );
  return compare("Bun", bun, ours) && good;
}

const folder = await Deno.makeTempDir();
try {
  Deno.exitCode = await main(folder) ? 0 : 1;
} finally {
  await Deno.remove(folder, { recursive: true });
}
