/**
 * Kernels that do anything at random, with random inputs: however such a run is cut, saved, loaded, forked, watched or
 * robbed of its caches, it comes to the same digest.
 */
import { assert, assertEquals } from "@std/assert";
import { Prng, type PrngState } from "../src/base/prng.ts";
import { virtAddr } from "../src/hw/addr.ts";
import type { Input } from "../src/hw/input_log.ts";
import type { Instructions } from "../src/hw/instructions.ts";
import type { Machine } from "../src/hw/machine.ts";
import {
  bareMachine,
  type BareParts,
  FREE,
  KEYBOARD,
  movePics,
  TIMER,
} from "./support/bare.ts";

const END_CLK = 60_000;
/** Timer ticks come every 700 clk. */
const TIMER_DIVISOR = 7;
const SEEDS = 25;
/** Bytes of memory that the kernels play with. */
const BYTES = 3 * 4096;

interface State {
  /** What decides the next instruction. */
  random: PrngState;
  /** Everything that was read, folded. */
  sum: number;
  /** Interrupts by vector. */
  taken: number[];
}

const fresh = (seed: number) => (): State => ({
  random: new Prng(seed).state,
  sum: 0,
  taken: new Array<number>(40).fill(0),
});

/** One instruction, or a call of some. */
function act(cpu: Instructions, s: State, depth: number): void {
  const random = new Prng(s.random);
  const fold = (value: number) => {
    s.sum = Math.imul(s.sum ^ value, 0x01000193) + 1 | 0;
  };
  const place = () => virtAddr(FREE + random.below(BYTES - 64));
  const word = () => random.word();
  const run = (count: number) => {
    for (let i = 0; i < count; i++) act(cpu, s, depth + 1);
  };
  switch (random.below(30)) {
    case 0:
      return fold(cpu.load8(place()));
    case 1:
      return fold(cpu.load16(place()));
    case 2:
      return fold(cpu.load32(place()));
    case 3:
      return fold(cpu.load64(place()) ^ cpu.high);
    case 4:
      return cpu.store8(place(), word());
    case 5:
      return cpu.store16(place(), word());
    case 6:
      return cpu.store32(place(), word());
    case 7:
      return cpu.store64(place(), word(), word());
    case 8:
      return fold(cpu.xadd32(place(), word()));
    case 9:
      return fold(cpu.cmpxchg64(place(), 0, 0, word(), 1));
    case 10:
      return cpu.fill(place(), word(), random.below(64));
    case 11:
      return cpu.fill(virtAddr(FREE), word(), random.below(BYTES));
    case 12:
      return cpu.copy(place(), place(), random.below(64));
    case 13:
      return cpu.copy(
        virtAddr(FREE + random.below(4096)),
        virtAddr(FREE + random.below(4096)),
        random.below(2 * 4096),
      );
    case 14:
      return cpu.invlpg(place());
    case 15: {
      const cr3 = cpu.readCr3();
      return cpu.writeCr3(cr3, cpu.high);
    }
    case 16:
      return fold(cpu.rdtsc());
    case 17:
      return cpu.store16(virtAddr(0xb_8000 + 2 * random.below(2_000)), word());
    case 18:
      return fold(cpu.in8([0x20, 0x21, 0x40, 0x64, 0x71][random.below(5)]!));
    case 19:
      if (depth < 6) cpu.call(() => run(random.below(6)), 4096);
      return;
    case 20:
      if (depth < 6) cpu.int3();
      return;
    case 21:
      return cpu.cli();
    case 22:
      return cpu.sti();
    case 23:
      if (depth > 0 && depth < 6) cpu.enableAndHlt();
      return;
    case 24:
      cpu.push64(word(), word());
      return fold(cpu.pop64());
    case 25:
      return cpu.writeRegister(random.below(4), word(), word());
    case 26:
      return fold(cpu.readRflags());
    case 27:
      return cpu.out8(0x3f8, word());
    case 28: {
      const page = virtAddr(FREE + 4096 * random.below(3));
      return fold(cpu.load8(page));
    }
    default:
      return cpu.pause();
  }
}

const kernel =
  (maxTurn: number) => (cpu: Instructions, s: State): BareParts => {
    const handler = (vector: number, first: () => void = () => {}) => ({
      vector,
      run() {
        s.taken[vector]! += 1;
        first();
        const random = new Prng(s.random);
        if (vector >= TIMER) cpu.out8(0x20, 0x20);
        const depth = cpu.frames().length;
        for (let i = random.below(8); i > 0; i--) act(cpu, s, depth);
        cpu.iretq();
      },
    });
    return {
      handlers: {
        nmi: handler(2),
        breakpoint: handler(3),
        timer: handler(TIMER),
        keyboard: handler(KEYBOARD, () => cpu.in8(0x60)),
      },
      boot() {
        movePics(cpu, [0xfc, 0xff]);
        cpu.out8(0x43, 0x34);
        cpu.out8(0x40, TIMER_DIVISOR);
        cpu.out8(0x40, 0);
        cpu.sti();
      },
      loop() {
        const random = new Prng(s.random);
        for (let i = random.below(maxTurn); i > 0; i--) act(cpu, s, 0);
        if (random.below(3) === 0) cpu.enableAndHlt();
      },
    };
  };

function randomInputs(seed: number): Input[] {
  const random = new Prng(seed ^ 0x5eed);
  return Array.from({ length: 60 }, (): Input => {
    const clk = 3_000 + random.below(END_CLK);
    switch (random.below(6)) {
      case 0:
        return { clk, source: "nmi" };
      case 1:
        return {
          clk,
          source: "delay",
          alarm: "timer",
          data: random.below(900),
        };
      case 2:
        return { clk, source: "serial", data: random.below(256) };
      default:
        return { clk, source: "key", data: random.below(0x60) };
    }
  });
}

const machineOf = (seed: number): Machine =>
  bareMachine(kernel(40), {
    fresh: fresh(seed),
    inputs: randomInputs(seed),
  });

/** How a run ends, all told. */
const outcome = (machine: Machine, stop: unknown) => ({
  stop,
  clk: machine.clk,
  digest: machine.digest(),
});

const VARIANTS: Record<
  string,
  (seed: number, random: Prng) => ReturnType<typeof outcome>
> = {
  again(seed) {
    const machine = machineOf(seed);
    return outcome(machine, machine.run({ clkMax: END_CLK }));
  },
  "recording events"(seed) {
    const machine = machineOf(seed);
    machine.events.on = true;
    return outcome(machine, machine.run({ clkMax: END_CLK }));
  },
  "with caches dropped and digests taken"(seed, random) {
    const machine = machineOf(seed);
    const until = () => {
      if (random.below(3) === 0) machine.dropCaches();
      if (random.below(20) === 0) machine.digest();
      return false;
    };
    return outcome(machine, machine.run({ clkMax: END_CLK, until }));
  },
  "in slices"(seed, random) {
    const machine = machineOf(seed);
    for (let at = 1; at < END_CLK; at += 1 + random.below(3_000)) {
      machine.run({ pauseClk: at, clkMax: END_CLK });
    }
    return outcome(machine, machine.run({ clkMax: END_CLK }));
  },
  "step by step"(seed) {
    const machine = machineOf(seed);
    while (machine.clk < END_CLK - 20_000 && machine.step() === null);
    return outcome(machine, machine.run({ clkMax: END_CLK }));
  },
  "saved and loaded back and forth"(seed, random) {
    let [here, there] = [machineOf(seed), machineOf(seed)];
    there.run({ pauseClk: random.below(END_CLK), clkMax: END_CLK + 5_000 });
    for (let at = 1; at < END_CLK; at += 1 + random.below(8_000)) {
      here.run({ pauseClk: at, clkMax: END_CLK });
      if (here.stopped) break;
      there.load(here.save());
      here.run({ pauseClk: at + random.below(2_000), clkMax: END_CLK + 5_000 });
      [here, there] = [there, here];
    }
    return outcome(here, here.run({ clkMax: END_CLK }));
  },
  "by forks"(seed, random) {
    let machine = machineOf(seed);
    for (let at = 1; at < END_CLK; at += 1 + random.below(8_000)) {
      machine.run({ pauseClk: at, clkMax: END_CLK });
      if (machine.stopped) break;
      const fork = machine.fork();
      machine.release();
      machine = fork;
    }
    return outcome(machine, machine.run({ clkMax: END_CLK }));
  },
};

for (const [name, run] of Object.entries(VARIANTS)) {
  Deno.test(`${SEEDS} random kernels, ${name}: the same end`, () => {
    let interrupts = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const plain = machineOf(seed);
      const want = outcome(plain, plain.run({ clkMax: END_CLK }));
      const { taken } = plain.kernelState as State;
      interrupts += taken[TIMER]! + taken[KEYBOARD]! + taken[2]!;
      assertEquals(run(seed, new Prng(seed)), want, `seed ${seed}`);
    }
    assert(interrupts > SEEDS * 20, `${interrupts} interrupts`);
  });
}
