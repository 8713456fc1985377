/**
 * Whole machines: the kernel, its inputs, and every way in which a run ends.
 *
 * @module
 */

import { kernel, Machine, type Program } from "@lockstep/kernel";
import { type Input, Prng } from "@lockstep/kernel/hw";
import { keyInputs } from "@lockstep/kernel/keyboard";
import { digestOf, type Scenario } from "./scenario.ts";

const RAM_BYTES = 16 * 2 ** 20;

/** Digest, clk, stop and screen. */
function endOf(machine: Machine, clkMax = 60_000_000): string {
  const stop = machine.run({ clkMax });
  const { clk } = machine;
  return digestOf([machine.digest(), clk, stop, machine.vga.screenText()]);
}

function keys(text: string, ramBytes: number): string {
  const machine = new Machine({ program: kernel, ramBytes });
  machine.addInputs(keyInputs(text, { clk: 20_000_000 }));
  return endOf(machine);
}

/** Keys, NMIs and delays of the timer at random clks. */
function randomInputs(seed: number): string {
  const random = new Prng(seed);
  const inputs = Array.from({ length: 60 }, (): Input => {
    const clk = 1_000 + random.below(50_000_000);
    switch (random.below(3)) {
      case 0:
        return { clk, source: "serial", data: random.below(256) };
      case 1:
        return {
          clk,
          source: "delay",
          alarm: "timer",
          data: random.below(50_000),
        };
      default:
        return { clk, source: "key", data: random.below(0x80) };
    }
  });
  return endOf(new Machine({ program: kernel, ramBytes: RAM_BYTES, inputs }));
}

function forks(): string {
  const machine = new Machine({ program: kernel, ramBytes: RAM_BYTES });
  machine.run({ pauseClk: 20_000_000 });
  const saved = machine.save();
  const ends = ["a", "b", "c"].map((text) => {
    const fork = machine.fork(keyInputs(text, { clk: 25_000_000 }));
    const end = endOf(fork, 40_000_000);
    fork.release();
    return end;
  });
  const end = endOf(machine, 40_000_000);
  machine.load(saved);
  return digestOf([ends, end, endOf(machine, 40_000_000)]);
}

/** A kernel that is nothing but its boot. */
const boots =
  (boot: (cpu: Parameters<Program>[0]) => void): Program => (cpu) => ({
    state: {},
    entries: [],
    boot: () => boot(cpu),
    loop: () => cpu.hlt(),
  });

const ENDS: Readonly<Record<string, Program>> = {
  "exit": boots((cpu) => cpu.out32(0xf4, 0x10)),
  "reset": boots((cpu) => cpu.out8(0x64, 0xfe)),
  "shutdown": boots((cpu) => cpu.int3()),
  "panic": boots(() => {
    throw new Error("as planned");
  }),
  "hung": boots((cpu) => cpu.hlt()),
  "host-calls": boots((cpu) => {
    const deeper = (): void => cpu.call(deeper);
    deeper();
  }),
};

/** The kernel under inputs, forks, and ends. */
export const MACHINE_SCENARIOS: readonly Scenario[] = [
  { name: "kernel, hello, 16 MiB", run: () => keys("hello", RAM_BYTES) },
  { name: "kernel, hello, 128 MiB", run: () => keys("hello", 8 * RAM_BYTES) },
  ...[1, 2, 3, 4].map((seed) => ({
    name: `kernel under random inputs, seed ${seed}`,
    run: () => randomInputs(seed),
  })),
  { name: "forks, and a snapshot loaded", run: forks },
  ...Object.entries(ENDS).map(([reason, program]) => ({
    name: `run that ends by ${reason}`,
    run: () => endOf(new Machine({ program, ramBytes: RAM_BYTES })),
  })),
];
