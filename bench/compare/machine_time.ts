/**
 * Idle time, port accesses, and what recording events costs.
 *
 * @module
 */

import { Machine, type Program } from "@lockstep/kernel";
import { makeKernel } from "@lockstep/kernel/kernel";
import { EventLog } from "../../src/base/events.ts";
import { NO_EVENTS } from "../../src/base/events.ts";
import { Pic } from "../../src/hw/pic.ts";
import { best, bestOfThree, type Contender, interleaved } from "./measure.ts";
import { peerRow, type Row, valueRow } from "./rows.ts";

/** Ticks of a virtual second, rounded up. */
const TICKS = 19;
/** Clks from tick to tick at 18.2 Hz: 65,536 PIT ticks. */
const TICK_CLKS = 65_536 * 100;
const TIMER_VECTOR = 32;
/** Seconds of one run. */
const SECONDS = 20;

/** The kernel without tasks; with `direct`, each turn runs its timer handler 19 times back to back. */
const ticking = (direct: boolean): Program => (cpu, state) => {
  const inner = makeKernel({ main: () => [] })(cpu, state);
  return {
    state: inner.state,
    entries: inner.entries,
    boot: (info) => inner.boot(info),
    loop: () => {
      if (!direct) return inner.loop();
      for (let i = 0; i < TICKS; i++) cpu.int(TIMER_VECTOR);
    },
  };
};

/** Goal: an idle virtual second costs at most twice the handling of its ticks. */
export function idleSecond(): Row[] {
  const [idle, direct] = [false, true].map((direct) => {
    const machine = new Machine({
      program: ticking(direct),
      ramBytes: 16 * 2 ** 20,
    });
    machine.step();
    return machine;
  }) as [Machine, Machine];
  const ticked = (machine: Machine) =>
    machine.memory.peek(0xb_8000 + 24 * 160, 1);
  const ours: Contender = {
    name: "an idle second",
    operations: SECONDS,
    run: () => {
      idle.run({ pauseClk: idle.clk + SECONDS * TICKS * TICK_CLKS });
      return ticked(idle)!;
    },
  };
  const peer: Contender = {
    name: "its 19 handlers",
    operations: SECONDS,
    run: () => {
      for (let i = 0; i < SECONDS; i++) direct.step();
      return ticked(direct)!;
    },
  };
  const [oursNs, peerNs] = best([ours, peer]);
  const dots = [idle, direct].map((m) => m.vga.screenText().join("\n"));
  if (dots[0] !== dots[1]) throw new Error("the screens differ");
  return [peerRow("machine/idle-second/its-19-ticks", oursNs, peerNs, 0.5)];
}

/** A write to the primary 8259A's mask and a read of it, by a hosted kernel. */
export function portAccess(): Row[] {
  const count = 100_000;
  let sum = 0;
  const machine = new Machine({
    ramBytes: 16 * 2 ** 20,
    program: (cpu) => ({
      state: {},
      entries: [],
      boot: () => {},
      loop: () => {
        let read = 0;
        for (let i = 0; i < count; i++) {
          cpu.out8(0x21, i & 0xff);
          read = (read + cpu.in8(0x21)) | 0;
        }
        sum = read;
      },
    }),
  });
  machine.step();
  const contender: Contender = {
    name: "out8, in8",
    operations: count,
    run: () => {
      machine.step();
      return sum;
    },
  };
  let want = 0;
  for (let i = 0; i < count; i++) want += i & 0xff;
  const [ns] = bestOfThree(
    () => interleaved([contender], [want]),
    (a, b) => a[0]! < b[0]!,
  );
  return [valueRow("machine/pic-write-and-read", ns!, "ns", 200)];
}

/** Records of one run. */
const RECORDS = 1_000_000;
const CHUNK = 10_000;

/** Port accesses with and without the question whether anybody listens; and what a record costs when somebody does. */
export function eventLog(): Row[] {
  const now = { clk: 0 };
  const off = new EventLog(now);
  const pic = new Pic({ intr: { set: () => {} }, events: NO_EVENTS });
  const chunks = (sumOf: (from: number, to: number) => number) => () => {
    let sum = 0;
    for (let from = 0; from < RECORDS; from += CHUNK) {
      sum = (sum + sumOf(from, from + CHUNK)) | 0;
    }
    return sum;
  };
  const asking: Contender = {
    name: "with the branch",
    operations: RECORDS,
    run: chunks((from, to) => {
      let sum = 0;
      for (let i = from | 0; i < (to | 0); i++) {
        pic.writePort(0x21, i & 0xff);
        const value = pic.readPort(0x21);
        if (off.on) off.emit("port-read", 0x21, value, 1);
        sum = (sum + value) | 0;
      }
      return sum;
    }),
  };
  const plain: Contender = {
    name: "without",
    operations: RECORDS,
    run: chunks((from, to) => {
      let sum = 0;
      for (let i = from | 0; i < (to | 0); i++) {
        pic.writePort(0x21, i & 0xff);
        const value = pic.readPort(0x21);
        sum = (sum + value) | 0;
      }
      return sum;
    }),
  };
  const [askingNs, plainNs] = best([asking, plain]);
  const log = new EventLog(now, RECORDS);
  log.on = true;
  const recording: Contender = {
    name: "EventLog.emit",
    operations: RECORDS,
    prepare: () => log.clear(),
    run: chunks((from, to) => {
      for (let i = from | 0; i < (to | 0); i++) {
        now.clk = i;
        log.emit("port-write", 0x21, i & 0xff, 1);
      }
      return log.length - from;
    }),
  };
  let want = 0;
  for (let from = 0; from < RECORDS; from += CHUNK) want += CHUNK;
  const [recordNs] = bestOfThree(
    () => interleaved([recording], [want]),
    (a, b) => a[0]! < b[0]!,
  );
  let i = 0;
  for (const { clk, kind, a, b, c } of log) {
    const right = clk === i && kind === "port-write" && a === 0x21 &&
      b === (i & 0xff) && c === 1;
    if (!right) throw new Error(`record ${i} is not what was recorded`);
    i++;
  }
  return [
    peerRow("machine/events-off/no-branch", askingNs, plainNs, 0.9),
    valueRow("machine/events-on-per-record", recordNs!, "ns", 50),
  ];
}
