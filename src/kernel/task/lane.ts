/**
 * The fast lane: the loops over ready tasks of the default priority that
 * everything is arranged for. Each calls nothing but the poll, so that the
 * engine can inline it, and comes back with what is rare. The second one keeps
 * statistics, too; as one loop with a branch, both would be slower.
 *
 * @module
 */

import type { Now } from "../../base/alarm.ts";
import {
  type ExecutorState,
  NO_SLOT,
  TASK_KIND_SHIFT,
  TASK_QUEUED,
} from "./executor_state.ts";
import type { PollFn } from "./future.ts";
import type { LaneContext } from "./lane_context.ts";
import { PENDING } from "./poll.ts";
import { popRing, pushRing } from "./ready_ring.ts";
import {
  COUNT_POLLS,
  COUNT_QUEUED_CLK,
  COUNT_SPARE_WAKES,
  COUNT_WAIT_CLK_MAX,
  COUNTS_PER_TASK,
} from "./task_counts.ts";

/*
 * The engine folds a module's own constants into its code, and loads imported
 * ones each time: half as much again for a poll.
 */
const pending = PENDING;
const none = NO_SLOT;
const queued = TASK_QUEUED;
const kindShift = TASK_KIND_SHIFT;
const perTask = COUNTS_PER_TASK;
const pollCount = COUNT_POLLS;
const spareWakes = COUNT_SPARE_WAKES;
const queuedClk = COUNT_QUEUED_CLK;
const waitClkMax = COUNT_WAIT_CLK_MAX;

/**
 * Polls the tasks on the lane in turn, until there is none, a timer or a task of
 * higher priority wants to be looked at, or the run has made its polls.
 *
 * @param s The executor's state.
 * @param context What tasks are given; counts the polls that are left.
 * @param polls Poll functions by kind.
 * @returns The slot of a task that is not pending any more, or `NO_SLOT`.
 */
export function runLane(
  s: ExecutorState,
  context: LaneContext,
  polls: readonly PollFn[],
): number {
  const { lane } = s;
  const sleepers = s.timers.table;
  let left = context.pollsLeft;
  let ended = none;
  while (
    ended === none && left > 0 && lane.head !== lane.tail &&
    (s.urgent | sleepers.count) === 0
  ) {
    const slot = popRing(lane);
    const word = s.words[2 * slot]!;
    s.words[2 * slot] = word & ~queued;
    context.slot = slot;
    context.again = 0;
    left -= 1;
    const poll = polls[word >> kindShift]!;
    if (poll(s.futures[slot]!, context) !== pending) ended = slot;
    if (context.again !== 0) {
      context.again = 0;
      const { words } = s; // Another array, if the poll has spawned.
      const word = words[2 * slot]!;
      if ((word & queued) === 0) {
        words[2 * slot] = word | queued;
        pushRing(lane, slot);
      }
    }
  }
  context.pollsLeft = left;
  return ended;
}

/**
 * Does the same, and counts.
 *
 * @param s The executor's state, with statistics.
 * @param context What tasks are given; counts the polls that are left.
 * @param polls Poll functions by kind.
 * @param now The clock.
 * @returns The slot of a task that is not pending any more, or `NO_SLOT`.
 */
export function runCountedLane(
  s: ExecutorState,
  context: LaneContext,
  polls: readonly PollFn[],
  now: Now,
): number {
  const { lane } = s;
  const sleepers = s.timers.table;
  let left = context.pollsLeft;
  let ended = none;
  while (
    ended === none && left > 0 && lane.head !== lane.tail &&
    (s.urgent | sleepers.count) === 0
  ) {
    const slot = popRing(lane);
    const word = s.words[2 * slot]!;
    s.words[2 * slot] = word & ~queued;
    const counts = s.statistics!;
    const at = perTask * slot;
    counts[at + pollCount]! += 1;
    const waitClk = now.clk - counts[at + queuedClk]!;
    if (waitClk > counts[at + waitClkMax]!) counts[at + waitClkMax] = waitClk;
    context.slot = slot;
    context.again = 0;
    left -= 1;
    const poll = polls[word >> kindShift]!;
    if (poll(s.futures[slot]!, context) !== pending) ended = slot;
    if (context.again !== 0) {
      const { words } = s; // Another array, if the poll has spawned.
      const word = words[2 * slot]!;
      const counts = s.statistics!;
      if ((word & queued) === 0) {
        words[2 * slot] = word | queued;
        pushRing(lane, slot);
        counts[at + queuedClk] = now.clk;
        context.again -= 1;
      }
      if (context.again !== 0) counts[at + spareWakes]! += context.again;
      context.again = 0;
    }
  }
  context.pollsLeft = left;
  return ended;
}
