/**
 * Executors with a planted bug.
 *
 * @module
 */

import { checkExecutor } from "../conformance/check_executor.ts";
import type { MakeCheckedExecutor } from "../conformance/executor_laws.ts";
import type { Mutant } from "./mutant.ts";
import { EXECUTOR_BUGS, PlantedExecutor } from "./planted_executor.ts";

/** An executor with one bug. */
export interface ExecutorMutant extends Mutant {
  /** Makes it. */
  readonly make: MakeCheckedExecutor;
}

/** All of them. */
export const EXECUTOR_MUTANTS: readonly ExecutorMutant[] = EXECUTOR_BUGS.map(
  (name) => {
    const make: MakeCheckedExecutor = (kinds, { env }) =>
      new PlantedExecutor(kinds, env, name);
    return { name, make, check: () => void checkExecutor(make) };
  },
);
