import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Stop } from "../hw/stop.ts";
import { exitStatus, explainStop, lastLine } from "./stop_text.ts";

const ROWS: [Stop, number, string[]][] = [
  [{ reason: "exit", value: 0x10, status: 33 }, 33, []],
  [{ reason: "idle" }, 0, []],
  [{ reason: "until" }, 0, []],
  [{ reason: "limit", insideTurn: true }, 0, []],
  [{ reason: "reset", by: "8042" }, 0, []],
  [
    { reason: "panic", message: "oh no", places: ["boot", "f"] },
    70,
    ["panic: oh no", "  in boot > f"],
  ],
  [
    {
      reason: "shutdown",
      exceptions: [
        { vector: 14, errorCode: 2, cr2: 0xdead_beef, rip: -4096 },
        { vector: 8, errorCode: 0, cr2: 0, rip: 0x1000 },
        { vector: 3, errorCode: -1, cr2: 0, rip: 1 },
      ],
    },
    70,
    [
      "shutdown: the last of these exceptions could not be delivered",
      "  #PF(14) error code 0x2 address 0xdead_beef at RIP 0xffff_ffff_ffff_f000",
      "  #DF(8) error code 0x0 at RIP 0x1000",
      "  #BP(3) at RIP 0x1",
    ],
  ],
  [
    {
      reason: "hung",
      interruptsEnabled: false,
      pendingVector: 32,
      places: ["loop"],
    },
    70,
    [
      "hung: HLT with interrupts off (IF clear), and no NMI is to come",
      "  waiting: vector 32",
      "  in loop",
    ],
  ],
  [
    {
      reason: "hung",
      interruptsEnabled: true,
      pendingVector: null,
      places: [],
    },
    70,
    ["hung: HLT that nothing can end"],
  ],
  [
    {
      reason: "deadlock",
      message: "WRITER is held",
      lock: "WRITER",
      holder: "boot",
      waiter: "timer",
    },
    70,
    [
      "deadlock: WRITER is held",
      "  lock: WRITER",
      "  held by: boot",
      "  waited for by: timer",
    ],
  ],
  [
    { reason: "host-calls", places: ["f", "f"] },
    70,
    ["host-calls: more than 1000 calls are live", "  in f > f"],
  ],
  [
    { reason: "no-engine", rip: 0x20_0000 },
    70,
    [
      "no-engine: RIP is 0x20_0000, which is machine code; " +
      "this machine runs kernels in TypeScript only",
    ],
  ],
];

Deno.test("exitStatus() is QEMU's, 0 or 70, for each reason", () => {
  for (const [stop, status] of ROWS) {
    assertEquals(exitStatus(stop), status, stop.reason);
  }
});

Deno.test("explainStop() explains each reason that is no ordinary end", () => {
  for (const [stop, , lines] of ROWS) assertEquals(explainStop(stop), lines);
});

Deno.test("explainStop() shows JavaScript's own stack at a panic", () => {
  const stop: Stop = { reason: "panic", message: "m", places: [] };
  const text = explainStop(stop, new RangeError("m")).join("\n");
  assertStringIncludes(text, "stop_text_test.ts");
});

Deno.test("lastLine() has clk, digest and reason", () => {
  assertEquals(
    lastLine(12, "0123456789abcdef", { reason: "idle" }),
    "clk 12 digest 0123456789abcdef stop idle",
  );
});
