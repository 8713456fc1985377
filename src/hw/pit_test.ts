import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { NEVER } from "../base/time.ts";
import {
  assertRestores,
  BenchClock,
  RecordingLine,
} from "../../tests/support/device_bench.ts";
import { Pit } from "./pit.ts";

/** Clocks of one tick of CLK, from the design: 119.3182 MHz by 1.193182 MHz. */
const TICK = 100;

function board() {
  const clock = new BenchClock();
  const out0 = new RecordingLine(clock);
  const alarm = clock.alarm("pit");
  const pit = new Pit({ clock, alarm, out0 });
  clock.on("pit", () => pit.onAlarm());
  pit.refreshLines();
  return { clock, out0, alarm, pit };
}

/** Programs a counter: control word, low byte, high byte. */
function program(pit: Pit, counter: number, mode: number, count: number) {
  pit.writePort(0x43, counter << 6 | 0x30 | mode << 1);
  pit.writePort(0x40 + counter, count & 0xff);
  pit.writePort(0x40 + counter, count >> 8 & 0xff);
}

// Rows: mode, count, edges of OUT 0 in ticks after a write at tick 0, first the level right after the control word.
// The first pulse loads; from 8254, figures 15 to 20.
const EDGES: [mode: number, count: number, [tick: number, level: boolean][]][] =
  [
    [0, 3, [[0, false], [4, true]]],
    [2, 4, [[4, false], [5, true], [8, false], [9, true], [12, false], [
      13,
      true,
    ]]],
    [3, 4, [[3, false], [5, true], [7, false], [9, true], [11, false], [
      13,
      true,
    ]]],
    [3, 5, [[4, false], [6, true], [9, false], [11, true], [14, false]]],
    [4, 3, [[4, false], [5, true]]],
    [1, 3, []], // GATE 0 is always high: no trigger.
    [5, 3, []],
  ];

for (const [mode, count, ticks] of EDGES) {
  Deno.test(`Pit drives IRQ 0 at its clk in mode ${mode} with count ${count}`, () => {
    const { clock, out0, pit } = board();
    out0.edges.length = 0;
    program(pit, 0, mode, count);
    clock.runTo(14 * TICK);
    assertEquals(
      out0.edges,
      ticks.map(([tick, level]) => [tick * TICK, level]),
    );
  });
}

Deno.test("Pit counts from the first pulse after the write when written between pulses", () => {
  const { clock, out0, pit } = board();
  clock.runTo(10 * TICK + 37);
  out0.edges.length = 0;
  program(pit, 0, 2, 5);
  assertEquals(out0.edges, []);
  clock.runTo(17 * TICK);
  assertEquals(out0.edges, [[15 * TICK, false], [16 * TICK, true]]);
});

Deno.test("Pit counts from the next pulse when written in the clk of a pulse", () => {
  const { clock, out0, pit } = board();
  clock.runTo(10 * TICK);
  out0.edges.length = 0;
  program(pit, 0, 2, 5);
  clock.runTo(16 * TICK - 1);
  assertEquals(out0.edges, [[15 * TICK, false]]);
});

Deno.test("Pit at power-on gives 18.2 interrupts a second", () => {
  const { clock, out0 } = board();
  clock.runTo(119_318_200);
  const rising = out0.edges.filter(([clk, level]) => level && clk > 0);
  assertEquals(rising.length, 18);
  assertEquals(
    rising.map(([clk]) => clk),
    rising.map((_, i) => (i + 1) * 6_553_600),
  );
});

Deno.test("Pit needs at most two alarms a period", () => {
  for (const [mode, count] of [[2, 1_193], [3, 1_193], [3, 65_536]] as const) {
    const { clock, out0, pit } = board();
    program(pit, 0, mode, count);
    clock.runTo(2 * TICK);
    clock.fired = 0;
    out0.edges.length = 0;
    clock.pass(10 * count * TICK);
    assert(clock.fired <= 20, `${clock.fired} alarms`);
    assertEquals(out0.edges.length, 20);
  }
});

Deno.test("Pit needs no alarm where OUT 0 cannot change", () => {
  const rows: [mode: number, count: number][] = [[1, 9], [5, 9]];
  for (const [mode, count] of rows) {
    const { alarm, pit } = board();
    program(pit, 0, mode, count);
    assertEquals(alarm.deadline, NEVER);
  }
  const { alarm, clock, pit } = board();
  program(pit, 0, 0, 9);
  clock.runTo(20 * TICK);
  assertEquals(alarm.deadline, NEVER);
  program(pit, 0, 2, 1); // Illegal: OUT stays high.
  clock.pass(3 * TICK);
  assertEquals(alarm.deadline, NEVER);
});

Deno.test("Pit.onAlarm() shows every edge, and drifts from none, when it comes late", () => {
  const { clock, out0, pit } = board();
  program(pit, 0, 2, 4);
  out0.edges.length = 0;
  clock.leapTo(9 * TICK + 50);
  assertEquals(out0.edges.map(([, level]) => level), [
    false,
    true,
    false,
    true,
  ]);
  clock.runTo(13 * TICK);
  assertEquals(out0.edges.slice(4), [[12 * TICK, false], [13 * TICK, true]]);
});

// Rows: mode, count, ticks to the fall, to the rise, and to both in the period after it, from the write on.
const EARLY: readonly (readonly [
  number,
  number,
  readonly [number, number, number, number],
])[] = [
  [2, 1_000, [1_000, 1_001, 2_000, 2_001]],
  [3, 1_000, [501, 1_001, 1_501, 2_001]],
];
for (const [mode, count, ticks] of EARLY) {
  Deno.test(`Pit.onAlarm() when it comes early in mode ${mode}: IRQ 0 as early, the next one on time`, () => {
    for (const early of [1, 99, 100, 150, 20_000]) {
      const { alarm, clock, out0, pit } = board();
      program(pit, 0, mode, count);
      clock.runTo(TICK); // The count is loaded.
      out0.edges.length = 0;
      alarm.arm(alarm.deadline - early);
      clock.runTo(2_100 * TICK);
      const clks = ticks.map((tick, i) => tick * TICK - (i < 2 ? early : 0));
      assertEquals(out0.edges.map(([clk]) => clk), clks, `by ${early}`);
      assertEquals(pit.readPort(0x43), 0xff);
    }
  });
}

Deno.test("Pit.onAlarm() when it comes early in mode 0: OUT rises then, once", () => {
  const { alarm, clock, out0, pit } = board();
  program(pit, 0, 0, 1_000);
  clock.runTo(TICK);
  out0.edges.length = 0;
  alarm.arm(alarm.deadline - 5_000);
  clock.runTo(2_000 * TICK);
  assertEquals(out0.edges, [[1_001 * TICK - 5_000, true]]);
});

Deno.test("Pit.readPort() after an early alarm: the count stands until its time has come", () => {
  const { alarm, clock, pit } = board();
  program(pit, 0, 2, 1_000);
  clock.runTo(TICK);
  alarm.arm(alarm.deadline - 100 * TICK);
  const count = () => pit.readPort(0x40) | pit.readPort(0x40) << 8;
  const seen = [900, 901, 950, 1_001, 1_002].map((tick) => {
    clock.runTo(tick * TICK);
    return count();
  });
  assertEquals(seen, [1, 1_000, 1_000, 1_000, 999]);
});

Deno.test("Pit.writePort() after an early alarm programs the counter as from its edge", () => {
  const { alarm, clock, out0, pit } = board();
  program(pit, 0, 2, 1_000);
  clock.runTo(TICK);
  alarm.arm(alarm.deadline - 100 * TICK);
  clock.runTo(950 * TICK);
  out0.edges.length = 0;
  program(pit, 0, 0, 10);
  clock.runTo(2_000 * TICK);
  assertEquals(out0.edges, [[950 * TICK, false], [1_012 * TICK, true]]);
});

Deno.test("Pit.writePort() shows the edges that are due before it programs the counter", () => {
  const { clock, out0, pit } = board();
  program(pit, 0, 2, 4);
  out0.edges.length = 0;
  clock.state.clk = 9 * TICK; // Alarms not called yet.
  pit.writePort(0x43, 0x30);
  assertEquals(
    out0.edges.map(([, level]) => level),
    [false, true, false, true, false], // The last one is mode 0's own.
  );
});

Deno.test("Pit.readPort() counts while an alarm is late", () => {
  const { clock, pit } = board();
  program(pit, 0, 2, 1_000);
  clock.state.clk = 1_501 * TICK;
  pit.writePort(0x43, 0x00);
  assertEquals(pit.readPort(0x40) | pit.readPort(0x40) << 8, 500);
});

Deno.test("Pit.readPort() of the control port gives an undriven bus", () => {
  assertEquals(board().pit.readPort(0x43), 0xff); // "No-operation (3-state)."
});

// 8254, "Read-Back Command Example" (figure 12), with the counters programmed as below and read in between.
Deno.test("Pit read-back latches what the command selects", () => {
  const { clock, pit } = board();
  program(pit, 0, 2, 0x100);
  program(pit, 1, 3, 0x200);
  program(pit, 2, 0, 0x300);
  clock.runTo(TICK);
  const status = [0x80 | 0x34, 0x80 | 0x36, 0x30];
  // "Read back count and status of Counter 0."
  pit.writePort(0x43, 0xc2);
  // "Read back status of Counter 1."
  pit.writePort(0x43, 0xe4);
  // "Read back status of Counters 2, 1": Counter 1's is latched already.
  pit.writePort(0x43, 0xec);
  // "Read back count of Counter 2."
  pit.writePort(0x43, 0xd8);
  clock.runTo(3 * TICK);
  // "Read back count and status of Counter 1": count latched, but not status.
  pit.writePort(0x43, 0xc4);
  // "Read back status of Counter 1": no effect.
  pit.writePort(0x43, 0xe4);
  clock.runTo(9 * TICK);
  const read = (port: number) => [
    pit.readPort(port),
    pit.readPort(port) | pit.readPort(port) << 8,
  ];
  assertEquals(read(0x40), [status[0], 0x100]);
  assertEquals(read(0x41), [status[1], 0x200 - 4]);
  assertEquals(read(0x42), [status[2], 0x300]);
  assertEquals(pit.readPort(0x40), 0x100 - 8 & 0xff); // Unlatched again.
});

Deno.test("Pit counter latch command holds one counter and leaves the others", () => {
  const { clock, pit } = board();
  program(pit, 0, 2, 0x100);
  program(pit, 1, 2, 0x100);
  clock.runTo(2 * TICK);
  pit.writePort(0x43, 0x40); // SC = 1, RW = 00; the low bits don't care.
  clock.runTo(4 * TICK);
  assertEquals(pit.readPort(0x41), 0xff);
  assertEquals(pit.readPort(0x40), 0xfd);
});

// PIIX4, "NMISC": bit 0 GATE 2, 1 speaker, 2 and 3 NMI disables, 4 refresh toggle, 5 OUT 2, 6 and 7 NMI sources.
Deno.test("Pit port 0x61 keeps bits 3 to 0 and shows bits 7 to 4", () => {
  const { pit } = board();
  for (let value = 0; value < 256; value++) {
    pit.writePort(0x61, value);
    assertEquals(pit.readPort(0x61) & 0xcf, value & 0x0f);
  }
});

Deno.test("Pit port 0x61 bit 0 triggers and stops counter 2, bit 5 shows its OUT", () => {
  const { clock, pit } = board();
  program(pit, 2, 2, 4);
  clock.runTo(10 * TICK); // GATE low: loaded, not counting.
  assertEquals(pit.readPort(0x61) & 0x20, 0x20);
  pit.writePort(0x61, 1);
  const seen: number[] = [];
  for (let i = 0; i < 9; i++) {
    clock.pass(TICK);
    seen.push(pit.readPort(0x61) >> 5 & 1);
  }
  assertEquals(seen, [1, 1, 1, 0, 1, 1, 1, 0, 1]);
  clock.pass(3 * TICK);
  assertEquals(pit.readPort(0x61) & 0x20, 0);
  pit.writePort(0x61, 0);
  assertEquals(pit.readPort(0x61) & 0x20, 0x20); // "Set high immediately."
});

Deno.test("Pit port 0x61 gives mode 0 of counter 2 as calibration loops time it", () => {
  // A kernel sets GATE, loads 10 ms and waits for OUT 2.
  const { clock, pit } = board();
  pit.writePort(0x61, pit.readPort(0x61) & ~2 | 1);
  program(pit, 2, 0, 11_932);
  while ((pit.readPort(0x61) & 0x20) === 0) clock.pass(1);
  assertEquals(clock.clk, (11_932 + 1) * TICK);
});

Deno.test("Pit port 0x61 bit 4 turns with every rise of OUT 1", () => {
  const { clock, pit } = board();
  pit.writePort(0x43, 0x54); // As a BIOS sets refresh: low byte, mode 2, 18.
  pit.writePort(0x41, 18);
  let turns = 0, last = pit.readPort(0x61) & 0x10;
  for (let i = 0; i < 180 * 5; i++) {
    clock.pass(20);
    const level = pit.readPort(0x61) & 0x10;
    if (level !== last) turns++;
    last = level;
  }
  assertEquals(turns, 9); // 180 ticks, less the one that loads.
});

Deno.test("Pit.speaker is OUT 2 let through by port 0x61 bit 1", () => {
  const { clock, pit } = board();
  program(pit, 2, 3, 4);
  pit.writePort(0x61, 1);
  assertEquals(pit.speaker, false);
  pit.writePort(0x61, 3);
  const seen: boolean[] = [];
  for (let i = 0; i < 5; i++) {
    clock.pass(TICK);
    seen.push(pit.speaker);
  }
  assertEquals(seen, [true, true, false, false, true]);
});

Deno.test("Pit.peekPort() changes nothing", () => {
  const { clock, pit } = board();
  program(pit, 0, 2, 0x1234);
  clock.runTo(3 * TICK);
  pit.writePort(0x43, 0xc2);
  const before = JSON.stringify(pit.state);
  for (const port of [0x40, 0x41, 0x42, 0x43, 0x61]) pit.peekPort(port);
  assertEquals(JSON.stringify(pit.state), before);
});

Deno.test("Pit.reset() starts at power-on with the present tick", () => {
  const { clock, out0, alarm, pit } = board();
  program(pit, 0, 0, 7);
  clock.runTo(1_000 * TICK + 1);
  pit.reset();
  assertEquals(out0.level, true);
  assertEquals(alarm.deadline, (1_000 + 32_768) * TICK);
  assertEquals(pit.readPort(0x61), 0x20);
});

Deno.test("Pit is its state when saved and loaded at a random point", () => {
  fc.assert(
    fc.property(fc.nat(), (seed) =>
      assertRestores(() => {
        const { clock, out0, pit } = board();
        return {
          clock,
          device: pit,
          lines: [out0],
          operate(random) {
            const port = [0x40, 0x41, 0x42, 0x43, 0x61][random.below(5)]!;
            switch (random.below(3)) {
              case 0:
                return pit.readPort(port);
              case 1:
                return pit.writePort(port, random.below(256));
              default:
                clock.pass(random.below(random.below(8) === 0 ? 90_000 : 500));
            }
          },
        };
      }, seed)),
    { numRuns: 30 },
  );
});
