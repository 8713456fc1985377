/**
 * The example kernels of bootimage, each with the configuration of its
 * Cargo.toml: none prints, all tell by their status.
 *
 * Source: crate bootimage 0.10, `example-kernels/`.
 */

import * as kernel from "@lockstep/kernel/kernel";
import {
  assertEq,
  exitQemu,
  type KernelTest,
  QemuExitCode,
  type RunnerConfig,
  runnerConfig,
} from "@lockstep/kernel/testing";

const { Success, Failed } = QemuExitCode;

/** A kernel, and what the runner makes of it. */
export interface Example {
  readonly test: KernelTest;
  readonly config: RunnerConfig;
  /** The runner's status. */
  readonly status: number;
}

/** A kernel whose panic handler exits with `onPanic`. */
const example = (
  name: string,
  config: RunnerConfig,
  status: number,
  boot: (core: kernel.KernelCore) => void,
  onPanic: number = Failed,
): Example => ({
  config,
  status,
  test: {
    name: `bootimage ${name}`,
    program: kernel.defineKernel({
      id: name,
      state: kernel.coreState,
      options: { onPanic: (_info, { cpu }) => exitQemu(cpu, onPanic) },
      build: (core) => ({ boot: () => boot(core) }),
    }),
  },
});

const testArgs = [
  "-device",
  "isa-debug-exit,iobase=0xf4,iosize=0x04",
  "-display",
  "none",
];
const config = (status: number) =>
  runnerConfig({ "test-success-exit-code": status, "test-args": testArgs });
const success = config(33);
const plain = runnerConfig({ "run-args": testArgs });

/** Without a header: a test runner that prints nothing. */
const runAll =
  (...tests: ((core: kernel.KernelCore) => void)[]) =>
  (core: kernel.KernelCore): void => {
    for (const test of tests) test(core);
    exitQemu(core.cpu, Success);
  };

const overflow = ({ cpu }: kernel.KernelCore): void => {
  const stackOverflow = (): void => cpu.call(stackOverflow);
  stackOverflow();
};

const add = (a: number, b: number): number => a + b;
const mul = (a: number, b: number): number => a * b;

/** All of them; `basic` is no example of the runner, but of the image. */
export const examples: readonly Example[] = [
  example("basic", plain, 103, ({ cpu }) => exitQemu(cpu, 51)),
  example("runner", plain, 109, ({ cpu }) => exitQemu(cpu, 54)),
  example(
    "runner-test lib",
    success,
    0,
    runAll((core) => assertEq(core, 0, 0), (core) => assertEq(core, 1, 1)),
  ),
  example(
    "runner-test main",
    success,
    0,
    runAll((core) => assertEq(core, 0, 0)),
  ),
  example(
    "runner-test no-harness",
    success,
    0,
    ({ cpu }) => exitQemu(cpu, Success),
  ),
  example("runner-test should-panic", success, 0, (core) => {
    assertEq(core, 1, 2);
    exitQemu(core.cpu, Failed);
  }, Success),
  // It wants status 0: QEMU's after a triple fault.
  example("runner-fail-reboot", config(0), 0, runAll(overflow)),
  // With another success code that is a failure.
  example("runner-fail-reboot, 33 expected", success, 1, runAll(overflow)),
  example("runner-doctest lib", success, 0, runAll()),
  example("runner-doctest add", success, 0, (core) => {
    assertEq(core, add(1, 2), 3);
    exitQemu(core.cpu, Success);
  }),
  example("runner-doctest mul", success, 0, (core) => {
    assertEq(core, mul(2, 3), 6);
    exitQemu(core.cpu, Success);
  }),
];
