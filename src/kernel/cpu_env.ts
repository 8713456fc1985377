/**
 * What the kernel's locks are told about the CPU of the machine.
 *
 * @module
 */

import type { HostEntry } from "../hw/hosted.ts";
import type { Instructions } from "../hw/instructions.ts";
import type { SyncEnv } from "./sync/mod.ts";
import { placeOf } from "./sync/env.ts";

/**
 * Makes the surroundings of a primitive in a kernel: each operation is a PAUSE
 * long, a deadlock ends the run, a panic aborts.
 *
 * @param cpu The CPU.
 * @param entries The kernel's handlers, which reports name as interrupts; may
 * grow.
 * @returns The surroundings.
 */
export function cpuEnv(
  cpu: Instructions,
  entries: readonly HostEntry[] = [],
): SyncEnv {
  return {
    boundary: () => cpu.pause(),
    stop: (reason) => cpu.stop(reason),
    holder: () => placeOf(cpu.frames()),
    interruptsEnabled: () => cpu.peekInterruptsEnabled(),
    isHandler: (frame) => entries.some(({ name }) => name === frame),
    isUnwinding: (thrown) => cpu.isUnwinding(thrown),
    events: cpu.events,
  };
}
