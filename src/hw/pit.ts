/**
 * The PC's timer: an 8254 with three counters, and port 0x61, which holds counter 2's GATE and shows what counters 1
 * and 2 put out.
 *
 * Source: 8254 data sheet; 82371AB (PIIX4), "NMISC, NMI Status and Control Register"; IBM PC/AT Technical Reference,
 * "System Timers".
 * Ports: 0x40 to 0x42 counters, 0x43 control word (write only), 0x61.
 *
 * CLK has a pulse whenever clk is a multiple of 100, and what the CPU writes in that clk comes after the pulse. Counter 0's OUT
 * drives IRQ 0 through one alarm, armed for the next change; the other counters cost nothing until they are looked at.
 * A late alarm delays the edge that it stands for, and no later one. An early one takes counter 0 to that edge before its
 * tick, where the count then stands until the tick has come; if OUT fell, its rise, which is IRQ 0, comes as early, and
 * all edges after it on time.
 *
 * *Not modelled*: what `pit_element.ts` and `pit_counter.ts` list; sound; sources of SERR# and IOCHK# (port 0x61 bits 7
 * and 6 read 0, bits 3 and 2 keep what was written); refresh cycles (bit 4 turns when one would be).
 *
 * @module
 */

import type { Alarm, Now } from "../base/alarm.ts";
import type { Line } from "../base/line.ts";
import { copyStateInto } from "../base/state_tree.ts";
import { CLK_PER_PIT_TICK, NEVER } from "../base/time.ts";
import {
  PitCounter,
  type PitCounterState,
  pitCounterState,
} from "./pit_counter.ts";

/** Counter 0; counters 1 and 2 follow. */
export const PIT_COUNTER_0 = 0x40;
/** Control word, counter latch and read-back commands. Nothing drives the bus when it is read. */
export const PIT_CONTROL = 0x43;
/** NMI status and control, speaker, GATE 2. */
export const PORT_61 = 0x61;

const READ_BACK = 3; // SC1 and SC0.
const READ_BACK_NO_COUNT = 0x20;
const READ_BACK_NO_STATUS = 0x10;
const PORT_61_GATE_2 = 0x01;
const PORT_61_SPEAKER = 0x02;
const PORT_61_WRITABLE = 0x0f; // Also SERR# (bit 2) and IOCHK# (bit 3) disable.
const PORT_61_REFRESH = 0x10;
const PORT_61_OUT_2 = 0x20;

/** The state of the timer. */
export interface PitState {
  /** Counters 0, 1 and 2. */
  readonly counters: PitCounterState[];
  /** Port 0x61, bits 3 to 0 as written. */
  port61: number;
}

/**
 * Makes the state at power-on.
 *
 * @param tick the present tick of CLK
 * @returns the state: all counters in mode 3 with a count of 65,536, GATE 2 low
 */
export function pitState(tick = 0): PitState {
  return {
    counters: [
      pitCounterState(true, tick),
      pitCounterState(true, tick),
      pitCounterState(false, tick),
    ],
    port61: 0,
  };
}

/** What the timer is wired to. */
export interface PitWires {
  /** The present clk. */
  readonly clock: Now;
  /** Calls {@linkcode Pit.onAlarm}. */
  readonly alarm: Alarm;
  /** Counter 0's OUT: IRQ 0. */
  readonly out0: Line;
}

/**
 * The timer.
 *
 * @example
 * ```ts
 * import { Pit } from "@lockstep/kernel/hw";
 * import { assertEquals } from "@std/assert";
 *
 * const clock = { clk: 0 };
 * const alarm = { deadline: 0, arm() {}, disarm() {} };
 * const pit = new Pit({ clock, alarm, out0: { set() {} } });
 * pit.writePort(0x43, 0x94); // Counter 2, low byte only, mode 2.
 * pit.writePort(0x42, 50);
 * pit.writePort(0x61, 0x01); // GATE 2 high.
 * clock.clk = 1_100; // 11 ticks: one loads the count, ten count.
 * assertEquals(pit.readPort(0x42), 40);
 * ```
 */
export class Pit {
  /** All there is to save. */
  readonly state: PitState;
  readonly #counters: readonly PitCounter[];
  readonly #clock: Now;
  readonly #alarm: Alarm;
  readonly #out0: Line;

  /**
   * Makes a timer; without `state` it is a fresh one and arms its alarm.
   *
   * @param wires what it is wired to
   * @param state to go on from; the alarm's deadline is the clock's to restore
   */
  constructor(wires: PitWires, state?: PitState) {
    this.#clock = wires.clock;
    this.#alarm = wires.alarm;
    this.#out0 = wires.out0;
    this.state = state ?? pitState(this.#tick);
    this.#counters = this.state.counters.map((s) => new PitCounter(s));
    if (state === undefined) this.#arm();
  }

  /** Back to power-on, the counters starting with the present tick. */
  reset(): void {
    copyStateInto(this.state, pitState(this.#tick));
    this.#driveOut0();
  }

  /** Drives IRQ 0 from the state, after a load. The alarm is left alone: its deadline is the clock's state. */
  refreshLines(): void {
    this.#out0.set(this.state.counters[0]!.element.out);
  }

  /** Whether the speaker's input is high: counter 2's OUT, let through by port 0x61 bit 1. */
  get speaker(): boolean {
    return (this.state.port61 & PORT_61_SPEAKER) !== 0 &&
      this.#counters[2]!.out(this.#tick);
  }

  /** The alarm: counter 0's OUT changes as at the tick for which it was armed, be it late or early. */
  onAlarm(): void {
    const counter = this.#counters[0]!;
    const tick = counter.nextChange;
    if (tick === NEVER) return;
    const early = Math.max(0, tick * CLK_PER_PIT_TICK - this.#clock.clk);
    counter.settle(tick);
    this.#driveOut0();
    const { deadline } = this.#alarm;
    if (counter.state.element.out || deadline === NEVER) return;
    if (early > 0) this.#alarm.arm(deadline - early);
  }

  /**
   * IN. Reading a counter uses up its latches.
   *
   * @param port 0x40 to 0x43 or 0x61
   * @returns the byte
   */
  readPort(port: number): number {
    if (port >= PIT_CONTROL) return this.peekPort(port);
    return this.#counters[port - PIT_COUNTER_0]!.read(this.#tick);
  }

  /**
   * What {@linkcode Pit.readPort} would give, without its effects.
   *
   * @param port 0x40 to 0x43 or 0x61
   * @returns the byte
   */
  peekPort(port: number): number {
    if (port === PIT_CONTROL) return 0xff;
    const tick = this.#tick;
    if (port !== PORT_61) {
      return this.#counters[port - PIT_COUNTER_0]!.peek(tick);
    }
    return this.state.port61 |
      (this.#counters[1]!.rises(tick) !== 0 ? PORT_61_REFRESH : 0) |
      (this.#counters[2]!.out(tick) ? PORT_61_OUT_2 : 0);
  }

  /**
   * OUT.
   *
   * @param port 0x40 to 0x43 or 0x61
   * @param value the byte
   */
  writePort(port: number, value: number): void {
    if (port === PIT_CONTROL) this.#writeControl(value);
    else if (port === PORT_61) {
      this.state.port61 = value & PORT_61_WRITABLE;
      this.#counters[2]!.setGate((value & PORT_61_GATE_2) !== 0, this.#tick);
    } else {
      const index = port - PIT_COUNTER_0;
      if (index === 0) this.#catchUp();
      this.#counters[index]!.writeCount(value, this.#tick);
      if (index === 0) this.#driveOut0();
    }
  }

  get #tick(): number {
    return Math.floor(this.#clock.clk / CLK_PER_PIT_TICK);
  }

  /** "Control Word Format", "Counter Latch Command", "Read-Back Command". */
  #writeControl(value: number): void {
    const select = value >> 6;
    const tick = this.#tick;
    if (select === READ_BACK) {
      for (let i = 0; i < 3; i++) {
        if ((value >> (i + 1) & 1) === 0) continue;
        const counter = this.#counters[i]!;
        if ((value & READ_BACK_NO_COUNT) === 0) counter.latchCount(tick);
        if ((value & READ_BACK_NO_STATUS) === 0) counter.latchStatus(tick);
      }
      return;
    }
    const counter = this.#counters[select]!;
    if ((value >> 4 & 3) === 0) {
      counter.latchCount(tick);
      return;
    }
    if (select === 0) this.#catchUp();
    counter.writeControl(value & 0x3f, tick);
    if (select === 0) this.#driveOut0();
  }

  /** Shows the changes of OUT 0 whose alarm is still on its way, so that none is lost when the counter is written. */
  #catchUp(): void {
    const counter = this.#counters[0]!;
    for (;;) {
      const tick = counter.nextChange;
      if (tick > this.#tick) return;
      counter.settle(tick);
      this.#out0.set(counter.state.element.out);
    }
  }

  #driveOut0(): void {
    this.#out0.set(this.state.counters[0]!.element.out);
    this.#arm();
  }

  #arm(): void {
    const tick = this.#counters[0]!.nextChange;
    if (tick === NEVER) this.#alarm.disarm();
    else this.#alarm.arm(tick * CLK_PER_PIT_TICK);
  }
}
