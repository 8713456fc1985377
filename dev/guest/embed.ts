/**
 * Writes `examples/guest/binaries.ts`, in which the small binaries of `examples/guest/bin` stand as text: what imports it needs
 * no permission to read a file.
 *
 * @module
 */

import { ROOT } from "../files.ts";

/** The folder of the binaries. */
export const BIN: URL = new URL("examples/guest/bin/", ROOT);
/** The module. */
export const MODULE: URL = new URL("examples/guest/binaries.ts", ROOT);
/** Those that programs need at hand. */
const NAMES = ["red_zone", "no_red_zone", "counter", "faults", "kernel"];
const COLUMNS = 76;

/**
 * The module's text.
 *
 * @param read gives a binary by its name
 * @returns TypeScript
 */
export function moduleText(read: (name: string) => Uint8Array): string {
  const constants = NAMES.map((name) => {
    const lines = runs(read(name));
    const constant = name.toUpperCase();
    return `/** \`bin/${name}.elf\`. */\nexport const ${constant}: Uint8Array = bytes(\`\n${
      lines.join("\n")
    }\n\`);\n`;
  });
  return `// Made by \`deno task guest build\`: do not edit.
// deno-fmt-ignore-file

/** The guests of this folder, built. */

/** Base64, but for runs of zeros, which stand as \`*\` and their length. */
function bytes(text: string): Uint8Array {
  const parts = text.trim().split(/\\s+/).map((part) =>
    part.startsWith("*")
      ? new Uint8Array(Number(part.slice(1)))
      : Uint8Array.from(atob(part), (char) => char.charCodeAt(0))
  );
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

${constants.join("\n")}`;
}

/** Lines of base64 and of zeros. */
function runs(bytes: Uint8Array): string[] {
  const lines: string[] = [];
  const perLine = COLUMNS / 4 * 3;
  let start = 0;
  const flush = (end: number): void => {
    for (; start < end; start += perLine) {
      const part = bytes.subarray(start, Math.min(end, start + perLine));
      lines.push(btoa(String.fromCharCode(...part)));
    }
    start = end;
  };
  for (let at = 0; at < bytes.length;) {
    let end = at;
    while (end < bytes.length && bytes[end] === 0) end += 1;
    if (end - at >= 32) {
      flush(at);
      lines.push(`*${end - at}`);
      start = end;
    }
    at = Math.max(end, at + 1);
  }
  flush(bytes.length);
  return lines;
}

/** Writes the module. */
export function writeModule(): void {
  const text = moduleText((name) =>
    Deno.readFileSync(new URL(`${name}.elf`, BIN))
  );
  Deno.writeTextFileSync(MODULE, text);
}
