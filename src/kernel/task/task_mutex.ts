/**
 * A lock between tasks, which may be held while its holder waits: who wants it
 * waits, too, and the others run. It is given on in the order of asking.
 *
 * It protects nothing from interrupt handlers, which cannot wait; for them there
 * is the spin lock.
 *
 * @module
 */

import type { SyncEnv } from "../sync/mod.ts";
import type { Context, Future, Kinds } from "./future.ts";
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

/** A lock as data. */
export interface TaskMutexState {
  /** Whether it is held. */
  locked: boolean;
  /** Tasks that wait for it. */
  line: WaitLineState;
}

/**
 * Makes the state of a free lock.
 *
 * @returns A state for {@linkcode TaskMutex}.
 */
export function taskMutexState(): TaskMutexState {
  return { locked: false, line: waitLineState() };
}

/** Ready when it has the lock: plain data. */
export type TaskLock = Waiting;

/** Ready when another future is, with the lock held meanwhile: plain data. */
export interface Locked extends Waiting {
  /** The other future. */
  readonly child: Future;
  /** Whether the lock is held. */
  held: boolean;
}

/**
 * A lock.
 *
 * @example
 * ```ts
 * import { Executor, TaskMutex, yieldNow } from "@lockstep/kernel/executor";
 * import { HOST_ENV } from "@lockstep/kernel/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const disk: TaskMutex = new TaskMutex(
 *   "disk",
 *   HOST_ENV,
 *   (task) => executor.wake(task),
 * );
 * const executor = new Executor(disk.kinds);
 * executor.spawn(disk.during(yieldNow()));
 * executor.spawn(disk.during(yieldNow()));
 * executor.step();
 * assertEquals(disk.isLocked, true);
 * executor.runUntilIdle();
 * assertEquals([disk.isLocked, executor.live], [false, 0]);
 * ```
 */
export class TaskMutex {
  /** All there is to save. */
  readonly state: TaskMutexState;
  /** Its name, which its kinds begin with. */
  readonly name: string;
  /** The kinds to add to an executor's table. */
  readonly kinds: Kinds;
  readonly #env: SyncEnv;
  readonly #wake: Wake;

  /**
   * Goes on with a lock, or begins.
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
    state: TaskMutexState = taskMutexState(),
  ) {
    this.name = name;
    this.#env = env;
    this.#wake = wake;
    this.state = state;
    this.kinds = {
      [`${name}.lock`]: {
        poll: (future: TaskLock, context: Context) =>
          this.#acquire(future, context) ? READY : PENDING,
        drop: (future: TaskLock) => this.#giveUp(future),
      },
      [`${name}.during`]: {
        poll: (future: Locked, context: Context) =>
          this.#pollDuring(future, context),
        drop: (future: Locked, context: Context) =>
          this.#dropDuring(future, context),
      },
    };
  }

  /** Whether it is held. */
  get isLocked(): boolean {
    return this.state.locked;
  }

  /**
   * Makes a future that takes the lock; who was ready calls
   * {@linkcode unlock}. A task that is cancelled meanwhile leaves it locked:
   * {@linkcode during} does not.
   *
   * @returns The future.
   */
  lock(): TaskLock {
    return { kind: `${this.name}.lock`, ticket: NO_TICKET };
  }

  /**
   * Makes a future that takes the lock, does what another one does, and gives
   * the lock back, also when it is given up. Its `output` is the other one's.
   *
   * @param child The other one; it belongs to this one from here on.
   * @returns The future.
   */
  during(child: Future): Locked {
    return {
      kind: `${this.name}.during`,
      ticket: NO_TICKET,
      child,
      held: false,
    };
  }

  /**
   * Takes the lock if it is free and nobody waits for it.
   *
   * @returns Whether it was.
   */
  tryLock(): boolean {
    this.#env.boundary();
    const s = this.state;
    if (s.locked || s.line.tickets.length > 0) return false;
    s.locked = true;
    return true;
  }

  /**
   * Gives the lock back, and wakes who waits longest.
   *
   * @throws {RangeError} If nobody holds it.
   */
  unlock(): void {
    this.#env.boundary();
    const s = this.state;
    if (!s.locked) {
      throw new RangeError(`Cannot unlock ${this.name}: it is not locked`);
    }
    s.locked = false;
    wakeHead(s.line, this.#wake);
  }

  #acquire(future: Waiting, context: Context): boolean {
    this.#env.boundary();
    const s = this.state;
    if (s.locked || !isTurn(s.line, future)) {
      enter(s.line, future, context);
      return false;
    }
    leave(s.line, future);
    s.locked = true;
    return true;
  }

  #giveUp(future: Waiting): void {
    leave(this.state.line, future);
    if (!this.state.locked) wakeHead(this.state.line, this.#wake);
  }

  #pollDuring(future: Locked, context: Context): Poll {
    if (!future.held && !this.#acquire(future, context)) return PENDING;
    future.held = true;
    const { child } = future;
    if (context.poll(child) === PENDING) return PENDING;
    if (child.output !== undefined) future.output = child.output;
    delete child.output; // It is reached once in a state.
    this.unlock();
    return READY;
  }

  #dropDuring(future: Locked, context: Context): void {
    if (!future.held) return this.#giveUp(future);
    context.drop(future.child);
    this.unlock();
  }
}
