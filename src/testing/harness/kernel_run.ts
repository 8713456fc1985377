/**
 * Tests of kernels, each on a machine of its own.
 *
 * @module
 */

import type { Program } from "../../hw/hosted.ts";
import { Machine, type MachineOptions } from "../../hw/machine.ts";
import type { Stop } from "../../hw/stop.ts";
import { describeStop, type RunnerEnd, stopEnd } from "./runner.ts";
import { BOOK_CONFIG, type RunnerConfig, timeoutClk } from "./runner_config.ts";
import { serialText, type UnitResult, unitResults } from "./serial_report.ts";

/** A kernel to test. */
export interface KernelTest {
  /** Its name. */
  readonly name: string;
  /** The kernel. It succeeds by writing 0x10 to the exit device, unless it shall panic. */
  readonly program: Program;
  /**
   * Whether the run must end as `panic`; a text must be part of the panic's message. For a kernel whose panic handler
   * writes to the exit device leave it out: what it writes decides.
   */
  readonly shouldPanic?: boolean | string;
  /** The last clk that it may reach; the configuration's timeout if absent. */
  readonly clkMax?: number;
  /** The machine that it needs, inputs included; the default one if absent. */
  readonly machine?: Omit<MachineOptions, "program">;
}

/** How kernels are tested. */
export interface KernelTestOptions {
  /** The runner's configuration; the book's if absent. */
  readonly config?: RunnerConfig;
  /** Told of each result, good or bad, and of the machine as it stopped. */
  readonly onResult?: (result: KernelTestResult, machine: Machine) => void;
}

/** How a kernel's test ended. */
export interface KernelTestResult {
  /** The kernel's name. */
  readonly name: string;
  /** Whether it succeeded. */
  readonly passed: boolean;
  /** The runner's status: 0 is success. */
  readonly status: number;
  /** What is wrong; `null` if it succeeded. */
  readonly message: string | null;
  /** Why the run ended. */
  readonly stop: Stop;
  /** When the run ended. */
  readonly clk: number;
  /** Serial output, with line feeds alone. */
  readonly serial: string;
  /** The tests inside the kernel, as the serial output tells of them. */
  readonly units: readonly UnitResult[];
  /** The digest of the machine as it stopped. */
  readonly digest: string;
}

/**
 * Boots a machine, runs a kernel to its end, and judges.
 *
 * @param test the kernel
 * @param options how
 * @returns the result; what the kernel does wrong is in it and not thrown
 * @throws {RangeError} if there is no such machine, or the limit is no clk
 * @throws {HostStackError} if the kernel's JavaScript recursed past the host's stack: what comes of that depends on the host
 *
 * @example
 * ```ts
 * import { coreState } from "@lockstep/kernel/kernel";
 * import { runKernelTest, testKernel } from "@lockstep/kernel/testing";
 * import { assertEquals } from "@std/assert";
 *
 * const program = testKernel({
 *   name: "my_os",
 *   state: coreState,
 *   build: () => ({
 *     tests: {
 *       bad() {
 *         throw new Error("oh no");
 *       },
 *     },
 *   }),
 * });
 * const { status, message, serial } = runKernelTest({ name: "bad", program });
 * assertEquals([status, message], [35, "exit status 35"]);
 * assertEquals(
 *   serial,
 *   "Running 1 tests\nmy_os::bad...\t[failed]\n\n" +
 *     "Error: panicked at boot:\noh no\n\n",
 * );
 * ```
 */
export function runKernelTest(
  test: KernelTest,
  options: KernelTestOptions = {},
): KernelTestResult {
  const { config = BOOK_CONFIG, onResult } = options;
  const machine = new Machine({ ...test.machine, program: test.program });
  const stop = machine.run({ clkMax: test.clkMax ?? timeoutClk(config) });
  const { status, message } = judge(test, stop, config);
  const serial = serialText(machine.serial.bytes());
  const result: KernelTestResult = {
    name: test.name,
    passed: status === 0,
    status,
    message,
    stop,
    clk: machine.clk,
    serial,
    units: unitResults(serial),
    digest: machine.digest(),
  };
  onResult?.(result, machine);
  return result;
}

/**
 * Registers a test for each kernel with a test runner: `Deno.test`, the `test`
 * of `node:test`, Bun's.
 *
 * @param test the runner's function
 * @param kernels the kernels; their names differ
 * @param options how
 * @throws {RangeError} if there is none, or two have the same name
 *
 * @example
 * ```ts
 * import { kernelTests, testKernel } from "@lockstep/kernel/testing";
 * import { coreState } from "@lockstep/kernel/kernel";
 * import { assertEquals } from "@std/assert";
 *
 * const ran: string[] = [];
 * const program = testKernel({
 *   name: "my_os",
 *   state: coreState,
 *   build: () => ({ tests: {} }),
 * });
 * // In a file of tests: kernelTests(Deno.test, [{ name: "my_os", program }]);
 * kernelTests((name, run) => (run(), ran.push(name)), [
 *   { name: "my_os", program },
 * ]);
 * assertEquals(ran, ["my_os"]);
 * ```
 */
export function kernelTests(
  test: (name: string, run: () => void) => unknown,
  kernels: readonly KernelTest[],
  options: KernelTestOptions = {},
): void {
  if (kernels.length === 0) {
    throw new RangeError("Cannot test kernels: there is none in the list");
  }
  const names = new Set<string>();
  for (const { name } of kernels) {
    if (names.has(name)) {
      throw new RangeError(
        `Cannot test kernels: two have the name ${JSON.stringify(name)}`,
      );
    }
    names.add(name);
  }
  for (const kernel of kernels) {
    test(kernel.name, () => {
      const result = runKernelTest(kernel, options);
      if (!result.passed) throw new Error(failureText(result));
    });
  }
}

/**
 * What there is to say about a kernel that failed.
 *
 * @param result its result
 * @returns what is wrong, when, and the serial output
 */
export function failureText(result: KernelTestResult): string {
  const { name, message, clk, digest, serial } = result;
  const output = serial === ""
    ? "It sent nothing to the serial port."
    : `Its serial output:\n${serial.trimEnd()}`;
  return `${name}: ${message}\nat clk ${clk}, digest ${digest}. ${output}`;
}

function judge(
  { shouldPanic = false }: KernelTest,
  stop: Stop,
  config: RunnerConfig,
): RunnerEnd {
  if (shouldPanic === false) return stopEnd(stop, config);
  if (stop.reason !== "panic") {
    const end = stopEnd(stop, config).message ?? describeStop(stop);
    return { status: 1, message: `test did not panic: ${end}` };
  }
  if (shouldPanic === true || stop.message.includes(shouldPanic)) {
    return { status: 0, message: null };
  }
  return {
    status: 1,
    message: `panic without ${JSON.stringify(shouldPanic)}: ${stop.message}`,
  };
}
