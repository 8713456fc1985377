/**
 * The input log: everything that the outside world does to the machine, each at a chosen clk. A run is a function of
 * configuration, program and this log.
 *
 * Entries on the same clk happen in the order in which they were added. An entry whose clk has passed when it is added
 * is refused, so that a log always tells the truth about its run.
 *
 * *Not modelled*: a mouse's movements, break conditions and errors on the serial line.
 *
 * @module
 */

import { NEVER } from "../base/time.ts";

/** Entries of a log at most. */
export const INPUTS_MAX = 10_000_000;

/** One thing that the world does. */
export type Input =
  | {
    /** When: delivered at the boundary that makes the clock this. */
    readonly clk: number;
    /** A byte that the keyboard puts on its wire; or one that arrives on the serial line. */
    readonly source: "key" | "serial";
    /** The byte, 0 to 255. */
    readonly data: number;
  }
  | {
    /** When. */
    readonly clk: number;
    /** The non-maskable interrupt. */
    readonly source: "nmi";
  }
  | {
    /** When. */
    readonly clk: number;
    /** Jitter: a pending alarm is moved. */
    readonly source: "delay";
    /** Name of the alarm. */
    readonly alarm: string;
    /**
     * Clks added to its deadline. Negative, the alarm comes early, at once at the earliest; `timer` and `uart-transmit` can,
     * the others wait for a time of their own.
     */
    readonly data: number;
  };

/** A log with a cursor. */
export class InputLog {
  #entries: Input[] = [];
  #cursor = 0;

  /** All entries, those that have happened included. */
  get entries(): readonly Input[] {
    return this.#entries;
  }

  /** How many entries have happened. */
  get cursor(): number {
    return this.#cursor;
  }

  /** When the next entry is due, or `NEVER`. */
  get next(): number {
    return this.#entries[this.#cursor]?.clk ?? NEVER;
  }

  /** Entries that have not happened. */
  get pending(): number {
    return this.#entries.length - this.#cursor;
  }

  /**
   * Adds entries in any order.
   *
   * @param inputs the entries
   * @param now the current clk
   * @throws {RangeError} if one is malformed or its clk has passed; then none is added
   */
  add(inputs: readonly Input[], now: number): void {
    for (const input of inputs) check(input, now);
    if (this.#entries.length + inputs.length > INPUTS_MAX) {
      throw new RangeError(
        `Cannot add ${inputs.length} inputs: a log holds ${INPUTS_MAX}`,
      );
    }
    const pending = this.#entries.slice(this.#cursor);
    for (const input of inputs) pending.push({ ...input });
    pending.sort((a, b) => a.clk - b.clk); // Stable: equal clks keep the order in which they were added.
    this.#entries.length = this.#cursor;
    for (const input of pending) this.#entries.push(input);
  }

  /**
   * Takes the next entry, if its time has come.
   *
   * @returns the next entry if it is due at `clk`, which then has happened; else `null`
   */
  take(clk: number): Input | null {
    const input = this.#entries[this.#cursor];
    if (!input || input.clk > clk) return null;
    this.#cursor += 1;
    return input;
  }

  /** Makes this log that of a snapshot. */
  restore(entries: readonly Input[], cursor: number): void {
    this.#entries = entries.slice();
    this.#cursor = cursor;
  }
}

function check(input: Input, now: number): void {
  const refuse = (why: string): never => {
    throw new RangeError(
      `Cannot add input ${JSON.stringify(input)}: ${why}`,
    );
  };
  if (!Number.isSafeInteger(input.clk) || input.clk >= NEVER) {
    refuse("clk is a whole number of cycles since power-on");
  }
  if (input.clk <= now) {
    refuse(`clk ${now} has passed; give a later one`);
  }
  if (input.source === "nmi") return;
  if (input.source === "delay") {
    if (!Number.isSafeInteger(input.data)) {
      refuse("data is a whole number of clks");
    }
  } else if (input.source === "key" || input.source === "serial") {
    if (!(Number.isInteger(input.data) && (input.data & ~0xff) === 0)) {
      refuse("data is a byte");
    }
  } else refuse("source is key, serial, nmi or delay");
}
