/**
 * What the runner makes of how QEMU left, and of how a run on this machine
 * ended.
 *
 * Source: crate bootimage 0.10, `run.rs`; [QEMU] `-no-reboot`: a machine that
 * resets itself ends with status 0.
 *
 * @module
 */

import { formatVector } from "../../hw/exception.ts";
import type { Stop } from "../../hw/stop.ts";
import type { RunnerConfig } from "./runner_config.ts";

/** What a runner leaves with. */
export interface RunnerEnd {
  /** The runner's own status: 0 is success. */
  readonly status: number;
  /** What it says; `null` when there is nothing to say. */
  readonly message: string | null;
}

/** What bootimage says when a test takes too long. */
export const TIMED_OUT = "Test timed out";

/**
 * What the runner makes of QEMU's status.
 *
 * @param qemuStatus the status; `null` when a signal ended QEMU
 * @param config says which status is success
 * @returns 0 for the configured status; 1 for 0 when another one is configured, since a reset is no success; else the same
 *
 * @example
 * ```ts
 * import { BOOK_CONFIG, runnerEnd } from "@lockstep/kernel/testing";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(runnerEnd(33, BOOK_CONFIG).status, 0);
 * assertEquals(runnerEnd(0, BOOK_CONFIG).status, 1);
 * assertEquals(runnerEnd(35, BOOK_CONFIG).status, 35);
 * ```
 */
export function runnerEnd(
  qemuStatus: number | null,
  { testSuccessExitCode }: RunnerConfig,
): RunnerEnd {
  if (qemuStatus === null) {
    return { status: 1, message: "Failed to read QEMU exit code" };
  }
  if (qemuStatus === testSuccessExitCode) return { status: 0, message: null };
  const isReset = testSuccessExitCode !== null && qemuStatus === 0;
  return { status: isReset ? 1 : qemuStatus, message: null };
}

/**
 * What the runner makes of the end of a run.
 *
 * A reset or triple fault is status 0 of QEMU; without `test-no-reboot` the
 * machine boots again, does the same again, and times out. What QEMU would let
 * run until the timeout, and this machine sees at once, ends as status 1.
 *
 * @param stop why the run ended
 * @param config the configuration
 * @returns status, and in words what is wrong unless it is 0
 */
export function stopEnd(stop: Stop, config: RunnerConfig): RunnerEnd {
  const end = plainEnd(stop, config);
  if (end.status === 0 || end.message !== null) return end;
  return { status: end.status, message: describeStop(stop) };
}

function plainEnd(stop: Stop, config: RunnerConfig): RunnerEnd {
  switch (stop.reason) {
    case "exit":
      return runnerEnd(stop.status, config);
    case "reset":
    case "shutdown":
      return config.testNoReboot
        ? runnerEnd(0, config)
        : { status: 1, message: `${TIMED_OUT}: ${describeStop(stop)}` };
    case "limit":
    case "idle":
    case "until":
      return { status: 1, message: TIMED_OUT };
    default:
      return { status: 1, message: null };
  }
}

/**
 * Why a run ended, in a line.
 *
 * @param stop why
 * @returns for example `triple fault: #PF(14), #DF(8), #PF(14)`
 */
export function describeStop(stop: Stop): string {
  switch (stop.reason) {
    case "exit":
      return `exit status ${stop.status}`;
    case "reset":
      return `reset by ${stop.by}`;
    case "shutdown": {
      const chain = stop.exceptions.map(({ vector }) => formatVector(vector));
      return `triple fault: ${chain.join(", ")}`;
    }
    case "panic":
      return `panic${inPlaces(stop.places)}: ${stop.message}`;
    case "hung":
      return `hung: HLT with interrupts off${inPlaces(stop.places)}`;
    case "deadlock":
      return `deadlock: ${stop.message}`;
    case "host-calls":
      return `too many live calls${inPlaces(stop.places)}`;
    case "no-engine":
      return "machine code, and no instruction engine";
    case "limit":
    case "idle":
    case "until":
      return stop.reason;
  }
}

function inPlaces(places: readonly string[]): string {
  return places.length === 0 ? "" : ` in ${places.join(" > ")}`;
}
