/**
 * From modules to a kernel that the machine takes.
 *
 * @module
 */

import type { BootInfo } from "../hw/boot_info.ts";
import type { Program } from "../hw/hosted.ts";
import { type CoreOptions, type CoreState, KernelCore } from "./core.ts";

/** What a kernel does. */
export interface KernelBody {
  /** The entry point: sets up and returns. */
  boot(info: BootInfo): void;
  /** One turn of the outermost loop; HLT if absent. */
  loop?(): void;
  /** The name of a task that no save can hold, or `null`. */
  refuseSave?(): string | null;
}

/** A kernel's parts. */
export interface KernelDefinition<S extends CoreState> {
  /** Identifies the program, so that another one's state is refused. */
  readonly id: string;
  /** Makes the state of a kernel that has not run: all that is saved. */
  readonly state: () => S;
  /** How it prints and panics. */
  readonly options?: CoreOptions;
  /**
   * Builds the kernel's objects over a state; touches no machine.
   *
   * @param core Screen, serial port, panic, entries, and the CPU.
   * @param state Fresh, or what an earlier kernel had.
   * @returns What the kernel does.
   */
  readonly build: (core: KernelCore, state: S) => KernelBody;
}

/**
 * Makes a program.
 *
 * @param definition The kernel's parts.
 * @returns What the machine takes.
 *
 * @example
 * ```ts
 * import { Machine } from "@lockstep/kernel/hw";
 * import { coreState, defineKernel } from "@lockstep/kernel/kernel";
 * import { assertEquals } from "@std/assert";
 *
 * const program = defineKernel({
 *   id: "hello",
 *   state: coreState,
 *   build: (core) => ({ boot: () => core.println("Hello World!") }),
 * });
 * const machine = new Machine({ program });
 * assertEquals(machine.run().reason, "hung"); // HLT with interrupts off.
 * assertEquals(machine.vga.screenText()[23], "Hello World!");
 * ```
 */
export function defineKernel<S extends CoreState>(
  definition: KernelDefinition<S>,
): Program {
  return (cpu, given) => {
    // The machine gives a kernel no other state than one with its own id.
    const state = (given ?? definition.state()) as S;
    const core = new KernelCore(cpu, state, definition.options);
    const body = definition.build(core, state);
    return {
      id: definition.id,
      state,
      entries: core.entries,
      boot: (info) => body.boot(info),
      loop: () => body.loop === undefined ? cpu.hlt() : body.loop(),
      refuseSave: () => body.refuseSave?.() ?? null,
    };
  };
}
