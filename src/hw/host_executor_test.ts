import {
  assert,
  assertEquals,
  assertStringIncludes,
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
import { type VirtAddr, virtAddr } from "./addr.ts";
import { registerAddress } from "./cpu_state.ts";
import { RSP } from "./general_registers.ts";
import {
  HOST_ENTRY,
  HOST_PARKED,
  HOST_RESUME,
  HOST_STRIDE,
} from "./host_range.ts";
import { UNWINDING } from "./host_executor.ts";
import type { Input } from "./input_log.ts";
import type { Instructions } from "./instructions.ts";
import { Machine } from "./machine.ts";
import { RFLAGS_IF } from "./registers.ts";

/** Ends the run with a number that the test looks at. */
const exit = (cpu: Instructions, value = 0x10) => cpu.out32(0xf4, value);

/** Ends the run with a text that the test looks at. */
const say = (cpu: Instructions, message: string): never =>
  cpu.stop({ reason: "panic", message });

/** An address `words` eight-byte words above RSP. */
const above = (cpu: Instructions, words: number): VirtAddr =>
  virtAddr(cpu.readRsp() + 8 * words);

/** What a host RIP counts. */
const live = (rip: number): number => (rip - HOST_RESUME) / HOST_STRIDE;

Deno.test("RIP reads HOST_RESUME + 16 × live frames in a turn, a call and a handler", () => {
  const frames: number[] = [];
  const note = () => frames.push(live(machine.cpu.rip));
  const machine: Machine = bareMachine((cpu) => ({
    handlers: {
      breakpoint: {
        vector: 3,
        run() {
          note();
          frames.push(live(cpu.loadAddr(cpu.readRsp())));
          cpu.iretq();
        },
      },
    },
    boot() {
      note();
      cpu.call(function callee() {
        note();
        cpu.int3();
        note();
      });
      note();
      exit(cpu);
    },
  }));
  assertEquals(machine.run().reason, "exit");
  // The handler is the third frame, and finds the second one in its stack frame.
  assertEquals(frames, [1, 2, 3, 2, 2, 1]);
});

Deno.test("call() names its frame, lowers RSP, touches each page, and undoes it", () => {
  const rsp: number[] = [];
  const names: string[] = [];
  const { machine } = runBare((cpu) => ({
    boot() {
      rsp.push(cpu.readRsp());
      cpu.fill(virtAddr(rsp[0]! - 3 * 4096), 0xff, 3 * 4096);
      const result = cpu.call(function callee() {
        rsp.push(cpu.readRsp());
        names.push(...cpu.frames());
        return 42;
      }, 2 * 4096 + 16);
      assertEquals(result, 42);
      rsp.push(cpu.readRsp());
      cpu.call(() => names.push(...cpu.frames()));
      exit(cpu);
    },
  }));
  assertEquals(names, ["boot", "callee", "boot", "call"]);
  const [before, inside, after] = rsp as [number, number, number];
  assertEquals(before - inside, 8 + 2 * 4096 + 16);
  assertEquals(after, before);
  const word = (at: number) => [
    machine.peek(virtAddr(at)),
    machine.peek(virtAddr(at + 4)),
  ];
  // From the top down: a word at each 4,096 bytes, the last at RSP.
  const slot = before - 8;
  for (const at of [slot - 4096, slot - 8192]) assertEquals(word(at), [0, 0]);
  assertEquals(word(inside), [0, 0]);
  assertEquals(word(slot - 4096 - 8), [0xffff_ffff, 0xffff_ffff]);
});

for (const bytes of [0, 4095, 4096 + 8, -4096, NaN]) {
  Deno.test(`call() with a frame of ${bytes} bytes is a bug of the kernel`, () => {
    const { stop } = runBare((cpu) => ({
      boot: () => cpu.call(() => {}, bytes),
    }));
    assertEquals(stop, {
      reason: "panic",
      message: `Cannot call with a frame of ${bytes} bytes: ` +
        "give a multiple of 16 from 4096 on",
      places: ["boot"],
    });
  });
}

Deno.test("call() through a changed return address abandons the JavaScript and goes on there", () => {
  const trace: string[] = [];
  let before = 0;
  const { stop } = runBare((cpu) => ({
    handlers: {
      elsewhere: {
        run() {
          trace.push(`elsewhere at ${cpu.readRsp() - before}`);
          trace.push(...cpu.frames());
          exit(cpu, 7);
          cpu.hltLoop();
        },
      },
    },
    boot() {
      before = cpu.readRsp();
      cpu.call(function callee() {
        // The return address lies above the frame.
        cpu.storeAddr(above(cpu, 4096 / 8), cpu.entryAddress("elsewhere"));
      });
      trace.push("never");
    },
  }));
  assertEquals(stop.reason === "exit" && stop.value, 7);
  assertEquals(trace, ["elsewhere at 0", "elsewhere"]);
});

Deno.test("call() to a return address that is not canonical is #GP(0) at the RET, and retried", () => {
  const seen: number[] = [];
  const { stop } = runBare((cpu) => ({
    handlers: {
      protection: {
        vector: 13,
        run() {
          seen.push(cpu.pop64());
          const slot = cpu.loadAddr(above(cpu, 3));
          cpu.storeAddr(slot, virtAddr(HOST_RESUME + HOST_STRIDE));
          cpu.iretq();
        },
      },
    },
    boot() {
      cpu.call(() => cpu.store64(above(cpu, 4096 / 8), 0, 0x1234_0000));
      seen.push(1);
      exit(cpu);
    },
  }));
  assertEquals(stop.reason, "exit");
  assertEquals(seen, [0, 1]);
});

Deno.test("call() more than 1,000 deep ends as host-calls, naming the innermost", () => {
  let deepest = 0;
  const { stop, machine } = runBare((cpu) => ({
    boot(info) {
      cpu.writeRsp(virtAddr(Number(info.physicalMemoryOffset) + 12 * 2 ** 20));
      const deeper = (): void => {
        deepest += 1;
        cpu.call(deeper);
      };
      deeper();
    },
  }));
  assertEquals(stop, {
    reason: "host-calls",
    places: Array(16).fill("deeper"),
  });
  // `boot` is the first of the 1,000.
  assertEquals(deepest, 1_000);
  assertEquals(machine.stopped, stop);
});

/** Edits the frame of INT3 with `edit`, and says which of `boot` and `elsewhere` went on. */
function returning(
  edit: (cpu: Instructions) => void,
  more: (cpu: Instructions) => void = () => {},
) {
  const trace: string[] = [];
  const { stop, machine } = runBare((cpu) => ({
    handlers: {
      breakpoint: {
        vector: 3,
        run() {
          edit(cpu);
          cpu.iretq();
        },
      },
      undefined: {
        vector: 6,
        run() {
          const rip = cpu.loadAddr(cpu.readRsp());
          say(cpu, `#UD at ${live(rip)}`);
        },
      },
      elsewhere: {
        run() {
          trace.push(`elsewhere of ${cpu.frames().length}`);
          exit(cpu);
          cpu.hltLoop();
        },
      },
    },
    boot() {
      more(cpu);
      cpu.int3();
      trace.push("boot");
      exit(cpu);
    },
    loop() {
      trace.push("loop");
      exit(cpu);
    },
  }), { clkMax: 1_000_000 });
  return { trace, stop, machine };
}

Deno.test("iretq() through an untouched frame goes on behind the interrupt", () => {
  const { trace } = returning(() => {});
  assertEquals(trace, ["boot"]);
});

Deno.test("iretq() through a frame with other flags goes on: only RIP and RSP decide", () => {
  const { trace, machine } = returning((cpu) => {
    cpu.store64(above(cpu, 2), cpu.load32(above(cpu, 2)) | 1, 0);
  });
  assertEquals(trace, ["boot"]);
  assertEquals(machine.cpu.rflags & 1, 1);
});

Deno.test("iretq() to an entry abandons the interrupted code", () => {
  const { trace } = returning((cpu) => {
    cpu.storeAddr(cpu.readRsp(), cpu.entryAddress("elsewhere"));
  });
  assertEquals(trace, ["elsewhere of 1"]);
});

Deno.test("iretq() to HOST_RESUME starts the next turn of the loop", () => {
  const { trace } = returning((cpu) =>
    cpu.storeAddr(cpu.readRsp(), virtAddr(HOST_RESUME))
  );
  assertEquals(trace, ["loop"]);
});

Deno.test("iretq() to HOST_PARKED halts for ever; with IF clear that is hung", () => {
  const { trace, stop } = returning((cpu) =>
    cpu.storeAddr(cpu.readRsp(), virtAddr(HOST_PARKED))
  );
  assertEquals(trace, []);
  assertEquals(stop.reason, "hung");
});

Deno.test("iretq() with another RSP abandons the code, and no frame is waiting there: #UD", () => {
  const { trace, stop } = returning((cpu) => {
    cpu.storeAddr(above(cpu, 3), virtAddr(cpu.loadAddr(above(cpu, 3)) - 16));
  });
  assertEquals(trace, []);
  assertEquals(stop.reason === "panic" && stop.message, "#UD at 1");
});

for (const offset of [8, 16 * 5, 0x20_0000 + 16 * 9, 0x3f_fff0]) {
  Deno.test(`iretq() to HOST_RANGE_START + 0x${offset.toString(16)}, where nothing is, is #UD`, () => {
    const { stop } = returning((cpu) =>
      cpu.storeAddr(cpu.readRsp(), virtAddr(HOST_RESUME + offset))
    );
    assertEquals(
      stop.reason === "panic" && stop.message,
      `#UD at ${offset / 16}`,
    );
  });
}

Deno.test("iretq() outside the host range, without an engine, is no-engine", () => {
  const { stop } = returning((cpu) =>
    cpu.storeAddr(cpu.readRsp(), virtAddr(0x20_0000))
  );
  assertEquals(stop, { reason: "no-engine", rip: 0x20_0000 });
});

Deno.test("iretq() from a nested handler to the outermost code leaves the handler between", () => {
  const trace: string[] = [];
  let outerFrame = virtAddr(0);
  const machine: Machine = bareMachine((cpu) => ({
    handlers: {
      outer: {
        vector: 48,
        run() {
          outerFrame = cpu.readRsp();
          cpu.call(function between() {
            cpu.int(49);
          });
          trace.push("never");
        },
      },
      inner: {
        vector: 49,
        run() {
          // As longjmp: RSP to the outer frame, and return through it.
          cpu.writeRsp(outerFrame);
          cpu.iretq();
        },
      },
    },
    boot() {
      for (let i = 0; i < 2_000; i++) {
        cpu.call(function callee() {
          cpu.int(48);
          if (i > 1) return;
          trace.push(cpu.frames().join(" > "), `${live(machine.cpu.rip)}`);
        });
      }
      exit(cpu);
    },
  }));
  assertEquals(machine.run().reason, "exit");
  assertEquals(trace, ["boot > callee", "2", "boot > callee", "2"]);
});

Deno.test("a kernel that switches by IRETQ to an entry piles up no frames", () => {
  const depths = new Set<number>();
  let switches = 0;
  const { stop } = runBare((cpu) => {
    const away = (name: string) => {
      cpu.storeAddr(cpu.readRsp(), cpu.entryAddress(name));
      cpu.iretq();
    };
    const task = (): void => {
      depths.add(cpu.frames().length);
      switches += 1;
      if (switches === 5_000) exit(cpu);
      cpu.int(48);
    };
    return {
      handlers: {
        scheduler: {
          vector: 48,
          run: () => away(switches % 2 === 0 ? "task_a" : "task_b"),
        },
        task_a: { run: task },
        task_b: { run: task },
      },
      boot: () => cpu.int(48),
    };
  });
  assertEquals(stop.reason, "exit");
  assertEquals([...depths], [1]);
});

Deno.test("iretq() is the last act of a handler: one more instruction is reported", () => {
  const { stop } = runBare((cpu) => ({
    handlers: {
      breakpoint: {
        vector: 3,
        run() {
          cpu.iretq();
          cpu.nop();
        },
      },
    },
    boot: () => cpu.int3(),
  }));
  assertEquals(stop, {
    reason: "panic",
    message: '"breakpoint" went on after IRETQ, which has to be its last act',
    places: ["boot", "breakpoint"],
  });
});

Deno.test("hlt() is the last act of a turn: one more instruction is reported", () => {
  for (const halt of ["hlt", "enableAndHlt"] as const) {
    const { stop } = runBare((cpu) => ({
      loop() {
        cpu[halt]();
        cpu.load8(FREE);
      },
    }));
    assertEquals(stop, {
      reason: "panic",
      message: '"loop" went on after HLT, which ends the turn',
      places: ["loop"],
    });
  }
});

Deno.test("a handler that returns without IRETQ is reported", () => {
  const { stop } = runBare((cpu) => ({
    handlers: { breakpoint: { vector: 3, run: () => cpu.nop() } },
    boot: () => cpu.int3(),
  }));
  assertEquals(stop, {
    reason: "panic",
    message: '"breakpoint" returned without IRETQ; end it with cpu.iretq()',
    places: ["boot", "breakpoint"],
  });
});

Deno.test("IRETQ in boot, which no interrupt entered, is reported", () => {
  const { stop } = runBare((cpu) => ({
    boot() {
      const rsp = cpu.readRsp();
      for (const word of [0, rsp - 0x100_0000_0000, 2, 0, 0]) {
        cpu.push64(word, word === 0 || word === 2 ? 0 : 0x100);
      }
      cpu.store64(above(cpu, 1), cpu.readSegment("cs"), 0);
      cpu.storeAddr(cpu.readRsp(), virtAddr(HOST_RESUME));
      cpu.iretq();
    },
  }));
  assertEquals(
    stop.reason === "panic" && stop.message,
    "IRETQ left an outermost frame that no interrupt entered",
  );
});

Deno.test("an exception of kernel code ends as panic with message and places; the object is kept aside", () => {
  const error = new Error("index out of bounds");
  const { stop, machine } = runBare((cpu) => ({
    handlers: {
      breakpoint: {
        vector: 3,
        run: () => {
          throw error;
        },
      },
    },
    boot: () =>
      cpu.call(function middle() {
        cpu.int3();
      }),
  }));
  assertEquals(stop, {
    reason: "panic",
    message: "index out of bounds",
    places: ["boot", "middle", "breakpoint"],
  });
  assertEquals(machine.thrown, error);
  assert(!JSON.stringify(machine.state).includes("bounds"));
});

Deno.test("an object without text that is thrown ends as panic, too", () => {
  const { stop, machine } = runBare(() => ({
    boot: () => {
      throw Object.create(null);
    },
  }));
  assertEquals(stop, {
    reason: "panic",
    message: "what was thrown has no text",
    places: ["boot"],
  });
  assertEquals(typeof machine.thrown, "object");
});

Deno.test("a thrown string is the panic's message", () => {
  const { stop } = runBare(() => ({
    loop: () => {
      throw "told you";
    },
  }));
  assertEquals(stop, {
    reason: "panic",
    message: "told you",
    places: ["loop"],
  });
});

Deno.test("stop() ends the run at once, naming the live frames", () => {
  let after = 0;
  const { stop } = runBare((cpu) => ({
    boot() {
      cpu.call(function inner() {
        say(cpu, "enough");
      });
      after += 1;
    },
  }));
  assertEquals(stop, {
    reason: "panic",
    message: "enough",
    places: ["boot", "inner"],
  });
  assertEquals(after, 0);
});

Deno.test("isUnwinding() knows the machine's own token and nothing else", () => {
  const caught: unknown[] = [];
  const { stop } = runBare((cpu) => ({
    boot() {
      try {
        say(cpu, "first");
      } catch (thrown) {
        caught.push(thrown, cpu.isUnwinding(thrown), cpu.isUnwinding("no"));
        throw thrown;
      }
    },
  }));
  assertEquals(stop.reason, "panic");
  assertEquals(caught, [UNWINDING, true, false]);
});

Deno.test("a catch that swallows the unwinding cannot revive a stopped CPU", () => {
  const { stop, machine } = runBare((cpu) => ({
    boot() {
      try {
        say(cpu, "first");
      } catch {
        cpu.store32(FREE, 1);
      }
    },
  }));
  assertEquals(stop.reason === "panic" && stop.message, "first");
  assertEquals(machine.peek(FREE), 0);
});

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

Deno.test("NMI is blocked until IRET; one that arrives meanwhile is remembered, two are one", () => {
  const trace: string[] = [];
  const { stop } = runBare((cpu) => ({
    handlers: {
      nmi: {
        vector: 2,
        run() {
          trace.push(`nmi ${cpu.frames().length}`);
          if (trace.length === 1) {
            while (cpu.rdtsc() < 1_000_500) cpu.pause();
          }
          trace.push("iret");
          cpu.iretq();
        },
      },
    },
    boot() {
      cpu.cli();
      while (cpu.rdtsc() < 1_002_000) cpu.pause();
      exit(cpu);
    },
  }), {
    inputs: [1_000_000, 1_000_100, 1_000_200].map((clk) => ({
      clk,
      source: "nmi",
    })),
  });
  assertEquals(stop.reason, "exit");
  // The second comes after the first one's IRETQ, on the same stack, though IF is clear.
  assertEquals(trace, ["nmi 2", "iret", "nmi 2", "iret"]);
});

Deno.test("NMI interrupts a handler that runs with IF clear; an exception's IRETQ inside it ends the block", () => {
  const trace: string[] = [];
  const { stop } = runBare((cpu) => ({
    handlers: {
      nmi: {
        vector: 2,
        run() {
          trace.push(cpu.frames().join(" > "));
          if (trace.length === 1) {
            cpu.int3(); // Its IRETQ unblocks NMIs, as on hardware.
            while (cpu.rdtsc() < 1_000_500) cpu.pause();
          }
          cpu.iretq();
        },
      },
      breakpoint: { vector: 3, run: () => cpu.iretq() },
      soft: {
        vector: 50,
        run() {
          while (cpu.rdtsc() < 1_001_000) cpu.pause();
          cpu.iretq();
        },
      },
    },
    boot() {
      cpu.int(50);
      exit(cpu);
    },
  }), {
    inputs: [1_000_000, 1_000_300].map((clk) => ({ clk, source: "nmi" })),
  });
  assertEquals(stop.reason, "exit");
  assertEquals(trace, ["boot > soft > nmi", "boot > soft > nmi > nmi"]);
});

Deno.test("NMI that waits behind an NMI handler is taken when its IRETQ faults: on the first instruction of #GP's", () => {
  const trace: string[] = [];
  const { stop } = runBare((cpu) => ({
    handlers: {
      nmi: {
        vector: 2,
        run() {
          trace.push(cpu.frames().join(" > "));
          if (trace.length === 1) {
            while (cpu.rdtsc() < 1_000_500) cpu.pause();
            cpu.storeAddr(above(cpu, 1), 0 as VirtAddr); // CS.
          }
          cpu.iretq();
        },
      },
      protection: {
        vector: 13,
        run() {
          trace.push("#GP");
          cpu.nop();
          exit(cpu);
        },
      },
    },
    boot() {
      while (cpu.rdtsc() < 1_002_000) cpu.pause();
    },
  }), {
    inputs: [1_000_000, 1_000_100].map((clk) => ({ clk, source: "nmi" })),
  });
  assertEquals(stop.reason, "exit");
  assertEquals(trace, [
    "boot > nmi",
    "#GP",
    "boot > nmi > protection > nmi",
  ]);
});

/** What a keyboard interrupt that is pending meets, clk by clk, while `code` runs with IF clear at first. */
function pending(
  code: (cpu: Instructions, log: (text: string) => void) => void,
): string[] {
  const trace: string[] = [];
  const { stop } = runBare((cpu) => ({
    handlers: {
      keyboard: {
        vector: KEYBOARD,
        run() {
          trace.push("irq");
          cpu.in8(0x60);
          endOfInterrupt(cpu);
          cpu.iretq();
        },
      },
      nmi: {
        vector: 2,
        run() {
          trace.push("nmi");
          cpu.iretq();
        },
      },
    },
    boot() {
      movePics(cpu, [0xfd, 0xff]);
      while (cpu.rdtsc() < 200_000) cpu.pause();
      code(cpu, (text) => trace.push(text));
      exit(cpu);
    },
  }), { inputs: [{ clk: 100_000, source: "key", data: 0x1c }] });
  assertEquals(stop.reason, "exit");
  return trace;
}

Deno.test("STI shadows one instruction", () => {
  const trace = pending((cpu, log) => {
    cpu.sti();
    log("sti");
    cpu.nop();
    log("one");
    cpu.nop();
    log("two");
  });
  assertEquals(trace, ["sti", "one", "irq", "two"]);
});

Deno.test("STI, CLI lets nothing in", () => {
  const trace = pending((cpu, log) => {
    for (let i = 0; i < 3; i++) {
      cpu.sti();
      cpu.cli();
    }
    log("none");
    cpu.nop();
  });
  assertEquals(trace, ["none"]);
});

Deno.test("STI with IF set shadows nothing", () => {
  const trace: string[] = [];
  const { stop } = runBare((cpu) => ({
    handlers: {
      keyboard: {
        vector: KEYBOARD,
        run() {
          trace.push("irq");
          cpu.in8(0x60);
          endOfInterrupt(cpu);
          cpu.iretq();
        },
      },
    },
    boot() {
      movePics(cpu, [0xfd, 0xff]);
      cpu.sti();
      while (cpu.rdtsc() < 99_998) cpu.pause();
      cpu.sti(); // At clk 99,999 or a little later: the key arrives with the next boundary.
      while (cpu.rdtsc() < 99_999) cpu.pause();
      cpu.sti();
      trace.push("sti");
      cpu.nop();
      trace.push("nop");
      exit(cpu);
    },
  }), { inputs: [{ clk: 100_001, source: "key", data: 0x1c }] });
  assertEquals(stop.reason, "exit");
  assertEquals(trace.indexOf("irq") < trace.indexOf("nop"), true);
});

Deno.test("POPFQ that sets IF shadows nothing", () => {
  const trace = pending((cpu, log) => {
    cpu.writeRflags(RFLAGS_IF | 2);
    log("popfq");
    cpu.nop();
    log("nop");
  });
  assertEquals(trace, ["popfq", "irq", "nop"]);
});

Deno.test("STI, HLT sleeps at most until what was pending: no wake-up is lost", () => {
  const trace = pending((cpu, log) => {
    cpu.sti();
    cpu.hlt();
    log(`awake ${cpu.rdtsc() < 201_000}`);
  });
  assertEquals(trace, ["irq", "awake true"]);
});

Deno.test("enableAndHlt() takes what is pending out of HLT", () => {
  const trace = pending((cpu, log) => {
    cpu.enableAndHlt();
    log(`awake ${cpu.rdtsc() < 201_000}`);
  });
  assertEquals(trace, ["irq", "awake true"]);
});

Deno.test("a load of SS shadows one instruction, for NMI, too", () => {
  const trace: string[] = [];
  // The turn's clks are counted first, then NMIs are laid on each of them.
  const run = (nmiClk: number | null) => {
    trace.length = 0;
    let loaded = 0;
    runBare((cpu) => ({
      handlers: {
        nmi: {
          vector: 2,
          run() {
            trace.push("nmi");
            cpu.iretq();
          },
        },
      },
      boot() {
        cpu.loadSegment("ss", 0);
        loaded = cpu.rdtsc() - 1; // Reads the boundary behind the load.
        trace.push("shadowed");
        cpu.nop();
        trace.push("open");
        exit(cpu);
      },
    }), {
      inputs: nmiClk === null ? [] : [{ clk: nmiClk, source: "nmi" }],
    });
    return loaded;
  };
  const at = run(null);
  const seen = [0, 1, 2].map((i) => {
    run(at + i);
    return trace.join(" ");
  });
  assertEquals(seen, [
    "nmi shadowed open", // Arrives with the load: taken before it.
    "shadowed nmi open", // Arrives in the shadow.
    "shadowed nmi open",
  ]);
});

Deno.test("a handler that sets IF is interrupted: nested on its stack, undone in reverse", () => {
  const trace: string[] = [];
  const { stop } = runBare((cpu) => ({
    handlers: {
      timer: {
        vector: TIMER,
        run() {
          trace.push(cpu.frames().join(" > "));
          endOfInterrupt(cpu);
          cpu.sti();
          while (cpu.rdtsc() < TICK_CLK + 300_000) cpu.pause();
          trace.push("timer ends");
          cpu.iretq();
        },
      },
      keyboard: {
        vector: KEYBOARD,
        run() {
          trace.push(cpu.frames().join(" > "));
          cpu.in8(0x60);
          endOfInterrupt(cpu);
          cpu.iretq();
        },
      },
    },
    boot() {
      movePics(cpu);
      cpu.sti();
      while (cpu.rdtsc() < TICK_CLK + 400_000) cpu.pause();
      trace.push(...cpu.frames());
      exit(cpu);
    },
  }), {
    inputs: [100_000, 200_000].map((after) => ({
      clk: TICK_CLK + after,
      source: "key",
      data: 0x1c,
    })),
  });
  assertEquals(stop.reason, "exit");
  assertEquals(trace, [
    "boot > timer",
    "boot > timer > keyboard",
    "boot > timer > keyboard",
    "timer ends",
    "boot",
  ]);
});

Deno.test("a handler that sets IF is not interrupted by its own line before the end of interrupt", () => {
  const trace: string[] = [];
  const { stop } = runBare((cpu) => ({
    handlers: {
      timer: {
        vector: TIMER,
        run() {
          trace.push(`in ${cpu.frames().length}`);
          if (trace.length > 1) exit(cpu), cpu.iretq();
          else {
            cpu.sti();
            while (cpu.rdtsc() < 2 * TICK_CLK + 500_000) {
              cpu.fill(FREE, 0, 80_000);
            }
            trace.push("eoi");
            endOfInterrupt(cpu);
            cpu.nop();
          }
        },
      },
    },
    boot() {
      movePics(cpu);
      cpu.sti();
      cpu.hlt();
    },
  }));
  assertEquals(stop.reason, "exit");
  assertEquals(trace, ["in 2", "eoi", "in 3"]);
});

Deno.test("a trap gate leaves IF, an interrupt gate clears it, IRETQ restores it", () => {
  const seen: boolean[] = [];
  runBare((cpu) => ({
    handlers: Object.fromEntries([true, false].map((trap) => [
      `gate_${trap}`,
      {
        vector: trap ? 50 : 51,
        trap,
        run() {
          seen.push(cpu.interruptsEnabled());
          cpu.iretq();
        },
      },
    ])),
    boot() {
      cpu.out8(0x21, 0xff);
      cpu.sti();
      cpu.int(50);
      cpu.int(51);
      seen.push(cpu.interruptsEnabled());
      exit(cpu);
    },
  }));
  assertEquals(seen, [true, false, true]);
});

Deno.test("a turn without an instruction costs 1 clk", () => {
  const machine = bareMachine(() => ({ loop: () => {} }));
  machine.step();
  const { clk } = machine;
  for (let i = 1; i <= 10; i++) {
    assertEquals(machine.step(), null);
    assertEquals(machine.clk, clk + i);
  }
});

Deno.test("at a boundary inputs come before alarms, and both before the interrupt and the instruction", () => {
  // A key on the very clk of the timer's tick: the tick is delivered first, being IRQ 0, and the key is in the 8042.
  const run = (inputs: readonly Input[]) => {
    const trace: string[] = [];
    let ticked = 0;
    const { stop } = runBare((cpu) => ({
      handlers: {
        timer: {
          vector: TIMER,
          run() {
            ticked = cpu.rdtsc() - 1;
            trace.push(`tick, key ready: ${cpu.in8(0x64) & 1}`);
            endOfInterrupt(cpu);
            cpu.iretq();
          },
        },
        keyboard: {
          vector: KEYBOARD,
          run() {
            trace.push("key");
            cpu.in8(0x60);
            endOfInterrupt(cpu);
            cpu.iretq();
          },
        },
      },
      boot() {
        movePics(cpu);
        cpu.sti();
        while (ticked === 0) cpu.pause();
        for (let i = 0; i < 20; i++) cpu.pause();
        exit(cpu);
      },
    }), { inputs });
    assertEquals(stop.reason, "exit");
    return { ticked, trace };
  };
  const { ticked, trace } = run([]);
  assertEquals(trace, ["tick, key ready: 0"]);
  const key = (clk: number): Input => ({ clk, source: "key", data: 0x1c });
  assertEquals(run([key(ticked)]).trace, ["tick, key ready: 1", "key"]);
  assertEquals(run([key(ticked - 1)]).trace.at(0), "key");
  assertEquals(run([key(ticked + 3)]).trace, ["tick, key ready: 0", "key"]);
});

Deno.test("entryAddress() gives HOST_ENTRY + 16 × index, and refuses other names", () => {
  const seen: number[] = [];
  const { stop } = runBare((cpu) => ({
    handlers: {
      a: { run: () => {} },
      b: { run: () => {} },
    },
    boot() {
      seen.push(cpu.entryAddress("a"), cpu.entryAddress("b"));
      cpu.entryAddress("c");
    },
  }));
  assertEquals(seen, [HOST_ENTRY, HOST_ENTRY + HOST_STRIDE]);
  assertEquals(
    stop.reason === "panic" && stop.message,
    'Cannot find entry "c": the kernel has a, b',
  );
});

Deno.test("two entries of one name are refused", () => {
  const entry = { name: "twice", run: () => {} };
  assertThrows(
    () =>
      new Machine({
        ramBytes: 16 * 2 ** 20,
        program: () => ({
          state: {},
          entries: [entry, { ...entry }],
          boot: () => {},
          loop: () => {},
        }),
      }),
    RangeError,
    "two entries share a name",
  );
});

Deno.test("an exception without a gate goes on as #NP, and that as #DF, and that shuts down", () => {
  const { stop } = runBare((cpu) => ({ boot: () => cpu.int3() }));
  if (stop.reason !== "shutdown") throw new Error(stop.reason);
  // INT3's gate is missing: #NP(3 << 3 | 2), whose gate is missing, too.
  assertEquals(
    stop.exceptions.map(({ vector, errorCode }) => [vector, errorCode]),
    [[11, 26], [8, 0], [11, 67]],
  );
});

Deno.test("a fault whose handler does not mend it comes again, a clk each time", () => {
  let faults = 0;
  const { stop } = runBare((cpu) => ({
    handlers: {
      page_fault: {
        vector: 14,
        run() {
          cpu.pop64();
          faults += 1;
          if (faults === 5) say(cpu, `cr2 ${cpu.readCr2().toString(16)}`);
          cpu.iretq();
        },
      },
    },
    boot: () => void cpu.load8(virtAddr(0x7777_0000)),
  }));
  assertEquals(faults, 5);
  assertEquals(stop.reason === "panic" && stop.message, "cr2 77770000");
});

Deno.test("programs need not be made by a class: bareProgram() twice gives machines that share nothing", () => {
  const program = bareProgram((cpu, s: { n: number }) => ({
    loop() {
      s.n += 1;
      cpu.nop();
    },
  }), () => ({ n: 0 }));
  const machines = [0, 1].map(() =>
    new Machine({ ramBytes: 16 * 2 ** 20, program })
  );
  machines[0]!.run({ clkMax: 10_000 });
  machines[1]!.run({ clkMax: 5_000 });
  const [a, b] = machines.map((m) => (m.kernelState as { n: number }).n);
  assert(a! > b!);
  assertStringIncludes(machines[0]!.digest(), "");
});
