/**
 * Statistics of tasks: four numbers for each slot of a table. Wakes are not
 * counted one by one: each poll took one, and those that found their task queued
 * already are spare.
 *
 * @module
 */

/** Numbers of one task. */
export const COUNTS_PER_TASK = 4;

/** Index: polls so far. */
export const COUNT_POLLS = 0;
/** Index: wakes so far that found the task queued. */
export const COUNT_SPARE_WAKES = 1;
/** Index: the clk at which it was queued last. */
export const COUNT_QUEUED_CLK = 2;
/** Index: clks from being queued to being polled, the most so far. */
export const COUNT_WAIT_CLK_MAX = 3;

/** What was counted of a task. */
export interface TaskCounts {
  /** Polls so far. */
  readonly polls: number;
  /** Wakes so far, the one at its spawn and those of a queued task included. */
  readonly wakes: number;
  /** The longest that it was queued, in clks. */
  readonly waitClkMax: number;
}

/**
 * Forgets what a slot's earlier task did.
 *
 * @param counts The table.
 * @param slot The slot.
 */
export function clearCounts(counts: Float64Array, slot: number): void {
  counts.fill(0, COUNTS_PER_TASK * slot, COUNTS_PER_TASK * (slot + 1));
}

/**
 * Counts a poll.
 *
 * @param counts The table.
 * @param slot The task's slot.
 * @param clk The time.
 */
export function countPoll(
  counts: Float64Array,
  slot: number,
  clk: number,
): void {
  const at = COUNTS_PER_TASK * slot;
  counts[at + COUNT_POLLS]! += 1;
  const waitClk = clk - counts[at + COUNT_QUEUED_CLK]!;
  if (waitClk > counts[at + COUNT_WAIT_CLK_MAX]!) {
    counts[at + COUNT_WAIT_CLK_MAX] = waitClk;
  }
}

/**
 * Counts a wake.
 *
 * @param counts The table.
 * @param slot The task's slot.
 * @param queued Whether the task is queued already.
 * @param clk The time.
 */
export function countWake(
  counts: Float64Array,
  slot: number,
  queued: boolean,
  clk: number,
): void {
  const at = COUNTS_PER_TASK * slot;
  if (queued) counts[at + COUNT_SPARE_WAKES]! += 1;
  else counts[at + COUNT_QUEUED_CLK] = clk;
}

/**
 * Counts wakes of a task that is queued already.
 *
 * @param counts The table.
 * @param slot The task's slot.
 * @param wakes How many.
 */
export function countSpareWakes(
  counts: Float64Array,
  slot: number,
  wakes: number,
): void {
  counts[COUNTS_PER_TASK * slot + COUNT_SPARE_WAKES]! += wakes;
}

/**
 * Reads what was counted.
 *
 * @param counts The table; `null` if nothing was.
 * @param slot The task's slot.
 * @param queued Whether the task is queued.
 * @returns The counts, or zeros.
 */
export function readCounts(
  counts: Float64Array | null,
  slot: number,
  queued: boolean,
): TaskCounts {
  if (counts === null) return { polls: 0, wakes: 0, waitClkMax: 0 };
  const at = COUNTS_PER_TASK * slot;
  const polls = counts[at + COUNT_POLLS]!;
  return {
    polls,
    wakes: polls + counts[at + COUNT_SPARE_WAKES]! + (queued ? 1 : 0),
    waitClkMax: counts[at + COUNT_WAIT_CLK_MAX]!,
  };
}
