import { assert, assertEquals } from "@std/assert";
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
import { registerAddress } from "./cpu_state.ts";
import { RSP } from "./general_registers.ts";
import { HOST_PARKED } from "./host_range.ts";
import { exit, live, say } from "./host_support_test.ts";
import type { Instructions } from "./instructions.ts";
import { Machine } from "./machine.ts";

Deno.test("HLT in boot, in a call and in a handler waits in place", () => {
  const { machine, stop } = runBare((cpu, s: { trace: string[] }) => ({
    handlers: {
      timer: {
        vector: TIMER,
        run() {
          s.trace.push(`tick ${cpu.frames().join(" > ")}`);
          endOfInterrupt(cpu);
          cpu.iretq();
        },
      },
      breakpoint: {
        vector: 3,
        run() {
          cpu.enableAndHlt();
          s.trace.push("handler went on");
          cpu.iretq();
        },
      },
    },
    boot() {
      movePics(cpu);
      cpu.sti();
      cpu.hlt();
      s.trace.push("boot went on");
      cpu.call(function callee() {
        cpu.hlt();
        s.trace.push("callee went on");
      });
      cpu.int3();
      exit(cpu);
    },
  }), { fresh: () => ({ trace: [] as string[] }) });
  assertEquals(stop.reason, "exit");
  const { trace } = machine.kernelState as { trace: string[] };
  assertEquals(trace, [
    "tick boot > timer",
    "boot went on",
    "tick boot > callee > timer",
    "callee went on",
    "tick boot > breakpoint > timer",
    "handler went on",
  ]);
});

Deno.test("HLT is an event with IF, and what ends it, in place and between turns, with the clks it took", () => {
  const program = bareProgram((cpu) => ({
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
      movePics(cpu);
      cpu.sti();
      cpu.hlt();
    },
    loop: () => cpu.hlt(),
  }));
  const machine = new Machine({ program, ramBytes: 16 * 2 ** 20 });
  machine.events.on = true;
  machine.run({ clkMax: 15_000_000 });
  const seen = [...machine.events].filter(({ kind }) =>
    kind === "hlt" || kind === "wake"
  );
  assertEquals(seen.slice(0, 4).map(({ kind }) => kind), [
    "hlt",
    "wake",
    "hlt",
    "wake",
  ]);
  assertEquals(seen.every(({ kind, a }) => kind === "wake" || a === 1), true);
});

Deno.test("HLT in loop ends the turn: no frame is live while it waits, and the handler is a turn of its own", () => {
  const machine = bareMachine((cpu, s: { trace: string[] }) => ({
    handlers: {
      timer: {
        vector: TIMER,
        run() {
          const rip = cpu.loadAddr(cpu.readRsp());
          s.trace.push(`${cpu.frames().join(" > ")} interrupted ${live(rip)}`);
          endOfInterrupt(cpu);
          cpu.iretq();
        },
      },
    },
    boot() {
      movePics(cpu);
      cpu.sti();
    },
    loop() {
      s.trace.push("turn");
      cpu.hlt();
    },
  }), { fresh: () => ({ trace: [] as string[] }) });
  machine.run({ clkMax: 2 * TICK_CLK + 1_000 });
  const { trace } = machine.kernelState as { trace: string[] };
  const tick = "timer interrupted 0";
  assertEquals(trace, ["turn", tick, "turn", tick, "turn"]);
});

Deno.test("an entry named loop is a handler like others: its HLT waits in place", () => {
  let after = 0;
  const { stop } = runBare((cpu) => ({
    handlers: {
      loop: {
        vector: KEYBOARD,
        run() {
          cpu.in8(0x60);
          endOfInterrupt(cpu);
          cpu.enableAndHlt();
          after += 1;
          cpu.iretq();
        },
      },
      timer: {
        vector: TIMER,
        run() {
          endOfInterrupt(cpu);
          if (after === 0) cpu.iretq();
          else exit(cpu), cpu.iretq();
        },
      },
    },
    boot() {
      movePics(cpu);
      cpu.sti();
    },
  }), { inputs: [{ clk: 1_000_000, source: "key", data: 0x1c }] });
  assertEquals(stop.reason, "exit");
  assertEquals(after, 1);
});

Deno.test("hltLoop() in a handler parks there: RSP and IF stay, the JavaScript is gone", () => {
  const { machine, stop } = runBare((cpu, s: { ticks: number[] }) => ({
    handlers: {
      breakpoint: {
        vector: 3,
        run() {
          cpu.sti();
          cpu.hltLoop();
        },
      },
      timer: {
        vector: TIMER,
        run() {
          s.ticks.push(cpu.readRsp());
          assertEquals(cpu.frames(), ["timer"]);
          assertEquals(cpu.loadAddr(cpu.readRsp()), HOST_PARKED);
          endOfInterrupt(cpu);
          cpu.iretq();
        },
      },
    },
    boot() {
      movePics(cpu);
      s.ticks.push(cpu.readRsp());
      cpu.int3();
    },
    loop: () => say(cpu, "never"),
  }), {
    fresh: () => ({ ticks: [] as number[] }),
    clkMax: 3 * TICK_CLK + 1_000,
  });
  assertEquals(stop, { reason: "limit", insideTurn: false });
  const { ticks } = machine.kernelState as { ticks: number[] };
  const [boot, ...rest] = ticks as [number, ...number[]];
  assertEquals(rest.length, 3);
  // INT3's frame of 40 bytes on an aligned stack, then the timer's below it: always the same place.
  const parked = boot - boot % 16 - 40;
  assertEquals(new Set(rest), new Set([parked - parked % 16 - 40]));
  assertEquals(machine.cpu.rip, HOST_PARKED);
  assertEquals(registerAddress(machine.cpu, RSP), parked);
});

Deno.test("hltLoop() with IF clear is hung; the pending vector is named", () => {
  const { stop } = runBare((cpu) => ({
    handlers: { breakpoint: { vector: 3, run: () => cpu.hltLoop() } },
    boot() {
      movePics(cpu);
      while (cpu.rdtsc() < TICK_CLK + 100_000) cpu.fill(FREE, 0, 80_000);
      cpu.int3();
    },
  }));
  assertEquals(stop, {
    reason: "hung",
    interruptsEnabled: false,
    pendingVector: TIMER,
    places: [],
  });
});

Deno.test("HLT in place with IF clear is hung, naming the frames", () => {
  const { stop } = runBare((cpu) => ({
    boot: () =>
      cpu.call(function wait() {
        cpu.hlt();
      }),
  }));
  assertEquals(stop.reason === "hung" && stop.places, ["boot", "wait"]);
});

/** A kernel whose NMI handler is `run`, and that halts with IF clear. */
const nmiKernel = (
  run: (cpu: Instructions) => void,
  boot: (cpu: Instructions) => void = () => {},
) =>
(cpu: Instructions) => ({
  handlers: { nmi: { vector: 2, run: () => run(cpu) } },
  boot: () => boot(cpu),
});

Deno.test("HLT with IF clear waits for an NMI that is to come", () => {
  let nmis = 0;
  const { stop, machine } = runBare(
    nmiKernel((cpu) => {
      nmis += 1;
      cpu.iretq();
    }),
    { inputs: [{ clk: 2_000_000, source: "nmi" }] },
  );
  assertEquals(stop.reason, "hung");
  assertEquals(nmis, 1);
  assert(machine.clk >= 2_000_000 && machine.clk < 2_000_010);
});

Deno.test("HLT with IF clear inside an NMI handler is hung: NMIs are blocked until IRET", () => {
  const { stop } = runBare(nmiKernel((cpu) => cpu.hlt()), {
    inputs: [1, 2].map((i) => ({ clk: i * 1_000_000, source: "nmi" })),
  });
  assertEquals(stop.reason, "hung");
  const parked = runBare(nmiKernel((cpu) => cpu.hltLoop()), {
    inputs: [1, 2].map((i) => ({ clk: i * 1_000_000, source: "nmi" })),
  });
  assertEquals(parked.stop.reason, "hung");
});

Deno.test("HLT with IF clear and port 0x70 holding NMIs off is hung", () => {
  const { stop } = runBare(
    nmiKernel((cpu) => cpu.iretq(), (cpu) => cpu.out8(0x70, 0x80)),
    { inputs: [{ clk: 2_000_000, source: "nmi" }] },
  );
  assertEquals(stop.reason, "hung");
});
