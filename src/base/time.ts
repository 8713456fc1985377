/**
 * The one unit of time: `clk`, CPU cycles since power-on, an integer.
 *
 * A JavaScript number counts whole cycles up to 2^53: 2.4 years of virtual time at 119.3182 MHz.
 *
 * @module
 */

/** Cycles per virtual second: 100 for each tick of the PIT's input clock, 1,193,182 Hz. */
export const CLK_HZ = 119_318_200;

/** Cycles per tick of the PIT's input clock. */
export const CLK_PER_PIT_TICK = 100;

/** "Never", as a deadline. An ordinary safe integer, so that state stays plain data. */
export const NEVER: number = Number.MAX_SAFE_INTEGER;
