/**
 * Futures as data. A future is a plain object whose `kind` names the function
 * that polls it; the functions stand in a table of the kernel's. So a kernel
 * with tasks in flight is saved, loaded and forked like any other state.
 *
 * Book: "Async/Await", sections "Futures in Rust" and "State Machine
 * Transformation": what the compiler makes of an `async fn` is written out.
 *
 * *Not modelled*: `Pin`. A future refers to its parts, never to itself, so it
 * may be moved and copied at any time.
 *
 * @module
 */

import type { Poll } from "./poll.ts";
import type { Waker } from "./waker.ts";

/** A computation that may not be finished: plain data. */
export interface Future {
  /** Names its entry in the table of kinds; never changes. */
  readonly kind: string;
  /** The result, once a poll has answered `READY`; absent where there is none. */
  output?: unknown;
}

/** What a future is given when it is polled. Valid during the poll only. */
export interface Context {
  /** The task that is being polled: what a future leaves where it waits. */
  readonly waker: Waker;
  /** Wakes a task. */
  wake(waker: Waker): void;
  /** Wakes the task that is being polled, so that it is polled again. */
  wakeSelf(): void;
  /**
   * Polls a future that is a part of this one.
   *
   * @throws {TypeError} If its kind is not in the table.
   */
  poll(child: Future): Poll;
  /**
   * Gives up a part that is not finished: what it holds or waits for is
   * released.
   */
  drop(child: Future): void;
}

/** Polls a future of one kind. It must not poll one that has been ready. */
export type PollFn<F extends Future = Future> = (
  future: F,
  context: Context,
) => Poll;

/** Releases what an unfinished future of one kind holds or waits for. */
export type DropFn<F extends Future = Future> = (
  future: F,
  context: Context,
) => void;

/** A kind of future that has something to release. */
export interface Kind<F extends Future = Future> {
  /** Polls it. */
  readonly poll: PollFn<F>;
  /**
   * Releases what it holds, when it is given up unfinished: drops its own
   * parts, leaves queues. Not called for a future that has been ready.
   */
  readonly drop: DropFn<F>;
}

/** Kinds of futures by name: a poll function, or one with a `drop`. */
export type Kinds = Readonly<Record<string, PollFn<never> | Kind<never>>>;
