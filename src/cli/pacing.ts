/**
 * Virtual time held to real time.
 *
 * @module
 */

import { CLK_HZ } from "../base/time.ts";

/** Milliseconds by which the machine may fall behind and still catch up; beyond, the debt is forgiven. */
export const LAG_MS_MAX = 250;

/** Milliseconds over which speed is measured. */
const WINDOW_MS = 500;

/** Cycles per millisecond. */
const CLK_PER_MS = CLK_HZ / 1_000;

/** Says how far a machine should be. */
export class Pacer {
  #baseMs: number;
  #baseClk: number;
  #windowMs: number;
  #windowClk: number;
  #speed: number | null = null;

  /**
   * Starts the clock.
   *
   * @param clk virtual time
   * @param nowMs real time, milliseconds since some moment
   */
  constructor(clk: number, nowMs: number) {
    this.#baseMs = this.#windowMs = nowMs;
    this.#baseClk = this.#windowClk = clk;
  }

  /** Virtual time by real time over the last half second; `null` before that. */
  get speed(): number | null {
    return this.#speed;
  }

  /**
   * Where the machine should be. One that is far behind, because it is slow or
   * because the computer slept, goes on from where it is.
   *
   * @param clk where it is
   * @param nowMs real time
   * @returns the clk to run to; not before `clk`
   */
  target(clk: number, nowMs: number): number {
    const target = this.#clkAt(nowMs);
    if (target - clk > LAG_MS_MAX * CLK_PER_MS) {
      this.#baseMs = nowMs;
      this.#baseClk = clk;
    }
    return Math.max(clk, this.#clkAt(nowMs));
  }

  /**
   * Notes where the machine has come to.
   *
   * @param clk virtual time
   * @param nowMs real time
   */
  note(clk: number, nowMs: number): void {
    const passedMs = nowMs - this.#windowMs;
    if (passedMs < WINDOW_MS) return;
    this.#speed = (clk - this.#windowClk) / (passedMs * CLK_PER_MS);
    this.#windowMs = nowMs;
    this.#windowClk = clk;
  }

  #clkAt(nowMs: number): number {
    return this.#baseClk +
      Math.max(0, Math.floor((nowMs - this.#baseMs) * CLK_PER_MS));
  }
}
