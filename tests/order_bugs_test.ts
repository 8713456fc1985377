/**
 * One wrong order for each primitive on the machine: a key of the input log is pressed at every clk of a short run, and comes
 * in where the CPU's IF lets it. That finds each planted order, and nothing in the right one; a wait without end is found, too,
 * as the stop `deadlock`.
 */
import { assert, assertEquals } from "@std/assert";
import { readStackFrame } from "../src/hw/idt.ts";
import type { Instructions } from "../src/hw/instructions.ts";
import { Machine } from "../src/hw/machine.ts";
import { RFLAGS_IF } from "../src/hw/registers.ts";
import {
  coreState,
  defineKernel,
  Idt,
  idtState,
  type KernelCore,
  keyboardHandler,
  Pics,
} from "../src/kernel/mod.ts";
import {
  ArrayQueue,
  arrayQueueState,
  AtomicWaker,
} from "../src/kernel/sync/mod.ts";
import {
  BookExecutor,
  type Context,
  Executor,
  type Future,
  type Kinds,
  NO_BYTE,
  PENDING,
  type Poll,
  ScancodeStream,
  TaskIds,
  type Wake,
} from "../src/kernel/task/mod.ts";
import { ORDERS, type Orders } from "./support/order_bugs.ts";

/** What hangs on the kernel. */
interface Run {
  /** Turns of the outermost loop; whoever halts says so first. */
  turn(halting: () => void): void;
  /** The keyboard's handler. */
  onKey(byte: number): void;
  /** What is broken in the end, or `null`. */
  broken(): string | null;
}

type MakeRun = (core: KernelCore) => Run;

/** The A key: one byte, 0x1e. */
const KEY_A = 0x1c;
/** What is left of the run when the last key comes. */
const REST_CLK = 3_000;

/** What came of one run. */
interface Outcome {
  /** When the loop began, and when it halted first. */
  readonly span: readonly [number, number];
  /** IF of the CPU at the key's interrupt: as pushed, and in the handler. */
  readonly interruptsOn: readonly [boolean, boolean] | null;
  readonly found: string | null;
}

function run(make: MakeRun, clk?: number): Outcome {
  const span: [number, number] = [0, 0];
  let interruptsOn: [boolean, boolean] | null = null;
  let parts: Run | null = null;
  const machine: Machine = new Machine({
    ramBytes: 16 * 2 ** 20,
    inputs: clk === undefined ? [] : [{ clk, source: "key", data: KEY_A }],
    program: defineKernel({
      id: "order-bugs",
      state: () => ({ ...coreState(), idt: idtState() }),
      build(core, state) {
        const made = make(core);
        parts = made;
        const pics = new Pics(core.cpu, core.env);
        const idt = new Idt(core, state.idt, [
          keyboardHandler(pics, (byte, cpu) => {
            interruptsOn = [pushedIf(cpu), cpu.peekInterruptsEnabled()];
            made.onKey(byte);
          }),
        ]);
        return {
          boot() {
            idt.init();
            pics.initialize();
            core.cpu.sti();
            core.cpu.pause(); // In the shadow of STI no interrupt comes.
          },
          loop() {
            span[0] ||= machine.clk;
            made.turn(() => span[1] ||= machine.clk);
          },
        };
      },
    }),
  });
  const { reason } = machine.run({ clkMax: (clk ?? 0) + REST_CLK });
  if (reason === "deadlock") return { span, interruptsOn, found: null };
  assertEquals(reason, "limit");
  return { span, interruptsOn, found: parts!.broken() };
}

/** IF in the frame that the interrupt has pushed. */
function pushedIf(cpu: Instructions): boolean {
  return (readStackFrame(cpu, cpu.readRsp()).cpuFlags & RFLAGS_IF) !== 0;
}

/**
 * Presses the key at every clk.
 *
 * @returns The clks at which the law was broken, and how many there were.
 */
function search(make: MakeRun): { found: number[]; clks: number } {
  const [from, to] = run(make).span;
  assert(0 < from && from < to && to < REST_CLK, "the run is short");
  const found: number[] = [];
  for (let clk = from; clk <= to + 1; clk++) {
    const outcome = run(make, clk);
    assertEquals(outcome.interruptsOn, [true, false]);
    if (outcome.found !== null) found.push(clk);
  }
  return { found, clks: to - from };
}

function check(name: string, right: MakeRun, planted: MakeRun): void {
  Deno.test(`${name}, at every clk on the machine`, () => {
    const clean = search(right);
    assertEquals(clean.found, []);
    assert(clean.clks > 0, "the right form has boundaries");
    assert(search(planted).found.length > 0, "the planted bug is found");
  });
}

/** Main code in the first turn, HLT in all others. */
const once = (make: Orders["right"]): MakeRun => (core) => {
  const { main, handler, broken } = make(core.env);
  let begun = false;
  return {
    turn(halting) {
      if (begun) {
        halting();
        core.cpu.hlt();
      } else {
        begun = true;
        main();
      }
    },
    onKey: handler,
    broken,
  };
};

for (const [name, { right, planted }] of Object.entries(ORDERS)) {
  check(name, once(right), once(planted));
}

/** Both ends of a stream of bytes. */
interface Stream {
  open(): void;
  add(byte: number): void;
  /** Bytes that came too early: lost by design, with a warning. */
  readonly lost: number;
  poll(context: Context): number;
}

const scancodes = (core: KernelCore, wake: Wake): Stream => {
  let lost = 0;
  const println = (text: string) => {
    lost += 1;
    core.println(text);
  };
  const stream = new ScancodeStream({ env: core.env, wake, println });
  return {
    open: () => stream.open(),
    add: (byte) => stream.addScancode(byte),
    poll: (context) => stream.pollNext(context),
    get lost() {
      return lost;
    },
  };
};

/** Registers after the second look. */
const registersLate = ({ env }: KernelCore, wake: Wake): Stream => {
  const queue = new ArrayQueue<number>(env, "Q", arrayQueueState(100));
  const waker = new AtomicWaker(env, wake);
  return {
    open() {},
    lost: 0,
    add(byte) {
      if (queue.push(byte)) waker.wake();
    },
    poll(context) {
      const byte = queue.pop() ?? queue.pop();
      if (byte !== null) return byte;
      waker.register(context.waker);
      return NO_BYTE;
    },
  };
};

/** An executor with one task, as a kernel sees it. */
interface Tasks {
  spawn(future: Future): void;
  wake: Wake;
  step(): boolean;
  isIdle(): boolean;
  sleepIfIdle(): void;
}

const EXECUTORS: Record<
  string,
  (core: KernelCore, kinds: Kinds, idle: Instructions) => Tasks
> = {
  BookExecutor({ env }, kinds, idle) {
    const executor = new BookExecutor(kinds, { env, idle });
    const queue = new ArrayQueue(env, "task_queue", executor.state.taskQueue);
    return {
      spawn: (future) => executor.spawn(new TaskIds().task(future)),
      wake: (waker) => executor.wake(waker),
      step: () => executor.step(),
      isIdle: () => queue.isEmpty,
      sleepIfIdle: () => executor.sleepIfIdle(),
    };
  },
  Executor({ env }, kinds, idle) {
    const executor = new Executor(kinds, { env });
    return {
      spawn: (future) => executor.spawn(future),
      wake: (waker) => executor.wake(waker),
      step: () => executor.step(),
      isIdle: () => executor.isIdle,
      sleepIfIdle: () => executor.sleepIfIdle(idle),
    };
  },
};

type Sleep = (tasks: Tasks, cpu: Instructions) => void;

const sleepIfIdle: Sleep = (tasks) => tasks.sleepIfIdle();

/** Looks first and halts then, with interrupts on all the time. */
const looksThenHalts: Sleep = (tasks, cpu) => {
  if (tasks.isIdle()) cpu.hlt();
};

/** A task reads the keyboard's bytes; each of them must be read. */
const reading = (
  executor: keyof typeof EXECUTORS,
  makeStream: (core: KernelCore, wake: Wake) => Stream,
  sleep: Sleep,
): MakeRun =>
(core) => {
  let read = 0;
  let came = 0;
  let begun = false;
  const kinds: Kinds = {
    reader(_: Future, context: Context): Poll {
      for (;;) {
        if (stream.poll(context) === NO_BYTE) return PENDING;
        read += 1;
      }
    },
  };
  const tasks = EXECUTORS[executor]!(core, kinds, core.cpu);
  const stream = makeStream(core, (waker) => tasks.wake(waker));
  return {
    turn(halting) {
      if (!begun) {
        begun = true;
        stream.open();
        tasks.spawn({ kind: "reader" });
      } else if (!tasks.step()) {
        sleep(tasks, core.cpu);
        halting();
      }
    },
    onKey(byte) {
      came += 1;
      stream.add(byte);
    },
    broken: () =>
      read + stream.lost === came
        ? null
        : `${read} of ${came} read, ${stream.lost} lost`,
  };
};

for (const executor of Object.keys(EXECUTORS)) {
  const right = reading(executor, scancodes, sleepIfIdle);
  check(
    `scancode stream on ${executor}: registered after the second look`,
    right,
    reading(executor, registersLate, sleepIfIdle),
  );
  check(
    `sleepIfIdle() of ${executor}: looked, and halted then`,
    right,
    reading(executor, scancodes, looksThenHalts),
  );
}
