/**
 * A value that one side leaves and the other waits for; an interrupt handler may
 * leave it. A later one replaces one that nobody has taken.
 *
 * @module
 */

import type { SyncEnv } from "../sync/mod.ts";
import type { Context, Kinds } from "./future.ts";
import { PENDING, type Poll, READY } from "./poll.ts";
import {
  enter,
  isTurn,
  leave,
  NO_TICKET,
  type Waiting,
  type WaitLineState,
  waitLineState,
  wakeHead,
} from "./wait_line.ts";
import type { Wake } from "./waker.ts";

/** A signal as data. */
export interface SignalState<T> {
  /** The value; `null` if there is none. */
  value: T | null;
  /** Tasks that wait. */
  line: WaitLineState;
}

/**
 * Makes the state of a signal that was not raised.
 *
 * @returns A state for {@linkcode Signal}.
 */
export function signalState<T>(): SignalState<T> {
  return { value: null, line: waitLineState() };
}

/** Ready when the signal is raised; takes the value: plain data. */
export interface SignalWait<T> extends Waiting {
  /** The value. */
  output?: T;
}

/**
 * A signal. Values are plain data other than `null`.
 *
 * @example
 * ```ts
 * import { Executor, Signal } from "@lockstep/kernel/executor";
 * import { HOST_ENV } from "@lockstep/kernel/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const pressed: Signal<number> = new Signal(
 *   "pressed",
 *   HOST_ENV,
 *   (task) => executor.wake(task),
 * );
 * const executor = new Executor(pressed.kinds);
 * const wait = pressed.wait();
 * executor.spawn(wait);
 * executor.runUntilIdle();
 * pressed.raise(1);
 * pressed.raise(2);
 * executor.runUntilIdle();
 * assertEquals(wait.output, 2);
 * ```
 */
export class Signal<T> {
  /** All there is to save. */
  readonly state: SignalState<T>;
  /** Its name, which its kind begins with. */
  readonly name: string;
  /** The kind to add to an executor's table. */
  readonly kinds: Kinds;
  readonly #env: SyncEnv;
  readonly #wake: Wake;

  /**
   * Goes on with a signal, or begins.
   *
   * @param name Its name.
   * @param env The CPU that it runs on.
   * @param wake Wakes a task.
   * @param state Where to go on from.
   */
  constructor(
    name: string,
    env: SyncEnv,
    wake: Wake,
    state: SignalState<T> = signalState(),
  ) {
    this.name = name;
    this.#env = env;
    this.#wake = wake;
    this.state = state;
    this.kinds = {
      [`${name}.wait`]: {
        poll: (future: SignalWait<T>, context: Context) =>
          this.#poll(future, context),
        drop: (future: SignalWait<T>) => this.#drop(future),
      },
    };
  }

  /** Whether it is raised, and nobody has taken the value. */
  get isRaised(): boolean {
    return this.state.value !== null;
  }

  /**
   * Leaves a value and wakes who waits longest; interrupt handlers may.
   *
   * @param value The value.
   * @throws {TypeError} If there is none: {@linkcode reset} takes one away.
   */
  raise(value: T): void {
    if (value === null || value === undefined) {
      throw new TypeError(
        `Cannot raise ${this.name} to ${value}: give a value`,
      );
    }
    this.#env.boundary();
    this.state.value = value;
    wakeHead(this.state.line, this.#wake);
  }

  /** Takes the value away, if there is one. */
  reset(): void {
    this.#env.boundary();
    this.state.value = null;
  }

  /**
   * Makes a future that waits for a value and takes it.
   *
   * @returns The future.
   */
  wait(): SignalWait<T> {
    return { kind: `${this.name}.wait`, ticket: NO_TICKET };
  }

  #poll(future: SignalWait<T>, context: Context): Poll {
    this.#env.boundary();
    const s = this.state;
    if (s.value === null || !isTurn(s.line, future)) {
      enter(s.line, future, context);
      return PENDING;
    }
    leave(s.line, future);
    future.output = s.value;
    s.value = null;
    return READY;
  }

  #drop(future: SignalWait<T>): void {
    leave(this.state.line, future);
    if (this.isRaised) wakeHead(this.state.line, this.#wake);
  }
}
