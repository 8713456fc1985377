import { assertEquals } from "@std/assert";
import { FakeCpu, StopSignal } from "../../tests/support/fake_cpu.ts";
import { cloneState } from "../base/state_tree.ts";
import type { BootInfo } from "../hw/boot_info.ts";
import type { Kernel } from "../hw/hosted.ts";
import { kernel, kernelState } from "./kernel.ts";
import { coreState, KernelCore } from "./core.ts";
import { Idt, idtState } from "./interrupts.ts";
import { Pics, TIMER_VECTOR, timerHandler } from "./pics.ts";
import { BUFFER_WIDTH, VGA_BUFFER } from "./vga_buffer.ts";

/** Where physical memory is seen, and a MiB of it to use. */
const INFO = {
  physicalMemoryOffset: 0x10_0000_0000,
  memoryMap: [{ startFrame: 0x100, endFrame: 0x200, type: "Usable" }],
} as unknown as BootInfo;

/** Set-1 bytes of a key: press and release. */
const KEY = { h: [0x23, 0xa3], i: [0x17, 0x97], up: [0xe0, 0x48, 0xe0, 0xc8] };

/** A CPU whose port 0x60 gives scancodes, and what it wrote to ports. */
function fake() {
  const cpu = new FakeCpu();
  const scancodes: number[] = [];
  const outs: [number, number][] = [];
  cpu.onIn = (port) =>
    port === 0x60 ? scancodes.shift() ?? 0 : port === 0x21 ? 0xb8 : 0x8e;
  cpu.onOut = (port, value) => void outs.push([port, value]);
  return { cpu, scancodes, outs };
}

function row(cpu: FakeCpu, row: number): string {
  let text = "";
  for (let column = 0; column < BUFFER_WIDTH; column++) {
    const at = VGA_BUFFER + 2 * (row * BUFFER_WIDTH + column);
    text += String.fromCharCode(cpu.peek8(at) || 0x20);
  }
  return text.trimEnd();
}

function boot() {
  const { cpu, scancodes, outs } = fake();
  const k = kernel(cpu);
  cpu.attach(k.entries);
  k.boot(INFO);
  return { cpu, k, scancodes, outs };
}

/** Turns until the CPU halts; what is pending comes at the first boundary. */
function untilHalt(cpu: FakeCpu, k: Kernel): void {
  const halts = () => cpu.counts.get("enableAndHlt") ?? 0;
  for (const before = halts(); halts() === before;) k.loop();
}

Deno.test("kernel.boot() greets, loads tables, moves the PICs, enables IF", () => {
  const { cpu, outs, k } = boot();
  assertEquals(row(cpu, 23), "Hello World!");
  assertEquals([cpu.r.cs, cpu.r.tr, cpu.sidt().limit], [8, 0x10, 4095]);
  assertEquals(cpu.peekInterruptsEnabled(), true);
  // ICW2 of both, and the masks that the firmware left.
  const to = (port: number) => outs.filter(([p]) => p === port);
  assertEquals(to(0x21).map(([, v]) => v), [32, 4, 1, 0xb8]);
  assertEquals(to(0xa1).map(([, v]) => v), [40, 2, 1, 0x8e]);
  assertEquals(k.entries.map(({ name }) => name), [
    "breakpoint_handler",
    "page_fault_handler",
    "double_fault_handler",
    "timer_interrupt_handler",
    "keyboard_interrupt_handler",
  ]);
});

Deno.test("kernel() builds without touching the machine", () => {
  const { cpu } = fake();
  const state = kernelState();
  kernel(cpu, state);
  assertEquals([cpu.clk, state], [0, kernelState()]);
});

Deno.test("kernel.loop() halts; ticks print dots, keys print what they mean", () => {
  const { cpu, k, scancodes, outs } = boot();
  untilHalt(cpu, k);
  assertEquals(row(cpu, 23), "async number: 42");
  outs.length = 0;
  const turn = (vector: number) => {
    cpu.pending.push(vector);
    untilHalt(cpu, k);
  };
  turn(32);
  for (const byte of [...KEY.h, ...KEY.i, ...KEY.up]) {
    scancodes.push(byte);
    turn(33);
  }
  turn(32);
  assertEquals(row(cpu, 24), ".hiArrowUp.");
  // One end of interrupt each, at the primary.
  assertEquals(outs, Array(10).fill([0x20, 0x20]));
});

Deno.test("a handler's state is the kernel's state: a copy goes on with it", () => {
  const { cpu, k, scancodes } = boot();
  untilHalt(cpu, k);
  scancodes.push(0x2a); // Shift is held.
  cpu.pending.push(33);
  untilHalt(cpu, k);
  const copy = kernel(cpu, cloneState(k.state));
  cpu.attach(copy.entries);
  scancodes.push(KEY.h[0]!);
  cpu.pending.push(33);
  untilHalt(cpu, copy);
  assertEquals(row(cpu, 24), "LShiftH");
});

/** A kernel with a timer, whose next `println` a tick falls into. */
function interrupted(maskInterrupts: boolean, after: number) {
  const { cpu } = fake();
  const core = new KernelCore(cpu, coreState(), { maskInterrupts });
  const pics = new Pics(cpu, core.env);
  const timer = () => core.print(".");
  const idt = new Idt(core, idtState(), [
    timerHandler(pics, timer),
  ]);
  cpu.attach(core.entries);
  idt.init();
  core.print("");
  cpu.sti();
  const due = cpu.clk + after;
  cpu.onBoundary = () => {
    if (cpu.clk === due) cpu.pending.push(TIMER_VECTOR);
  };
  return { cpu, core };
}

Deno.test("println() that masks meets a tick at any boundary", () => {
  const places = new Set<string>();
  for (let after = 1; after <= 40; after++) {
    const { cpu, core } = interrupted(true, after);
    core.print("hello");
    for (let i = 0; i < 40; i++) cpu.nop();
    // Before the text or after it, never within.
    const text = row(cpu, 24);
    assertEquals([".hello", "hello."].includes(text), true, text);
    places.add(text);
  }
  assertEquals(places.size, 2);
});

Deno.test("println() that does not mask is a deadlock while it is locked", () => {
  const outcomes: string[] = [];
  // Lazy, lock, five cells, unlock, and one more.
  for (let after = 1; after <= 9; after++) {
    const { cpu, core } = interrupted(false, after);
    try {
      core.print("hello");
      cpu.nop();
      outcomes.push(row(cpu, 24));
    } catch (thrown) {
      if (!(thrown instanceof StopSignal)) throw thrown;
      const { reason } = thrown;
      if (reason.reason !== "deadlock") throw thrown;
      outcomes.push(reason.reason);
      assertEquals(reason, {
        reason: "deadlock",
        message: "Cannot lock WRITER: held by boot, waited for by " +
          "boot > timer_interrupt_handler with interrupts off; " +
          "timer_interrupt_handler interrupted the holder and must return " +
          "before it goes on",
        lock: "WRITER",
        holder: "boot",
        waiter: "boot > timer_interrupt_handler",
      });
    }
  }
  assertEquals(outcomes, [
    ".hello",
    ".hello",
    ...Array(6).fill("deadlock"),
    "hello.",
  ]);
});
