/**
 * The kernel of the last chapter on the machine, with both executors: the order of its boot, its tasks, what it refuses, and
 * that all of it is saved.
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Machine } from "../hw/mod.ts";
import {
  cpuClock,
  HEAP_SIZE,
  HEAP_START,
  interruptHandler,
  type KernelOptions,
  type KernelParts,
  type KernelState,
  makeKernel,
} from "./mod.ts";
import { keyInputs } from "./keyboard/mod.ts";
import {
  type Future,
  Generators,
  printKeypresses,
  READY,
  sleep,
  until,
} from "./task/mod.ts";
import { ONCE_COMPLETE } from "./sync/once.ts";

const RAM = { ramBytes: 16 * 2 ** 20 };
const EXECUTORS = ["BookExecutor", "Executor"] as const;

const machineWith = (options: KernelOptions = {}): Machine =>
  new Machine({ program: makeKernel(options), ...RAM });

const stateOf = (machine: Machine): KernelState =>
  machine.kernelState as unknown as KernelState;

const lines = (machine: Machine): string[] =>
  machine.vga.screenText().join("\n").trim().split("\n");

Deno.test("makeKernel() boots in the book's order", () => {
  const machine = machineWith();
  machine.events.on = true;
  machine.step();
  machine.step();
  const seen: string[] = [];
  const note = (what: string) => {
    if (seen.at(-1) !== what) seen.push(what);
  };
  const heap = (address: number) =>
    address >= HEAP_START && address < HEAP_START + HEAP_SIZE;
  let pages = 0;
  let frames = 0;
  for (const { kind, a, b } of machine.events) {
    if (kind === "mmio-write") note("screen");
    else if (kind === "port-write" && a === 0x20) note("PICs");
    else if (kind === "frame-alloc") frames += 1;
    else if (kind === "map" && heap(a)) {
      note("heap pages");
      pages += 1;
    } else if (kind === "tlb-fill" && heap(a)) note("heap laid");
    else if (kind === "port-write" && a === 0xe9) note(`${b}`);
  }
  assertEquals(seen, [
    "screen", // Hello World!
    "PICs",
    "heap pages",
    "heap laid",
    "screen", // async number: 42
  ]);
  assertEquals([pages, frames], [25, 28]);
  assertEquals(lines(machine), ["Hello World!", "async number: 42"]);
  const { gdt, idt, memory, tasks } = stateOf(machine);
  assertEquals([gdt.gdt.status, idt.status], [ONCE_COMPLETE, ONCE_COMPLETE]);
  assertEquals(memory.frames.next, 28);
  assertEquals(Object.keys(tasks.executor), ["tasks", "taskQueue"]);
});

Deno.test("a key before the task's queue is lost with a warning, a key behind it is printed", () => {
  const quiet = machineWith();
  const turns: number[] = []; // Boot, the first task, the second.
  for (let i = 0; i < 3; i++) turns.push((quiet.step(), quiet.clk));
  const warning = "WARNING: scancode queue uninitialized";
  for (
    const [clk, text] of [
      [turns[0]! - 4, [warning, "async number: 42"]],
      [turns[1]!, ["async number: 42", warning]],
      [turns[2]! + 1, ["async number: 42", "a"]],
    ] as const
  ) {
    const machine = machineWith();
    machine.addInputs([{ clk, source: "key", data: 0x1c }]);
    machine.run({ clkMax: 100_000 });
    assertEquals(lines(machine), ["Hello World!", ...text]);
    assertEquals(machine.keysLost, 0);
  }
});

Deno.test("a key before the PICs are initialised: its edge is forgotten, and with it all keys", () => {
  // 8259A, "Initialization Command Words": ICW1 resets the edge sense circuit,
  // and IRQ 1 stays high, as nobody reads the byte.
  const machine = machineWith();
  machine.addInputs(keyInputs("abcdefghi", { clk: 100 }));
  machine.run({ clkMax: 5_000_000 });
  assertEquals(lines(machine), ["Hello World!", "async number: 42"]);
  assertEquals(machine.keysLost, 27 - 1 - 16);
});

for (const executor of EXECUTORS) {
  Deno.test(`makeKernel() with ${executor}: saved, loaded and forked between all of its turns`, () => {
    const END = 60_000;
    const fresh = () => {
      const machine = machineWith({ executor });
      machine.addInputs(
        keyInputs("ab{F1}{Enter}c", { clk: 10_800, byteClk: 900 }),
      );
      return machine;
    };
    const whole = fresh();
    whole.run({ clkMax: END });
    assert(lines(whole).join("").includes("F1"), lines(whole).join());
    const source = fresh();
    const target = fresh();
    let turns = 0;
    for (; source.clk < END; turns++) {
      target.load(source.save());
      assertEquals(target.digest(), source.digest());
      const fork = source.fork();
      for (const machine of [target, fork]) {
        machine.run({ clkMax: END });
        assertEquals(machine.digest(), whole.digest(), `turn ${turns}`);
      }
      fork.release();
      source.step();
    }
    assert(turns >= 40, `${turns} turns`);
  });

  Deno.test(`save() and fork() with ${executor} refuse a generator by name, inside of a task too, until it has ended`, () => {
    const generators = new Generators();
    const blinker = () =>
      generators.task("blinker", function* () {
        yield* until(generators.task("inner", function* () {
          yield;
        }));
      });
    interface Holder extends Future {
      readonly part: Future;
    }
    const machine = machineWith({
      executor,
      onTick: ({ tasks }) => tasks.wake(0),
      kinds: () => ({
        ...generators.kinds,
        holder: (task: Holder, context) => context.poll(task.part),
      }),
      main: () => [
        { kind: "holder", part: blinker() } as Holder,
        printKeypresses(),
      ],
    });
    machine.save(); // Nothing has been spawned yet.
    machine.step();
    const text = 'task "blinker" is a generator, whose stack is no data; ' +
      "write it as data, or run again from before its spawn";
    const digest = machine.digest();
    assertThrows(() => machine.save(), RangeError, `Cannot save: ${text}`);
    assertThrows(() => machine.fork(), RangeError, `Cannot fork: ${text}`);
    assertEquals(machine.digest(), digest, "refusing changes nothing");
    machine.run({ clkMax: 20_000_000 }); // The third tick has come.
    machine.save();
    machine.fork().release();
  });
}

Deno.test("load() refuses the state of a kernel with the other executor", () => {
  const snapshot = machineWith().save();
  assertThrows(
    () => machineWith({ executor: "Executor" }).load(snapshot),
    RangeError,
    "it was taken of program kernel, this machine runs kernel-executor",
  );
});

Deno.test("makeKernel() with Executor sleeps: a task wakes at the first tick behind its deadline", () => {
  interface Nap extends Future {
    readonly wait: Future;
  }
  const machine = machineWith({
    executor: "Executor",
    onTick() {},
    kinds: ({ core }) => ({
      nap(task: Nap, context) {
        const poll = context.poll(task.wait);
        if (poll === READY) core.println("awake");
        return poll;
      },
    }),
    main: () => [{ kind: "nap", wait: sleep(7_000_000) } as Nap],
  });
  machine.run({ clkMax: 13_000_000 });
  assertEquals(lines(machine), ["Hello World!"]);
  machine.run({ clkMax: 13_110_000 }); // The second tick comes at 13,107,200.
  assertEquals(lines(machine), ["Hello World!", "awake"]);
});

Deno.test("makeKernel() takes tasks, kinds, ticks and gates of one's own, each with the kernel's parts", () => {
  for (const executor of EXECUTORS) {
    const seen: KernelParts[] = [];
    const machine = machineWith({
      executor,
      id: "own",
      onTick: (parts) => (seen.push(parts), parts.core.print("t")),
      kinds: ({ core, memory, pics, tasks }) => ({
        own() {
          seen.push({ core, memory, pics, tasks });
          core.print("o");
          const block = memory.heap.alloc(16, 8);
          core.print(block === HEAP_START ? "h" : "?");
          core.cpu.int(0x80);
          return READY;
        },
      }),
      main: (parts) => {
        seen.push(parts);
        assertEquals(parts.tasks.spawn({ kind: "own" }) % 2 ** 24, 0);
        assertEquals(parts.tasks.spawn({ kind: "own" }) % 2 ** 24, 1);
        return [];
      },
      gates: ({ core, pics }) => [
        interruptHandler("own_handler", 0x80, pics, () => core.print("g")),
      ],
    });
    machine.run({ clkMax: 7_000_000 });
    assertEquals(machine.stopped, null);
    assertEquals(lines(machine), ["Hello World!", "ohgo?gt"]);
    assertEquals(seen.length, 4);
    for (const parts of seen.slice(1)) assertEquals(parts, seen[0]);
    assertEquals(machine.save().programId, "own");
  }
});

Deno.test("KernelTasks.spawn() gives names and priorities where the executor has them", () => {
  const names: (string | undefined)[] = [];
  for (const executor of EXECUTORS) {
    const machine = machineWith({
      executor,
      kinds: ({ core }) => ({
        named(task: Future & { readonly text: string }) {
          core.print(task.text);
          return READY;
        },
      }),
      main({ tasks }) {
        const spawn = (text: string, priority: number) =>
          tasks.spawn({ kind: "named", text } as Future, {
            name: text,
            priority,
          });
        const ids = [spawn("low", 1), spawn("high", 7)];
        const { executor } = tasks;
        names.push(
          ...ids.map((id) =>
            "statistics" in executor ? executor.statistics(id)?.name : undefined
          ),
        );
        return [];
      },
    });
    machine.run({ clkMax: 100_000 });
    const text = executor === "Executor" ? "highlow" : "lowhigh";
    assertEquals(lines(machine), ["Hello World!", text]);
  }
  assertEquals(names, [undefined, undefined, "low", "high"]);
});

Deno.test("cpuClock() reads all 64 bits of the clock, a boundary each time", () => {
  const cpu = { high: 3, rdtsc: () => 0xffff_fff0 };
  assertEquals(cpuClock(cpu).clk, 3 * 2 ** 32 + 0xffff_fff0);
  const clks: number[] = [];
  const machine = machineWith({
    main({ core }) {
      const clock = cpuClock(core.cpu);
      clks.push(clock.clk, clock.clk, clock.clk);
      return [];
    },
  });
  machine.step();
  assertEquals([clks[1]! - clks[0]!, clks[2]! - clks[1]!], [1, 1]);
});
