/**
 * What a task on the fast lane is given. Its `wakeSelf` only makes a note, which
 * the lane reads after the poll: so the engine can inline the poll, and keeps
 * the lane's state in registers from one poll to the next. The order of the
 * queue is as if there were no note: whatever else is queued, the note is first.
 *
 * @module
 */

import { type ExecutorState, NO_SLOT } from "./executor_state.ts";
import type { Context, Future } from "./future.ts";
import type { Poll } from "./poll.ts";
import { SLOTS_MAX } from "./slots.ts";
import { NO_WAKER, type Waker } from "./waker.ts";

/** A context for tasks of the default priority that nobody watches. */
export class LaneContext implements Context {
  /** Slot of the task that is being polled, or `NO_SLOT`. */
  slot: number = NO_SLOT;
  /** The note: how often that task has woken itself since it was queued. */
  again = 0;
  /** Polls that the run may still make. */
  pollsLeft = 0;
  readonly #state: ExecutorState;
  /** Does what is not for the fast lane. */
  readonly #executor: Context;

  /**
   * Makes a context.
   *
   * @param state The executor's state.
   * @param executor The executor.
   */
  constructor(state: ExecutorState, executor: Context) {
    this.#state = state;
    this.#executor = executor;
  }

  /** The task that is being polled. */
  get waker(): Waker {
    const { slot } = this;
    if (slot === NO_SLOT) return NO_WAKER;
    return this.#state.words[2 * slot + 1]! * SLOTS_MAX + slot;
  }

  /** Queues any task. */
  wake(waker: Waker): void {
    if (waker === this.waker) this.wakeSelf();
    else this.#executor.wake(waker);
  }

  /** Notes that the task that is being polled shall be queued. */
  wakeSelf(): void {
    this.again += 1;
  }

  /** Polls a part of the future that is being polled. */
  poll(child: Future): Poll {
    return this.#executor.poll(child);
  }

  /** Gives up a part of the future that is being polled. */
  drop(child: Future): void {
    this.#executor.drop(child);
  }
}
