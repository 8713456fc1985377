/**
 * The size of each entry point in a page, `deno task sizes`: bundled with all
 * that it loads, minified, and what a server that compresses would send.
 *
 * @module
 */

import { ROOT } from "./files.ts";

const KIB = 1024;

/** What one entry point weighs. */
export interface Size {
  /** As in `deno.json`. */
  readonly name: string;
  /** KiB, minified. */
  readonly minified: number;
  /** KiB, minified and gzipped. */
  readonly gzipped: number;
}

async function gzippedBytes(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
  const stream = new Blob([bytes]).stream()
    .pipeThrough(new CompressionStream("gzip"));
  return (await new Response(stream).arrayBuffer()).byteLength;
}

async function sizeOf(name: string, path: string): Promise<Size> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--minify", "--platform=browser", path],
    cwd: ROOT,
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  const gzipped = await gzippedBytes(stdout);
  return {
    name,
    minified: Math.round(stdout.length / KIB),
    gzipped: Math.round(gzipped / KIB),
  };
}

/**
 * Measures all entry points that a page can load: all but `./cli`.
 *
 * @returns one row each, in the order of `deno.json`
 */
export async function sizes(): Promise<Size[]> {
  const config = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", ROOT)),
  );
  const exports: Record<string, string> = config.exports;
  const rows: Size[] = [];
  for (const [name, path] of Object.entries(exports)) {
    if (name !== "./cli") rows.push(await sizeOf(name, path));
  }
  return rows;
}

if (import.meta.main) {
  console.log("| entry point | minified, KiB | gzipped, KiB |");
  console.log("| --- | ---: | ---: |");
  for (const { name, minified, gzipped } of await sizes()) {
    console.log(`| \`${name}\` | ${minified} | ${gzipped} |`);
  }
}
