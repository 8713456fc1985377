import { assertEquals } from "@std/assert";
import {
  atEveryBoundary,
  InterruptEnv,
} from "../../../tests/support/interrupt_env.ts";
import {
  ArrayQueue,
  arrayQueueState,
  AtomicWaker,
  HOST_ENV,
} from "../sync/mod.ts";
import {
  BookExecutor,
  type Context,
  Executor,
  type Future,
  type Idle,
  type Kinds,
  NO_BYTE,
  PENDING,
  type Poll,
  ScancodeStream,
  SerialStream,
  TaskIds,
  TickStream,
  type Wake,
} from "./mod.ts";

// One interrupt, moved over all boundaries of a short run: the right form never
// loses it, and one in which two steps are exchanged does at some boundary.

/** A CPU that halts until the interrupt comes; only then it may be lost. */
class HaltingCpu implements Idle {
  enabled = true;
  halted = false;
  constructor(readonly env: InterruptEnv) {}
  cli(): void {
    this.env.boundary();
    this.enabled = false;
  }
  sti(): void {
    this.env.boundary();
    this.enabled = true;
  }
  enableAndHlt(): void {
    this.env.boundary();
    this.enabled = true;
    this.halted = true;
  }
}

/** What is at the ends of a stream of bytes. */
interface Stream {
  add(byte: number): void;
  poll(context: Context): number;
}

type Outcome = "read" | "lost";

/**
 * A task reads a stream, and the executor sleeps when it waits; the interrupt
 * brings the one byte that there is.
 *
 * @returns `read`, or `lost` if the CPU halts with the byte unread.
 */
function run(
  makeStream: (env: InterruptEnv, wake: Wake) => Stream,
  sleep: (executor: Sleeper, cpu: HaltingCpu) => void,
  makeExecutor: (kinds: Kinds, env: InterruptEnv) => Sleeper,
  at: number,
): { count: number; outcome: Outcome } {
  let delivered = false;
  let wanted = false;
  let read = false;
  const interrupt = () => {
    delivered = true;
    stream.add(1);
  };
  const handle = () => {
    // With interrupts off it stays pending.
    if (cpu.enabled) interrupt();
    else wanted = true;
  };
  const env = new InterruptEnv(at, handle);
  const cpu = new HaltingCpu(env);
  const stream = makeStream(env, (waker) => executor.wake(waker));
  const executor = makeExecutor({
    reader: (_: Future, context: Context): Poll => {
      while (stream.poll(context) !== NO_BYTE) read = true;
      return PENDING;
    },
  }, env);
  executor.start();
  for (let turns = 0; turns < 50 && !read; turns++) {
    if (wanted && cpu.enabled && !delivered) interrupt();
    if (!executor.step()) sleep(executor, cpu);
    if (!cpu.halted) continue;
    if (wanted && !delivered) interrupt();
    else if (delivered) break; // Nothing will end this halt.
    else return { count: env.count, outcome: "read" }; // No byte in this run.
    cpu.halted = false;
  }
  return { count: env.count, outcome: read ? "read" : "lost" };
}

/** An executor with one task in it. */
interface Sleeper {
  start(): void;
  step(): boolean;
  wake: Wake;
  isIdle(): boolean;
  sleepIfIdle(idle: Idle): void;
}

const book = (kinds: Kinds, env: InterruptEnv): Sleeper => {
  let idle: Idle | null = null;
  const cpu: Idle = {
    cli: () => idle!.cli(),
    sti: () => idle!.sti(),
    enableAndHlt: () => idle!.enableAndHlt(),
  };
  const executor = new BookExecutor(kinds, { env, idle: cpu });
  return {
    start: () => executor.spawn(new TaskIds().task({ kind: "reader" })),
    step: () => executor.step(),
    wake: (waker) => executor.wake(waker),
    isIdle: () =>
      new ArrayQueue(env, "task_queue", executor.state.taskQueue).isEmpty,
    sleepIfIdle: (given) => {
      idle = given;
      executor.sleepIfIdle();
    },
  };
};

const fast = (kinds: Kinds, env: InterruptEnv): Sleeper => {
  const executor = new Executor(kinds, { env });
  return {
    start: () => executor.spawn({ kind: "reader" }),
    step: () => executor.step(),
    wake: (waker) => executor.wake(waker),
    isIdle: () => executor.isIdle,
    sleepIfIdle: (given) => executor.sleepIfIdle(given),
  };
};

const scancodes = (env: InterruptEnv, wake: Wake): Stream => {
  const options = { wake, println: () => {} };
  const opened = new ScancodeStream({ env: HOST_ENV, ...options });
  opened.open(); // What comes before is lost by design.
  const stream = new ScancodeStream({ env, ...options }, opened.state);
  return {
    add: (byte) => stream.addScancode(byte),
    poll: (context) => stream.pollNext(context),
  };
};

const serial = (env: InterruptEnv, wake: Wake): Stream => {
  const stream = new SerialStream(env, wake);
  return {
    add: (byte) => stream.addByte(byte),
    poll: (context) => stream.pollNext(context),
  };
};

const ticks = (env: InterruptEnv, wake: Wake): Stream => {
  const stream = new TickStream(env, wake);
  return {
    add: () => stream.tick(),
    poll: (context) => stream.pollNext(context) || NO_BYTE,
  };
};

/** A stream that registers after its second look. */
const registersLate = (env: InterruptEnv, wake: Wake): Stream => {
  const queue = new ArrayQueue<number>(env, "Q", arrayQueueState(100));
  const waker = new AtomicWaker(env, wake);
  return {
    add: (byte) => {
      queue.push(byte);
      waker.wake();
    },
    poll: (context) => {
      const byte = queue.pop() ?? queue.pop();
      if (byte !== null) return byte;
      waker.register(context.waker);
      return NO_BYTE;
    },
  };
};

const sleepIfIdle = (executor: Sleeper, cpu: HaltingCpu) =>
  executor.sleepIfIdle(cpu);

/** Looks first and halts then, with interrupts on all the time. */
const checkThenHalt = (executor: Sleeper, cpu: HaltingCpu) => {
  if (executor.isIdle()) cpu.enableAndHlt();
};

const RIGHT = { scancodes, serial, ticks };
const EXECUTORS = { book, fast };

for (const [name, stream] of Object.entries(RIGHT)) {
  for (const [mode, executor] of Object.entries(EXECUTORS)) {
    Deno.test(`${name} on the ${mode} executor lose no interrupt at any boundary`, () => {
      const outcomes = atEveryBoundary((at) =>
        run(stream, sleepIfIdle, executor, at)
      );
      assertEquals(outcomes.filter((outcome) => outcome !== "read"), []);
      assertEquals(outcomes.length > 10, true);
    });
  }
}

for (const [mode, executor] of Object.entries(EXECUTORS)) {
  Deno.test(`a stream that registers after its second look loses a byte, ${mode}`, () => {
    const outcomes = atEveryBoundary((at) =>
      run(registersLate, sleepIfIdle, executor, at)
    );
    assertEquals(outcomes.includes("lost"), true);
  });

  Deno.test(`looking before the halt with interrupts on loses a wake, ${mode}`, () => {
    const outcomes = atEveryBoundary((at) =>
      run(scancodes, checkThenHalt, executor, at)
    );
    assertEquals(outcomes.includes("lost"), true);
  });
}

Deno.test("a handler that wakes before it pushes loses a byte", () => {
  // The handler has boundaries, too: a second, longer interrupt lies in them.
  let read = 0;
  const env = new InterruptEnv();
  const queue = new ArrayQueue<number>(env, "Q", arrayQueueState(2));
  const executor: Executor = new Executor({
    reader: (_: Future, context: Context): Poll => {
      while (queue.pop() !== null) read += 1;
      waker.register(context.waker);
      return PENDING;
    },
  });
  const waker = new AtomicWaker(env, (id) => executor.wake(id));
  executor.spawn({ kind: "reader" });
  executor.runUntilIdle();
  waker.wake();
  executor.runUntilIdle(); // As on another CPU, or in a nested interrupt.
  queue.push(1);
  executor.runUntilIdle();
  assertEquals([read, queue.length], [0, 1]);
});
