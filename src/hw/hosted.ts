/**
 * What a kernel written in TypeScript is to the machine.
 *
 * Kernel code recurses by `cpu.call`: other recursion overflows the host's stack at a depth that depends on the host, and
 * the run ends in a `HostStackError`. Kernel code that catches what it did not throw may catch that, too, and its run
 * is then repeatable on that host at best.
 *
 * *Not modelled*: preemption between two calls of `Instructions`: JavaScript in between takes no time.
 *
 * @module
 */

import type { StateTree } from "../base/state_tree.ts";
import type { BootInfo } from "./boot_info.ts";
import type { Instructions } from "./instructions.ts";

/**
 * Makes a kernel: builds objects over its state and touches no machine.
 *
 * @param cpu the instructions, to be kept and used from `boot` on
 * @param state what an earlier kernel of this program had in `state`, after a load; absent at power-on
 */
export type Program = (cpu: Instructions, state?: StateTree) => Kernel;

/** A function that the CPU enters when it fetches at the function's address: a gate's handler, a callee. */
export interface HostEntry {
  /** Its name, unique within the kernel. */
  readonly name: string;
  /** Runs it. A handler takes an error code off the stack itself and ends with `cpu.iretq()`. */
  readonly run: (cpu: Instructions) => void;
}

/** A kernel. */
export interface Kernel {
  /** Identifies the program, so that another one's state is refused. The machine takes `"kernel"` when absent. */
  readonly id?: string;
  /** All that a save must carry: plain data. */
  readonly state: StateTree;
  /** Handlers and callees; their addresses follow from their order. */
  readonly entries: readonly HostEntry[];
  /** The entry point: sets up and returns. Never called after a load. */
  boot(info: BootInfo): void;
  /** One turn of the outermost loop: polls a task, or ends with HLT. */
  loop(): void;
  /**
   * Asked before a save or a fork: the name of a task that is no data, such as a generator, or `null`. Absent, all is data.
   */
  refuseSave?(): string | null;
}

/** Live host frames at most; one more ends the run as `host-calls`. */
export const HOST_CALLS_MAX = 1_000;
