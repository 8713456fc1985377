/**
 * The divider chain of the MC146818: when updates end, and when the periodic flag is set. All in integers, derived from
 * the clk at which some update ended.
 *
 * Source: MC146818 data sheet, "Divider Control", "Periodic Interrupt Selection", "Update Cycle" (update cycle times
 * for 32.768 kHz; "Update-Ended and Periodic Interrupt Relationships").
 *
 * @module
 */

import { CLK_HZ } from "../base/time.ts";

/** Time from the rise of UIP to the update cycle, t_BUC: 244 µs, rounded up. */
const BEFORE_UPDATE_CLK = 29_114;

/** Length of an update cycle, t_UC: 1984 µs, rounded up. */
export const UPDATE_CLK = 236_728;

/** How long UIP is 1. */
export const UIP_CLK: number = BEFORE_UPDATE_CLK + UPDATE_CLK;

/** From the release of the chain to the first update cycle: half a second. */
export const FIRST_UPDATE_CLK: number = CLK_HZ / 2;

/**
 * Whether the chain counts: the divider bits choose one of the three time bases.
 *
 * @param registerA its bits 4 to 6 are DV0–DV2
 * @returns `false` for reset (11x) and the test modes (011, 10x)
 */
export function dividerRuns(registerA: number): boolean {
  return (registerA & 0x70) <= 0x20;
}

/**
 * The rate of the periodic flag, "Periodic Interrupt Rate and Square Wave Frequency".
 *
 * @param registerA its bits 0 to 3 choose the rate, bits 4 to 6 the time base
 * @returns a power of two in hertz, or 0 for none
 */
export function periodicHz(registerA: number): number {
  const rate = registerA & 0x0f;
  if (rate === 0) return 0;
  // With the 32.768 kHz base the two fastest taps repeat those of 256 and 128 Hz.
  const slow = (registerA & 0x70) === 0x20 && rate <= 2;
  return 0x1_0000 >> (slow ? rate + 7 : rate);
}

/**
 * Updates that have ended.
 *
 * @param updateClk when some update ended
 * @param clk the time
 * @returns how many ended in (updateClk, clk]; negative for a `clk` before
 */
export function updatesUntil(updateClk: number, clk: number): number {
  return Math.floor((clk - updateClk) / CLK_HZ);
}

/**
 * The next update's end.
 *
 * @param updateClk when some update ended
 * @param clk the time
 * @returns the first end after `clk`
 */
export function nextUpdateClk(updateClk: number, clk: number): number {
  return updateClk + (updatesUntil(updateClk, clk) + 1) * CLK_HZ;
}

/**
 * Counts settings of the periodic flag. They fall in the middle between two rises of UIP at that rate: UIP rises half a
 * period after one.
 *
 * @param updateClk when some update ended
 * @param hz the rate, above 0
 * @param clk the time
 * @returns a number whose differences count; may be negative
 */
export function periodsUntil(
  updateClk: number,
  hz: number,
  clk: number,
): number {
  const since = clk - (updateClk - UIP_CLK);
  const seconds = Math.floor(since / CLK_HZ);
  const rest = since - seconds * CLK_HZ;
  return seconds * hz + Math.floor((2 * hz * rest + CLK_HZ) / (2 * CLK_HZ));
}

/**
 * The next setting of the periodic flag.
 *
 * @param updateClk when some update ended
 * @param hz the rate, above 0
 * @param clk the time
 * @returns the first one after `clk`, rounded up to a whole cycle
 */
export function nextPeriodClk(
  updateClk: number,
  hz: number,
  clk: number,
): number {
  const period = periodsUntil(updateClk, hz, clk);
  const seconds = Math.floor(period / hz);
  const rest = period - seconds * hz;
  return updateClk - UIP_CLK + seconds * CLK_HZ +
    Math.ceil((2 * rest + 1) * CLK_HZ / (2 * hz));
}
