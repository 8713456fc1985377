/**
 * The book's executor, to the letter: a map of tasks, a queue of 100 ids, and a
 * CPU that sleeps when the queue is empty.
 *
 * Book: "Async/Await", section "Executor with Waker Support". Source: blog_os,
 * `task/executor.rs`. What surprises there surprises here: a task that is woken
 * k times is polled k times, a queue that is full panics, in an interrupt
 * handler too, and a task that wakes itself keeps the CPU from sleeping.
 *
 * *Not modelled*: the cache of wakers. A waker is a number and takes no memory.
 *
 * @module
 */

import {
  ArrayQueue,
  type ArrayQueueState,
  arrayQueueState,
  HOST_ENV,
  type SyncEnv,
} from "../sync/mod.ts";
import type { Context, Future, Kinds } from "./future.ts";
import { type Idle, NO_IDLE, sleepIfIdle } from "./idle.ts";
import { KindTable } from "./kind_table.ts";
import { type Poll, READY } from "./poll.ts";
import { type Task, taskIdText } from "./task.ts";
import { NO_WAKER, type Waker } from "./waker.ts";

/** Ids that the task queue holds. */
export const TASK_QUEUE_CAPACITY = 100;

/** Ids that one call of `runReadyTasks` takes, unless told otherwise. */
export const READY_STEPS_MAX = 1_000_000;

/** A {@linkcode BookExecutor} as data. */
export interface BookExecutorState {
  /** `tasks`: futures by task id. */
  tasks: Record<string, Future>;
  /** `task_queue`: ids of the tasks to poll. */
  taskQueue: ArrayQueueState<number>;
}

/**
 * Makes the state of an executor without tasks.
 *
 * @returns A state for {@linkcode BookExecutor}.
 */
export function bookExecutorState(): BookExecutorState {
  return { tasks: {}, taskQueue: arrayQueueState(TASK_QUEUE_CAPACITY) };
}

/** How a {@linkcode BookExecutor} meets its surroundings. */
export interface BookExecutorOptions {
  /** The CPU that its queue runs on; by default a host. */
  readonly env?: SyncEnv;
  /** How the CPU sleeps; by default not at all. */
  readonly idle?: Idle;
  /** Ends the run with the book's text; by default a `RangeError`. */
  readonly panic?: (message: string) => never;
}

/** What a panic does outside of a kernel. */
export function throwPanic(message: string): never {
  throw new RangeError(`Cannot go on: ${message}`);
}

/**
 * The faithful executor.
 *
 * @example
 * ```ts
 * import { BookExecutor, READY, TaskIds } from "@lockstep/kernel/executor";
 * import { assertEquals } from "@std/assert";
 *
 * const printed: string[] = [];
 * const executor = new BookExecutor({
 *   example: () => {
 *     printed.push("async number: 42");
 *     return READY;
 *   },
 * });
 * executor.spawn(new TaskIds().task({ kind: "example" }));
 * executor.runReadyTasks();
 * assertEquals(printed, ["async number: 42"]);
 * ```
 */
export class BookExecutor implements Context {
  /** All there is to save. */
  readonly state: BookExecutorState;
  /** The task that is being polled. */
  waker: Waker = NO_WAKER;
  readonly #kinds: KindTable;
  readonly #queue: ArrayQueue<number>;
  readonly #idle: Idle;
  readonly #panic: (message: string) => never;

  /**
   * Goes on with an executor, or begins.
   *
   * @param kinds The table of kinds.
   * @param options Its surroundings.
   * @param state Where to go on from.
   */
  constructor(
    kinds: Kinds,
    options: BookExecutorOptions = {},
    state: BookExecutorState = bookExecutorState(),
  ) {
    this.#kinds = new KindTable(kinds);
    this.#queue = new ArrayQueue(
      options.env ?? HOST_ENV,
      "task_queue",
      state.taskQueue,
    );
    this.#idle = options.idle ?? NO_IDLE;
    this.#panic = options.panic ?? throwPanic;
    this.state = state;
  }

  /**
   * Takes a task in and queues it.
   *
   * @param task The task.
   * @throws The panic `task with same ID already in tasks`, and `queue full:
   * TaskId(n)`: then the task is in the map.
   */
  spawn(task: Task): void {
    const { tasks } = this.state;
    const had = Object.hasOwn(tasks, task.id);
    tasks[task.id] = task.future; // The map replaces first and then tells.
    if (had) this.#panic("task with same ID already in tasks");
    if (!this.#queue.push(task.id)) {
      this.#panic(`queue full: ${taskIdText(task.id)}`);
    }
  }

  /**
   * Queues a task's id (`TaskWaker::wake_task`), as often as it is called.
   *
   * @param waker The task's id.
   * @throws The panic `task_queue full: TaskId(n)`.
   */
  wake(waker: Waker): void {
    if (!this.#queue.push(waker)) {
      this.#panic(`task_queue full: ${taskIdText(waker)}`);
    }
  }

  /** Queues the task that is being polled once more. */
  wakeSelf(): void {
    this.wake(this.waker);
  }

  /** Polls a part of the future that is being polled. */
  poll(child: Future): Poll {
    return this.#kinds.poll(child, this);
  }

  /** Gives up a part of the future that is being polled. */
  drop(child: Future): void {
    this.#kinds.drop(child, this);
  }

  /**
   * Polls the task at the front of the queue. Ids of tasks that are done are
   * skipped.
   *
   * @returns Whether the queue held an id.
   */
  step(): boolean {
    const id = this.#queue.pop();
    if (id === null) return false;
    const { tasks } = this.state;
    const future = Object.hasOwn(tasks, id) ? tasks[id] : undefined;
    if (future === undefined) return true;
    this.waker = id;
    if (this.poll(future) === READY) delete tasks[id];
    this.waker = NO_WAKER;
    return true;
  }

  /**
   * Polls until the queue is empty (`run_ready_tasks`).
   *
   * @param stepsMax Ids that it takes at most: a task that always wakes itself
   * would keep it here for ever. In a kernel the run's limit of clks ends that,
   * too.
   * @returns Whether the queue is empty; `false` if the limit was reached.
   */
  runReadyTasks(stepsMax: number = READY_STEPS_MAX): boolean {
    for (let steps = 0; steps < stepsMax; steps++) {
      if (!this.step()) return true;
    }
    return false;
  }

  /** Halts the CPU if the queue is empty (`sleep_if_idle`). */
  sleepIfIdle(): void {
    sleepIfIdle(this.#idle, () => this.#queue.isEmpty);
  }

  /**
   * One turn of `run`, which in the book never returns: polls one task, or
   * halts if there is none to poll. Boundaries come in the book's order.
   */
  turn(): void {
    if (!this.step()) this.sleepIfIdle();
  }
}
