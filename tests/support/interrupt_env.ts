/**
 * A CPU of boundaries only: an interrupt may be placed at the k-th of them.
 *
 * @module
 */

import type { Deadlock, SyncEnv } from "../../src/kernel/sync/mod.ts";

/** Thrown for a deadlock, which ends the run. */
export class DeadlockStop extends Error {
  /** @param reason What the primitive said. */
  constructor(readonly reason: Deadlock) {
    super(reason.message);
  }
}

/** Counts boundaries and runs one handler, once, at the chosen one. */
export class InterruptEnv implements SyncEnv {
  /** Boundaries so far. */
  count = 0;
  /** Live frames. */
  readonly frames: string[] = ["loop"];
  readonly #at: number;
  readonly #handler: () => void;

  /**
   * @param at Which boundary, from 1 on.
   * @param handler Runs there, nested.
   * @param unwinds Whether panics unwind.
   */
  constructor(
    at = Infinity,
    handler: () => void = () => {},
    readonly unwinds = true,
  ) {
    this.#at = at;
    this.#handler = handler;
  }

  boundary(): void {
    this.count += 1;
    if (this.count !== this.#at) return;
    this.frames.push("handler");
    this.#handler();
    this.frames.pop();
  }
  stop(reason: Deadlock): never {
    throw new DeadlockStop(reason);
  }
  holder(): string {
    return this.frames.join(" > ");
  }
  interruptsEnabled(): boolean {
    return !this.frames.includes("handler");
  }
  isHandler(frame: string): boolean {
    return frame === "handler";
  }
}

/**
 * Runs a scenario with the interrupt at each boundary in turn.
 *
 * @param scenario Builds everything anew, runs it, and returns the boundaries
 * that the run had and what came out.
 * @returns The outcomes in order, a deadlock as `deadlock`; the last run had
 * no interrupt any more.
 */
export function atEveryBoundary<T>(
  scenario: (at: number) => { count: number; outcome: T },
): (T | "deadlock")[] {
  const outcomes: (T | "deadlock")[] = [];
  for (let at = 1;; at++) {
    try {
      const { count, outcome } = scenario(at);
      outcomes.push(outcome);
      if (count < at) return outcomes;
    } catch (thrown) {
      if (!(thrown instanceof DeadlockStop)) throw thrown;
      outcomes.push("deadlock");
    }
  }
}
