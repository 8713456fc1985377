/**
 * Why a run ended: a discriminated union, one member per reason. JavaScript that recursed past the host's stack is none of
 * them, as no run could repeat it: it is thrown, as `HostStackError`.
 *
 * @module
 */

import type { RaisedException } from "./interrupt_unit.ts";

/** The machine wrote to isa-debug-exit. */
export interface ExitStop {
  /** Discriminates. */
  readonly reason: "exit";
  /** The value written. */
  readonly value: number;
  /** The status that QEMU would leave with: value × 2 + 1, 8 bits. */
  readonly status: number;
}

/** The machine was reset. */
export interface ResetStop {
  /** Discriminates. */
  readonly reason: "reset";
  /** Who pulled the line. */
  readonly by: "8042" | "port 0x92" | "port 0xcf9";
}

/** A triple fault. */
export interface ShutdownStop {
  /** Discriminates. */
  readonly reason: "shutdown";
  /** The exceptions, in the order in which their delivery began; the last one could not be delivered any more. */
  readonly exceptions: readonly RaisedException[];
}

/** The kernel gave up. */
export interface PanicStop {
  /** Discriminates. */
  readonly reason: "panic";
  /** What it said. */
  readonly message: string;
  /** Host frames that were live, outermost first. */
  readonly places: readonly string[];
}

/** HLT that no interrupt can end. */
export interface HungStop {
  /** Discriminates. */
  readonly reason: "hung";
  /** RFLAGS.IF, which is clear: an NMI is the only way out, and none is to come. */
  readonly interruptsEnabled: boolean;
  /** The vector that waits behind IF, or `null`. */
  readonly pendingVector: number | null;
  /** Host frames that were live, outermost first. */
  readonly places: readonly string[];
}

/** A lock is waited for that its holder can never release. */
export interface DeadlockStop {
  /** Discriminates. */
  readonly reason: "deadlock";
  /** Lock, holder, waiter and the interrupt in between. */
  readonly message: string;
  /** Name of the lock. */
  readonly lock: string;
  /** Host frames of the holder when it took the lock. */
  readonly holder: string;
  /** Host frames of the waiter. */
  readonly waiter: string;
}

/** More than `HOST_CALLS_MAX` host frames were live. */
export interface HostCallsStop {
  /** Discriminates. */
  readonly reason: "host-calls";
  /** The innermost host frames, outermost first. */
  readonly places: readonly string[];
}

/** RIP lies outside the host range and there is no instruction engine. */
export interface NoEngineStop {
  /** Discriminates. */
  readonly reason: "no-engine";
  /** Where execution would go on. */
  readonly rip: number;
}

/**
 * Nothing to do: HLT with interrupts on, no input left and none consumed for a while. Between turns the machine can go
 * on; a wait inside a turn was cut.
 */
export interface IdleStop {
  /** Discriminates. */
  readonly reason: "idle";
}

/** `clkMax` was reached. */
export interface LimitStop {
  /** Discriminates. */
  readonly reason: "limit";
  /** Whether a turn was cut: then the machine can be inspected, but goes on only after a load. */
  readonly insideTurn: boolean;
}

/** `until` said so, or `pauseClk` was reached. */
export interface UntilStop {
  /** Discriminates. */
  readonly reason: "until";
}

/** Why a run ended. */
export type Stop =
  | ExitStop
  | ResetStop
  | ShutdownStop
  | PanicStop
  | HungStop
  | DeadlockStop
  | HostCallsStop
  | NoEngineStop
  | IdleStop
  | LimitStop
  | UntilStop;
