/**
 * Which mutants are tried: as many of each kind, drawn by a seed.
 *
 * @module
 */

import { Prng } from "../../src/base/prng.ts";
import type { Mutant, MutantKind } from "./mutants.ts";

const KINDS: readonly MutantKind[] = ["operator", "constant", "condition"];

/**
 * Draws mutants.
 *
 * @param all those to draw from
 * @param count how many; all, if there are no more
 * @param seed decides which; one that is drawn for a count is also drawn for a greater one
 * @returns the drawn ones, kinds in turn
 */
export function choose(
  all: readonly Mutant[],
  count: number,
  seed: number,
): Mutant[] {
  const prng = new Prng(seed);
  const queues = KINDS.map((kind) =>
    shuffled(all.filter((mutant) => mutant.kind === kind), prng)
  );
  const chosen: Mutant[] = [];
  for (let i = 0; chosen.length < Math.min(count, all.length); i++) {
    const next = queues[i % queues.length]!.pop();
    if (next !== undefined) chosen.push(next);
  }
  return chosen;
}

function shuffled<T>(items: readonly T[], prng: Prng): T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = prng.below(i + 1);
    [result[i], result[j]] = [result[j]!, result[i]!];
  }
  return result;
}
