import { assert, assertEquals, assertRejects } from "@std/assert";
import { FakeHost, type Happening } from "../../tests/support/cli_host.ts";
import { Emulator } from "../../tests/support/emulator.ts";
import { NEVER } from "../base/time.ts";
import type { VirtAddr } from "../hw/addr.ts";
import type { Program } from "../hw/hosted.ts";
import { Machine } from "../hw/machine.ts";
import { kernel } from "../kernel/kernel.ts";
import { ENTER_SCREEN, LEAVE_SCREEN } from "./live_screen.ts";
import { type LiveEnd, type LiveOptions, runLive } from "./live.ts";
import { wireBytes } from "./typing.ts";

const RAM = { ramBytes: 16 * 2 ** 20 };

interface Played {
  readonly machine: Machine;
  readonly host: FakeHost;
  readonly end: LiveEnd;
}

/** Plays a script on a kernel, with the host's time made up. */
async function play(
  script: readonly Happening[],
  options: Partial<LiveOptions> = {},
  program: Program = kernel,
): Promise<Played> {
  const host = new FakeHost({ script });
  const machine = new Machine({ program, ...RAM });
  const end = await runLive(machine, host.terminal, host, {
    bytes: [],
    clkMax: NEVER - 1,
    layout: "Us104Key",
    depth: "indexed",
    ...options,
  });
  return { machine, host, end };
}

const typed = (machine: Machine): string =>
  machine.vga.screenText().join("").replace("Hello World!async number: 42", "")
    .replaceAll(/\.+/g, "");

Deno.test("runLive() shows the kernel's screen, status line included, and quits with Ctrl-Q", async () => {
  const { machine, host, end } = await play([
    { ms: 1_000, what: "hi" },
    { ms: 2_000, what: "\x11" },
  ]);
  assertEquals([end.by, end.stop.reason], ["quit", "until"]);
  const seconds = machine.clk / 119_318_200;
  assert(seconds > 1.9 && seconds < 2.1, `${seconds} s`);
  const emulator = new Emulator(100, 30);
  await emulator.write(host.terminal.written.replace(LEAVE_SCREEN, ""));
  assertEquals(emulator.line(22), "Hello World!");
  assertEquals(emulator.line(24), machine.vga.screenText()[24]);
  const status = emulator.line(25);
  assert(
    /^ 0:00:0[12]\.\d \| clk [\d,]+ \| IF 1 \| (99|100|101) % \| Ctrl-Q quits$/
      .test(status),
    status,
  );
  assertEquals(typed(machine), "hi");
  emulator.dispose();
});

Deno.test("runLive() turns keys of the terminal into make and break codes", async () => {
  const { machine } = await play([
    { ms: 100, what: "aB" },
    { ms: 300, what: "\x1bOP\x1b[A" }, // F1, up.
    { ms: 500, what: "\x1b" }, // Escape: nothing follows.
    { ms: 700, what: "\x03" }, // Ctrl-C is the machine's.
    { ms: 1_000, what: "\x11" },
  ]);
  assertEquals(
    machine.inputs.map((input) => input.source === "key" ? input.data : -1),
    wireBytes("aB{F1}{ArrowUp}{Escape}{Ctrl+c}", "Us104Key", true),
  );
  assertEquals(machine.inputsPending, 0);
});

Deno.test("runLive() waits 25 ms for what follows an ESC", async () => {
  const split = await play([
    { ms: 100, what: "\x1b" },
    { ms: 118, what: "[A" },
    { ms: 500, what: "\x11" },
  ]);
  assertEquals(
    split.machine.inputs.length,
    wireBytes("{ArrowUp}", "Us104Key", true).length,
  );
  const slow = await play([
    { ms: 100, what: "\x1b" },
    { ms: 200, what: "[" },
    { ms: 500, what: "\x11" },
  ]);
  assertEquals(
    slow.machine.inputs.length,
    wireBytes("{Escape}[", "Us104Key", true).length,
  );
});

Deno.test("runLive() loses no key of a long paste", async () => {
  const paste = "thequickbrownfox".repeat(25);
  const { machine } = await play([
    { ms: 100, what: paste },
    { ms: 4_000, what: "\x11" },
  ]);
  assertEquals(machine.keysLost, 0);
  assertEquals(typed(machine), paste);
});

Deno.test("runLive() types what it is given from the first HLT on, as a headless run does", async () => {
  const bytes = wireBytes("hello", "Us104Key", true);
  const { machine } = await play([{ ms: 900, what: "\x11" }], { bytes });
  const first = new Machine({ program: kernel, ...RAM });
  first.run({ until: ({ cpu }) => cpu.halted });
  assertEquals(
    machine.inputs.map(({ clk }) => clk),
    bytes.map((_, i) => first.clk + (i + 1) * 119_318),
  );
  assertEquals(typed(machine), "hello");
});

Deno.test("runLive() types from a given clk on, as a headless run does, and keys before and behind it", async () => {
  const bytes = wireBytes("text", "Us104Key", true);
  const delay = 2 * 119_318_200;
  const { machine } = await play([
    { ms: 500, what: "a" },
    { ms: 2_010, what: "b" }, // While the text is being typed.
    { ms: 3_000, what: "\x11" },
  ], { bytes, delay });
  assertEquals(typed(machine), "atextb");
  const clks = machine.inputs.map(({ clk }) => clk);
  assertEquals(
    clks.slice(3, 3 + bytes.length),
    bytes.map((_, i) => delay + i * 119_318),
  );
});

Deno.test("runLive() in slices equals the uncut run of the same input log", async () => {
  const { machine } = await play([
    { ms: 333, what: "abc" },
    { ms: 777, what: "\x1b[Bx" },
    { ms: 1_234, what: "\x11" },
  ]);
  const uncut = new Machine({
    program: kernel,
    ...RAM,
    inputs: machine.inputs,
  });
  uncut.run({ clkMax: machine.clk });
  assertEquals(uncut.digest(), machine.digest());
});

Deno.test("runLive() ends when the machine does", async () => {
  const exits: Program = (cpu) => ({
    state: {},
    entries: [],
    boot: () => cpu.out32(0xf4, 0x10),
    loop: () => cpu.hlt(),
  });
  const { end, host } = await play([], {}, exits);
  assertEquals(end.by, "machine");
  assertEquals(end.stop, { reason: "exit", value: 0x10, status: 33 });
  assert(host.terminal.written.endsWith(LEAVE_SCREEN));
});

Deno.test("runLive() stops at the given clk exactly", async () => {
  const { end, machine } = await play([], { clkMax: 12_345_678 });
  assertEquals(end.stop, { reason: "limit", insideTurn: false });
  assertEquals(machine.clk, 12_345_678);
});

Deno.test("runLive() gives a turn one virtual second", async () => {
  let memory = 0;
  const endless: Program = (cpu) => ({
    state: {},
    entries: [],
    boot: (info) => {
      memory = Number(info.physicalMemoryOffset);
    },
    loop: () => {
      // Memory onto itself: a clk for each 8 bytes.
      for (;;) cpu.copy(memory as VirtAddr, memory as VirtAddr, 2 ** 23);
    },
  });
  const { end, machine } = await play([], {}, endless);
  assertEquals(end.stop, { reason: "limit", insideTurn: true });
  const seconds = machine.clk / 119_318_200;
  assert(seconds >= 1 && seconds < 1.1, `${seconds} s`);
});

Deno.test("runLive() ends on each signal, on a hang-up and on an error, and gives the terminal back", async () => {
  const signal = { name: "SIGTERM", number: 15 };
  const ended = await play([
    { ms: 100, what: (terminal) => terminal.listeners!.end(signal) },
  ]);
  assertEquals([ended.end.by, ended.end.signal], ["signal", signal]);
  const hungUp = await play([
    { ms: 100, what: (terminal) => terminal.keys(null) },
  ]);
  assertEquals(hungUp.end.by, "hangup");
  for (const { host } of [ended, hungUp]) {
    const { terminal } = host;
    assert(terminal.written.startsWith(ENTER_SCREEN));
    assert(terminal.written.endsWith(LEAVE_SCREEN));
    assertEquals(terminal.rawCalls, [true, false]);
    assertEquals(terminal.listeners, null);
  }
  const host = new FakeHost({
    script: [{
      ms: 100,
      what: (terminal) => terminal.failRead(new Error("keyboard on fire")),
    }],
  });
  await assertRejects(
    () =>
      runLive(new Machine({ program: kernel, ...RAM }), host.terminal, host, {
        bytes: [],
        clkMax: NEVER - 1,
        layout: "Us104Key",
        depth: "none",
      }),
    Error,
    "keyboard on fire",
  );
  assertEquals(host.terminal.rawCalls, [true, false]);
  assert(host.terminal.written.endsWith(LEAVE_SCREEN));
});

Deno.test("runLive() gives the terminal back once when the process dies, and takes it over again after a stop", async () => {
  const { host } = await play([
    { ms: 100, what: (terminal) => terminal.listeners!.resume() },
    { ms: 300, what: (terminal) => terminal.listeners!.fatal() },
    { ms: 400, what: "\x11" },
  ]);
  const { written, rawCalls } = host.terminal;
  assertEquals(written.split(ENTER_SCREEN).length - 1, 2);
  assertEquals(written.split(LEAVE_SCREEN).length - 1, 1);
  assertEquals(rawCalls, [true, true, false]);
});

Deno.test("runLive() draws anew when the window changes", async () => {
  const { host, machine } = await play([
    {
      ms: 500,
      what: (terminal) => {
        terminal.dimensions = { columns: 40, rows: 10 };
      },
    },
    { ms: 1_000, what: "\x11" },
  ]);
  const emulator = new Emulator(40, 10);
  const [, after = ""] = host.terminal.written.split("\x1b[0m\x1b[2J").slice(
    -2,
  );
  await emulator.write(after.replace(LEAVE_SCREEN, ""));
  assertEquals(emulator.line(6), "Hello World!");
  assertEquals(emulator.line(8), machine.vga.screenText()[24]);
  assertEquals(emulator.line(9), " Ctrl-Q quits | clipped to 40x10, needs");
  emulator.dispose();
});

Deno.test("runLive() draws over what others wrote into the terminal in its first seconds", async () => {
  const { host, machine } = await play([
    { ms: 100, what: (terminal) => terminal.write("\x1b[H\x1b[J\r\nDownload") },
    { ms: 3_500, what: "\x11" },
  ]);
  const emulator = new Emulator(100, 30);
  await emulator.write(host.terminal.written.replace(LEAVE_SCREEN, ""));
  assertEquals(emulator.line(1), "");
  assertEquals(emulator.line(22), machine.vga.screenText()[22]);
  assertEquals(emulator.line(23), machine.vga.screenText()[23]);
  emulator.dispose();
});

Deno.test("runLive() says which character has no key", async () => {
  const { host } = await play([
    { ms: 100, what: "é" },
    { ms: 500, what: "\x11" },
  ]);
  assert(host.terminal.written.includes("Us104Key has no key for é"));
});
