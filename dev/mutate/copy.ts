/**
 * A copy of the project's last commit, in which files are changed and tests
 * run.
 *
 * @module
 */

import { filesUnder, ROOT } from "../files.ts";

/** How a run of tests ended. */
export type Outcome = "passed" | "failed" | "timeout";

/** Bytes of the old generation that a test may take: some mutants never stop to allocate. */
const HEAP_MIB = 1_024;

/** The file that loads the tests of a run. */
const SUITE = "mutate_suite_test.ts";

/** The copy. */
export class Copy {
  readonly #root: string;

  private constructor(root: string) {
    this.#root = root;
  }

  /** Takes a copy of the last commit. */
  static async make(): Promise<Copy> {
    const root = await Deno.makeTempDir({ prefix: "mutate-" });
    const archive = `${root}/commit.tar`;
    await succeed("git", "archive", "--output", archive, "HEAD");
    await succeed("tar", "-xf", archive, "-C", root);
    await Deno.remove(archive);
    return new Copy(root);
  }

  /** Removes it. */
  async remove(): Promise<void> {
    await Deno.remove(this.#root, { recursive: true });
  }

  /** Paths of the copy's files under a folder that the project has, too. */
  files(folder: string): string[] {
    return filesUnder(folder).filter((path) => {
      try {
        return Deno.statSync(`${this.#root}/${path}`).isFile;
      } catch {
        return false;
      }
    });
  }

  /** The text of a file. */
  read(path: string): string {
    return Deno.readTextFileSync(`${this.#root}/${path}`);
  }

  /** Changes a file. */
  write(path: string, text: string): void {
    Deno.writeTextFileSync(`${this.#root}/${path}`, text);
  }

  /**
   * Runs tests in one process, in this order, up to the first that fails.
   *
   * @param tests files of tests
   * @param limitMs when to give up
   * @returns how it ended
   */
  async test(tests: readonly string[], limitMs: number): Promise<Outcome> {
    this.write(SUITE, tests.map((path) => `import "./${path}";\n`).join(""));
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "test",
        "--quiet",
        "--no-check",
        "--no-prompt",
        "--fail-fast",
        "--preload=./dev/fc.ts",
        "--allow-read",
        "--allow-env",
        `--v8-flags=--max-old-space-size=${HEAP_MIB}`,
        SUITE,
      ],
      cwd: this.#root,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    let timeout = false;
    const timer = setTimeout(() => {
      timeout = true;
      child.kill("SIGKILL");
    }, limitMs);
    const { success } = await child.status;
    clearTimeout(timer);
    return timeout ? "timeout" : success ? "passed" : "failed";
  }
}

async function succeed(program: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, {
    args,
    cwd: ROOT,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) {
    throw new Error(`${program}: ${new TextDecoder().decode(stderr)}`);
  }
}
