/**
 * The clock: the current cycle, one deadline per alarm slot, and the one number that the CPU compares with at every
 * instruction boundary.
 *
 * Order: inputs of the log that are due come first; then alarms, the earlier deadline first, and on equal deadlines the
 * lower slot. A slot is emptied before its device is called, so that the device may arm it again.
 *
 * *Not modelled*: oscillators of their own for the chips: all count fractions of clk, and none drifts but by a `delay`.
 *
 * @module
 */

import type { Alarm, Now } from "../base/alarm.ts";
import { NEVER } from "../base/time.ts";

/** What the clock saves. */
export interface ClockState {
  /** Cycles since power-on. */
  clk: number;
  /** The deadline of each slot, in slot order, or `NEVER`. */
  readonly deadlines: Float64Array;
}

/** One slot: a device's end is the {@linkcode Alarm}. */
class Slot implements Alarm {
  readonly #clock: Clock;
  readonly #slot: number;
  constructor(clock: Clock, slot: number) {
    this.#clock = clock;
    this.#slot = slot;
  }
  get deadline(): number {
    return this.#clock.state.deadlines[this.#slot]!;
  }
  arm(clk: number): void {
    this.#clock.arm(this.#slot, clk);
  }
  disarm(): void {
    this.#clock.arm(this.#slot, NEVER);
  }
}

/** The clock of one machine. */
export class Clock implements Now {
  /** All there is to save. */
  readonly state: ClockState;
  /** Names of the slots, in slot order. */
  readonly slotNames: readonly string[];
  /**
   * Derived: the boundary that would make `clk` this or more has something to do besides its instruction. 0 while the
   * CPU wants every boundary.
   */
  attention = 0;

  readonly #callbacks: (() => void)[];
  #nextAlarm = NEVER;
  #nextInput = NEVER;
  #limit = NEVER;
  #urgent = false;

  /**
   * Starts at clk 0 with nothing armed.
   *
   * @param slotNames the alarms, first come first served on equal deadlines
   */
  constructor(slotNames: readonly string[]) {
    this.slotNames = slotNames;
    this.state = {
      clk: 0,
      deadlines: new Float64Array(slotNames.length).fill(NEVER),
    };
    this.#callbacks = slotNames.map(() => () => {});
    this.refresh();
  }

  /** Cycles since power-on. */
  get clk(): number {
    return this.state.clk;
  }

  /** The next clk at which an alarm or an input is due, or `NEVER`. */
  get nextEvent(): number {
    return Math.min(this.#nextAlarm, this.#nextInput);
  }

  /** The last clk that may be reached. */
  get limit(): number {
    return this.#limit;
  }

  /**
   * Gives out one slot.
   *
   * @param name one of `slotNames`
   * @returns the device's end
   * @throws {RangeError} if there is no such slot
   */
  alarm(name: string): Alarm {
    return new Slot(this, this.#slotOf(name));
  }

  /** Wires a slot to what is called when it is due. */
  connect(name: string, onAlarm: () => void): void {
    this.#callbacks[this.#slotOf(name)] = onAlarm;
  }

  /** Sets the deadline of a slot. */
  arm(slot: number, clk: number): void {
    this.state.deadlines[slot] = clk;
    this.#findNextAlarm();
    this.#attend();
  }

  /**
   * Moves a pending alarm, as jitter does: to 0 at the earliest, to the clk before `NEVER` at the latest, so that one that
   * is armed stays so.
   *
   * @param name the slot
   * @param clks added to its deadline, if it has one
   */
  delay(name: string, clks: number): void {
    const slot = this.#slotOf(name);
    const deadline = this.state.deadlines[slot]!;
    if (deadline === NEVER) return;
    this.arm(slot, Math.min(NEVER - 1, Math.max(0, deadline + clks)));
  }

  /** Says when the next input is due. */
  setNextInput(clk: number): void {
    this.#nextInput = clk;
    this.#attend();
  }

  /** Sets the last clk that may be reached. */
  setLimit(clk: number): void {
    this.#limit = clk;
    this.#attend();
  }

  /** Says whether the CPU wants every boundary: an interrupt can be taken, a shadow ends. */
  setUrgent(urgent: boolean): void {
    if (urgent === this.#urgent) return;
    this.#urgent = urgent;
    this.#attend();
  }

  /** Calls the devices whose alarms are due. */
  runAlarms(): void {
    const { state } = this;
    while (this.#nextAlarm <= state.clk) {
      const slot = state.deadlines.indexOf(this.#nextAlarm);
      state.deadlines[slot] = NEVER;
      this.#findNextAlarm();
      this.#callbacks[slot]!();
    }
    this.#attend();
  }

  /** Makes what is derived again, after the state was loaded. */
  refresh(): void {
    this.#findNextAlarm();
    this.#attend();
  }

  #slotOf(name: string): number {
    const slot = this.slotNames.indexOf(name);
    if (slot < 0) {
      throw new RangeError(
        `Cannot find alarm "${name}": the machine has ${
          this.slotNames.join(", ")
        }`,
      );
    }
    return slot;
  }

  #findNextAlarm(): void {
    let next = NEVER;
    for (const deadline of this.state.deadlines) {
      if (deadline < next) next = deadline;
    }
    this.#nextAlarm = next;
  }

  #attend(): void {
    this.attention = this.#urgent ? 0 : Math.min(
      this.#nextAlarm,
      this.#nextInput,
      this.#limit + 1,
    );
  }
}
