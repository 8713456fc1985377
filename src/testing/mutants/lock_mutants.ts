/**
 * Locks with a planted bug.
 *
 * @module
 */

import { checkLock, type MakeCheckedLock } from "../conformance/check_lock.ts";
import type { Mutant } from "./mutant.ts";
import { LOCK_BUGS, PlantedLock } from "./planted_lock.ts";

/** A lock with one bug. */
export interface LockMutant extends Mutant {
  /** Makes it. */
  readonly make: MakeCheckedLock;
}

/** All of them. */
export const LOCK_MUTANTS: readonly LockMutant[] = LOCK_BUGS.map((name) => {
  const make: MakeCheckedLock = (env) => new PlantedLock(env, name);
  return { name, make, check: () => void checkLock(make) };
});
