/**
 * The npm tarball, packed and installed as npm would: for tests on other runtimes.
 *
 * @module
 */

import { ROOT } from "../files.ts";

/** Bun, as npm has it. */
export const BUN = ["npx", "-y", "bun@1.4.5"] as const;

/** What a program said. */
interface Said {
  /** Its standard output. */
  readonly out: string;
  /** Its standard output, and behind it its standard error. */
  readonly all: string;
}

/**
 * Runs a program to its end.
 *
 * @param cwd where
 * @param program its name or path
 * @param args its arguments
 * @returns what it said
 * @throws {Error} with all that it said, if it fails
 */
export async function said(
  cwd: string | URL,
  program: string,
  ...args: string[]
): Promise<Said> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args,
    cwd,
    stdin: "null",
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  const [out, err] = [decoder.decode(stdout), decoder.decode(stderr)];
  if (!success) {
    throw new Error(`${program} ${args.join(" ")}: ${err}${out}`);
  }
  return { out, all: out + err };
}

/** The standard output of a program; see {@linkcode said}. */
export async function output(
  ...command: Parameters<typeof said>
): Promise<string> {
  return (await said(...command)).out;
}

/**
 * Whether a program can be started.
 *
 * @param program its name
 * @param args that make it print its version
 * @returns whether it can
 */
export async function has(
  program: string,
  ...args: string[]
): Promise<boolean> {
  try {
    await output(ROOT, program, ...args);
    return true;
  } catch {
    return false;
  }
}

/**
 * Packs the tarball and installs it, as a user of npm does.
 *
 * @param folder without a slash at its end
 * @param packages from the registry, installed beside it
 */
export async function installTarball(
  folder: string,
  ...packages: string[]
): Promise<void> {
  const tarball = `${folder}/kernel.tgz`;
  await output(ROOT, Deno.execPath(), "task", "pack", "--output", tarball);
  const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
  await output(folder, "npm", "install", ...quiet, tarball, ...packages);
}
