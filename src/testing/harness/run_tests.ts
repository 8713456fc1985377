/**
 * The test runner inside a kernel: it prints to the serial port what runs and
 * how it ended, and tells the exit device.
 *
 * Book: "Testing", sections "Custom Test Frameworks" to "Printing to the
 * Console". The first panic ends the kernel, so the tests behind it don't run.
 *
 * @module
 */

import type { KernelCore } from "../../kernel/core.ts";
import { type PanicInfo, panicText } from "../../kernel/panic.ts";
import { exitQemu, QemuExitCode } from "./exit_device.ts";

/** Tests by name, without the kernel's own: `vga_buffer::test_println_many`. */
export type UnitTests = Readonly<Record<string, () => void>>;

/**
 * Runs tests in their order and ends the run (`test_runner`).
 *
 * @param core prints
 * @param kernel the kernel's name, with which each path begins
 * @param tests the tests
 */
export function runTests(
  core: KernelCore,
  kernel: string,
  tests: UnitTests,
): never {
  const all = Object.entries(tests);
  core.serialPrintln(`Running ${all.length} tests`);
  for (const [name, run] of all) {
    core.serialPrint(`${kernel}::${name}...\t`);
    runTest(core, run);
    core.serialPrintln("[ok]");
  }
  return exitQemu(core.cpu, QemuExitCode.Success);
}

/**
 * Runs tests that must panic: the first that returns has failed. As the first
 * that panics ends the kernel, only one can succeed
 * (book: "Testing", section "Tests that Should Panic").
 *
 * @param core prints; its panic handler is {@linkcode shouldPanicHandler}
 * @param kernel the kernel's name, with which each path begins
 * @param tests the tests; with none, the kernel succeeds
 */
export function runShouldPanic(
  core: KernelCore,
  kernel: string,
  tests: UnitTests,
): never {
  for (const [name, run] of Object.entries(tests)) {
    core.serialPrint(`${kernel}::${name}...\t`);
    runTest(core, run);
    core.serialPrintln("[test did not panic]");
    exitQemu(core.cpu, QemuExitCode.Failed);
  }
  return exitQemu(core.cpu, QemuExitCode.Success);
}

/**
 * The panic handler of a test kernel (`test_panic_handler`): the test that runs
 * has failed, and with it the kernel.
 *
 * @param info the panic
 * @param core prints
 */
export function testPanicHandler(info: PanicInfo, core: KernelCore): void {
  core.serialPrintln("[failed]\n");
  core.serialPrintln(`Error: ${panicText(info)}\n`);
  exitQemu(core.cpu, QemuExitCode.Failed);
}

/**
 * The panic handler of a kernel that must panic.
 *
 * @param _info the panic
 * @param core prints
 */
export function shouldPanicHandler(_info: PanicInfo, core: KernelCore): void {
  core.serialPrintln("[ok]");
  exitQemu(core.cpu, QemuExitCode.Success);
}

/** What a test throws is a panic; the machine's own unwinding goes on. */
function runTest(core: KernelCore, run: () => void): void {
  try {
    run();
  } catch (thrown) {
    if (core.cpu.isUnwinding(thrown)) throw thrown;
    core.panic(thrown instanceof Error ? thrown.message : String(thrown));
  }
}
