/**
 * The book's tests, each on a machine of its own: under `deno test`, Node's
 * runner, or Bun's. What each sends to the serial port is compared with what
 * blog_os prints.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import vectors from "../../vectors/blog_os-tests.json" with { type: "json" };
import {
  allocErrorLayoutText,
  allocErrorText,
  panicText,
} from "@lockstep/kernel/kernel";
import {
  BOOK_CONFIG,
  comparisonText,
  type KernelTestResult,
  kernelTests,
  oldPanicText,
  QemuExitCode,
  runKernelTest,
  runnerConfig,
  runnerEnd,
  TIMED_OUT,
} from "@lockstep/kernel/testing";
import { qemuStatus } from "@lockstep/kernel/hw";
import { examples } from "./bootimage.ts";
import { failing, kernels } from "./kernels.ts";

const binaries = vectors.binaries as readonly {
  binary: string;
  serial?: string;
  serial_prefix?: string;
  status?: number;
}[];

/** Which vector tells of which kernel. */
const BINARY_OF: Readonly<Record<string, string>> = {
  "should_panic": "should_panic (no harness)",
  "stack_overflow": "stack_overflow (no harness)",
  "heap_allocation with bump": "heap_allocation with the bump allocator",
};

/** Names of binaries that a kernel was compared with. */
const compared = new Set<string>();

/** Compares a kernel with what is known of it; one of ours alone has no vector. */
function compare({ name, serial, stop }: KernelTestResult): void {
  const wanted = BINARY_OF[name] ?? name.replace(/ with .*/, "");
  const row =
    binaries.find(({ binary }) => binary === (BINARY_OF[name] ?? name)) ??
      binaries.find(({ binary }) => binary === wanted);
  if (row === undefined) return;
  compared.add(row.binary);
  if (row.serial !== undefined) assert.equal(serial, row.serial);
  if (row.serial_prefix !== undefined) {
    assert.equal(serial.slice(0, row.serial_prefix.length), row.serial_prefix);
  }
  const status = stop.reason === "exit" ? stop.status : undefined;
  assert.equal(status, row.status);
}

kernelTests(test, kernels, { onResult: compare });

for (const kernel of failing) {
  test(`${kernel.name}: fails`, () => {
    const result = runKernelTest(kernel);
    assert.equal(result.passed, false);
    if (kernel.name.startsWith("stack_overflow")) {
      assert.equal(result.status, 1);
      assert.equal(
        result.message,
        "triple fault: #PF(14), #DF(8), #PF(14)",
      );
    } else compare(result);
  });
}

test("heap_allocation with bump: fails as there is no room", () => {
  const bump = failing.find(({ name }) => name.includes("bump"))!;
  const { serial } = runKernelTest(bump);
  assert.match(
    serial,
    /Error: panicked at boot:\nmemory allocation of 8 bytes failed\n\n$/,
  );
});

for (const { test: kernel, config, status } of examples) {
  test(kernel.name, () => {
    const result = runKernelTest(kernel, { config });
    assert.equal(result.status, status);
    assert.equal(result.serial, "");
  });
}

test("blog_os-tests.json: each key is read", () => {
  // `messages` are texts of the kernel; the tests of its modules compare them.
  assert.deepEqual(Object.keys(vectors), [
    "source",
    "provenance",
    "exit_device",
    "runner",
    "line_format",
    "binaries",
    "panic_text",
    "messages",
  ]);
});

test("blog_os-tests.json: all binaries were compared", () => {
  const left = binaries.filter(({ binary }) => !compared.has(binary))
    .map(({ binary }) => binary);
  // Compared above, as it has no serial text and no status of its own.
  assert.deepEqual(left, ["stack_overflow without set_stack_index"]);
});

test("blog_os-tests.json: exit device, runner, line format, panic texts", () => {
  const { exit_device: exit, runner, line_format: line } = vectors;
  assert.equal(exit.success_value, QemuExitCode.Success);
  assert.equal(exit.failed_value, QemuExitCode.Failed);
  assert.equal(exit.success_status, qemuStatus(QemuExitCode.Success));
  assert.equal(exit.failed_status, qemuStatus(QemuExitCode.Failed));
  assert.deepEqual(
    exit.examples.map(([value]) => [value, qemuStatus(value!)]),
    exit.examples,
  );

  const config = runnerConfig();
  assert.deepEqual(config.runCommand, runner.default_command);
  assert.deepEqual(BOOK_CONFIG.testArgs, runner.test_args);
  assert.equal(config.testNoReboot, true);
  assert.equal(config.testTimeout, runner.timeout_seconds_default);
  assert.equal(TIMED_OUT, runner.timeout_message);
  assert.equal(runnerEnd(null, config).message, runner.no_exit_code_message);
  for (const row of runner.mapping) {
    const code = row.success_code_configured;
    const with_ = code === null ? {} : { "test-success-exit-code": code };
    const { status } = runnerEnd(row.qemu_status, runnerConfig(with_));
    assert.equal(status, row.result);
  }

  const bad = runKernelTest(failing.find(({ name }) => name.includes("bump"))!);
  const texts = [
    line.header.replace("{n}", "4"),
    line.per_test_before.replace("{path}", "heap_allocation::large_vec") +
    line.per_test_after,
    line.on_panic.replace("{panic info}", "panicked at boot:\nmemory")
      .trimEnd(),
  ];
  for (const text of texts) assert.ok(bad.serial.includes(text), text);

  const panics = vectors.panic_text;
  const place = "{file}:{line}:{column}";
  const info = { message: "{message}", place };
  assert.equal(panicText(info), panics.rust_1_73_and_later);
  assert.equal(oldPanicText(info), panics.before_1_73);
  assert.equal(comparisonText("==", 0, 1), panics.assert_eq_1_73_and_later);
  const old = comparisonText("==", 0, 1, { style: "1.72" });
  assert.equal(old, panics.assert_eq_before);
  const size = panics.out_of_memory_default_handler.replace("{size}", "8");
  assert.equal(allocErrorText(8), size);
  const layout = panics.out_of_memory_with_the_old_handler_of_posts_10_and_11
    .replaceAll("{{", "{").replaceAll("}}", "}");
  assert.equal(allocErrorLayoutText(8, 8), layout);
  assert.equal(Object.keys(panics).length, 6);
});
