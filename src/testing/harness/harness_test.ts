import {
  assert,
  assertEquals,
  assertNotEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import type { Program } from "../../hw/hosted.ts";
import type { Machine } from "../../hw/machine.ts";
import type { Stop } from "../../hw/stop.ts";
import { coreState, type KernelCore } from "../../kernel/core.ts";
import { defineKernel } from "../../kernel/define_kernel.ts";
import {
  assertEq,
  assertNe,
  assertThat,
  BOOK_CONFIG,
  comparisonText,
  debugText,
  describeStop,
  exitQemu,
  failureText,
  type KernelTestResult,
  kernelTests,
  oldPanicText,
  QemuExitCode,
  runKernelTest,
  runnerConfig,
  runnerEnd,
  shouldPanicKernel,
  stopEnd,
  testKernel,
  timeoutClk,
  type UnitTests,
} from "./mod.ts";

/** A kernel that does `boot`, without a harness. */
const plain = (boot: (core: KernelCore) => void): Program =>
  defineKernel({
    id: "plain",
    state: coreState,
    build: (core) => ({ boot: () => boot(core) }),
  });

const withTests = (tests: (core: KernelCore) => UnitTests): Program =>
  testKernel({
    name: "own",
    state: coreState,
    build: (core) => ({ tests: tests(core) }),
  });

const panicking = (tests: (core: KernelCore) => UnitTests): Program =>
  shouldPanicKernel({
    name: "own",
    state: coreState,
    build: (core) => ({ tests: tests(core) }),
  });

const run = (program: Program): KernelTestResult =>
  runKernelTest({ name: "k", program });

Deno.test("testKernel() prints each test and exits 33, with none too", () => {
  const order: string[] = [];
  const result = run(withTests(() => ({
    "b::two": () => order.push("two"),
    one: () => order.push("one"),
  })));
  assertEquals([result.passed, result.status, result.message], [true, 0, null]);
  assertEquals(result.stop, { reason: "exit", value: 16, status: 33 });
  assertEquals(
    result.serial,
    "Running 2 tests\nown::b::two...\t[ok]\nown::one...\t[ok]\n",
  );
  assertEquals(order, ["two", "one"]);
  assertEquals(run(withTests(() => ({}))).serial, "Running 0 tests\n");
});

Deno.test("testKernel() ends at the first panic, thrown or said", () => {
  let later = 0;
  const rows: [(core: KernelCore) => void, string][] = [
    [(core) => core.panic("said"), "said"],
    [() => {
      throw new Error("thrown");
    }, "thrown"],
    [() => {
      throw "a string";
    }, "a string"],
    [
      (core) => assertEq(core, 0, 1),
      "assertion `left == right` failed\n  left: 0\n right: 1",
    ],
  ];
  for (const [bad, message] of rows) {
    const result = run(withTests((core) => ({
      good() {},
      bad: () => bad(core),
      later: () => later += 1,
    })));
    assertEquals(
      result.serial,
      "Running 3 tests\nown::good...\t[ok]\nown::bad...\t[failed]\n\n" +
        `Error: panicked at boot:\n${message}\n\n`,
    );
    assertEquals([result.passed, result.status], [false, 35]);
    assertEquals(result.message, "exit status 35");
    assertEquals(result.units.map(({ outcome }) => outcome), [
      "ok",
      "failed",
      "skipped",
    ]);
  }
  assertEquals(later, 0);
});

Deno.test("a panic names the calls that are live", () => {
  const result = run(withTests((core) => ({
    deep: () =>
      core.cpu.call(function outer() {
        core.cpu.call(function inner() {
          throw new Error("down here");
        });
      }),
  })));
  assertStringIncludes(result.serial, "panicked at boot > outer > inner:\n");
});

Deno.test("shouldPanicKernel() succeeds by the first panic only", () => {
  let later = 0;
  const good = run(panicking((core) => ({
    should_fail: () => assertEq(core, 0, 1),
    later: () => later += 1,
  })));
  assertEquals([good.serial, good.status], ["own::should_fail...\t[ok]\n", 0]);
  const thrown = run(panicking(() => ({
    should_fail() {
      throw new Error("no");
    },
  })));
  assertEquals(thrown.status, 0);
  const bad = run(panicking(() => ({
    should_fail() {},
    later: () => later += 1,
  })));
  assertEquals(bad.serial, "own::should_fail...\t[test did not panic]\n");
  assertEquals([bad.status, bad.units[0]?.outcome], [35, "failed"]);
  assertEquals(run(panicking(() => ({}))).status, 0);
  assertEquals(later, 0);
});

Deno.test("shouldPanic judges a kernel without a harness", () => {
  const rows: [Program, boolean | string, number, string | null][] = [
    [plain((core) => core.panic("oh no")), true, 0, null],
    [plain((core) => core.panic("oh no")), "no", 0, null],
    [
      plain((core) => core.panic("oh no")),
      "yes",
      1,
      'panic without "yes": oh no',
    ],
    [
      plain((core) => exitQemu(core.cpu, QemuExitCode.Success)),
      true,
      1,
      "test did not panic: exit status 33",
    ],
    [
      plain(() => {}),
      true,
      1,
      "test did not panic: hung: HLT with interrupts off",
    ],
    [plain((core) => core.panic("oh no")), false, 1, "panic in boot: oh no"],
  ];
  for (const [program, shouldPanic, status, message] of rows) {
    const result = runKernelTest({ name: "k", program, shouldPanic });
    assertEquals([result.status, result.message], [status, message]);
  }
});

Deno.test("runKernelTest() ends at its limit, in clk", () => {
  const spin = plain((core) => {
    for (;;) core.cpu.pause();
  });
  const result = runKernelTest({ name: "k", program: spin, clkMax: 5_000 });
  assertEquals([result.status, result.message, result.clk], [
    1,
    "Test timed out",
    5_000,
  ]);
  const config = runnerConfig({ "test-timeout": 0 });
  assertEquals(runKernelTest({ name: "k", program: spin }, { config }).clk, 0);
  // STI without handlers: the first tick is a triple fault.
  const ticked = run(plain((core) => core.cpu.sti()));
  assertStringIncludes(ticked.message ?? "", "triple fault: ");
  assertEquals(timeoutClk(BOOK_CONFIG), 300 * 119_318_200);
});

Deno.test("stopEnd(): each end that is not the exit device's fails", () => {
  const rows: [Program, number, RegExp][] = [
    [plain((core) => core.cpu.out8(0x64, 0xfe)), 1, /^reset by 8042$/],
    [
      plain((core) => {
        core.cpu.lidt(0 as never, 0);
        core.cpu.int3();
      }),
      1,
      /^triple fault: #GP\(13\), #DF\(8\), #GP\(13\)$/,
    ],
    [plain(() => {}), 1, /^hung: /],
    [plain((core) => core.cpu.out32(0xf4, 61)), 123, /^exit status 123$/],
    [plain((core) => core.cpu.out32(0xf4, 0)), 1, /^exit status 1$/],
    [
      plain((core) => {
        core.vga.writer.get().withLock(() => core.println("again"));
      }),
      1,
      /^deadlock: Cannot lock WRITER: /,
    ],
  ];
  for (const [program, status, message] of rows) {
    const result = run(program);
    assertEquals(result.status, status);
    assert(message.test(result.message ?? ""), `${result.message}`);
  }
});

Deno.test("stopEnd() without no-reboot: the machine boots for ever", () => {
  const config = runnerConfig({ "test-no-reboot": false });
  const stop = { reason: "reset", by: "8042" } as const;
  assertEquals(stopEnd(stop, config), {
    status: 1,
    message: "Test timed out: reset by 8042",
  });
  // Without a success code a reset is status 0, QEMU's own.
  assertEquals(stopEnd(stop, runnerConfig()).status, 0);
  // And it can be what is wanted.
  const wanted = runnerConfig({ "test-success-exit-code": 0 });
  assertEquals(stopEnd(stop, wanted).status, 0);
});

Deno.test("describeStop() has a line for each end", () => {
  const rows: [Stop, string][] = [
    [{ reason: "exit", value: 3, status: 7 }, "exit status 7"],
    [{ reason: "reset", by: "port 0x92" }, "reset by port 0x92"],
    [
      { reason: "panic", message: "no", places: ["boot", "f"] },
      "panic in boot > f: no",
    ],
    [
      {
        reason: "hung",
        interruptsEnabled: false,
        pendingVector: null,
        places: [],
      },
      "hung: HLT with interrupts off",
    ],
    [{ reason: "host-calls", places: ["f"] }, "too many live calls in f"],
    [
      { reason: "no-engine", rip: 0 },
      "machine code, and no instruction engine",
    ],
    [{ reason: "limit", insideTurn: true }, "limit"],
    [{ reason: "idle" }, "idle"],
    [{ reason: "until" }, "until"],
  ];
  for (const [stop, text] of rows) assertEquals(describeStop(stop), text);
});

Deno.test("runnerEnd() says that a signal left no status", () => {
  assertEquals(runnerEnd(null, BOOK_CONFIG), {
    status: 1,
    message: "Failed to read QEMU exit code",
  });
});

Deno.test("runnerConfig() takes bootimage's keys and refuses others", () => {
  const table = {
    "build-command": ["xbuild"],
    "run-command": ["qemu", "{}"],
    "run-args": ["-s"],
    "test-args": [],
    "test-timeout": 5,
    "test-success-exit-code": -3,
    "test-no-reboot": false,
  };
  assertEquals(runnerConfig(table), {
    buildCommand: ["xbuild"],
    runCommand: ["qemu", "{}"],
    runArgs: ["-s"],
    testArgs: [],
    testTimeout: 5,
    testSuccessExitCode: -3,
    testNoReboot: false,
  });
  const bad: [unknown, string][] = [
    [{ "test-timeout": -1 }, ": test-timeout must not be negative"],
    [{ "test-timeout": 1.5 }, "key `test-timeout` with value `1.5`"],
    [{ "test-timeout": "5" }, 'key `test-timeout` with value `"5"`'],
    [{ timeout: 5 }, "unexpected `package.metadata.bootimage` key `timeout`"],
    [{ "constructor": [] }, "key `constructor` with value `[]`"],
    [{ "test-no-reboot": 1 }, "key `test-no-reboot` with value `1`"],
    [{ "test-args": "x" }, 'key `test-args` with value `"x"`'],
    [{ "run-args": ["x", 1] }, "run-args must be a list of strings"],
    [[], "Bootimage configuration invalid: []"],
    [null, "Bootimage configuration invalid: null"],
  ];
  for (const [table, message] of bad) {
    assertThrows(() => runnerConfig(table as never), RangeError, message);
  }
});

Deno.test("kernelTests() registers a test for each kernel, run later", () => {
  const registered = new Map<string, () => void>();
  const results: [KernelTestResult, Machine][] = [];
  const good = withTests(() => ({ a() {} }));
  const bad = withTests((core) => ({ a: () => core.panic("broken") }));
  kernelTests(
    (name, fn) => registered.set(name, fn),
    [{ name: "good", program: good }, { name: "bad", program: bad }],
    { onResult: (result, machine) => results.push([result, machine]) },
  );
  assertEquals([...registered.keys()], ["good", "bad"]);
  assertEquals(results.length, 0);
  registered.get("good")!();
  const { message } = assertThrows(() => registered.get("bad")!(), Error);
  assertStringIncludes(message, "bad: exit status 35\nat clk ");
  assertStringIncludes(message, "own::a...\t[failed]\n\nError: panicked at");
  assertEquals(results.map(([{ passed }]) => passed), [true, false]);
  for (const [result, machine] of results) {
    assertEquals(machine.digest(), result.digest);
  }
  registered.get("good")!();
  assertEquals(results[2]![0], results[0]![0]);
  assertNotEquals(results[2]![1], results[0]![1]);
});

Deno.test("kernelTests() refuses no kernels, and two of one name", () => {
  const program = plain(() => {});
  const twice = [{ name: "a", program }, { name: "a", program }];
  assertThrows(() => kernelTests(() => {}, []), RangeError, "there is none");
  assertThrows(() => kernelTests(() => {}, twice), RangeError, 'name "a"');
});

Deno.test("failureText() says that nothing was sent", () => {
  assertStringIncludes(
    failureText(run(plain(() => {}))),
    "It sent nothing to the serial port.",
  );
});

Deno.test("machine options and inputs reach the kernel", () => {
  const program = withTests((core) => ({
    a_byte_arrives() {
      while ((core.cpu.in8(0x3fd) & 1) === 0) core.cpu.pause();
      assertEq(core, core.cpu.in8(0x3f8), 0x41);
    },
  }));
  const { status } = runKernelTest({
    name: "k",
    program,
    clkMax: 1_000_000,
    machine: {
      ramBytes: 16 * 2 ** 20,
      inputs: [{ clk: 50_000, source: "serial", data: 0x41 }],
    },
  });
  assertEquals(status, 0);
});

Deno.test("comparisonText(), oldPanicText(): Rust's texts, then and before", () => {
  assertEquals(
    comparisonText("!=", "a", "a", { message: "why" }),
    'assertion `left != right` failed: why\n  left: "a"\n right: "a"',
  );
  assertEquals(
    comparisonText("==", 0, 1, { style: "1.72" }),
    "assertion failed: `(left == right)`\n  left: `0`,\n right: `1`",
  );
  assertEquals(
    oldPanicText({ message: "m", place: "boot" }),
    "panicked at 'm', boot",
  );
  assertEquals(
    debugText([1, 2n, "x", true, [null]]),
    '[1, 2, "x", true, [None]]',
  );
  // Rust: `str::escape_debug`.
  const rows = [
    ["\0\b\f\x1b\x7f", String.raw`"\0\u{8}\u{c}\u{1b}\u{7f}"`],
    ['\t\r\n"\\', String.raw`"\t\r\n\"\\"`],
    ["\\b\\u0007'é", String.raw`"\\b\\u0007'é"`],
  ] as const;
  for (const [text, expected] of rows) assertEquals(debugText(text), expected);
});

Deno.test("assertEq(), assertNe(), assertThat() panic when they should", () => {
  const said: string[] = [];
  const core = {
    panic(message: string): never {
      said.push(message);
      throw new Error(message);
    },
  };
  assertEq(core, [1, [2]], [1, [2]]);
  assertNe(core, [1, [2]], [1, [3]]);
  assertNe(core, NaN, NaN);
  assertNe(core, [1], [1, 2]);
  assertThat(core, true, "holds");
  assertThrows(() => assertEq(core, "1", 1, "types"));
  assertThrows(() => assertNe(core, 1n, 1n));
  assertThrows(() => assertThat(core, 1 > 2, "1 > 2"));
  assertEquals(said, [
    'assertion `left == right` failed: types\n  left: "1"\n right: 1',
    "assertion `left != right` failed\n  left: 1\n right: 1",
    "assertion failed: 1 > 2",
  ]);
});
