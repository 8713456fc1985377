/**
 * The executor inside a kernel (book: "Async/Await"; blog_os, `task/`), which
 * blog_os itself does not test: what its limits and messages are.
 */

import * as task from "@lockstep/kernel/executor";
import * as kernel from "@lockstep/kernel/kernel";
import { keyInputs } from "@lockstep/kernel/keyboard";
import {
  assertEq,
  assertThat,
  type KernelTest,
  testKernel,
} from "@lockstep/kernel/testing";
import { blogOs, blogOsState } from "./blog_os.ts";

/** What is polled, in order. */
type Trace = string[];

interface Named extends task.Future {
  readonly name: string;
  polls: number;
}

const named = (kind: string, name: string): Named => ({ kind, name, polls: 0 });

/** Tasks that write a trace. */
const kinds = (trace: Trace): task.Kinds => ({
  yields(future: Named, context) {
    trace.push(future.name);
    future.polls += 1;
    if (future.polls === 3) return task.READY;
    context.wakeSelf();
    return task.PENDING;
  },
  forgets(future: Named) {
    trace.push(future.name);
    return task.PENDING;
  },
  wakes100(future: Named, context) {
    trace.push(future.name);
    future.polls += 1;
    if (future.polls === 2) return task.READY;
    for (let i = 0; i < 100; i++) context.wakeSelf();
    return task.PENDING;
  },
});

/** A kernel with an executor, its keyboard handler included. */
const withTasks = (
  tests: (
    core: kernel.KernelCore,
    run: (...futures: task.Future[]) => Trace,
    tasks: kernel.KernelTasks,
  ) => Readonly<Record<string, () => void>>,
  machine: NonNullable<KernelTest["machine"]> = {},
): Omit<KernelTest, "name"> => ({
  machine,
  program: testKernel({
    name: "executor",
    state: () => ({ ...blogOsState(), tasks: kernel.kernelTasksState() }),
    build(core, state) {
      const tasks = new kernel.KernelTasks(core, state.tasks);
      const init = blogOs(
        core,
        state,
        (byte) => tasks.scancodes.addScancode(byte),
      );
      const run = (...futures: task.Future[]): Trace => {
        const trace: Trace = [];
        const panic = (message: string) => core.panic(message);
        const { env } = core;
        const executor = new task.BookExecutor(kinds(trace), { env, panic });
        const ids = new task.TaskIds();
        for (const future of futures) executor.spawn(ids.task(future));
        assertThat(core, executor.runReadyTasks(), "the queue is empty");
        return trace;
      };
      return { init, tests: tests(core, run, tasks) };
    },
  }),
});

/** A row of the screen, dots of the timer left out. */
function rowOf(core: kernel.KernelCore, row: number): string {
  let text = "";
  core.vga.writer.get().withLock((writer) => {
    for (let column = 0; column < kernel.BUFFER_WIDTH; column++) {
      text += String.fromCharCode(writer.readCell(row, column) & 0xff);
    }
  });
  return text.replaceAll(".", "").trimEnd();
}

const [LAST_ROW, ROW_ABOVE] = [
  kernel.BUFFER_HEIGHT - 1,
  kernel.BUFFER_HEIGHT - 2,
];

const executor: KernelTest = {
  name: "executor",
  ...withTasks((core, run) => ({
    three_tasks_that_yield_take_turns() {
      const tasks = ["a", "b", "c"].map((name) => named("yields", name));
      assertEq(core, run(...tasks).join(""), "abcabcabc");
    },
    pending_without_a_wake_is_never_polled_again() {
      assertEq(core, run(named("forgets", "a")), ["a"]);
    },
    a_hundred_wakes_in_one_poll_fit() {
      // Of the ids, 99 are left over when the task is done.
      assertEq(core, run(named("wakes100", "a")), ["a", "a"]);
    },
    a_hundred_tasks_fit() {
      const all = Array.from({ length: 100 }, () => named("forgets", "x"));
      assertEq(core, run(...all).length, 100);
    },
  })),
};

/** Waits in HLT and polls until the tests' keys are printed. */
const keyboard: KernelTest = {
  name: "executor: keys wake the task that prints them",
  ...withTasks((core, _run, tasks) => ({
    print_keypresses() {
      core.println();
      tasks.spawn(task.exampleTask());
      tasks.spawn(task.printKeypresses());
      while (rowOf(core, LAST_ROW) !== "hello") tasks.turn();
      assertEq(core, rowOf(core, ROW_ABOVE), "async number: 42");
    },
  }), { inputs: keyInputs("hello", { clk: 1_000_000 }) }),
  clkMax: 119_318_200,
};

const early: KernelTest = {
  name: "executor: a key before there is a queue is warned about",
  ...withTasks((core) => ({
    add_scancode() {
      while (rowOf(core, ROW_ABOVE) !== task.QUEUE_UNINITIALIZED) {
        core.cpu.hlt();
      }
    },
  }), { inputs: keyInputs("h", { clk: 1_000_000 }) }),
  clkMax: 119_318_200,
};

/** A kernel that must panic, with this text. */
const panics = (
  text: string,
  act: (core: kernel.KernelCore, tasks: kernel.KernelTasks) => void,
): KernelTest => ({
  name: `executor: ${text}`,
  shouldPanic: text,
  program: kernel.defineKernel({
    id: "executor",
    state: () => ({ ...kernel.coreState(), tasks: kernel.kernelTasksState() }),
    build(core, state) {
      const tasks = new kernel.KernelTasks(core, state.tasks);
      return { boot: () => act(core, tasks) };
    },
  }),
});

const kernels: readonly KernelTest[] = [
  executor,
  keyboard,
  early,
  panics("queue full: TaskId(100)", (_core, tasks) => {
    for (let i = 0; i < 101; i++) tasks.spawn(task.exampleTask());
  }),
  panics("task with same ID already in tasks", (core) => {
    const panic = (message: string) => core.panic(message);
    const executor = new task.BookExecutor({}, { env: core.env, panic });
    const twice = new task.TaskIds().task(named("yields", "a"));
    executor.spawn(twice);
    executor.spawn(twice);
  }),
  panics("task_queue full: TaskId(0)", (core) => {
    const panic = (message: string) => core.panic(message);
    const executor = new task.BookExecutor({}, { env: core.env, panic });
    for (let i = 0; i < 101; i++) executor.wake(0 as task.Waker);
  }),
  panics(
    "ScancodeStream::new should only be called once: AlreadyInit",
    (_core, tasks) => {
      tasks.scancodes.open();
      tasks.scancodes.open();
    },
  ),
  panics("scancode queue not initialized", (_core, tasks) => {
    tasks.scancodes.pollNext({} as task.Context);
  }),
];
export default kernels;
