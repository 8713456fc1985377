/**
 * Preloaded by `deno task test`: property tests draw the same cases in every
 * run. `FC_SEED` chooses other ones, `FC_RUNS` how many where a test doesn't say.
 *
 * @module
 */

import fc from "fast-check";

fc.configureGlobal({
  seed: fromEnv("FC_SEED", 1),
  numRuns: fromEnv("FC_RUNS", 100),
});

/** The integer in an environment variable, or `otherwise` where it is not set. */
function fromEnv(name: string, otherwise: number): number {
  const text = Deno.env.get(name);
  if (text === undefined) return otherwise;
  if (!/^-?\d+$/.test(text)) {
    throw new RangeError(`${name}=${text}: must be an integer`);
  }
  return Number(text);
}
