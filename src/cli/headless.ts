/**
 * A run without a person: text is typed, and the machine goes as fast as it can.
 *
 * @module
 */

import { CLK_PER_PIT_TICK } from "../base/time.ts";
import { type Machine, RUN_CLK_MAX } from "../hw/machine.ts";
import type { Stop } from "../hw/stop.ts";
import type { InstructionTrace } from "./instruction_trace.ts";
import { Typist } from "./typing.ts";

/** Two ticks of the timer as firmware leaves it, 18.2 Hz: idle for longer, a run ends. */
export const IDLE_CLK: number = 2 * 65_536 * CLK_PER_PIT_TICK;

/** What a headless run is told. */
export interface HeadlessOptions {
  /** Follows each transition. */
  readonly trace?: InstructionTrace | null;
  /** The clk of the first byte; from the first HLT on if absent. */
  readonly delay?: number | null;
  /** Whether it goes on although the machine is idle. */
  readonly goesOnIdle?: boolean;
}

/** How a headless run ended. */
export interface HeadlessEnd {
  /** Why. */
  readonly stop: Stop;
  /** Whether the text was typed: a machine that never waits in HLT gets none, unless `delay` says when. */
  readonly typed: boolean;
}

/**
 * Runs a machine.
 *
 * @param machine just switched on
 * @param bytes what is typed, in scan code set 2
 * @param clkMax the last clk
 * @param options what is done besides
 * @returns why it stopped
 */
export function runHeadless(
  machine: Machine,
  bytes: readonly number[],
  clkMax: number = RUN_CLK_MAX,
  options: HeadlessOptions = {},
): HeadlessEnd {
  const { trace = null, delay = null, goesOnIdle = false } = options;
  const typist = new Typist();
  if (delay !== null) {
    typist.startAtClk(delay);
    typist.type(machine, bytes);
  } else if (bytes.length > 0) {
    const stop = machine.run({
      clkMax,
      until: ({ cpu }) => {
        trace?.follow();
        return cpu.halted;
      },
    });
    if (stop.reason !== "until") return { stop, typed: false };
    typist.startAt(machine);
    typist.type(machine, bytes);
  }
  const stop = machine.run({
    clkMax,
    ...(goesOnIdle ? {} : { idleClk: IDLE_CLK }),
    ...(trace ? { until: () => (trace.follow(), false) } : {}),
  });
  return { stop, typed: true };
}
