/**
 * What a task on the fast lane is given. Its `wakeSelf` only makes a note, which
 * the lane reads after the poll: so the engine can inline the poll, and keeps
 * the lane's state in registers from one poll to the next. The order of the
 * queue is as if there were no note: before anything else is queued, the note is
 * taken.
 *
 * @module
 */

import type { Now } from "../../base/alarm.ts";
import { type ExecutorState, NO_SLOT } from "./executor_state.ts";
import type { Context, Future } from "./future.ts";
import type { Poll } from "./poll.ts";
import { pushRing } from "./ready_ring.ts";
import { SLOTS_MAX } from "./slots.ts";
import { countSpareWakes, countWake } from "./task_counts.ts";
import { NO_WAKER, type Waker } from "./waker.ts";

/**
 * A note that has been taken: the task is in its ring, or none is polled on the
 * lane, and the task's word tells the truth. Wakes are still added to it.
 */
export const NOTE_TAKEN = -0x2000_0000;

/** A context for tasks of the default priority that nobody watches. */
export class LaneContext implements Context {
  /**
   * The note: how often the task that is being polled has woken itself, plus
   * `NOTE_TAKEN` once it was queued for that.
   */
  again: number = NOTE_TAKEN;
  /** Whether somebody has looked at the queue, and may have changed it. */
  touched = false;
  /**
   * What the task that is being polled did, if it has cancelled itself: to be
   * dropped when its poll has ended. No state: no poll lasts until a save.
   */
  cancelled: Future | null = null;
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
    const { polled, words } = this.#state;
    if (polled === NO_SLOT) return NO_WAKER;
    return words[2 * polled + 1]! * SLOTS_MAX + polled;
  }

  /**
   * Takes the note: the task is queued, and each wake is counted. Called before
   * anybody but the lane looks at the queue.
   *
   * @param now The clock.
   */
  takeNote(now: Now): void {
    this.touched = true;
    const { polled, lane, statistics } = this.#state;
    const { again } = this;
    if (polled === NO_SLOT || again === 0) return;
    this.again = NOTE_TAKEN;
    if (again > 0) pushRing(lane, polled);
    if (statistics === null) return;
    if (again > 0) countWake(statistics, polled, false, now.clk);
    const spare = again > 0 ? again - 1 : again - NOTE_TAKEN;
    countSpareWakes(statistics, polled, spare);
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
