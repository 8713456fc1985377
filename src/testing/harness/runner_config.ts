/**
 * The configuration of a test run, as the table `package.metadata.bootimage`
 * of a kernel's Cargo.toml has it.
 *
 * Source: crate bootimage 0.10, `config.rs`: its keys, defaults and errors.
 *
 * *Not modelled*: commands and arguments start nothing, as there is no QEMU and
 * no disk image; they are checked and kept.
 *
 * @module
 */

import { CLK_HZ } from "../../base/time.ts";

/** The configuration. */
export interface RunnerConfig {
  /** `build-command`: words. */
  readonly buildCommand: readonly string[];
  /** `run-command`: words; `{}` stands for the disk image. */
  readonly runCommand: readonly string[];
  /** `run-args`: arguments for kernels that are no tests. */
  readonly runArgs: readonly string[] | null;
  /** `test-args`: arguments for tests. */
  readonly testArgs: readonly string[] | null;
  /** `test-timeout`: seconds, here of the machine's time. */
  readonly testTimeout: number;
  /** `test-success-exit-code`: the status that is success; without one it is 0. */
  readonly testSuccessExitCode: number | null;
  /** `test-no-reboot`: whether a machine that is reset ends. */
  readonly testNoReboot: boolean;
}

/**
 * Reads a table.
 *
 * @param table keys as in Cargo.toml, such as `test-timeout`; absent ones have bootimage's default
 * @returns the configuration
 * @throws {RangeError} for a key that there is none of, or a value that it cannot have; the message ends with bootimage's
 *
 * @example
 * ```ts
 * import { runnerConfig } from "@lockstep/kernel/testing";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const config = runnerConfig({ "test-success-exit-code": 33 });
 * assertEquals(config.testTimeout, 300);
 * assertThrows(
 *   () => runnerConfig({ "test-timeout": -1 }),
 *   RangeError,
 *   "test-timeout must not be negative",
 * );
 * ```
 */
export function runnerConfig(
  table: Readonly<Record<string, unknown>> = {},
): RunnerConfig {
  if (typeof table !== "object" || table === null || Array.isArray(table)) {
    refuse(`Bootimage configuration invalid: ${shown(table)}`);
  }
  const config: { -readonly [K in keyof RunnerConfig]: RunnerConfig[K] } = {
    buildCommand: ["build"],
    runCommand: ["qemu-system-x86_64", "-drive", "format=raw,file={}"],
    runArgs: null,
    testArgs: null,
    testTimeout: 300,
    testSuccessExitCode: null,
    testNoReboot: true,
  };
  for (const [key, value] of Object.entries(table)) {
    if (key === "test-timeout" && isInteger(value)) {
      if (value < 0) refuse("test-timeout must not be negative");
      config.testTimeout = value;
    } else if (key === "test-success-exit-code" && isInteger(value)) {
      config.testSuccessExitCode = value;
    } else if (key === "test-no-reboot" && typeof value === "boolean") {
      config.testNoReboot = value;
    } else if (Object.hasOwn(LISTS, key) && Array.isArray(value)) {
      config[LISTS[key as keyof typeof LISTS]] = strings(key, value);
    } else {
      refuse(
        "unexpected `package.metadata.bootimage` key " +
          `\`${key}\` with value \`${shown(value)}\``,
      );
    }
  }
  return Object.freeze(config);
}

/** Keys whose values are lists of words. */
const LISTS = Object.freeze(
  {
    "build-command": "buildCommand",
    "run-command": "runCommand",
    "run-args": "runArgs",
    "test-args": "testArgs",
  } as const,
);

/** The configuration of the book's kernel. */
export const BOOK_CONFIG: RunnerConfig = runnerConfig({
  "test-args": [
    "-device",
    "isa-debug-exit,iobase=0xf4,iosize=0x04",
    "-serial",
    "stdio",
    "-display",
    "none",
  ],
  "test-success-exit-code": 33,
});

/**
 * The last clk of a test.
 *
 * @param config the configuration
 * @returns its timeout in clks
 */
export function timeoutClk({ testTimeout }: RunnerConfig): number {
  return testTimeout * CLK_HZ;
}

function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function strings(key: string, values: readonly unknown[]): string[] {
  if (values.every((value) => typeof value === "string")) return [...values];
  return refuse(`${key} must be a list of strings`);
}

/** A value as TOML writes it. */
function shown(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}

function refuse(why: string): never {
  throw new RangeError(`Cannot read the bootimage configuration: ${why}`);
}
