/**
 * The tasks of the final kernel: an executor, the keyboard's bytes as a stream,
 * and the book's two tasks.
 *
 * Book: "Async/Await". Which executor runs them is a choice: `BookExecutor`,
 * which does what the book's does to the letter, or `Executor`, which has names,
 * priorities, sleeps and all that.
 *
 * *Not modelled*: what Rust allocates for tasks, queues and wakers. Here they
 * are data in the kernel's state, and the heap stays free.
 *
 * @module
 */

import type { Now } from "../base/alarm.ts";
import type { Instructions } from "../hw/instructions.ts";
import type { KernelCore } from "./core.ts";
import {
  Keyboard,
  type KeyboardState,
  keyboardState,
  type LayoutName,
  printedKey,
} from "./keyboard/mod.ts";
import {
  BookExecutor,
  type BookExecutorState,
  bookExecutorState,
  bookTasks,
  Executor,
  type ExecutorState,
  executorState,
  type Future,
  generatorName,
  type Kinds,
  ScancodeStream,
  type ScancodeStreamState,
  scancodeStreamState,
  type SpawnOptions,
  TaskIds,
  type TaskIdsState,
  taskIdsState,
  type Wake,
  type Waker,
} from "./task/mod.ts";

/** The executors that a kernel can have. */
export type ExecutorName = "BookExecutor" | "Executor";

/** Tasks, and what they wait for, as data. */
export interface KernelTasksState {
  /** `SCANCODE_QUEUE` and `WAKER`. */
  scancodes: ScancodeStreamState;
  /** The decoder of `print_keypresses`. */
  keyboard: KeyboardState;
  /** `NEXT_ID`; an `Executor` counts for itself. */
  taskIds: TaskIdsState;
  /** The tasks. */
  executor: BookExecutorState | ExecutorState;
}

/**
 * Makes the state of a kernel without tasks.
 *
 * @param executor Which executor will run them.
 * @param layout How keys are decoded.
 * @returns A state for {@linkcode KernelTasks}.
 */
export function kernelTasksState(
  executor: ExecutorName = "BookExecutor",
  layout: LayoutName = "Us104Key",
): KernelTasksState {
  return {
    scancodes: scancodeStreamState(),
    keyboard: keyboardState({ layout }),
    taskIds: taskIdsState(),
    executor: executor === "Executor" ? executorState() : bookExecutorState(),
  };
}

/**
 * What tells the time to an executor of a kernel: RDTSC, a boundary each.
 *
 * @param cpu The CPU.
 * @returns The clock.
 */
export function cpuClock(cpu: Pick<Instructions, "rdtsc" | "high">): Now {
  return {
    get clk(): number {
      const low = cpu.rdtsc();
      return cpu.high * 2 ** 32 + low;
    },
  };
}

/**
 * The kernel's tasks.
 *
 * @example
 * ```ts
 * import { Machine } from "@lockstep/kernel/hw";
 * import {
 *   coreState,
 *   defineKernel,
 *   KernelTasks,
 *   kernelTasksState,
 * } from "@lockstep/kernel/kernel";
 * import { exampleTask, READY } from "@lockstep/kernel/executor";
 * import { assertEquals } from "@std/assert";
 *
 * const program = defineKernel({
 *   id: "tasks",
 *   state: () => ({ ...coreState(), tasks: kernelTasksState() }),
 *   build(core, state) {
 *     const hello = () => (core.println("hello"), READY);
 *     const tasks = new KernelTasks(core, state.tasks, () => ({ hello }));
 *     return {
 *       boot() {
 *         tasks.spawn({ kind: "hello" });
 *         tasks.spawn(exampleTask());
 *       },
 *       loop: () => tasks.turn(),
 *       refuseSave: () => tasks.refuseSave(),
 *     };
 *   },
 * });
 * const machine = new Machine({ program });
 * machine.run({ clkMax: 100_000 });
 * const lines = machine.vga.screenText().slice(22, 24);
 * assertEquals(lines, ["hello", "async number: 42"]);
 * ```
 */
export class KernelTasks {
  /** All there is to save. */
  readonly state: KernelTasksState;
  /** The keyboard's bytes. */
  readonly scancodes: ScancodeStream;
  readonly #core: KernelCore;
  readonly #ids: TaskIds;
  readonly #executor: BookExecutor | Executor;

  /**
   * Goes on with the tasks, or begins.
   *
   * @param core Prints and panics.
   * @param state Where to go on from; its `executor` decides which one runs.
   * @param kinds Kinds of tasks beside the book's two; given the stream, and
   * how a task is woken.
   */
  constructor(
    core: KernelCore,
    state: KernelTasksState,
    kinds: (tasks: KernelTasks) => Kinds = () => ({}),
  ) {
    const { cpu, env } = core;
    const panic = (message: string): never => core.panic(message);
    this.state = state;
    this.#core = core;
    this.#ids = new TaskIds(env, state.taskIds);
    this.scancodes = new ScancodeStream({
      env,
      wake: this.wake,
      println: (text) => core.println(text),
      panic,
    }, state.scancodes);
    const keyboard = new Keyboard(state.keyboard);
    const table = {
      ...bookTasks({
        print: (text) => core.print(text),
        scancodes: this.scancodes,
        decode(byte) {
          const key = keyboard.typed(byte);
          return key === null ? null : printedKey(key);
        },
      }),
      ...kinds(this),
    };
    this.#executor = "tasks" in state.executor
      ? new BookExecutor(table, { env, idle: cpu, panic }, state.executor)
      : new Executor(
        table,
        { env, now: cpuClock(cpu), events: cpu.events },
        state.executor,
      );
  }

  /** The executor, to be asked for what only one of them has. */
  get executor(): BookExecutor | Executor {
    return this.#executor;
  }

  /** Wakes a task; interrupt handlers may call it. */
  readonly wake: Wake = (waker) => this.#executor.wake(waker);

  /**
   * Takes a task in and queues it.
   *
   * @param future What it does.
   * @param options Its name and priority, which the book's executor ignores.
   * @returns Its number, which wakes it.
   * @throws The executor's refusals and panics.
   */
  spawn(future: Future, options: SpawnOptions = {}): Waker {
    const executor = this.#executor;
    if (executor instanceof Executor) return executor.spawn(future, options);
    const task = this.#ids.task(future);
    executor.spawn(task);
    return task.id;
  }

  /** One turn of `Executor::run`: polls a task, or halts if there is none to poll. */
  turn(): void {
    const executor = this.#executor;
    if (executor instanceof Executor) executor.turn(this.#core.cpu);
    else executor.turn();
  }

  /** The name of a task that is a generator, which no state can hold, or `null`. */
  refuseSave(): string | null {
    const executor = this.#executor;
    return executor instanceof Executor
      ? executor.refuseSave()
      : generatorName(executor.state.tasks);
  }
}
