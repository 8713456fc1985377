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
  TIMER,
} from "../../tests/support/bare.ts";
import { virtAddr } from "./addr.ts";
import { UNWINDING } from "./host_executor.ts";
import { HOST_ENTRY, HOST_RESUME, HOST_STRIDE } from "./host_range.ts";
import { above, exit, live, say } from "./host_support_test.ts";
import type { Program } from "./hosted.ts";
import type { Input } from "./input_log.ts";
import type { Instructions } from "./instructions.ts";
import { Machine } from "./machine.ts";

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

Deno.test("a panic is an event, whether it is thrown or a stop", () => {
  const boots = [
    () => {
      throw new Error("thrown");
    },
    (cpu: Instructions) => cpu.stop({ reason: "panic", message: "stopped" }),
  ];
  for (const boot of boots) {
    const program: Program = (cpu) => ({
      state: {},
      entries: [],
      boot: () => boot(cpu),
      loop() {},
    });
    const machine = new Machine({ program, ramBytes: 16 * 2 ** 20 });
    machine.events.on = true;
    machine.run();
    const panics = [...machine.events].filter((e) => e.kind === "panic");
    assertEquals(panics.length, 1);
  }
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
