/**
 * Follows a program for the 8254 as far as is needed to tell which bits of a read the standing time decides.
 *
 * Our counters get one pulse of CLK with each byte of a count, so that the count is loaded as it is at once in QEMU;
 * by these pulses they have counted on where QEMU's stand.
 *
 * @module
 */

import { pulsesTimer } from "./board.ts";
import type { Answer } from "./difference.ts";
import type { Operation } from "./program.ts";

/** Which row of differences a read meets, and in which bits. */
export interface PitMeeting {
  /** The row. */
  readonly row: "count" | "loading" | "status" | "out" | "refresh" | "latch";
  /** The bits. */
  readonly mask: number;
}

interface Counter {
  /** 0 to 5; X10 and X11 are 2 and 3. */
  mode: number;
  /** Whether the control word said 6 or 7, which QEMU's OUT takes for 0. */
  odd: boolean;
  access: number;
  bcd: boolean;
  /** Whether the count is the one that was written last, on both sides. */
  loaded: boolean;
  /** Whether a count was written since the control word. */
  written: boolean;
  /** Pulse after which the count was loaded. */
  loadPulse: number;
  /** The count written last, or its first byte. */
  value: number;
  half: boolean;
  statusLatched: boolean;
  /** What the status latch may differ in. */
  statusMasks: PitMeeting[];
  /** Bytes left of a latched count. */
  latchLeft: number;
  /** Pulses from the load to the latch; −1 if it was not loaded. */
  latchPulses: number;
  /** Whether the flip-flops and latches of both sides are apart. */
  apart: boolean;
}

const counter = (): Counter => ({
  mode: 3,
  odd: false,
  access: 1,
  bcd: false,
  loaded: false,
  written: false,
  loadPulse: 0,
  value: 0,
  half: false,
  statusLatched: false,
  statusMasks: [],
  latchLeft: 0,
  latchPulses: 0,
  apart: false,
});

/** The follower. */
export class PitFollower {
  readonly #counters = [counter(), counter(), counter()];
  #pulses = 0;
  #gate = false;

  /** Follows an operation; for a read says what it meets. */
  follow(operation: Operation, answer: Answer | null): PitMeeting[] {
    if (operation.kind === "irq") return [];
    const { port } = operation;
    if (operation.kind === "out") {
      if (port === 0x43) this.#control(operation.value);
      else if (port === 0x61) this.#setGate((operation.value & 1) !== 0);
      else if (port >= 0x40 && port <= 0x42) {
        this.#writeCount(this.#counters[port - 0x40]!, operation.value);
      }
      if (pulsesTimer(port)) this.#pulses += 1;
      return [];
    }
    if (port === 0x61) {
      const out = this.#status(this.#counters[2]!)
        .filter(({ mask }) => mask & 0x80)
        .map(({ row }) => ({ row, mask: 0x20 }));
      return [{ row: "refresh", mask: 0x10 }, ...out];
    }
    if (port < 0x40 || port > 0x42 || !answer) return [];
    return this.#read(this.#counters[port - 0x40]!, answer);
  }

  #control(value: number): void {
    const select = value >> 6;
    if (select === 3) {
      this.#counters.forEach((c, i) => {
        if (!(value >> (i + 1) & 1)) return;
        if (!(value & 0x20)) this.#latch(c);
        if (!(value & 0x10) && !c.statusLatched) {
          c.statusLatched = true;
          c.statusMasks = this.#status(c);
        }
      });
      return;
    }
    const c = this.#counters[select]!;
    if ((value & 0x30) === 0) return this.#latch(c);
    if (c.latchLeft > 0) c.apart = true;
    c.latchLeft = 0;
    c.access = value >> 4 & 3;
    const mode = value >> 1 & 7;
    c.odd = mode > 5;
    c.mode = c.odd ? mode - 4 : mode;
    c.bcd = (value & 1) !== 0;
    c.loaded = c.written = c.half = false;
  }

  #latch(c: Counter): void {
    if (c.latchLeft > 0) return;
    c.latchLeft = c.access === 3 ? 2 : 1;
    c.latchPulses = c.loaded ? this.#pulses - c.loadPulse : -1;
  }

  #writeCount(c: Counter, byte: number): void {
    if (c.access === 3 && !c.half) {
      c.half = true;
      c.value = byte;
      if (c.mode === 0) c.loaded = false; // Counting is disabled, on one side.
      return;
    }
    if (c.access === 3) c.value |= byte << 8;
    else c.value = c.access === 2 ? byte << 8 : byte;
    c.half = false;
    const atOnce = c.mode === 0 || c.mode === 4;
    const periodic = c.mode === 2 || c.mode === 3;
    // A running periodic counter takes a new count at its period's end, modes 1 and 5 with a trigger.
    c.loaded = atOnce || (periodic && !c.written);
    c.written = true;
    c.loadPulse = this.#pulses;
  }

  #setGate(gate: boolean): void {
    const c = this.#counters[2]!;
    if (gate && !this.#gate && c.written && !c.half) {
      const byGate = [1, 2, 3, 5].includes(c.mode);
      if (byGate) c.loaded = true;
      if (byGate) c.loadPulse = this.#pulses;
    }
    this.#gate = gate;
  }

  /** What a status latched at this moment may differ in. */
  #status(c: Counter): PitMeeting[] {
    if (!c.loaded) return [{ row: "loading", mask: 0xc0 }];
    const passed = this.#pulses - c.loadPulse;
    const size = decimal(c.value, c.bcd) || (c.bcd ? 10_000 : 0x1_0000);
    const alike = (c.mode === 0 || c.mode === 3 && !c.odd) &&
      2 * passed + 2 < size;
    return alike ? [] : [{ row: "out", mask: 0x80 }];
  }

  #read(c: Counter, answer: Answer): PitMeeting[] {
    if (c.apart) return [{ row: "latch", mask: 0xff }];
    if (c.statusLatched) {
      c.statusLatched = false;
      return c.statusMasks;
    }
    let pulses = c.loaded ? this.#pulses - c.loadPulse : -1;
    if (c.latchLeft > 0) {
      c.latchLeft -= 1;
      pulses = c.latchPulses;
    }
    if (pulses < 0) return [{ row: "loading", mask: 0xff }];
    return within(answer, 2 * pulses + 1) ? [{ row: "count", mask: 0xff }] : [];
  }
}

const decimal = (value: number, bcd: boolean): number =>
  bcd
    ? (value >> 12) * 1_000 + (value >> 8 & 15) * 100 + (value >> 4 & 15) * 10 +
      (value & 15)
    : value;

/** Whether our byte is QEMU's less a few pulses, as a low or high byte, binary or in BCD. */
function within({ ours, theirs }: Answer, most: number): boolean {
  if (ours === theirs) return true;
  const binary = (theirs - ours) & 0xff;
  const bcd = (decimal(theirs, true) - decimal(ours, true) + 200) % 100;
  return Math.min(binary, bcd) <= most;
}
