/**
 * All that an executor knows of its tasks, as plain data: a table of slots, and
 * a ring of ready slots for each priority.
 *
 * @module
 */

import { type TimersState, timersState } from "./timers/timers.ts";
import type { Future } from "./future.ts";
import { type ReadyRingState, readyRingState } from "./ready_ring.ts";

/** Priorities: 0 runs last, 7 first. */
export const PRIORITIES = 8;

/** The priority of a task that names none. */
export const DEFAULT_PRIORITY = 4;

/** Bit of a task's word: it is in a ring. */
export const TASK_QUEUED = 1;

/** Bits of a task's word: its priority, exclusive-or `DEFAULT_PRIORITY`. */
export const TASK_PRIORITY_SHIFT = 1;

/** Bits of a task's word from here on: the number of its kind, from 1 on. */
export const TASK_KIND_SHIFT = 4;

/** The kind of what is left of a task that ended while it was in a ring. */
export const KIND_GONE = 0;

/** No slot: the end of the list of free ones, or nothing ready. */
export const NO_SLOT = -1;

/** An executor as data. */
export interface ExecutorState {
  /** Names of the kinds, by number: a load with other kinds is refused. */
  kinds: string[];
  /** For each slot: its future, or `null`. */
  futures: (Future | null)[];
  /**
   * Two words for each slot. First `TASK_QUEUED`, priority and kind of a task,
   * or the next slot in the list of free ones; then its generation.
   */
  words: Int32Array;
  /** First slot of the list of free ones, or `NO_SLOT`. */
  freeSlot: number;
  /** Tasks that live. */
  live: number;
  /** Slot of the task that is being polled, or `NO_SLOT`. */
  polled: number;
  /** Ready slots of `DEFAULT_PRIORITY`. */
  lane: ReadyRingState;
  /** Ready slots of each priority; `DEFAULT_PRIORITY` has the lane instead. */
  rings: ReadyRingState[];
  /** Slots in the rings above the lane. */
  urgent: number;
  /** Tasks that have a name. */
  named: number;
  /** Their names, by slot. */
  names: Record<string, string>;
  /** `COUNTS_PER_TASK` numbers for each slot; `null` if none are kept. */
  statistics: Float64Array | null;
  /** Tasks that sleep. */
  timers: TimersState;
}

/**
 * Makes the state of an executor without tasks.
 *
 * @param statistics Whether statistics are kept for each task.
 * @returns A state for an executor.
 */
export function executorState(statistics = false): ExecutorState {
  return {
    kinds: [],
    futures: [],
    words: new Int32Array(0),
    freeSlot: NO_SLOT,
    live: 0,
    polled: NO_SLOT,
    lane: readyRingState(),
    rings: Array.from({ length: PRIORITIES }, readyRingState),
    urgent: 0,
    named: 0,
    names: {},
    statistics: statistics ? new Float64Array(0) : null,
    timers: timersState(),
  };
}
