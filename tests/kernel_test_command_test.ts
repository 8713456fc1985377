/**
 * `test` as a person or a script calls it: a process, files, an exit status.
 */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { permitted } from "../dev/permission.ts";

const MAIN = new URL("../src/cli/main.ts", import.meta.url).pathname;
const CONFIG = new URL("../deno.json", import.meta.url).pathname;

const KERNELS = `
import { coreState } from "@lockstep/kernel/kernel";
import { assertEq, testKernel } from "@lockstep/kernel/testing";

const kernel = (name, left, right) => ({
  name,
  program: testKernel({
    name,
    state: coreState,
    build: (core) => ({ tests: { sum: () => assertEq(core, left, right) } }),
  }),
});
export default [kernel("good", 2, 2), kernel("bad", 2, 3)];
`;

Deno.test({
  name:
    "test runs a file's kernels, writes JUnit's XML and ends with 1 (needs run, read, write)",
  ignore: !permitted("run", "read", "write"),
  async fn() {
    const folder = await Deno.makeTempDir();
    await Deno.writeTextFile(`${folder}/exercise.ts`, KERNELS);
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "--quiet", "--no-prompt", `--config=${CONFIG}`],
          ...["--allow-read", "--allow-write", "--allow-env=INIT_CWD", MAIN],
          ...["test", "exercise.ts", ...args],
        ],
        cwd: folder,
        env: { INIT_CWD: folder, NO_COLOR: "1" },
        stdin: "null",
      }).output();
      const decoder = new TextDecoder();
      return [code, decoder.decode(stdout), decoder.decode(stderr)] as const;
    };
    const [code, out, err] = await run("--junit", "results.xml");
    assertEquals([code, err], [1, ""]);
    assertMatch(out, /^exercise\.ts\n {2}good \.\.\. ok \(1 test, clk \d+\)\n/);
    assertStringIncludes(out, "bad ... FAILED (1 test, clk ");
    assertStringIncludes(out, "      assertion `left == right` failed\n");
    assertMatch(out, /\n1 passed, 1 failed\n$/);
    const xml = await Deno.readTextFile(`${folder}/results.xml`);
    assertStringIncludes(xml, '<testsuites tests="2" failures="1"');
    const [good, , nothing] = await run("--filter", "good");
    assertEquals([good, nothing], [0, ""]);
    const [usage] = await run("--clk", "soon");
    assertEquals(usage, 2);
    await Deno.remove(folder, { recursive: true });
  },
});
