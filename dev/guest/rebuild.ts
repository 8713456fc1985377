/**
 * The guests, built again: with the recorded compiler their bytes are the committed ones, with another they only behave so.
 *
 * @module
 */

import { ROOT } from "../files.ts";
import { BIN } from "./embed.ts";

const RECORD = new URL("examples/guest/gcc.txt", ROOT);

/** How a build compares. */
export interface Rebuilt {
  /** Whether it is as it should be. */
  readonly good: boolean;
  /** Whether the compiler is the recorded one. */
  readonly recorded: boolean;
  /** The binaries, by name. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** A line for a person. */
  readonly text: string;
}

/**
 * Builds the guests in a folder of their own, and compares.
 *
 * @returns how they compare, or `null` if there is no compiler
 */
export async function compareBuild(): Promise<Rebuilt | null> {
  const versions = [await firstLine("gcc"), await firstLine("ld")];
  if (versions.includes(null)) return null;
  const folder = Deno.makeTempDirSync();
  try {
    const { success, stderr } = await new Deno.Command(
      "examples/guest/build.sh",
      { args: [folder], cwd: ROOT },
    ).output();
    if (!success) {
      throw new Error(
        `The guests cannot be built: ${new TextDecoder().decode(stderr)}`,
      );
    }
    const files = new Map<string, Uint8Array>();
    for (const { name } of Deno.readDirSync(folder)) {
      files.set(name, Deno.readFileSync(`${folder}/${name}`));
    }
    const different = [...files].filter(([name, bytes]) =>
      !sameBytes(bytes, Deno.readFileSync(new URL(name, BIN)))
    );
    const recorded =
      Deno.readTextFileSync(RECORD).trim() === versions.join("\n");
    const what = different.length === 0
      ? "all bytes as committed"
      : `other bytes in ${different.map(([name]) => name).join(", ")}`;
    return {
      good: different.length === 0 || !recorded,
      recorded,
      files,
      text: `guests: ${files.size} built by ${
        recorded ? "the recorded" : "another"
      } compiler, ${versions[0]}: ${what}`,
    };
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

async function firstLine(program: string): Promise<string | null> {
  try {
    const { stdout } = await new Deno.Command(program, { args: ["--version"] })
      .output();
    return new TextDecoder().decode(stdout).split("\n")[0]!;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
