/**
 * What a device sees of the clock: the current cycle, and one alarm per thing that it waits for.
 *
 * @module
 */

/** The current time. */
export interface Now {
  /** Cycles since power-on. */
  readonly clk: number;
}

/**
 * One pending event of one device, held by the clock as a number. The clock forgets the deadline first and calls the
 * device then, so that a device may arm the same alarm again while it is being called.
 */
export interface Alarm {
  /** The clk at which the alarm is due, or `NEVER`. */
  readonly deadline: number;
  /** Sets the deadline, replacing an earlier one. A deadline that has passed is due at the next boundary. */
  arm(clk: number): void;
  /** Clears the deadline. */
  disarm(): void;
}
