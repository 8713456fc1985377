/**
 * The outputs that stand behind code in the project's Markdown. `deno task docs`
 * runs all of that code and writes them anew, and draws the pictures; read the
 * difference.
 *
 * @module
 */

import { ROOT } from "../files.ts";
import { draw, PICTURES } from "./pictures.ts";
import { type Block, blocksOf, markdownFiles } from "./markdown.ts";

/** Code, and the output that a file shows behind it. */
export interface Shown {
  /** The code. */
  readonly code: Block;
  /** What it is said to print. */
  readonly output: Block;
}

/**
 * Runs TypeScript as a reader would: in the project, from standard input, with no permission.
 *
 * @param code a module
 * @returns what it prints; and what went wrong, if it fails
 */
export async function printed(code: string): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "--ext=ts", "-"],
    cwd: ROOT,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(code));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return decoder.decode(stdout) + (success ? "" : decoder.decode(stderr));
}

/**
 * Finds all code with an output: a block of `ts`, and one without a word right behind it.
 *
 * @param text of a file
 * @returns them, in order
 */
export function shownIn(text: string): Shown[] {
  const blocks = blocksOf(text);
  return blocks.flatMap((code, i) => {
    const output = blocks[i + 1];
    const isShown = code.info === "ts" && output?.info === "" && output.follows;
    return isShown ? [{ code, output }] : [];
  });
}

async function update(path: string): Promise<void> {
  const file = new URL(path, ROOT);
  const text = Deno.readTextFileSync(file);
  const lines = text.split("\n");
  for (const { code, output } of shownIn(text).reverse()) {
    const count = output.text.split("\n").length - 1;
    const anew = (await printed(code.text)).trimEnd().split("\n");
    lines.splice(output.line, count, ...anew);
  }
  if (lines.join("\n") === text) return;
  Deno.writeTextFileSync(file, lines.join("\n"));
  console.log(`updated ${path}`);
}

if (import.meta.main) {
  for (const picture of PICTURES) {
    await draw(picture, decodeURI(new URL(picture.path, ROOT).pathname));
  }
  for (const path of markdownFiles()) await update(path);
}
