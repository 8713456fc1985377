/**
 * The fast lane: the loops over ready tasks of the default priority that
 * everything is arranged for. Each calls nothing but the poll, so that the
 * engine can inline it, and comes back with what is rare. The second one keeps
 * statistics, too; as one loop with a branch, both would be slower.
 *
 * From one poll to the next what they need stands in local variables; only if
 * the poll has called the executor, which then says so in `touched`, is it read
 * again. What others may read during a poll is written before it. A task that
 * wakes itself keeps `TASK_QUEUED` all the time.
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
import { type LaneContext, NOTE_TAKEN } from "./lane_context.ts";
import { PENDING } from "./poll.ts";
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
const noteTaken = NOTE_TAKEN;
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
 * @returns The slot of a task that is not pending any more or has cancelled
 * itself, or `NO_SLOT`.
 */
export function runLane(
  s: ExecutorState,
  context: LaneContext,
  polls: readonly PollFn[],
): number {
  const { lane } = s;
  const sleepers = s.timers.table;
  let { words, futures, urgent } = s;
  let { slots, head, tail } = lane;
  let mask = slots.length - 1;
  let left = context.pollsLeft;
  let ended = none;
  context.touched = false;
  while (
    ended === none && left > 0 && head !== tail &&
    (urgent | sleepers.count) === 0
  ) {
    const slot = slots[head]!;
    head = (head + 1) & mask;
    lane.head = head;
    s.polled = slot;
    context.again = 0;
    left -= 1;
    const poll = polls[words[2 * slot]! >> kindShift]!;
    ended = poll(futures[slot]!, context) === pending ? none : slot;
    if (context.touched) {
      context.touched = false;
      ({ words, futures, urgent } = s);
      ({ slots, head, tail } = lane);
      mask = slots.length - 1;
      if (context.cancelled !== null) {
        ended = endCancelled(context, slot, ended);
      }
    }
    if (context.again > 0) {
      slots[tail] = slot;
      tail = (tail + 1) & mask;
      lane.tail = tail;
    } else words[2 * slot]! &= context.again === 0 ? ~queued : -1;
  }
  context.pollsLeft = left;
  context.again = noteTaken;
  s.polled = none;
  return ended;
}

/**
 * Does the same, and counts.
 *
 * @param s The executor's state, with statistics.
 * @param context What tasks are given; counts the polls that are left.
 * @param polls Poll functions by kind.
 * @param now The clock.
 * @returns The slot of a task that is not pending any more or has cancelled
 * itself, or `NO_SLOT`.
 */
export function runCountedLane(
  s: ExecutorState,
  context: LaneContext,
  polls: readonly PollFn[],
  now: Now,
): number {
  const { lane } = s;
  const sleepers = s.timers.table;
  let { words, futures, urgent } = s;
  let statistics = s.statistics!;
  let { slots, head, tail } = lane;
  let mask = slots.length - 1;
  let left = context.pollsLeft;
  let ended = none;
  context.touched = false;
  while (
    ended === none && left > 0 && head !== tail &&
    (urgent | sleepers.count) === 0
  ) {
    const slot = slots[head]!;
    head = (head + 1) & mask;
    lane.head = head;
    s.polled = slot;
    context.again = 0;
    left -= 1;
    const at = perTask * slot;
    statistics[at + pollCount]! += 1;
    const waitClk = now.clk - statistics[at + queuedClk]!;
    if (waitClk > statistics[at + waitClkMax]!) {
      statistics[at + waitClkMax] = waitClk;
    }
    const poll = polls[words[2 * slot]! >> kindShift]!;
    ended = poll(futures[slot]!, context) === pending ? none : slot;
    if (context.touched) {
      context.touched = false;
      ({ words, futures, urgent } = s);
      statistics = s.statistics!;
      ({ slots, head, tail } = lane);
      mask = slots.length - 1;
      if (context.cancelled !== null) {
        ended = endCancelled(context, slot, ended);
      }
    }
    const { again } = context;
    if (again > 0) {
      slots[tail] = slot;
      tail = (tail + 1) & mask;
      lane.tail = tail;
      statistics[at + queuedClk] = now.clk;
      if (again !== 1) statistics[at + spareWakes]! += again - 1;
    } else if (again === 0) words[2 * slot]! &= ~queued;
    else statistics[at + spareWakes]! += again - noteTaken;
  }
  context.pollsLeft = left;
  context.again = noteTaken;
  s.polled = none;
  return ended;
}

/** Ends a poll whose task has cancelled itself: there is something to drop, unless it was ready. */
function endCancelled(
  context: LaneContext,
  slot: number,
  ended: number,
): number {
  if (ended !== none) context.cancelled = null;
  return slot;
}
