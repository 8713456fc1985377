import { assertEquals, assertThrows } from "@std/assert";
import { Keyboard } from "../keyboard/mod.ts";
import { HOST_ENV } from "../sync/mod.ts";
import {
  BookExecutor,
  bookTasks,
  type Context,
  exampleTask,
  type Future,
  type Idle,
  type Kinds,
  PENDING,
  type Poll,
  printKeypresses,
  READY,
  ScancodeStream,
  TaskIds,
} from "./mod.ts";
import {
  type Messages,
  runExecutorVectors,
  type Scenarios,
} from "../../../tests/support/executor_vectors.ts";

/** Thrown at a halt that nothing would end. */
class IdleForever extends Error {}

/** Thrown for a panic: its message is the text alone. */
class Panic extends Error {}

/** A kernel of the book that writes a trace. */
class TracedKernel {
  readonly trace: string[] = [];
  readonly ids = new TaskIds();
  readonly executor: BookExecutor;
  readonly scancodes: ScancodeStream;
  /** For each halt: the bytes that come while it lasts. */
  halts: readonly (readonly number[])[] = [];

  constructor(kinds: Kinds = {}) {
    const panic = (message: string): never => {
      throw new Panic(message);
    };
    const print = (text: string) => this.trace.push(`print:${text}`);
    const keyboard = new Keyboard();
    this.scancodes = new ScancodeStream({
      env: HOST_ENV,
      wake: (waker) => this.executor.wake(waker),
      println: (text) => print(`${text}\n`),
      panic,
    });
    const tasks = bookTasks({
      print,
      scancodes: this.scancodes,
      decode: (byte) => {
        const key = keyboard.typed(byte);
        if (key === null) return null;
        return key.kind === "unicode" ? key.char : key.code;
      },
    });
    this.executor = new BookExecutor({ ...tasks, ...kinds }, {
      idle: this.#idle(),
      panic,
    });
  }

  #idle(): Idle {
    return {
      cli: () => this.trace.push("cli"),
      sti: () => this.trace.push("sti"),
      enableAndHlt: () => {
        this.trace.push("sti;hlt");
        const [bytes, ...later] = this.halts;
        if (bytes === undefined) throw new IdleForever();
        this.halts = later;
        for (const byte of bytes) {
          this.trace.push(`irq1 0x${byte.toString(16).padStart(2, "0")}`);
          this.scancodes.addScancode(byte);
        }
      },
    };
  }

  spawn(future: Future): void {
    this.executor.spawn(this.ids.task(future));
  }

  /** `run`, until it halts for ever. */
  run(): "IDLE" {
    assertThrows(() => {
      for (;;) this.executor.turn();
    }, IdleForever);
    return "IDLE";
  }
}

interface Named extends Future {
  readonly name: string;
  left: number;
}

/** Kinds that write `poll NAME`. */
const tracing = (kernel: () => TracedKernel): Kinds => ({
  yields: (task: Named, context: Context): Poll => {
    kernel().trace.push(`poll ${task.name}`);
    if (task.left === 0) return READY;
    task.left -= 1;
    context.wakeSelf();
    return PENDING;
  },
  silent: (task: Named): Poll => {
    kernel().trace.push(`poll ${task.name}`);
    return PENDING;
  },
  ready: (): Poll => READY,
});

function tracedKernel(): TracedKernel {
  const kernel: TracedKernel = new TracedKernel(tracing(() => kernel));
  return kernel;
}

/** The bytes of each halt, as the trace has them. */
function haltsOf(trace: readonly string[]): number[][] {
  const halts: number[][] = [];
  for (const item of trace) {
    if (item === "sti;hlt") halts.push([]);
    const byte = /^irq1 (0x..)$/.exec(item)?.[1];
    if (byte !== undefined) halts.at(-1)!.push(Number(byte));
  }
  return halts.slice(0, -1); // Nothing ends the last one.
}

const SCENARIOS: Scenarios = {
  "scancode before ScancodeStream::new": (scenario) => {
    const kernel = tracedKernel();
    kernel.scancodes.addScancode(0x1e);
    assertEquals(kernel.trace, scenario.trace);
  },
  "three tasks that yield twice: round robin": (scenario) => {
    const kernel = tracedKernel();
    for (const name of ["a", "b", "c"]) {
      kernel.spawn({ kind: "yields", name, left: 2 } as Future);
    }
    assertEquals(kernel.run(), scenario.ends_with);
    assertEquals(kernel.trace, scenario.trace);
  },
  "Pending without a wake is never polled again": (scenario) => {
    const kernel = tracedKernel();
    kernel.spawn({ kind: "silent", name: "a" } as Future);
    assertEquals(kernel.run(), scenario.ends_with);
    assertEquals(kernel.trace, scenario.trace);
  },
  "spawn overflows the task queue": (scenario) => {
    const kernel = tracedKernel();
    const spawn = () => kernel.spawn({ kind: "ready" });
    for (let i = 0; i < scenario.spawns_ok!; i++) spawn();
    assertThrows(
      spawn,
      Panic,
      `${scenario.panic_prefix}TaskId(${scenario.spawns_ok})`,
    );
    assertEquals(Object.keys(kernel.executor.state.tasks).length, 101);
  },
  "100 wakes in one poll fit": (scenario) => {
    let polls = 0;
    const kernel: TracedKernel = new TracedKernel({
      wakes100: (_task: Future, context: Context): Poll => {
        polls += 1;
        if (polls === 2) return READY;
        for (let i = 0; i < 100; i++) context.wakeSelf();
        return PENDING;
      },
    });
    kernel.spawn({ kind: "wakes100" });
    assertEquals(kernel.run(), scenario.ends_with);
    assertEquals(polls, scenario.polls_total);
  },
  "keyboard task: h i ! enter up-arrow backslash": (scenario) => {
    const kernel = tracedKernel();
    kernel.halts = haltsOf(scenario.trace!);
    kernel.spawn(exampleTask());
    kernel.spawn(printKeypresses());
    assertEquals(kernel.run(), scenario.ends_with);
    assertEquals(kernel.trace, scenario.trace);
  },
  "102 scancodes without a consumer": (scenario) => {
    const kernel = tracedKernel();
    kernel.scancodes.open();
    for (let i = 0; i < 102; i++) kernel.scancodes.addScancode(0x1e);
    assertEquals(kernel.trace, scenario.warnings);
  },
};

const panicOf = (fn: () => void): string => assertThrows(fn, Panic).message;

/** How each message comes about. */
const MESSAGES: Messages = {
  queue_full: () => {
    const kernel = tracedKernel();
    kernel.scancodes.open();
    for (let i = 0; i < 101; i++) kernel.scancodes.addScancode(0x1e);
    return kernel.trace.join().slice("print:".length, -1);
  },
  queue_uninitialized: () => {
    const kernel = tracedKernel();
    kernel.scancodes.addScancode(0x1e);
    return kernel.trace.join().slice("print:".length, -1);
  },
  second_stream: () => {
    const { scancodes } = tracedKernel();
    scancodes.open();
    return panicOf(() => scancodes.open());
  },
  poll_without_queue: () => {
    const { scancodes, executor } = tracedKernel();
    return panicOf(() => scancodes.pollNext(executor));
  },
  same_id: () => {
    const { executor } = tracedKernel();
    executor.spawn({ id: 5, future: { kind: "ready" } });
    return panicOf(() => executor.spawn({ id: 5, future: { kind: "ready" } }));
  },
  spawn_full: () => {
    const kernel = tracedKernel();
    for (let i = 0; i < 100; i++) kernel.spawn({ kind: "ready" });
    return panicOf(() => kernel.spawn({ kind: "ready" }))
      .replace("TaskId(100)", "TaskId(n)");
  },
  wake_full: () => {
    const { executor } = tracedKernel();
    for (let i = 0; i < 100; i++) executor.wake(7);
    return panicOf(() => executor.wake(7)).replace("TaskId(7)", "TaskId(n)");
  },
};

Deno.test("BookExecutor follows every row of blog_os-executor", () => {
  runExecutorVectors(MESSAGES, SCENARIOS);
});
