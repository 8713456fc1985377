/**
 * blog_os-executor.json on the real kernel and the machine: each line of each trace, read off the CPU. What a call from a
 * test was in the original is a task here, or a key.
 */
import { assert, assertEquals } from "@std/assert";
import { HOST_RESUME } from "../src/hw/host_range.ts";
import { Machine } from "../src/hw/machine.ts";
import type { Stop } from "../src/hw/stop.ts";
import {
  type BookExecutorState,
  bookExecutorState,
  type Context,
  type Future,
  PENDING,
  type Poll,
  READY,
} from "../src/kernel/task/mod.ts";
import { untranslated } from "../src/kernel/keyboard/mod.ts";
import {
  type KernelOptions,
  type KernelState,
  type KernelTasks,
  makeKernel,
} from "../src/kernel/mod.ts";
import { CpuTrace } from "./support/cpu_trace.ts";
import {
  type Messages,
  runExecutorVectors,
  type Scenario,
  type Scenarios,
} from "./support/executor_vectors.ts";

/** Before the timer's first tick, which is no part of the traces. */
const END_CLK = 6_500_000;
const RAM = { ramBytes: 16 * 2 ** 20 };

interface Named extends Future {
  readonly name: string;
  left: number;
}

const future = (kind: string, name = "", left = 0): Named => ({
  kind,
  name,
  left,
});

/** Kinds of tasks that say on port 0xe9 that they are polled. */
const kinds: NonNullable<KernelOptions["kinds"]> = ({ core, tasks }) => {
  const polled = (name: string) => core.cpu.out8(0xe9, name.charCodeAt(0));
  const act = (body: () => void) => (): Poll => (body(), READY);
  return {
    yields(task: Named, context: Context): Poll {
      polled(task.name);
      if (task.left === 0) return READY;
      task.left -= 1;
      context.wakeSelf();
      return PENDING;
    },
    silent(task: Named): Poll {
      polled(task.name);
      return PENDING;
    },
    wakes100(task: Named, context: Context): Poll {
      polled(task.name);
      task.left += 1;
      if (task.left === 2) return READY;
      for (let i = 0; i < 100; i++) context.wakeSelf();
      return PENDING;
    },
    ready: () => READY,
    open: act(() => tasks.scancodes.open()),
    openTwice: act(() => (tasks.scancodes.open(), tasks.scancodes.open())),
    pollUnopened: (
      _task: Future,
      context: Context,
    ): Poll => (tasks.scancodes.pollNext(context), PENDING),
    wake101(_task: Future, context: Context): Poll {
      for (let i = 0; i < 101; i++) context.wake(7);
      return READY;
    },
    sameId: act(() => twice(tasks)),
  };
};

/** Spawns two tasks of one number. */
function twice({ executor }: KernelTasks): void {
  if (!("spawn" in executor) || !("taskQueue" in executor.state)) return;
  for (let i = 0; i < 2; i++) {
    executor.spawn({ id: 5, future: future("ready") } as never);
  }
}

interface Traced {
  readonly lines: readonly string[];
  readonly stop: Stop;
  readonly machine: Machine;
}

/**
 * Boots the kernel and reads its trace from its first turn on.
 *
 * @param main its tasks; those of the book if absent
 * @param halts bytes of set 1 that come while it halts, the first ones in the first halt
 */
function trace(
  main?: readonly Future[],
  halts: readonly (readonly number[])[] = [],
): Traced {
  const program = makeKernel({ kinds, ...(main ? { main: () => main } : {}) });
  const machine = new Machine({ program, ...RAM });
  machine.step(); // The boot is one turn.
  if (machine.stopped) return { lines: [], stop: machine.stopped, machine };
  const trace = new CpuTrace(machine);
  for (const bytes of halts) {
    machine.run({ until: ({ cpu }) => cpu.halted, clkMax: END_CLK });
    const wire = untranslated(bytes);
    machine.addInputs(
      wire.map((data) => ({ clk: machine.clk + 500, source: "key", data })),
    );
    machine.step(); // Out of the halt, at the clk of these bytes.
  }
  const stop = machine.run({ clkMax: END_CLK });
  trace.look();
  return { lines: trace.lines, stop, machine };
}

/** The bytes of each halt, as a trace has them. */
function haltsOf(lines: readonly string[]): number[][] {
  const halts: number[][] = [];
  for (const line of lines) {
    if (line === "sti;hlt") halts.push([]);
    const byte = /^irq1 (0x..)$/.exec(line)?.[1];
    if (byte !== undefined) halts.at(-1)!.push(Number(byte));
  }
  return halts.slice(0, -1); // Nothing ends the last one.
}

const prints = ({ lines }: Traced): string[] =>
  lines.filter((line) => line.startsWith("print:"));

/** The same trace, and a CPU that waits for an interrupt at its end. */
function assertTrace(traced: Traced, scenario: Scenario): void {
  assertEquals(traced.lines, scenario.trace);
  assertEquals(scenario.ends_with, "IDLE");
  assert(traced.machine.cpu.halted);
  assertEquals(traced.stop, { reason: "limit", insideTurn: false });
}

function panicOf({ stop }: Traced): string {
  if (stop.reason !== "panic") throw new Error(`it ended as ${stop.reason}`);
  return stop.message;
}

const executorOf = ({ machine }: Traced): BookExecutorState =>
  (machine.kernelState as unknown as KernelState).tasks
    .executor as BookExecutorState;

const KEY = [0x1e];
const keys = (count: number): number[] => Array<number>(count).fill(0x1e);

const SCENARIOS: Scenarios = {
  "scancode before ScancodeStream::new": (scenario) =>
    assertEquals(prints(trace([], [KEY])), scenario.trace),
  "three tasks that yield twice: round robin": (scenario) =>
    assertTrace(
      trace(["a", "b", "c"].map((name) => future("yields", name, 2))),
      scenario,
    ),
  "Pending without a wake is never polled again": (scenario) =>
    assertTrace(trace([future("silent", "a")]), scenario),
  "spawn overflows the task queue": (scenario) => {
    const spawns = scenario.spawns_ok!;
    const fits = trace(Array.from({ length: spawns }, () => future("ready")));
    assertEquals(fits.stop.reason, "limit");
    const over = Array.from({ length: spawns + 1 }, () => future("ready"));
    const overflow = trace(over);
    const panic = `${scenario.panic_prefix}TaskId(${spawns})`;
    assertEquals(panicOf(overflow), panic);
    assertEquals(
      overflow.machine.vga.screenText().slice(21, 24),
      ["Hello World!", "panicked at boot:", panic],
    );
    assertEquals(Object.keys(executorOf(overflow).tasks).length, 101);
  },
  "100 wakes in one poll fit": (scenario) => {
    const traced = trace([future("wakes100", "w")]);
    const polls = traced.lines.filter((line) => line === "poll w");
    assertEquals(polls.length, scenario.polls_total);
    assertEquals(traced.lines.slice(2), ["cli", "sti;hlt"]);
    assertEquals(executorOf(traced).tasks, bookExecutorState().tasks);
  },
  "keyboard task: h i ! enter up-arrow backslash": (scenario) =>
    assertTrace(trace(undefined, haltsOf(scenario.trace!)), scenario),
  "102 scancodes without a consumer": (scenario) =>
    assertEquals(
      prints(trace([future("open")], keys(102).map((k) => [k]))),
      scenario.warnings,
    ),
};

const lastPrint = (traced: Traced): string =>
  prints(traced).at(-1)!.slice("print:".length, -1);

/** How each message comes about. */
const MESSAGES: Messages = {
  queue_full: () =>
    lastPrint(trace([future("open")], keys(101).map((k) => [k]))),
  queue_uninitialized: () => lastPrint(trace([], [KEY])),
  second_stream: () => panicOf(trace([future("openTwice")])),
  poll_without_queue: () => panicOf(trace([future("pollUnopened")])),
  same_id: () => panicOf(trace([future("sameId")])),
  spawn_full: () =>
    panicOf(trace(Array.from({ length: 101 }, () => future("ready"))))
      .replace("TaskId(100)", "TaskId(n)"),
  wake_full: () =>
    panicOf(trace([future("wake101")])).replace("TaskId(7)", "TaskId(n)"),
};

Deno.test("the kernel on the machine follows every row of blog_os-executor, IF seen on the CPU", () => {
  runExecutorVectors(MESSAGES, SCENARIOS);
});

Deno.test("a key at each boundary of a turn that finds nothing to do: three traces, and no key is lost", () => {
  const machine = new Machine({ program: makeKernel(), ...RAM });
  machine.run({ until: ({ cpu }) => cpu.halted });
  // The release of a key ends the halt; behind its handler stands a whole turn.
  const wire = untranslated([0x9e]);
  const clk = machine.clk + 100;
  machine.addInputs(wire.map((data) => ({ clk, source: "key", data })));
  machine.step();
  machine.run({ until: () => machine.cpu.rip === HOST_RESUME });
  machine.step(); // The task reads the release, and waits again.
  assert(!machine.cpu.halted);
  const start = machine.clk;
  const seen: string[] = [];
  for (let after = 1; after <= 30; after++) {
    const fork = machine.fork([{
      clk: start + after,
      source: "key",
      data: 0x1c,
    }]);
    const trace = new CpuTrace(fork);
    assertEquals(fork.run({ clkMax: start + 10_000 }).reason, "limit");
    trace.look();
    seen.push(trace.lines.join(" "));
  }
  assertEquals(seen.filter((lines, i) => lines !== seen[i - 1]), [
    "irq1 0x1e print:a cli sti;hlt", // Before the queue is found empty.
    "irq1 0x1e cli sti print:a cli sti;hlt", // Between that and CLI.
    "cli sti;hlt irq1 0x1e print:a cli sti;hlt", // Behind CLI: it ends the halt.
  ]);
});
