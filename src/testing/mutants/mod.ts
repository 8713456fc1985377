/**
 * Implementations with a planted bug each: what a suite is measured by, ours or
 * anybody's.
 *
 * @module
 */

export {
  passesBookExecutor,
  passesBookFrames,
  passesBookHeap,
  passesBookLock,
  passesBookMapper,
} from "./book_tests.ts";
export { EXECUTOR_MUTANTS, type ExecutorMutant } from "./executor_mutants.ts";
export { FRAME_MUTANTS, type FrameMutant } from "./frame_mutants.ts";
export { HEAP_MUTANTS, type HeapMutant } from "./heap_mutants.ts";
export { LOCK_MUTANTS, type LockMutant } from "./lock_mutants.ts";
export { MAPPER_MUTANTS, type MapperMutant } from "./mapper_mutants.ts";
export {
  judgeMutants,
  type Mutant,
  type Verdict,
  verdictTable,
} from "./mutant.ts";
