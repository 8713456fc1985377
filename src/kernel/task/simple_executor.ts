/**
 * The book's first executor: a queue of tasks, polled in turn until all are
 * done.
 *
 * Book: "Async/Await", section "Simple Executor". Source: blog_os,
 * `task/simple_executor.rs`. Its wakers do nothing, so a task that waits is
 * polled all the time. The limit of a run is ours: the book's would go on for
 * ever.
 *
 * @module
 */

import { HOST_ENV, type SyncEnv } from "../sync/mod.ts";
import type { Context, Future, Kinds } from "./future.ts";
import { KindTable } from "./kind_table.ts";
import { PENDING, type Poll } from "./poll.ts";
import type { Task } from "./task.ts";
import { NO_WAKER, type Waker } from "./waker.ts";

/** Polls that a run makes at most, unless another limit is given. */
export const SIMPLE_POLLS_MAX = 1_000_000;

/** A {@linkcode SimpleExecutor} as data. */
export interface SimpleExecutorState {
  /** `task_queue`: the front is polled next. */
  tasks: Task[];
}

/**
 * Makes the state of an executor without tasks.
 *
 * @returns A state for {@linkcode SimpleExecutor}.
 */
export function simpleExecutorState(): SimpleExecutorState {
  return { tasks: [] };
}

/** Polls with wakers that do nothing: `dummy_waker`. */
class DummyContext implements Context {
  readonly waker: Waker = NO_WAKER;
  readonly #kinds: KindTable;

  constructor(kinds: KindTable) {
    this.#kinds = kinds;
  }
  wake(_waker: Waker): void {}
  wakeSelf(): void {}
  poll(child: Future): Poll {
    return this.#kinds.poll(child, this);
  }
  drop(child: Future): void {
    this.#kinds.drop(child, this);
  }
}

/**
 * Runs tasks in turn, busily.
 *
 * @example
 * ```ts
 * import { PENDING, READY, SimpleExecutor, TaskIds } from "@lockstep/kernel/executor";
 * import { assertEquals } from "@std/assert";
 *
 * const seen: number[] = [];
 * const executor = new SimpleExecutor({
 *   count: (task: { kind: "count"; left: number }) => {
 *     seen.push(task.left);
 *     return task.left-- === 0 ? READY : PENDING;
 *   },
 * });
 * const ids = new TaskIds();
 * executor.spawn(ids.task({ kind: "count", left: 1 } as { kind: "count" }));
 * executor.run();
 * assertEquals(seen, [1, 0]);
 * ```
 */
export class SimpleExecutor {
  /** All there is to save. */
  readonly state: SimpleExecutorState;
  readonly #env: SyncEnv;
  readonly #context: DummyContext;

  /**
   * Goes on with an executor, or begins.
   *
   * @param kinds The table of kinds.
   * @param env The CPU that it runs on.
   * @param state Where to go on from.
   */
  constructor(
    kinds: Kinds,
    env: SyncEnv = HOST_ENV,
    state: SimpleExecutorState = simpleExecutorState(),
  ) {
    this.#context = new DummyContext(new KindTable(kinds));
    this.#env = env;
    this.state = state;
  }

  /**
   * Appends a task.
   *
   * @param task The task.
   */
  spawn(task: Task): void {
    this.#env.boundary();
    this.state.tasks.push(task);
  }

  /**
   * Polls the task at the front; if it is pending, it goes to the back.
   *
   * @returns Whether there was a task.
   * @throws {TypeError} If its kind is not in the table.
   */
  step(): boolean {
    this.#env.boundary();
    const task = this.state.tasks.shift();
    if (task === undefined) return false;
    if (this.#context.poll(task.future) === PENDING) this.spawn(task);
    return true;
  }

  /**
   * Polls until no task is left.
   *
   * @param pollsMax Polls at most.
   * @returns Whether no task is left; `false` if the limit was reached.
   */
  run(pollsMax: number = SIMPLE_POLLS_MAX): boolean {
    for (let polls = 0; polls < pollsMax && this.step();) polls += 1;
    return this.state.tasks.length === 0;
  }
}
