/**
 * Statistics of tasks: four numbers for each slot of a table.
 *
 * @module
 */

/** Numbers of one task. */
export const COUNTS_PER_TASK = 4;

/** Index: polls so far. */
const POLLS = 0;
/** Index: wakes so far, those of a queued task included. */
const WAKES = 1;
/** Index: the clk at which it was queued last. */
const QUEUED_CLK = 2;
/** Index: clks from being queued to being polled, the most so far. */
const WAIT_CLK_MAX = 3;

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
  counts[at + POLLS]! += 1;
  const waitClk = clk - counts[at + QUEUED_CLK]!;
  if (waitClk > counts[at + WAIT_CLK_MAX]!) counts[at + WAIT_CLK_MAX] = waitClk;
}

/**
 * Counts wakes.
 *
 * @param counts The table.
 * @param slot The task's slot.
 * @param wakes How many.
 */
export function countWakes(
  counts: Float64Array,
  slot: number,
  wakes: number,
): void {
  counts[COUNTS_PER_TASK * slot + WAKES]! += wakes;
}

/**
 * Notes that a task was queued.
 *
 * @param counts The table.
 * @param slot The task's slot.
 * @param clk The time.
 */
export function countQueued(
  counts: Float64Array,
  slot: number,
  clk: number,
): void {
  counts[COUNTS_PER_TASK * slot + QUEUED_CLK] = clk;
}

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
 * Reads what was counted.
 *
 * @param counts The table; `null` if nothing was.
 * @param slot The task's slot.
 * @returns The counts, or zeros.
 */
export function readCounts(
  counts: Float64Array | null,
  slot: number,
): TaskCounts {
  const at = COUNTS_PER_TASK * slot;
  return {
    polls: counts?.[at + POLLS] ?? 0,
    wakes: counts?.[at + WAKES] ?? 0,
    waitClkMax: counts?.[at + WAIT_CLK_MAX] ?? 0,
  };
}
