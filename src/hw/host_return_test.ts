import { assertEquals } from "@std/assert";
import {
  bareMachine,
  FREE,
  IDT_ADDR,
  runBare,
} from "../../tests/support/bare.ts";
import { virtAddr } from "./addr.ts";
import type { EngineFactory } from "./executor.ts";
import { HOST_ENTRY, HOST_PARKED, HOST_RESUME } from "./host_range.ts";
import { above, exit, live, say } from "./host_support_test.ts";
import { gateFor, writeGate } from "./idt.ts";
import type { Instructions } from "./instructions.ts";
import type { Machine } from "./machine.ts";
import type { Stop } from "./stop.ts";

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

// SDM 3A, "Page-Fault Exceptions": the host range is the kernel's, at ring 3 a fetch there is a fault of a user.
Deno.test("iretq() to ring 3 at the interrupted code's RIP and RSP is no return to it", () => {
  const trace: string[] = [];
  const { stop } = runBare((cpu) => ({
    handlers: {
      breakpoint: {
        vector: 3,
        run() {
          cpu.store64(above(cpu, 1), 0x0b, 0);
          cpu.store64(above(cpu, 4), 0x13, 0);
          cpu.iretq();
        },
      },
    },
    boot() {
      cpu.store64(FREE, 0, 0);
      cpu.store64(virtAddr(FREE + 8), 0xffff, 0x00af_fb00); // 64-bit code, ring 3.
      cpu.store64(virtAddr(FREE + 16), 0xffff, 0x00cf_f300); // Data, ring 3.
      cpu.store64(virtAddr(FREE + 24), 0xffff, 0x00af_9b00); // 64-bit code, ring 0.
      cpu.lgdt(FREE, 31);
      const gate = gateFor(cpu.entryAddress("breakpoint"), 0x18);
      writeGate(cpu, IDT_ADDR, 3, gate);
      cpu.int3();
      trace.push(`boot at ring ${cpu.readSegment("cs") & 3}`);
    },
  }));
  assertEquals(trace, []);
  assertEquals(firstException(stop), [14, 0x15]);
});

Deno.test("machine code of ring 3 that jumps to an entry does not run it, though JavaScript waits", () => {
  const trace: string[] = [];
  const engine: EngineFactory = (core) => ({
    run() {
      core.cpu.cpl = 3;
      core.cpu.rip = HOST_ENTRY;
    },
    dropCaches() {},
  });
  const { stop } = runBare((cpu) => ({
    handlers: { entered: { run: () => trace.push("entered") } },
    boot() {
      const gate = gateFor(virtAddr(0x20_0000), cpu.readSegment("cs"));
      writeGate(cpu, IDT_ADDR, 3, gate);
      cpu.int3();
      trace.push("boot");
    },
  }), { engine });
  assertEquals(trace, []);
  assertEquals(firstException(stop), [14, 0x15]);
});

function firstException(stop: Stop): [number, number] | string {
  if (stop.reason !== "shutdown") return stop.reason;
  const { vector, errorCode } = stop.exceptions[0]!;
  return [vector, errorCode];
}
