/**
 * How a test kernel ends: it tells the emulator's exit device whether all went
 * well.
 *
 * Book: "Testing", section "Exiting QEMU". Port 0xf4, 32 bits; QEMU leaves
 * with the value × 2 + 1, so that success is told from QEMU's own 0 and 1.
 *
 * @module
 */

import { DEBUG_EXIT_PORT } from "../../hw/debug_exit.ts";
import type { Instructions } from "../../hw/instructions.ts";

/** What a test kernel writes to the exit device (`QemuExitCode`). */
export const QemuExitCode = {
  /** QEMU leaves with 33. */
  Success: 0x10,
  /** QEMU leaves with 35. */
  Failed: 0x11,
} as const;

/** One of the two. */
export type QemuExitCode = typeof QemuExitCode[keyof typeof QemuExitCode];

/**
 * Ends the run by the exit device (`exit_qemu`). Without one the CPU halts for
 * ever.
 *
 * @param cpu the CPU
 * @param value what to write, 32 bits
 *
 * @example
 * ```ts
 * import { Machine } from "@lockstep/kernel/hw";
 * import { coreState, defineKernel } from "@lockstep/kernel/kernel";
 * import { exitQemu, QemuExitCode } from "@lockstep/kernel/testing";
 * import { assertEquals } from "@std/assert";
 *
 * const program = defineKernel({
 *   id: "exit",
 *   state: coreState,
 *   build: ({ cpu }) => ({ boot: () => exitQemu(cpu, QemuExitCode.Success) }),
 * });
 * const stop = new Machine({ program }).run();
 * assertEquals(stop, { reason: "exit", value: 0x10, status: 33 });
 * ```
 */
export function exitQemu(cpu: Instructions, value: number): never {
  cpu.out32(DEBUG_EXIT_PORT, value);
  return cpu.hltLoop();
}
