/**
 * Why a run ended, in words and as an exit status.
 *
 * @module
 */

import { formatVector, pushesErrorCode, VECTOR_PF } from "../hw/exception.ts";
import { formatHex } from "../hw/format_hex.ts";
import { HOST_CALLS_MAX } from "../hw/hosted.ts";
import type { RaisedException } from "../hw/interrupt_unit.ts";
import type { Stop } from "../hw/stop.ts";

/** Status of a run that went wrong: `EX_SOFTWARE` of BSD's sysexits. */
export const STATUS_FAILED = 70;

/**
 * The exit status of a run.
 *
 * @param stop why it ended
 * @returns QEMU's for `exit`, 0 for an ordinary end, 70 for the others
 */
export function exitStatus(stop: Stop): number {
  switch (stop.reason) {
    case "exit":
      return stop.status;
    case "idle":
    case "until":
    case "limit":
    case "reset":
      return 0;
    default:
      return STATUS_FAILED;
  }
}

/**
 * What went wrong, for a person.
 *
 * @param stop why the run ended
 * @param thrown what JavaScript threw at a panic, if it did
 * @returns lines; none for an ordinary end
 */
export function explainStop(stop: Stop, thrown?: unknown): string[] {
  switch (stop.reason) {
    case "panic":
      return [
        `panic: ${stop.message}`,
        ...inFrames(stop.places),
        ...(thrown instanceof Error && thrown.stack
          ? thrown.stack.split("\n")
          : []),
      ];
    case "shutdown":
      return [
        "shutdown: the last of these exceptions could not be delivered",
        ...stop.exceptions.map((raised) => `  ${exceptionText(raised)}`),
      ];
    case "hung":
      return [
        stop.interruptsEnabled
          ? "hung: HLT that nothing can end"
          : "hung: HLT with interrupts off (IF clear), and no NMI is to come",
        ...(stop.pendingVector === null
          ? []
          : [`  waiting: ${formatVector(stop.pendingVector)}`]),
        ...inFrames(stop.places),
      ];
    case "deadlock":
      return [
        `deadlock: ${stop.message}`,
        `  lock: ${stop.lock}`,
        `  held by: ${stop.holder}`,
        `  waited for by: ${stop.waiter}`,
      ];
    case "host-calls":
      return [
        `host-calls: more than ${HOST_CALLS_MAX} calls are live`,
        ...inFrames(stop.places),
      ];
    case "no-engine":
      return [
        `no-engine: RIP is ${formatHex(stop.rip)}, which is machine code; ` +
        "this machine runs kernels in TypeScript only",
      ];
    case "exit":
    case "idle":
    case "until":
    case "limit":
    case "reset":
      return [];
  }
}

/**
 * The last line of a report.
 *
 * @param clk when
 * @param digest the machine's digest
 * @param stop why it ended
 * @returns a line without its end
 */
export function lastLine(clk: number, digest: string, stop: Stop): string {
  return `clk ${clk} digest ${digest} stop ${stop.reason}`;
}

function inFrames(places: readonly string[]): string[] {
  return places.length === 0 ? [] : [`  in ${places.join(" > ")}`];
}

function exceptionText(raised: RaisedException): string {
  const { vector, errorCode, rip, cr2 } = raised;
  const code = errorCode >= 0 && pushesErrorCode(vector)
    ? ` error code ${formatHex(errorCode)}`
    : "";
  const address = vector === VECTOR_PF ? ` address ${formatHex(cr2)}` : "";
  return `${formatVector(vector)}${code}${address} at RIP ${formatHex(rip)}`;
}
