/**
 * A saved machine: plain data from which the run goes on as if it had never stopped.
 *
 * @module
 */

import type { StateTree } from "../base/state_tree.ts";
import type { Input } from "./input_log.ts";
import { type FullMachineConfig, sameConfig } from "./hardware_config.ts";
import type { PageMap } from "./page_map.ts";
import type { Stop } from "./stop.ts";

/** The layout of a snapshot; another number is refused. */
export const SNAPSHOT_VERSION = 1;

/** Everything that a machine is, between two turns. */
export interface Snapshot {
  /** {@linkcode SNAPSHOT_VERSION}. */
  readonly version: number;
  /** The hardware. */
  readonly config: FullMachineConfig;
  /** The program's `id`, or `null` without a program. */
  readonly programId: string | null;
  /** Names of the program's entries, in order. */
  readonly entries: readonly string[];
  /** Clock, CPU, TLB and devices, as one tree. */
  readonly machine: StateTree;
  /** RAM, sharing what has not changed with other snapshots. */
  readonly ram: PageMap;
  /** The kernel's state, or `null` without a program. */
  readonly kernel: StateTree | null;
  /** The input log. */
  readonly inputs: readonly Input[];
  /** How many inputs have happened. */
  readonly cursor: number;
  /** What the serial port has sent. */
  readonly serial: Uint8Array;
  /** Why the run had ended for good, or `null`. */
  readonly stop: Stop | null;
}

/**
 * Checks that a snapshot fits a machine.
 *
 * @param snapshot to be loaded
 * @param machine what it has to agree with
 * @throws {RangeError} if it does not
 */
export function checkSnapshot(
  snapshot: Snapshot,
  machine: Pick<Snapshot, "config" | "programId" | "entries">,
): void {
  const refuse = (why: string): never => {
    throw new RangeError(`Cannot load the snapshot: ${why}`);
  };
  if (snapshot.version !== SNAPSHOT_VERSION) {
    refuse(
      `its version is ${snapshot.version}, this machine's ${SNAPSHOT_VERSION}`,
    );
  }
  if (!sameConfig(snapshot.config, machine.config)) {
    refuse(
      "it was taken of other hardware; make a machine with its `config`",
    );
  }
  if (snapshot.programId !== machine.programId) {
    refuse(
      `it was taken of program ${snapshot.programId}, this machine runs ${machine.programId}`,
    );
  }
  if (machine.entries.join("\n") !== snapshot.entries.join("\n")) {
    refuse("the program's entries have other names or another order");
  }
}
