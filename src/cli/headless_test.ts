import { assert, assertEquals } from "@std/assert";
import type { Program } from "../hw/hosted.ts";
import { Machine } from "../hw/machine.ts";
import { kernel } from "../kernel/kernel.ts";
import { IDLE_CLK, runHeadless } from "./headless.ts";
import { wireBytes } from "./typing.ts";

const RAM = { ramBytes: 16 * 2 ** 20 };
const HELLO = wireBytes("hello", "Us104Key", false);

Deno.test("runHeadless() ends idle two timer ticks after power-on when nothing is typed", () => {
  const machine = new Machine({ program: kernel, ...RAM });
  assertEquals(runHeadless(machine, []), {
    stop: { reason: "idle" },
    typed: true,
  });
  assertEquals(machine.clk, IDLE_CLK);
  assertEquals(IDLE_CLK, 13_107_200); // Twice 65,536 ticks of 100 clks.
});

Deno.test("runHeadless() types from the first HLT on, a byte each 119,318 clk", () => {
  const first = new Machine({ program: kernel, ...RAM });
  first.run({ until: ({ cpu }) => cpu.halted });
  const machine = new Machine({ program: kernel, ...RAM });
  assertEquals(runHeadless(machine, HELLO).stop, { reason: "idle" });
  assertEquals(
    machine.inputs.map(({ clk }) => clk),
    HELLO.map((_, i) => first.clk + (i + 1) * 119_318),
  );
  const letters = machine.vga.screenText().join("").replaceAll(".", "");
  assertEquals(letters, "Hello World!async number: 42hello");
});

Deno.test("runHeadless() twice gives the same digest, and another one for another text", () => {
  const digests = [HELLO, HELLO, wireBytes("hellp", "Us104Key", false)].map(
    (bytes) => {
      const machine = new Machine({ program: kernel, ...RAM });
      runHeadless(machine, bytes);
      return machine.digest();
    },
  );
  assertEquals(digests[0], digests[1]);
  assert(digests[0] !== digests[2]);
});

Deno.test("runHeadless() stops at the limit", () => {
  const machine = new Machine({ program: kernel, ...RAM });
  const { stop } = runHeadless(machine, HELLO, 500_000);
  assertEquals(stop, { reason: "limit", insideTurn: false });
  assertEquals(machine.clk, 500_000);
});

Deno.test("runHeadless() types nothing into a machine that never waits", () => {
  const machine = new Machine({
    ...RAM,
    program: (cpu) => ({
      state: {},
      entries: [],
      boot: () => {},
      loop: () => cpu.rdtsc() > 1_000 ? cpu.out32(0xf4, 3) : cpu.pause(),
    }),
  });
  const { stop, typed } = runHeadless(machine, HELLO);
  assertEquals([stop.reason, typed], ["exit", false]);
  assertEquals(machine.inputs, []);
});

Deno.test("runHeadless() types from a given clk on, in the boot too", () => {
  const warning = "WARNING: scancode queue uninitialized";
  const rows: [number, string][] = [
    [1, "Hello World!|async number: 42|"], // Forgotten by the PICs' set-up.
    [9_000, `Hello World!|async number: 42|${warning}|ello`],
    [20_000, "Hello World!|async number: 42|hello"],
  ];
  for (const [delay, screen] of rows) {
    const machine = new Machine({ program: kernel, ...RAM });
    const { stop, typed } = runHeadless(machine, HELLO, undefined, { delay });
    assertEquals([stop.reason, typed], ["idle", true]);
    assertEquals(
      machine.inputs.map(({ clk }) => clk),
      HELLO.map((_, i) => delay + i * 119_318),
    );
    const lines = machine.vga.screenText().join("\n").trim().split("\n");
    assertEquals(lines.join("|").replaceAll(".", ""), screen);
  }
});

Deno.test("runHeadless() types from a given clk on into a kernel that waits in its boot alone", () => {
  const bytes: number[] = [];
  const program: Program = (cpu) => ({
    state: {},
    entries: [],
    boot() {
      while (bytes.length < 10) {
        if ((cpu.in8(0x64) & 1) !== 0) bytes.push(cpu.in8(0x60));
      }
    },
    loop: () => cpu.out32(0xf4, 3),
  });
  const machine = new Machine({ program, ...RAM });
  const { stop } = runHeadless(machine, HELLO, undefined, { delay: 100 });
  assertEquals(stop.reason, "exit");
  assertEquals(bytes.slice(0, 4), [0x23, 0xa3, 0x12, 0x92]); // h, e.
});
