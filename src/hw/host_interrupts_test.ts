import { assertEquals } from "@std/assert";
import {
  endOfInterrupt,
  FREE,
  KEYBOARD,
  movePics,
  runBare,
  TICK_CLK,
  TIMER,
} from "../../tests/support/bare.ts";
import type { VirtAddr } from "./addr.ts";
import { above, exit } from "./host_support_test.ts";
import type { Instructions } from "./instructions.ts";
import { RFLAGS_IF } from "./registers.ts";

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
