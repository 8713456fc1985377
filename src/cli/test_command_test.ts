import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { FakeHost } from "../../tests/support/cli_host.ts";
import type { Program } from "../hw/hosted.ts";
import { coreState } from "../kernel/core.ts";
import { defineKernel } from "../kernel/define_kernel.ts";
import { testKernel } from "../testing/mod.ts";
import { main } from "./main.ts";

const good: Program = testKernel({
  name: "good",
  state: coreState,
  build: () => ({ tests: { a() {}, b() {} } }),
});
const bad: Program = testKernel({
  name: "bad",
  state: coreState,
  build: (core) => ({
    tests: {
      a() {},
      b() {
        core.serialPrint("\x1b[2J\0");
        core.panic("broken");
      },
    },
  }),
});
const panics: Program = defineKernel({
  id: "panics",
  state: coreState,
  build: (core) => ({ boot: () => core.panic("as it should") }),
});
const spins: Program = defineKernel({
  id: "spins",
  state: coreState,
  build: (core) => ({ boot() {}, loop: () => core.cpu.pause() }),
});

/** Runs `test` where /home/me/NAME.ts exports these lists. */
async function test(
  args: readonly string[],
  files: Readonly<Record<string, unknown>>,
) {
  const modules = Object.fromEntries(
    Object.entries(files).map(([name, value]) => [
      `/home/me/${name}.ts`,
      value instanceof Error ? value : { default: value },
    ]),
  );
  const host = new FakeHost({ stdin: "", modules });
  const status = await main(["test", ...args], host);
  return { status, out: host.stdout.text, err: host.stderr.text, host };
}

Deno.test("test says how each kernel of each file ended", async () => {
  const files = {
    one: [{ name: "good", program: good }, { name: "bad", program: bad }],
    two: [{ name: "panics", program: panics, shouldPanic: "should" }],
  };
  const { status, out, err } = await test(["one.ts", "two.ts"], files);
  assertEquals([status, err], [1, ""]);
  assertEquals(out.replaceAll(/clk \d+/g, "clk N").split("\n"), [
    "one.ts",
    "  good ... ok (2 tests, clk N)",
    "  bad ... FAILED (2 tests, clk N): exit status 35",
    "      Running 2 tests",
    "      bad::a...\t[ok]",
    "      bad::b...\t\ufffd[2J\ufffd[failed]",
    "      ",
    "      Error: panicked at boot:",
    "      broken",
    "two.ts",
    "  panics ... ok (clk N)",
    "2 passed, 1 failed",
    "",
  ]);
  const { status: all } = await test(["two.ts"], files);
  assertEquals(all, 0);
});

Deno.test("test --serial prints what good kernels send, too", async () => {
  const files = { one: [{ name: "good", program: good }] };
  const { out } = await test(["--serial", "one.ts"], files);
  assertStringIncludes(out, "      good::b...\t[ok]\n1 passed, 0 failed\n");
});

Deno.test("test --clk limits kernels that have no limit of their own", async () => {
  const files = {
    one: [
      { name: "spins", program: spins },
      { name: "own", program: spins, clkMax: 70_000 },
    ],
  };
  const { status, out } = await test(["one.ts", "--clk", "50_000"], files);
  assertEquals(status, 1);
  assertStringIncludes(out, "spins ... FAILED (clk 50000): Test timed out");
  assertStringIncludes(out, "own ... FAILED (clk 70000): Test timed out");
});

Deno.test("test --filter chooses by name", async () => {
  const files = {
    one: [{ name: "good", program: good }, { name: "bad", program: bad }],
    two: [{ name: "panics", program: panics }],
  };
  const args = ["one.ts", "two.ts", "--filter"];
  const { status, out } = await test([...args, "goo"], files);
  assertEquals(status, 0);
  assertMatch(out, /^one\.ts\n {2}good .*\n1 passed, 0 failed\n$/);
  const none = await test([...args, "xyz"], files);
  assertEquals(none.status, 2);
  assertEquals(
    none.err,
    'Cannot test nothing: no kernel\'s name contains "xyz"\n',
  );
});

Deno.test("test --junit writes a file, the same twice", async () => {
  const files = {
    one: [{ name: "good", program: good }, { name: "bad", program: bad }],
  };
  const text = async () => {
    const { status, host } = await test(["one.ts", "--junit", "r.xml"], files);
    assertEquals(status, 1);
    return new TextDecoder().decode(host.files.get("/home/me/r.xml"));
  };
  const first = await text();
  assertMatch(first, /^<\?xml .*\n<testsuites tests="4" failures="1"/);
  assertEquals(await text(), first);
  const nowhere = await test(["one.ts", "--junit", "/nowhere/r.xml"], files);
  assertEquals([nowhere.status, nowhere.out], [2, ""]);
});

Deno.test("test counts a kernel that cannot be built as failed", async () => {
  const { status, out } = await test(["one.ts"], {
    one: [
      {
        name: "throws",
        program: () => {
          throw new RangeError("no gate left\nat all");
        },
      },
      { name: "small", program: good, machine: { ramBytes: 5 } },
    ],
  });
  assertEquals(status, 1);
  assertStringIncludes(
    out,
    "throws ... FAILED (clk 0): cannot boot: RangeError: no gate left\n",
  );
  assertStringIncludes(
    out,
    "small ... FAILED (clk 0): cannot boot: RangeError",
  );
});

Deno.test("test says that a kernel recursed past the host's stack, not that it cannot boot", async () => {
  const deeper = (): number => 1 + deeper();
  const program = defineKernel({
    id: "deep",
    state: coreState,
    build: () => ({ boot: () => void deeper() }),
  });
  const { status, out } = await test(["k.ts"], {
    k: [{ name: "deep", program }],
  });
  assertEquals(status, 1);
  assertMatch(out, /deep \.\.\. FAILED \(clk 0\): Cannot repeat the run: .*\n/);
});

Deno.test("test says in one line what is wrong, and runs nothing", async () => {
  const kernel = { name: "k", program: good };
  const rows: [string[], unknown, string][] = [
    [[], [kernel], "Cannot test nothing: give a FILE"],
    [["one.ts", "one.ts"], [kernel], "Cannot test one.ts twice"],
    [["no.ts"], [kernel], "Cannot read tests no.ts: there is no such file"],
    [["one.ts", "no.ts"], [kernel], "Cannot read tests no.ts: "],
    [["one.ts", "--clk", "x"], [kernel], "Cannot use --clk x: give a whole"],
    [["one.ts", "--junit="], [kernel], "Cannot use --junit: it is empty"],
    [["one.ts", "--jnit", "x"], [kernel], "did you mean --junit?"],
    [
      ["one.ts"],
      new SyntaxError("bad\nline"),
      "Cannot load tests one.ts: SyntaxError: bad",
    ],
    [["one.ts"], undefined, "default export is missing; export [{ name"],
    [["one.ts"], good, "default export is no list; export [{ name"],
    [["one.ts"], [], "its list of kernels is empty"],
    [["one.ts"], [3], "kernel 0 of its list is no object"],
    [
      ["one.ts"],
      [{ program: good }],
      "name of kernel 0 of its list is no name",
    ],
    [["one.ts"], [kernel, { ...kernel, name: "" }], "name of kernel 1 of"],
    [["one.ts"], [{ name: "k" }], 'program of "k" is no function'],
    [["one.ts"], [kernel, kernel], 'two kernels have the name "k"'],
    [["one.ts"], [{ ...kernel, clkMax: -1 }], 'clkMax of "k" is no whole'],
    [["one.ts"], [{ ...kernel, shouldPanic: 1 }], "shouldPanic of"],
    [["one.ts"], [{ ...kernel, machine: 1 }], "machine of"],
    [["one.ts"], [{ ...kernel, timeout: 1 }], 'unknown key "timeout"; there'],
  ];
  for (const [args, exported, message] of rows) {
    const { status, out, err } = await test(args, { one: exported });
    assertEquals([status, out], [2, ""], message);
    assert(err.includes(message), `${err} should say ${message}`);
    assertEquals(err.split("\n").length, 2);
  }
});

Deno.test("test --help shows an example", async () => {
  const { status, out } = await test(["--help"], {});
  assertEquals(status, 0);
  assertMatch(out, /Usage: [\s\S]*Example:\n/);
  assert(out.split("\n").every((line) => line.length < 80));
});
