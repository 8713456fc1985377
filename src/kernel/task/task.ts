/**
 * Tasks of the book's executors: a future and the number that names it.
 *
 * Book: "Async/Await", sections "Task" and "Task Id". Source: blog_os,
 * `task/mod.rs`. There the numbers come from a static that all executors
 * share; here the counter is an object, one for each machine.
 *
 * @module
 */

import { HOST_ENV, type SyncEnv } from "../sync/mod.ts";
import type { Future } from "./future.ts";

/** A task: plain data. */
export interface Task {
  /** Names it: the book's `TaskId`. */
  readonly id: number;
  /** What it does. Its output is ignored. */
  readonly future: Future;
}

/** A counter of tasks, as data. */
export interface TaskIdsState {
  /** The next task's number. */
  next: number;
}

/**
 * Makes the state of a counter that has counted nothing.
 *
 * @returns A state for {@linkcode TaskIds}.
 */
export function taskIdsState(): TaskIdsState {
  return { next: 0 };
}

/**
 * Gives each task its number: the static `NEXT_ID`.
 *
 * @example
 * ```ts
 * import { TaskIds } from "@lockstep/kernel/executor";
 * import { assertEquals } from "@std/assert";
 *
 * const ids = new TaskIds();
 * assertEquals(ids.task({ kind: "a" }), { id: 0, future: { kind: "a" } });
 * assertEquals(ids.task({ kind: "b" }).id, 1);
 * ```
 */
export class TaskIds {
  /** All there is to save. */
  readonly state: TaskIdsState;
  readonly #env: SyncEnv;

  /**
   * Goes on counting, or begins.
   *
   * @param env The CPU that it runs on.
   * @param state Where to go on from.
   */
  constructor(env: SyncEnv = HOST_ENV, state: TaskIdsState = taskIdsState()) {
    this.#env = env;
    this.state = state;
  }

  /**
   * Makes a task (`Task::new`).
   *
   * @param future What it does.
   * @returns The task, with the next number.
   */
  task(future: Future): Task {
    this.#env.boundary();
    const id = this.state.next;
    this.state.next += 1;
    return { id, future };
  }
}

/**
 * A task's number as `{:?}` prints it.
 *
 * @param id The number.
 * @returns For example `TaskId(3)`.
 */
export function taskIdText(id: number): string {
  return `TaskId(${id})`;
}
