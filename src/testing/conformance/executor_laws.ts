/**
 * What an executor may promise, and what it is given.
 *
 * @module
 */

import type { SyncEnv } from "../../kernel/sync/env.ts";
import type { Future, Kinds } from "../../kernel/task/future.ts";
import type { Idle } from "../../kernel/task/idle.ts";
import type { Waker } from "../../kernel/task/waker.ts";
import type { CheckOptions } from "./report.ts";

/** What an executor promises. */
export interface ExecutorCheckOptions extends CheckOptions {
  /** Tasks are polled in the order of their wakes; by default they are. */
  readonly inOrder?: boolean;
  /**
   * A task that was woken twice is polled once. By default it is; else it is
   * polled twice.
   */
  readonly once?: boolean;
  /**
   * Only tasks that were woken are polled. By default so; else all are, in turn,
   * and nothing is asked about wakes.
   */
  readonly onlyWoken?: boolean;
  /** Operations of a script at most; 25 by default. */
  readonly operationsMax?: number;
}

/** What an executor is given. */
export interface ExecutorPlace {
  /** The CPU that its queue runs on: interrupts come at its boundaries. */
  readonly env: SyncEnv;
  /** The CPU that sleeps. */
  readonly idle: Idle;
}

/** An executor: what it has beside the first three is checked, too. */
export interface CheckedExecutor {
  /** Takes a task in and queues it; returns its number. */
  spawn(future: Future): Waker;
  /** Wakes a task, or nobody. */
  wake(waker: Waker): void;
  /** Polls until no task is ready, or so many times. */
  runUntilIdle(pollsMax: number): unknown;
  /** Ends a task; whether it lived. */
  cancel?(waker: Waker): boolean;
  /** Tasks that are neither ready nor cancelled. */
  readonly live?: number;
  /** Halts the CPU if no task is ready. */
  sleepIfIdle?(idle: Idle): void;
}

/** Makes an executor with a table of kinds. */
export type MakeCheckedExecutor = (
  kinds: Kinds,
  place: ExecutorPlace,
) => CheckedExecutor;
