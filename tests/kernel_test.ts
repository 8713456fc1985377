/**
 * The kernel on the machine: what a user of both sees. Deadlines and places
 * come from the run that had no interrupt.
 */
import {
  assert,
  assertEquals,
  assertNotEquals,
  assertStringIncludes,
  fail,
} from "@std/assert";
import type { Program } from "../src/hw/hosted.ts";
import { Machine } from "../src/hw/machine.ts";
import type { Stop } from "../src/hw/stop.ts";
import {
  KERNEL_DATA_BYTES,
  KERNEL_DATA_FREE,
  KERNEL_DATA_START,
  KERNEL_IMAGE_START,
} from "../src/kernel/layout.ts";
import { scancodesForText } from "../src/kernel/keyboard/mod.ts";
import {
  coreState,
  defineKernel,
  doubleFaultHandler,
  Gdt,
  gdtState,
  Idt,
  idtState,
  kernel,
  keyboardEcho,
  keyboardEchoState,
  keyboardHandler,
  makeKernel,
  pageFaultHandler,
  Pics,
  timerHandler,
} from "../src/kernel/mod.ts";
import { spinMutexState } from "../src/kernel/sync/mod.ts";
import { virtAddr } from "../src/hw/addr.ts";

const MIB = 2 ** 20;

/** A default timer tick: 65,536 ticks of the PIT. */
const TICK_CLK = 6_553_600;

const machineWith = (program: Program): Machine =>
  new Machine({ program, ramBytes: 16 * MIB });

/** 64 bits of memory as an onlooker sees them. */
function peek64(machine: Machine, address: number): bigint {
  const [low, high] = [0, 4].map((offset) =>
    machine.peek(virtAddr(address + offset)) ?? fail(`nothing at ${address}`)
  );
  return BigInt(high! >>> 0) << 32n | BigInt(low! >>> 0);
}

const screen = (machine: Machine): string =>
  machine.vga.screenText().join("\n").trim();

/** Types text from a clk on, a byte in each of `spacing` clks. */
function type(machine: Machine, text: string, clk: number, spacing = 119_318) {
  const typed = scancodesForText(text, "Us104Key", 2);
  if (typed.kind === "refused") throw new Error(typed.message);
  const bytes = typed.strokes.flatMap(({ bytes }) => bytes);
  machine.addInputs(
    bytes.map((data, i) => ({
      clk: clk + i * spacing,
      source: "key",
      data,
    })),
  );
}

Deno.test("kernel: hello, dots where the ticks fall, letters in order", () => {
  const digests = [0, 1].map(() => {
    const machine = machineWith(kernel);
    // One key before the first tick, the others behind it.
    type(machine, "h", 1_000_000);
    type(machine, "ello", TICK_CLK + 1_000_000);
    machine.run({ clkMax: 3 * TICK_CLK });
    assertEquals(screen(machine), "Hello World!\nasync number: 42\nh.ello.");
    assertEquals(machine.keysLost, 0);
    return machine.digest();
  });
  assertEquals(digests[0], digests[1]);
  const other = machineWith(kernel);
  type(other, "i", 1_000_000);
  other.run({ clkMax: 3 * TICK_CLK });
  assertNotEquals(other.digest(), digests[0]);
});

/** Takes double faults on an interrupt stack, or on the stack in use. */
const overflow = (stackIndex: number | null): Program =>
  defineKernel({
    id: "overflow",
    state: () => ({ ...coreState(), gdt: gdtState(), idt: idtState() }),
    build(core, state) {
      const gdt = new Gdt(core.cpu, core.env, state.gdt);
      const handler = doubleFaultHandler(core, stackIndex);
      const idt = new Idt(core, state.idt, [handler]);
      const recurse = (): void => core.cpu.call(recurse);
      return { boot: () => (gdt.init(), idt.init(), recurse()) };
    },
  });

Deno.test("kernel stack overflow lands on the interrupt stack", () => {
  const machine = machineWith(overflow(0));
  const stop = machine.run();
  assertEquals(stop.reason, "panic");
  const text = screen(machine);
  assertStringIncludes(text, "panicked at boot > recurse (511 times) > ");
  assertStringIncludes(text, "EXCEPTION: DOUBLE FAULT\nInterruptStackFrame {");
  // The frame in memory: SS, RSP, RFLAGS, CS, RIP under the stack's end.
  const end = KERNEL_DATA_START + 0x7000;
  const word = (below: number) => peek64(machine, end - below);
  assertEquals([word(8), word(32)], [0n, 8n]);
  const guardPage = 0x100_0000_1000n;
  const rsp = word(16);
  assert(rsp <= guardPage + 0x1000n && rsp > guardPage, rsp.toString(16));
});

Deno.test("without an interrupt stack the machine shuts down by three exceptions", () => {
  const stop = machineWith(overflow(null)).run();
  if (stop.reason !== "shutdown") throw new Error(stop.reason);
  assertEquals(stop.exceptions.map(({ vector }) => vector), [14, 8, 14]);
});

Deno.test("HLT with IF clear is hung", () => {
  const program = defineKernel({
    id: "hung",
    state: coreState,
    build: (core) => ({ boot: () => core.println("before sti") }),
  });
  const stop = machineWith(program).run();
  if (stop.reason !== "hung") throw new Error(stop.reason);
  assertEquals(stop.interruptsEnabled, false);
});

Deno.test("the page fault handler halts with interrupts off: hung", () => {
  const program = defineKernel({
    id: "page-fault",
    state: () => ({ ...coreState(), gdt: gdtState(), idt: idtState() }),
    build(core, state) {
      const gdt = new Gdt(core.cpu, core.env, state.gdt);
      const idt = new Idt(core, state.idt, [pageFaultHandler(core)]);
      return {
        boot() {
          gdt.init();
          idt.init();
          core.cpu.load32(KERNEL_IMAGE_START);
          core.println("read worked");
          core.cpu.store32(KERNEL_IMAGE_START, 42);
          core.println("write worked");
        },
      };
    },
  });
  const machine = machineWith(program);
  assertEquals(machine.run().reason, "hung");
  const lines = screen(machine).split("\n");
  assertEquals(lines.slice(0, 4), [
    "read worked",
    "EXCEPTION: PAGE FAULT",
    "Accessed Address: Ok(VirtAddr(0x200000))",
    "Error Code: PageFaultErrorCode(PROTECTION_VIOLATION | CAUSED_BY_WRITE)",
  ]);
  assert(!lines.includes("write worked"));
});

Deno.test("the second Gdt.init() faults, as LTR finds the TSS busy", () => {
  const program = defineKernel({
    id: "twice",
    state: () => ({ ...coreState(), gdt: gdtState(), idt: idtState() }),
    build(core, state) {
      const gdt = new Gdt(core.cpu, core.env, state.gdt);
      const idt = new Idt(core, state.idt, [{
        name: "general_protection_fault_handler",
        vector: 13,
        run(cpu) {
          core.panic(`#GP(0x${cpu.pop64().toString(16)})`);
        },
      }]);
      return { boot: () => (gdt.init(), idt.init(), gdt.init()) };
    },
  });
  const stop = machineWith(program).run();
  assertEquals(stop.reason === "panic" && stop.message, "#GP(0x10)");
});

/** Boots like the book; then each turn is a `println` of `text`. */
const printing = (maskInterrupts: boolean): Program =>
  defineKernel({
    id: "printing",
    options: { maskInterrupts },
    state: () => ({
      ...coreState(),
      gdt: gdtState(),
      idt: idtState(),
      pics: spinMutexState(),
      keyboard: keyboardEchoState(),
    }),
    build(core, state) {
      const { cpu } = core;
      const pics = new Pics(cpu, core.env, state.pics);
      const idt = new Idt(core, state.idt, [
        timerHandler(pics, () => core.print(".")),
        keyboardHandler(pics, keyboardEcho(core, state.keyboard)),
      ]);
      return {
        boot() {
          idt.init();
          pics.initialize();
          core.print("");
          cpu.sti();
        },
        loop: () => core.print("hello"),
      };
    },
  });

Deno.test("println in the timer's handler without masking ends as deadlock", () => {
  const stop = machineWith(printing(false)).run();
  if (stop.reason !== "deadlock") throw new Error(stop.reason);
  assertEquals([stop.lock, stop.holder, stop.waiter], [
    "WRITER",
    "loop",
    "loop > timer_interrupt_handler",
  ]);
  const { reason } = machineWith(printing(true)).run({
    clkMax: 2 * TICK_CLK,
  });
  assertEquals(reason, "limit");
});

Deno.test("a page fault while println formats its argument ends as deadlock", () => {
  const program = defineKernel({
    id: "fault-in-format",
    state: () => ({ ...coreState(), idt: idtState() }),
    build(core, state) {
      const { cpu } = core;
      const idt = new Idt(core, state.idt, [pageFaultHandler(core)]);
      return {
        boot() {
          idt.init();
          core.println((write) => {
            write("value: ");
            write(`${cpu.load32(virtAddr(0xdead_beef))}`);
          });
        },
      };
    },
  });
  const stop = machineWith(program).run();
  if (stop.reason !== "deadlock") throw new Error(stop.reason);
  assertEquals([stop.lock, stop.holder, stop.waiter], [
    "WRITER",
    "boot",
    "boot > page_fault_handler",
  ]);
});

Deno.test("a panic while println formats its argument ends as deadlock", () => {
  const program = defineKernel({
    id: "panic-in-format",
    state: coreState,
    build: (core) => ({
      boot: () => core.println(() => core.panic("in format")),
    }),
  });
  const stop = machineWith(program).run();
  if (stop.reason !== "deadlock") throw new Error(stop.reason);
  assertEquals([stop.holder, stop.waiter], ["boot", "boot"]);
});

/** Presses a key at `clk`, and runs on for `clks`. */
function pressedAt(program: Program, clk: number, clks: number) {
  const machine = machineWith(program);
  machine.addInputs([{ clk, source: "key", data: 0x1c }]); // A, set 2.
  const stop: Stop = machine.run({ clkMax: clk + clks });
  return { machine, stop };
}

Deno.test("a key press at each boundary of a println: masked never, else sometimes a deadlock", () => {
  // The first turn begins when the set-up is done: find it without a key.
  const machine = machineWith(printing(true));
  machine.step();
  const start = machine.clk;
  machine.step();
  const turn = machine.clk - start;
  assertEquals(turn, 11); // PUSHFQ, CLI, lazy, lock, 5 cells, unlock, STI.
  const deadlocks = (masked: boolean, boundaries: number) => {
    let count = 0;
    for (let i = 1; i <= boundaries; i++) {
      const { stop } = pressedAt(printing(masked), start + i, 2_000);
      if (stop.reason === "deadlock") count += 1;
      else assertEquals(stop.reason, "limit");
    }
    return count;
  };
  assertEquals(deadlocks(true, turn), 0);
  // Without masking a turn is lazy, lock, 5 cells, unlock.
  assertEquals(deadlocks(false, 8), 6);
});

Deno.test("a key press over 1,000 clks of a kernel that computes: 1,000 places", () => {
  const places = new Set<string>();
  /** Counts in memory, interrupts on; the handler notes where it fell. */
  const computing = defineKernel({
    id: "computing",
    state: () => ({
      ...coreState(),
      idt: idtState(),
      pics: spinMutexState(),
      count: 0,
      seen: -1,
    }),
    build(core, state) {
      const { cpu } = core;
      const pics = new Pics(cpu, core.env, state.pics);
      const idt = new Idt(core, state.idt, [
        keyboardHandler(pics, () => {
          state.seen = state.count;
        }),
      ]);
      return {
        boot() {
          idt.init();
          pics.initialize();
          cpu.sti();
        },
        loop() {
          for (let i = 0; i < 100; i++) {
            state.count += 1;
            cpu.store32(KERNEL_DATA_FREE, state.count);
          }
        },
      };
    },
  });
  const machine = machineWith(computing);
  machine.step();
  const start = machine.clk + 2; // Behind the shadow of STI.
  const snapshot = machine.save();
  for (let i = 0; i < 1_000; i++) {
    const digest = [0, 1].map(() => {
      machine.load(snapshot);
      machine.addInputs([{ clk: start + i, source: "key", data: 0x1c }]);
      machine.run({ clkMax: start + 1_100 });
      return machine.digest();
    });
    assertEquals(digest[0], digest[1]);
    const { seen } = machine.kernelState as { seen: number };
    places.add(`${seen}`);
  }
  assertEquals(places.size, 1_000);
});

Deno.test("the kernel's statics lie where the firmware maps writable memory", () => {
  const machine = machineWith(makeKernel());
  for (let at = 0; at < KERNEL_DATA_BYTES; at += 4096) {
    assertEquals(peek64(machine, KERNEL_DATA_START + at), 0n);
  }
});
