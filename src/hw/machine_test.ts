import {
  assert,
  assertEquals,
  assertNotEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  bareMachine,
  bareProgram,
  endOfInterrupt,
  FREE,
  KEYBOARD,
  movePics,
  runBare,
  TICK_CLK,
  TIMER,
} from "../../tests/support/bare.ts";
import { diffState } from "../base/state_tree.ts";
import { CLK_HZ, NEVER } from "../base/time.ts";
import { virtAddr } from "./addr.ts";
import type { Program } from "./hosted.ts";
import type { Input } from "./input_log.ts";
import type { Instructions } from "./instructions.ts";
import { Machine, RUN_CLK_MAX } from "./machine.ts";
import { EFER_NXE } from "./registers.ts";
import type { Snapshot } from "./snapshot.ts";

const MIB = 2 ** 20;
/** Between the VGA window and the ROM nobody answers. */
const FREE_PHYSICAL_HOLE = 0xc_8000;

/** Counts its timer ticks and key presses, and halts between them. */
const counting = (cpu: Instructions, s: { ticks: number; keys: number[] }) => ({
  handlers: {
    timer: {
      vector: TIMER,
      run() {
        s.ticks += 1;
        endOfInterrupt(cpu);
        cpu.iretq();
      },
    },
    keyboard: {
      vector: KEYBOARD,
      run() {
        s.keys.push(cpu.in8(0x60));
        endOfInterrupt(cpu);
        cpu.iretq();
      },
    },
  },
  boot() {
    movePics(cpu);
    cpu.sti();
  },
});
const fresh = () => ({ ticks: 0, keys: [] as number[] });
const countingMachine = (inputs: readonly Input[] = []) =>
  bareMachine(counting, { fresh, inputs });

const key = (clk: number, data = 0x1c): Input => ({ clk, source: "key", data });

Deno.test("exit: the value written to isa-debug-exit, and QEMU's status", () => {
  for (const [value, status] of [[0, 1], [0x10, 33], [0x7f, 255], [0x80, 1]]) {
    const { stop } = runBare((cpu) => ({
      boot: () => cpu.out32(0xf4, value!),
    }));
    assertEquals(stop, { reason: "exit", value: value!, status: status! });
  }
});

Deno.test("exit: the CPU is dead behind it", () => {
  const { stop, machine } = runBare((cpu) => ({
    boot() {
      cpu.out32(0xf4, 1);
      cpu.store32(FREE, 1);
    },
  }));
  assertEquals(stop.reason, "exit");
  assertEquals(machine.peek(FREE), 0);
  const { clk } = machine;
  assertStrictEquals(machine.run(), machine.stopped);
  assertStrictEquals(machine.step(), machine.stopped);
  assertEquals(machine.clk, clk);
});

const RESETS: readonly [string, (cpu: Instructions) => void][] = [
  ["8042", (cpu) => cpu.out8(0x64, 0xfe)],
  ["port 0x92", (cpu) => cpu.out8(0x92, cpu.in8(0x92) | 1)],
  ["port 0xcf9", (cpu) => (cpu.out8(0xcf9, 2), cpu.out8(0xcf9, 6))],
];
for (const [by, act] of RESETS) {
  Deno.test(`reset by ${by}`, () => {
    const { stop } = runBare((cpu) => ({
      boot() {
        act(cpu);
        cpu.nop();
      },
    }));
    assertEquals(stop as unknown, { reason: "reset", by });
  });
}

Deno.test("no-engine: no program, or RIP outside the host range", () => {
  const bare = new Machine({ ramBytes: 16 * MIB });
  const { clk } = bare;
  assertEquals(bare.run(), { reason: "no-engine", rip: bare.cpu.rip });
  assertEquals([bare.clk, bare.kernelState], [clk, null]);
  assertEquals(bare.digest().length, 16);
});

Deno.test("limit: between turns the machine goes on, inside one it does not", () => {
  const machine = countingMachine();
  assertEquals(machine.run({ clkMax: 1_000_000 }), {
    reason: "limit",
    insideTurn: false,
  });
  assertEquals([machine.clk, machine.stopped], [1_000_000, null]);
  assertEquals(machine.run({ clkMax: 1_000_000 }).reason, "limit");
  assertThrows(
    () => machine.run({ clkMax: 999_999 }),
    RangeError,
    "Cannot run to clk 999999: it is 1000000; give a later one",
  );
  const busy = bareMachine((cpu) => ({
    loop() {
      for (;;) cpu.pause();
    },
  }));
  const stop = busy.run({ clkMax: 5_000 });
  assertEquals(stop, { reason: "limit", insideTurn: true });
  assertEquals(busy.clk, 5_000);
  assertStrictEquals(busy.run({ clkMax: 6_000 }), stop);
  for (const verb of ["save", "fork"] as const) {
    assertThrows(
      () => busy[verb](),
      RangeError,
      `Cannot ${verb}: the limit fell inside loop`,
    );
  }
});

Deno.test("limit: HLT in place is cut at exactly that clk", () => {
  const { machine, stop } = runBare((cpu) => ({
    boot() {
      movePics(cpu);
      cpu.sti();
      cpu.hlt();
    },
  }), { clkMax: 1_234_567 });
  assertEquals(stop, { reason: "limit", insideTurn: true });
  assertEquals([machine.clk, machine.cpu.halted], [1_234_567, true]);
});

Deno.test("run() without clkMax ends after ten virtual minutes", () => {
  const machine = bareMachine((cpu) => ({
    boot() {
      movePics(cpu, [0xff, 0xff]);
      cpu.sti();
    },
  }));
  assertEquals(machine.run().reason, "limit");
  assertEquals(machine.clk, RUN_CLK_MAX);
  assertEquals(RUN_CLK_MAX, 600 * CLK_HZ);
});

Deno.test("step() of a machine in which nothing can happen does not leave time", () => {
  // The timer is stopped by a mode that waits for its count, and the CMOS clock's interrupt is off.
  const machine = bareMachine((cpu) => ({
    boot() {
      cpu.out8(0x43, 0x30);
      movePics(cpu, [0xff, 0xff]);
      cpu.sti();
    },
  }));
  for (let i = 0; i < 20; i++) assertEquals(machine.step(), null);
  assert(machine.clk < NEVER / 2);
});

for (const name of ["clkMax", "pauseClk", "idleClk"] as const) {
  Deno.test(`run() refuses a ${name} that is no whole number`, () => {
    const machine = countingMachine();
    for (const value of [NaN, 1.5, 2 ** 60, -Infinity]) {
      assertThrows(
        () => machine.run({ clkMax: 10, [name]: value }),
        RangeError,
        `Cannot run with ${name} ${value}: give a whole number of clks`,
      );
    }
    assertEquals(
      machine.run({ clkMax: 30_000, [name]: Infinity, until: () => true }),
      { reason: "until" },
    );
  });
}

Deno.test("until: asked between transitions, and the run can be resumed", () => {
  const machine = countingMachine();
  const ticks = () => (machine.kernelState as { ticks: number }).ticks;
  for (let i = 1; i <= 3; i++) {
    assertEquals(machine.run({ until: () => ticks() === i }), {
      reason: "until",
    });
    assertEquals([ticks(), machine.stopped], [i, null]);
  }
});

Deno.test("until: may run the machine itself, whose limits for this run stay", () => {
  const machine = countingMachine();
  let inner = 0;
  const stop = machine.run({
    clkMax: 30_000_000,
    idleClk: 20_000_000,
    until: () => {
      inner += 1;
      if (inner < 3) machine.run({ clkMax: machine.clk + 500_000 });
      return false;
    },
  });
  assertEquals([stop, machine.clk], [{ reason: "idle" }, 20_000_000]);
  assertEquals(
    machine.run({
      clkMax: 25_000_000,
      until: () => machine.clk < 21_000_000 && machine.step() !== null,
    }),
    { reason: "limit", insideTurn: false },
  );
  assertEquals(machine.clk, 25_000_000);
});

Deno.test("pauseClk cuts a wait at exactly that clk, and returns at once when it has passed", () => {
  const machine = countingMachine();
  assertEquals(machine.run({ pauseClk: 777_777 }), { reason: "until" });
  assertEquals([machine.clk, machine.cpu.halted], [777_777, true]);
  assertEquals(machine.run({ pauseClk: 5 }), { reason: "until" });
  assertEquals(machine.clk, 777_777);
});

Deno.test("idle: HLT with interrupts on, no input left, and none arrived or was read for that long", () => {
  const machine = countingMachine([key(1_000_000)]);
  const stop = machine.run({ idleClk: 2 * TICK_CLK });
  assertEquals(stop, { reason: "idle" });
  assertEquals((machine.kernelState as { keys: number[] }).keys, [0x1e]);
  // The handler read the byte a few clks after it had arrived.
  const read = machine.clk - 2 * TICK_CLK;
  assert(read > 1_000_000 && read < 1_000_010, `${read}`);
  assertEquals(machine.stopped, null);
  // Going on is allowed.
  assertEquals(machine.run({ clkMax: machine.clk + 10 }).reason, "limit");
});

Deno.test("idle: not while an input is still to come", () => {
  const machine = countingMachine([key(50_000_000)]);
  machine.run({ idleClk: 1_000 });
  assert(machine.clk > 50_000_000 && machine.clk < 50_002_000);
});

Deno.test("idle: not while the kernel computes", () => {
  const { stop, machine } = runBare((cpu) => ({
    boot() {
      movePics(cpu);
      cpu.sti();
    },
    loop: () => cpu.pause(),
  }), { idleClk: 1_000, clkMax: 1_000_000 });
  assertEquals(stop.reason, "limit");
  assertEquals(machine.clk, 1_000_000);
});

Deno.test("idle: everything masked and IF set is idle, IF clear is hung", () => {
  const masked = runBare((cpu) => ({
    boot() {
      movePics(cpu, [0xff, 0xff]);
      cpu.sti();
    },
  }), { idleClk: 3_000_000 });
  assertEquals(masked.stop.reason, "idle");
  const off = runBare(() => ({}), { idleClk: 3_000_000 });
  assertEquals(off.stop.reason, "hung");
});

Deno.test("idle: HLT that waits inside a turn counts, too, and ends the run for good", () => {
  const { stop, machine } = runBare((cpu) => ({
    handlers: {
      timer: {
        vector: TIMER,
        run() {
          endOfInterrupt(cpu);
          cpu.iretq();
        },
      },
    },
    boot() {
      movePics(cpu, [0xfe, 0xff]);
      cpu.sti();
      for (;;) cpu.hlt();
    },
  }), { idleClk: 3 * TICK_CLK });
  assertEquals(stop, { reason: "idle" });
  assertEquals(machine.clk, 3 * TICK_CLK);
  assertStrictEquals(machine.stopped, machine.run());
  assertThrows(
    () => machine.save(),
    RangeError,
    "Cannot save: it became idle inside boot",
  );
});

Deno.test("hung: between turns the reason comes again, and can be saved", () => {
  const { stop, machine } = runBare(() => ({}));
  assertEquals(stop.reason, "hung");
  const other = bareMachine(() => ({}));
  other.load(machine.save());
  assertEquals(other.stopped, stop);
  assertEquals(other.digest(), machine.digest());
});

Deno.test("save() of a machine that has ended, and load(): it has ended", () => {
  const program: Program = bareProgram((cpu) => ({
    boot: () => cpu.out32(0xf4, 3),
  }));
  const ended = new Machine({ ramBytes: 16 * MIB, program });
  const stop = ended.run();
  const other = new Machine({ ramBytes: 16 * MIB, program });
  const beginning = other.save();
  other.load(ended.save());
  assertEquals(other.run(), stop);
  assertEquals(ended.fork().run(), stop);
  other.load(beginning);
  assertEquals(other.stopped, null);
  assertEquals(other.run(), stop);
});

Deno.test("save(), load(), fork(), run() and step() are refused inside a turn, naming the frames", () => {
  const messages: string[] = [];
  const machine: Machine = bareMachine((cpu) => ({
    boot() {
      cpu.call(function inner() {
        for (
          const verb of ["save", "fork", "run", "step", "release"] as const
        ) {
          messages.push(refusal(() => machine[verb]()));
        }
        messages.push(refusal(() => machine.load(snapshot)));
      });
      cpu.out32(0xf4, 0);
    },
  }));
  const snapshot = machine.save();
  assertEquals(machine.run().reason, "exit");
  const verbs = ["save", "fork", "run", "step", "release", "load"];
  assertEquals(
    messages,
    verbs.map((verb) =>
      `Cannot ${verb} inside a turn: boot > inner is running; do it between turns`
    ),
  );
});

function refusal(act: () => unknown): string {
  return assertThrows(act, RangeError).message;
}

Deno.test("load() refuses another version, hardware, program or entries, and changes nothing", () => {
  const machine = countingMachine([key(1_000)]);
  machine.run({ pauseClk: 2_000_000 });
  const before = machine.digest();
  const good = machine.save();
  const refused: [Partial<Snapshot>, string][] = [
    [{ version: 99 }, "its version is 99, this machine's 1"],
    [
      { config: { ...good.config, ramBytes: 32 * MIB } },
      "it was taken of other hardware; make a machine with its `config`",
    ],
    [
      { config: { ...good.config, mouse: true } },
      "it was taken of other hardware; make a machine with its `config`",
    ],
    [
      { programId: "other" },
      "it was taken of program other, this machine runs kernel",
    ],
    [
      { programId: null },
      "it was taken of program null, this machine runs kernel",
    ],
    [
      { entries: ["keyboard", "timer"] },
      "the program's entries have other names or another order",
    ],
    [
      { entries: ["timer"] },
      "the program's entries have other names or another order",
    ],
  ];
  const other = countingMachine();
  other.run({ pauseClk: 3_000_000 });
  const { inputs, clk } = other;
  const digest = other.digest();
  for (const [change, why] of refused) {
    assertEquals(
      refusal(() => other.load({ ...good, ...change })),
      `Cannot load the snapshot: ${why}`,
    );
    assertEquals(other.digest(), digest);
    assertEquals([other.inputs, other.clk], [inputs, clk]);
  }
  other.load(good);
  assertEquals(other.digest(), before);
});

Deno.test("a machine refuses a kernel whose state is no plain data, naming the place", () => {
  for (const bad of [new Date(0), NaN, () => 1]) {
    const fresh = () => ({ list: [1, { made: bad }] });
    assertThrows(
      () => bareMachine(() => ({}), { fresh }),
      TypeError,
      "list[1].made",
    );
  }
});

Deno.test("save() refuses kernel state that has become no plain data, naming the place", () => {
  const state = { list: [1, { made: 0 as unknown }] };
  const machine = bareMachine(() => ({}), { fresh: () => state });
  state.list[1] = { made: new Date(0) };
  assertThrows(() => machine.save(), TypeError, "list[1].made");
});

Deno.test("load() takes time back, with inputs and output", () => {
  const machine = countingMachine([key(1_000_000), key(3_000_000, 0x32)]);
  const start = machine.save();
  machine.run({ clkMax: 4_000_000 });
  const end = machine.digest();
  assertEquals(machine.inputsPending, 0);
  machine.load(start);
  assertEquals([machine.clk, machine.inputsPending], [0, 2]);
  machine.run({ clkMax: 4_000_000 });
  assertEquals(machine.digest(), end);
});

Deno.test("load() into a machine whose timer line is high leaves no edge behind", () => {
  const machine = countingMachine();
  const snapshots: Snapshot[] = [];
  const digests: string[] = [];
  for (let i = 0; i < 40; i++) {
    machine.run({ pauseClk: (i + 1) * 700_001 });
    snapshots.push(machine.save());
    digests.push(machine.digest());
  }
  // Forwards and backwards in an order that is neither.
  for (let i = 0; i < 40; i++) {
    const from = (i * 17) % 40;
    machine.load(snapshots[from]!);
    assertEquals(machine.digest(), digests[from]);
    if (from === 39) continue;
    machine.run({ pauseClk: (from + 2) * 700_001 });
    assertEquals(machine.digest(), digests[from + 1], `from ${from}`);
  }
});

Deno.test("fork(inputs) replaces what is still to come; the log of what happened stays", () => {
  const machine = countingMachine([key(1_000_000), key(3_000_000)]);
  machine.run({ pauseClk: 2_000_000 });
  const fork = machine.fork([key(2_500_000, 0x32)]);
  assertEquals(fork.inputs.map(({ clk }) => clk), [1_000_000, 2_500_000]);
  fork.run({ clkMax: 4_000_000 });
  machine.run({ clkMax: 4_000_000 });
  const keys = (m: Machine) => (m.kernelState as { keys: number[] }).keys;
  assertEquals([keys(fork), keys(machine)], [[0x1e, 0x30], [0x1e, 0x1e]]);
});

Deno.test("addInputs() refuses what has passed, is malformed or names no alarm, and adds none then", () => {
  const machine = countingMachine();
  machine.run({ clkMax: 1_000 });
  const bad: readonly [unknown, string][] = [
    [key(1_000), "clk 1000 has passed; give a later one"],
    [key(1_000.5), "clk is a whole number of cycles since power-on"],
    [key(NEVER), "clk is a whole number of cycles since power-on"],
    [key(2_000, 256), "data is a byte"],
    [key(2_000, -1), "data is a byte"],
    [{ clk: 2_000, source: "mouse", data: 1 }, "source is key, serial, nmi"],
    [
      { clk: 2_000, source: "delay", alarm: "timer", data: 0.5 },
      "data is a whole number of clks",
    ],
    [
      { clk: 2_000, source: "delay", alarm: "tea", data: 1 },
      'Cannot find alarm "tea": the machine has timer, uart-transmit, ' +
      "uart-timeout, rtc",
    ],
    [
      { clk: 2_000, source: "delay", alarm: "rtc", data: -1 },
      '"rtc" cannot come early: its chip keeps the time that it waits for',
    ],
    [
      { clk: 2_000, source: "delay", alarm: "uart-timeout", data: -1 },
      '"uart-timeout" cannot come early',
    ],
  ];
  for (const [input, why] of bad) {
    assertThrows(
      () => machine.addInputs([key(5_000), input as Input]),
      RangeError,
      why,
    );
    assertEquals(machine.inputs, []);
  }
  assertThrows(
    () => bareMachine(() => ({}), { inputs: [key(0)] }),
    RangeError,
    "clk 0 has passed",
  );
});

Deno.test("a delay moves the pending alarm: the tick comes late or early, the next one on time", () => {
  const ticksOf = (inputs: readonly Input[]) => {
    const machine = countingMachine(inputs);
    return [1, 2].map((n) => {
      machine.run({
        until: () => (machine.kernelState as { ticks: number }).ticks === n,
      });
      return machine.clk;
    });
  };
  const [first, second] = ticksOf([]) as [number, number];
  // In mode 2 OUT falls for one tick of the 8254, 100 clk: what waits is the fall, and IRQ 0 is the rise after it.
  const delay = (data: number): Input => ({
    clk: 5_000_000,
    source: "delay",
    alarm: "timer",
    data,
  });
  for (const data of [1, 100, 101, 12_345, 1_000_000]) {
    const rise = Math.max(first, first - 100 + data);
    assertEquals(ticksOf([delay(data)]), [rise, second], `by ${data}`);
  }
  // Early, the fall takes the rise with it; at the earliest it comes when it is told to.
  for (const data of [-1, -99, -100, -101, -12_345, -1_000_000, -100_000_000]) {
    // The handler is seen two instructions after the rise.
    const rise = Math.max(5_000_000 + 100 + 2, first + data);
    assertEquals(ticksOf([delay(data)]), [rise, second], `by ${data}`);
  }
});

Deno.test("peek() leaves no trace: neither TLB, A bits, clk nor digest", () => {
  const machine = countingMachine();
  machine.run({ clkMax: 100_000 });
  const before = machine.digest();
  const state = structuredClone(machine.state);
  for (const address of [0, 0x20_0000, FREE, 0xb_8000, 0x7777_0000_0000]) {
    machine.peek(virtAddr(address));
  }
  assertEquals(machine.peek(virtAddr(0x7777_0000_0000)), null);
  assertEquals(machine.digest(), before);
  assertEquals(diffState(machine.state, state), []);
});

Deno.test("peek() reads each width, unsigned, across pages, and holes as ones", () => {
  const { machine } = runBare((cpu) => ({
    boot() {
      cpu.store64(virtAddr(FREE + 4092), 0xf1f2_f3f4, 0xf5f6_f7f8);
      cpu.out32(0xf4, 0);
    },
  }));
  const at = (address: number, bytes: 1 | 2 | 4 = 4) =>
    machine.peek(virtAddr(address), bytes);
  assertEquals(at(FREE + 4092), 0xf1f2_f3f4);
  assertEquals(at(FREE + 4093), 0xf8f1_f2f3);
  assertEquals(at(FREE + 4095, 2), 0xf8f1);
  assertEquals([at(FREE + 4095, 1), at(FREE + 4096, 1)], [0xf1, 0xf8]);
  const physical = Number(machine.bootInfo.physicalMemoryOffset);
  assertEquals(at(physical + FREE_PHYSICAL_HOLE, 1), 0xff);
  assertEquals(at(physical + FREE_PHYSICAL_HOLE, 2), 0xffff);
  assertEquals(at(physical + FREE_PHYSICAL_HOLE, 4), 0xffff_ffff);
  assertEquals(at(0x7777_0000), null);
});

Deno.test("digest() is 16 hex digits, costs no state, and differs by the kernel's state alone", () => {
  const machine = countingMachine();
  machine.run({ clkMax: 1_000_000 });
  const digest = machine.digest();
  assert(/^[0-9a-f]{16}$/.test(digest));
  assertEquals(machine.digest(), digest);
  (machine.kernelState as { ticks: number }).ticks += 1;
  assertNotEquals(machine.digest(), digest);
});

Deno.test("two machines side by side share nothing", () => {
  const machines = [countingMachine(), countingMachine([key(500)])];
  for (let at = 100_000; at <= 8_000_000; at += 100_000) {
    for (const machine of machines) machine.run({ clkMax: at });
  }
  const alone = countingMachine();
  alone.run({ clkMax: 8_000_000 });
  assertEquals(machines[0]!.digest(), alone.digest());
  assertNotEquals(machines[1]!.digest(), alone.digest());
});

Deno.test("the machine refuses RAM that firmware cannot use", () => {
  for (const ramBytes of [0, 15 * MIB, 16 * MIB + 1, 5 * 1024 * MIB, NaN]) {
    assertThrows(() => new Machine({ ramBytes }), RangeError);
  }
});

Deno.test("the host range at ring 3 is a page fault: a fetch by a user of a page that is there", () => {
  // SDM 3A, "Page-Fault Exceptions": I/D only if EFER.NXE is set.
  for (const [efer, errorCode] of [[EFER_NXE, 0x15], [0, 0x05]] as const) {
    const bare = bareMachine(() => ({ loop: () => {} }));
    bare.step();
    bare.cpu.cpl = 3;
    bare.cpu.efer = (bare.cpu.efer & ~EFER_NXE) | efer;
    const stop = bare.step();
    if (stop?.reason !== "shutdown") throw new Error(stop?.reason);
    const [first] = stop.exceptions;
    assertEquals([first?.vector, first?.errorCode], [14, errorCode]);
    assertEquals(first?.cr2, bare.cpu.rip);
  }
});

Deno.test("a mouse is there only where it was ordered: its state, and CMOS 0x14", () => {
  for (const mouse of [false, true]) {
    const machine = new Machine({ ramBytes: 16 * 2 ** 20, mouse });
    assertEquals(Object.hasOwn(machine.state as object, "mouse"), mouse);
    machine.ports.write(0x70, 0x14, 1);
    assertEquals(machine.ports.read(0x71, 1), mouse ? 6 : 2);
  }
  const { ports } = new Machine({ ramBytes: 16 * 2 ** 20 });
  ports.write(0x70, 0x14, 1);
  assertEquals(ports.read(0x71, 1), 2);
});
