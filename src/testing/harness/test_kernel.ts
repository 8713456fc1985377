/**
 * Test kernels: what sets up, and the tests.
 *
 * Book: "Testing", section "Integration Tests": each is a kernel of its own and
 * boots a machine of its own.
 *
 * @module
 */

import type { BootInfo } from "../../hw/boot_info.ts";
import type { Program } from "../../hw/hosted.ts";
import type { CoreOptions, CoreState, KernelCore } from "../../kernel/core.ts";
import { defineKernel } from "../../kernel/define_kernel.ts";
import {
  runShouldPanic,
  runTests,
  shouldPanicHandler,
  testPanicHandler,
  type UnitTests,
} from "./run_tests.ts";

/** What a test kernel does. */
export interface TestKernelBody {
  /** Sets up, before the tests. */
  init?(info: BootInfo): void;
  /** The tests. */
  readonly tests: UnitTests;
}

/** A test kernel's parts. */
export interface TestKernelDefinition<S extends CoreState> {
  /** The kernel's name, with which the paths of its tests begin: `blog_os`. */
  readonly name: string;
  /** Makes the state of a kernel that has not run. */
  readonly state: () => S;
  /** How it prints, and another panic handler than the book's. */
  readonly options?: CoreOptions;
  /**
   * Builds the kernel's objects over a state; touches no machine.
   *
   * @param core Screen, serial port, panic, entries, and the CPU.
   * @param state Fresh, or what an earlier kernel had.
   * @returns What the kernel does.
   */
  readonly build: (core: KernelCore, state: S) => TestKernelBody;
}

/**
 * Makes a kernel that runs its tests and exits.
 *
 * @param definition its parts
 * @returns what the machine takes
 *
 * @example
 * ```ts
 * import { Machine } from "@lockstep/kernel/hw";
 * import { coreState } from "@lockstep/kernel/kernel";
 * import { assertEq, testKernel } from "@lockstep/kernel/testing";
 * import { assertEquals } from "@std/assert";
 *
 * const program = testKernel({
 *   name: "my_os",
 *   state: coreState,
 *   build: (core) => ({
 *     tests: { trivial_assertion: () => assertEq(core, 1, 1) },
 *   }),
 * });
 * const machine = new Machine({ program });
 * assertEquals(machine.run(), { reason: "exit", value: 16, status: 33 });
 * assertEquals(
 *   machine.serial.text(),
 *   "Running 1 tests\r\nmy_os::trivial_assertion...\t[ok]\r\n",
 * );
 * ```
 */
export function testKernel<S extends CoreState>(
  definition: TestKernelDefinition<S>,
): Program {
  return kernelOf(definition, testPanicHandler, runTests);
}

/**
 * Makes a kernel that succeeds if its test panics.
 *
 * @param definition its parts; of the tests only the first runs
 * @returns what the machine takes
 */
export function shouldPanicKernel<S extends CoreState>(
  definition: TestKernelDefinition<S>,
): Program {
  return kernelOf(definition, shouldPanicHandler, runShouldPanic);
}

function kernelOf<S extends CoreState>(
  { name, state, options, build }: TestKernelDefinition<S>,
  onPanic: NonNullable<CoreOptions["onPanic"]>,
  run: typeof runTests,
): Program {
  return defineKernel<S>({
    id: name,
    state,
    options: { onPanic, ...options },
    build(core, state) {
      const body = build(core, state);
      return {
        boot(info) {
          body.init?.(info);
          run(core, name, body.tests);
        },
      };
    },
  });
}
