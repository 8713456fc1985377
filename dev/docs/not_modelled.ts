/**
 * Writes `docs/not_modelled.md`, `deno task not-modelled`: what the headers of
 * all source files say that they leave out, and the instructions that the engine
 * does not execute. A test compares the file with what this would write.
 *
 * @module
 */

import { UNMODELLED } from "@lockstep/kernel/isa";
import { filesUnder, ROOT } from "../files.ts";

/** The page, from the project's root. */
export const PAGE = "docs/not_modelled.md";

const PARTS: readonly (readonly [folder: string, title: string])[] = [
  ["src/base", "Base"],
  ["src/hw", "The machine"],
  ["src/isa", "Machine code"],
  ["src/kernel", "The kernel"],
  ["src/trace", "Pictures"],
  ["src/testing", "Testing"],
];

const HEADER = /^\/\*\*\n([\s\S]*?)\n \*\//;

/**
 * The paragraph of a file's header that begins with "Not modelled".
 *
 * @param source of a module
 * @returns what stands behind the words, on one line; `null` without such a paragraph
 */
export function notModelled(source: string): string | null {
  const header = HEADER.exec(source)?.[1] ?? "";
  const text = header.split("\n").map((line) => line.replace(/^ \* ?/, ""));
  const from = text.findIndex((line) => line.startsWith("*Not modelled*:"));
  if (from < 0) return null;
  const to = text.findIndex((line, i) => i > from && line.trim() === "");
  return text.slice(from, to < 0 ? undefined : to).join(" ")
    .replace("*Not modelled*:", "").replaceAll(/\{@linkcode (\w+)\}/g, "`$1`")
    .trim();
}

/**
 * Makes the page.
 *
 * @returns Markdown
 */
export function notModelledPage(): string {
  const lines = [
    "# What is not modelled",
    "",
    "What each file leaves out of the thing that it is named after, as its header says. Written by `deno task not-modelled`;",
    "a test holds it against the sources. A port that nobody owns reads 0xff; a function that is not modelled answers like an",
    "empty bus and records an `unmodelled` event, it makes no number up.",
    "",
  ];
  for (const [folder, title] of PARTS) {
    const rows = filesUnder(folder).flatMap((path) => {
      if (!path.endsWith(".ts") || path.endsWith("_test.ts")) return [];
      const text = notModelled(Deno.readTextFileSync(new URL(path, ROOT)));
      if (text === null) return [];
      return [`- [${path.replace(`${folder}/`, "")}](../${path}): ${text}`];
    });
    if (rows.length > 0) lines.push(`## ${title}`, "", ...rows, "");
  }
  lines.push(
    "## Instructions",
    "",
    "What the engine decodes and does not execute (`UNMODELLED` of `./isa`), each with its right length.",
    "",
    ...UNMODELLED.map((row) => `- ${Object.values(row).join(": ")}`),
    "",
  );
  return lines.join("\n");
}

if (import.meta.main) {
  Deno.writeTextFileSync(new URL(PAGE, ROOT), notModelledPage());
}
