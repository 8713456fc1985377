/**
 * The timer's interrupts, as a stream: a counter and the task that waits. Ticks
 * are counted and not queued, so none is ever lost, however late it is read.
 *
 * @module
 */

import {
  AtomicWaker,
  type AtomicWakerState,
  atomicWakerState,
  type SyncEnv,
} from "../sync/mod.ts";
import type { Context } from "./future.ts";
import type { Wake } from "./waker.ts";

/** A {@linkcode TickStream} as data. */
export interface TickStreamState {
  /** Ticks so far. */
  total: number;
  /** Ticks that were not read. */
  unread: number;
  /** The task that waits. */
  waker: AtomicWakerState;
}

/**
 * Makes the state of a stream without ticks.
 *
 * @returns A state for {@linkcode TickStream}.
 */
export function tickStreamState(): TickStreamState {
  return { total: 0, unread: 0, waker: atomicWakerState() };
}

/**
 * Both ends of the stream: `tick` for the handler, the stream for the task.
 *
 * @example
 * ```ts
 * import { type Context, TickStream } from "@lockstep/kernel/executor";
 * import { HOST_ENV } from "@lockstep/kernel/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const woken: number[] = [];
 * const ticks = new TickStream(HOST_ENV, (task) => woken.push(task));
 * const task = { waker: 5 } as Context;
 * assertEquals(ticks.pollNext(task), 0);
 * ticks.tick();
 * ticks.tick();
 * assertEquals([woken, ticks.pollNext(task)], [[5], 2]);
 * ```
 */
export class TickStream {
  /** All there is to save. */
  readonly state: TickStreamState;
  readonly #env: SyncEnv;
  readonly #waker: AtomicWaker;

  /**
   * Goes on with a stream, or begins.
   *
   * @param env The CPU that it runs on.
   * @param wake Wakes a task.
   * @param state Where to go on from.
   */
  constructor(
    env: SyncEnv,
    wake: Wake,
    state: TickStreamState = tickStreamState(),
  ) {
    this.#env = env;
    this.state = state;
    this.#waker = new AtomicWaker(env, wake, state.waker);
  }

  /** Counts a tick; called by the timer's interrupt handler. */
  tick(): void {
    this.#env.boundary();
    this.state.total += 1;
    this.state.unread += 1;
    this.#waker.wake();
  }

  /**
   * Takes the ticks that came since it was read last; never ends.
   *
   * @param context The task's.
   * @returns How many; 0 if there are none, and the task is woken for the next.
   */
  pollNext(context: Context): number {
    const ticks = this.#take();
    if (ticks !== 0) return ticks;
    this.#waker.register(context.waker);
    const late = this.#take();
    if (late !== 0) this.#waker.take();
    return late;
  }

  /** One exchange with memory: no tick falls between reading and clearing. */
  #take(): number {
    this.#env.boundary();
    const { unread } = this.state;
    this.state.unread = 0;
    return unread;
  }
}
