/**
 * Linux saved, loaded and forked at random moments of its boot, and then run on: all go the same way, with what they derived
 * from memory dropped in some.
 *
 * @module
 */

import { Prng } from "../../src/base/prng.ts";
import { Machine } from "../../src/hw/machine.ts";
import { isaEngine } from "../../src/isa/engine.ts";

/** Instructions that are run on. */
export const FURTHER_CLK = 10_000_000;

/** One moment. */
export interface Moment {
  /** When. */
  readonly clk: number;
  /** Digests of the saved machine, of the loaded one, and of the fork, some clks further. */
  readonly digests: readonly string[];
}

/**
 * Tries some moments.
 *
 * @param saved a machine just switched on
 * @param count how many moments
 * @param seed chooses them
 * @param clkMax the last one
 * @param say reports
 * @param furtherClk how far all go on
 * @returns what was seen, in order
 */
export function forkAtRandom(
  saved: Machine,
  count: number,
  seed: number,
  clkMax: number,
  say: (line: string) => void,
  furtherClk: number = FURTHER_CLK,
): readonly Moment[] {
  const random = new Prng(seed);
  const room = clkMax - count * furtherClk;
  const offsets = Array.from({ length: count }, () => random.below(room)).sort((
    a,
    b,
  ) => a - b);
  const moments: Moment[] = [];
  const loaded = new Machine({ ...saved.config, engine: isaEngine });
  for (const [i, offset] of offsets.entries()) {
    // Each moment lies behind what the ones before went on.
    const clk = offset + i * furtherClk;
    saved.run({ pauseClk: clk });
    loaded.load(saved.save());
    loaded.dropCaches();
    const fork = saved.fork();
    const digests = [saved, loaded, fork].map((machine, which) => {
      machine.run({ pauseClk: clk + Math.floor(furtherClk / 2) });
      if (which > 0) machine.dropCaches();
      machine.run({ pauseClk: clk + furtherClk });
      return machine.digest();
    });
    fork.release();
    const same = new Set(digests).size === 1;
    say(
      `  ${String(i + 1).padStart(2)}: clk ${clk} + ${furtherClk}: ${
        digests[0]
      } ${same ? "equal" : `DIFFERENT ${digests}`}`,
    );
    moments.push({ clk, digests });
  }
  return moments;
}
