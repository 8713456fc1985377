import { assert, assertEquals } from "@std/assert";
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
