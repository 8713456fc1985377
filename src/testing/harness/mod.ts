/**
 * Kernel tests: test kernels, the runner that boots a machine for each, and
 * what is made of their results.
 *
 * @module
 */

export * from "./assertions.ts";
export * from "./exit_device.ts";
export * from "./junit.ts";
export * from "./kernel_run.ts";
export * from "./run_tests.ts";
export * from "./runner.ts";
export * from "./runner_config.ts";
export * from "./serial_report.ts";
export * from "./test_kernel.ts";
