/**
 * The guest of the mixed benchmark: its committed bytes are what the recorded compiler makes of the source.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { permitted } from "../../dev/permission.ts";

const FOLDER = new URL("../../bench/isa/", import.meta.url);
/** The workload that takes a tenth of a second. */
const CALLS = 1;

Deno.test({
  name: "the mixed benchmark gives the native answer (needs read)",
  ignore: !permitted("read"),
  async fn() {
    const { run } = await import("../../bench/isa/run.ts");
    assertEquals(run(CALLS).instructions > 4_000_000, true);
  },
});

/** First line of what a tool says of itself. */
async function versionOf(tool: string): Promise<string> {
  const { stdout } = await new Deno.Command(tool, { args: ["--version"] })
    .output();
  return new TextDecoder().decode(stdout).split("\n")[0]!;
}

Deno.test({
  name:
    "the mixed benchmark is what its source is compiled to (needs run, read, write)",
  ignore: !permitted("run", "read", "write"),
  async fn() {
    let version: string;
    try {
      version = `${await versionOf("gcc")}\n${await versionOf("ld")}\n`;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      console.warn("SKIPPED, the guest is not rebuilt: there is no gcc here");
      return;
    }
    const { GUEST, run } = await import("../../bench/isa/run.ts");
    const out = await Deno.makeTempFile({ prefix: "mixed-benchmark-" });
    try {
      const { success, stderr } = await new Deno.Command(
        `${FOLDER.pathname}build.sh`,
        { args: [out] },
      ).output();
      assert(success, new TextDecoder().decode(stderr));
      const rebuilt = await Deno.readFile(out);
      const recorded = await Deno.readTextFile(new URL("gcc.txt", FOLDER));
      if (version === recorded) assertEquals(rebuilt, GUEST);
      else run(CALLS, rebuilt);
    } finally {
      await Deno.remove(out);
    }
  },
});
