/**
 * The slots of an executor, and the rings that they stand in.
 *
 * Invariant: a slot is in one of four states. *Free*: its generation is
 * negative, and it is in the list of free ones. *Waiting*: its generation is 0 or
 * more. *Queued*: the same, and it is in the ring of its priority, once. *Gone*:
 * its task ended while it was queued; its generation is negative, its kind
 * `KIND_GONE`, and it is freed when the ring has come to it. A task that is
 * polled on the fast lane counts as queued until its poll has ended, though it
 * is in no ring: most tasks there wake themselves.
 *
 * @module
 */

import {
  DEFAULT_PRIORITY,
  type ExecutorState,
  KIND_GONE,
  NO_SLOT,
  PRIORITIES,
  TASK_KIND_SHIFT,
  TASK_PRIORITY_SHIFT,
  TASK_QUEUED,
} from "./executor_state.ts";
import type { Future } from "./future.ts";
import {
  bringToFront,
  popRing,
  pushRing,
  type ReadyRingState,
  reserveRing,
  ringAt,
  ringLength,
} from "./ready_ring.ts";
import { GENERATIONS_MAX, grown, grownSlots, SLOTS_MAX } from "./slots.ts";
import { COUNTS_PER_TASK } from "./task_counts.ts";
import type { Waker } from "./waker.ts";

/** The engine folds a module's own constants only. */
const slotsMax = SLOTS_MAX;
const defaultPriority = DEFAULT_PRIORITY;
const kindShift = TASK_KIND_SHIFT;
const priorityShift = TASK_PRIORITY_SHIFT;
const queued = TASK_QUEUED;

/**
 * Finds the ring of a priority.
 *
 * @param s The state.
 * @param priority The priority.
 * @returns Its ring.
 */
export function ringOf(s: ExecutorState, priority: number): ReadyRingState {
  return priority === defaultPriority ? s.lane : s.rings[priority]!;
}

/**
 * Reads a priority out of a task's word.
 *
 * @param word The word.
 * @returns The priority.
 */
export function priorityOf(word: number): number {
  return (word >> priorityShift) & (PRIORITIES - 1) ^ defaultPriority;
}

/** Doubles the table; all new slots are free, the lowest is taken first. */
function grow(s: ExecutorState): void {
  const before = s.futures.length;
  const slots = grownSlots(before, "tasks");
  s.words = grown(s.words, new Int32Array(2 * slots));
  for (let slot = before; slot < slots; slot++) {
    s.futures.push(null);
    s.words[2 * slot] = slot + 1 < slots ? slot + 1 : NO_SLOT;
    s.words[2 * slot + 1] = ~0;
  }
  s.freeSlot = before;
  if (s.statistics !== null) {
    s.statistics = grown(
      s.statistics,
      new Float64Array(COUNTS_PER_TASK * slots),
    );
  }
}

/**
 * Gives a slot to a task. May allocate.
 *
 * @param s The state.
 * @param future What the task does.
 * @param kind Its kind's number, from 1 on.
 * @param priority Its priority.
 * @returns The slot.
 */
export function takeSlot(
  s: ExecutorState,
  future: Future,
  kind: number,
  priority: number,
): number {
  const ring = ringOf(s, priority);
  reserveRing(ring, ring.members + 1);
  if (s.freeSlot === NO_SLOT) grow(s);
  const slot = s.freeSlot;
  const { words } = s;
  s.freeSlot = words[2 * slot]!;
  words[2 * slot] = kind << kindShift |
    (priority ^ defaultPriority) << priorityShift;
  words[2 * slot + 1] = ~words[2 * slot + 1]!;
  s.futures[slot] = future;
  s.live += 1;
  ring.members += 1;
  return slot;
}

/**
 * The number that names the task in a slot.
 *
 * @param s The state.
 * @param slot The slot.
 * @returns The number; negative if there is no task.
 */
export function idOf(s: ExecutorState, slot: number): Waker {
  return s.words[2 * slot + 1]! * slotsMax + slot;
}

/**
 * Whether there is a task in a slot.
 *
 * @param s The state.
 * @param slot The slot.
 * @returns `false` if it is free or gone.
 */
export function isTask(s: ExecutorState, slot: number): boolean {
  return s.words[2 * slot + 1]! >= 0;
}

/**
 * Puts a task that waits into its ring.
 *
 * @param s The state.
 * @param slot Its slot.
 */
export function pushReady(s: ExecutorState, slot: number): void {
  const word = s.words[2 * slot]!;
  const priority = priorityOf(word);
  if (priority > defaultPriority) s.urgent += 1;
  s.words[2 * slot] = word | queued;
  pushRing(ringOf(s, priority), slot);
}

/**
 * Takes the oldest slot off a ring that is not empty.
 *
 * @param s The state.
 * @param ring The ring.
 * @returns The slot.
 */
export function popReady(s: ExecutorState, ring: ReadyRingState): number {
  const slot = popRing(ring);
  const word = s.words[2 * slot]!;
  s.words[2 * slot] = word & ~queued;
  if (priorityOf(word) > defaultPriority) s.urgent -= 1;
  return slot;
}

/**
 * Finds the ring whose oldest task is polled next, and frees what is gone before
 * it.
 *
 * @param s The state.
 * @returns The ring, or `null` if no task is ready.
 */
export function highestRing(s: ExecutorState): ReadyRingState | null {
  for (let priority = PRIORITIES - 1; priority >= 0; priority--) {
    const ring = ringOf(s, priority);
    while (ring.head !== ring.tail) {
      const slot = ring.slots[ring.head]!;
      // A slot whose task cancelled itself is not given away during its poll.
      if (isTask(s, slot) || slot === s.polled) return ring;
      freeSlot(s, popReady(s, ring));
    }
  }
  return null;
}

/**
 * Counts the ready tasks of the highest priority that has any. Changes nothing:
 * what is gone stays.
 *
 * @param s The state.
 * @returns How many.
 */
export function countReady(s: ExecutorState): number {
  for (let priority = PRIORITIES - 1; priority >= 0; priority--) {
    const ring = ringOf(s, priority);
    let tasks = 0;
    for (let i = 0; i < ringLength(ring); i++) {
      if (isTask(s, ringAt(ring, i))) tasks += 1;
    }
    if (tasks > 0) return tasks;
  }
  return 0;
}

/**
 * Whether there is nothing to poll. Changes nothing, either.
 *
 * @param s The state.
 * @returns `false` if a task is ready, or one that has cancelled itself is still
 * being polled.
 */
export function isNothingReady(s: ExecutorState): boolean {
  for (let priority = PRIORITIES - 1; priority >= 0; priority--) {
    const ring = ringOf(s, priority);
    for (let i = 0; i < ringLength(ring); i++) {
      const slot = ringAt(ring, i);
      if (isTask(s, slot) || slot === s.polled) return false;
    }
  }
  return true;
}

/**
 * Brings one of those tasks to the front.
 *
 * @param s The state.
 * @param nth Which one, from the oldest.
 * @throws {RangeError} If there are fewer.
 */
export function chooseReady(s: ExecutorState, nth: number): void {
  const ring = highestRing(s);
  let tasks = -1;
  for (let i = 0; ring !== null && i < ringLength(ring); i++) {
    if (isTask(s, ringAt(ring, i))) tasks += 1;
    if (tasks === nth) return bringToFront(ring, i);
  }
  throw new RangeError(
    `Cannot poll ready task ${nth}: there are ${tasks + 1} to choose from`,
  );
}

/**
 * Ends a task: its slot is free, or gone if it is queued.
 *
 * @param s The state.
 * @param slot Its slot.
 */
export function endTask(s: ExecutorState, slot: number): void {
  const { words } = s;
  const word = words[2 * slot]!;
  s.live -= 1;
  s.futures[slot] = null;
  if (s.named !== 0 && Object.hasOwn(s.names, slot)) {
    delete s.names[slot];
    s.named -= 1;
  }
  words[2 * slot + 1] = ~(words[2 * slot + 1]! + 1);
  if ((word & queued) === 0) freeSlot(s, slot);
  else {
    words[2 * slot] = word & ((1 << kindShift) - 1) |
      KIND_GONE << kindShift;
  }
}

/**
 * Puts a slot into the list of free ones, unless it has no numbers left.
 *
 * @param s The state.
 * @param slot The slot, without a task and in no ring.
 */
export function freeSlot(s: ExecutorState, slot: number): void {
  const { words } = s;
  ringOf(s, priorityOf(words[2 * slot]!)).members -= 1;
  if (~words[2 * slot + 1]! >= GENERATIONS_MAX) return;
  words[2 * slot] = s.freeSlot;
  s.freeSlot = slot;
}

/**
 * Tidies up after a poll that has thrown, if there is one: its task waits,
 * unless it was queued meanwhile.
 *
 * @param s The state.
 */
export function leavePoll(s: ExecutorState): void {
  const slot = s.polled;
  if (slot === NO_SLOT) return;
  s.polled = NO_SLOT;
  const ring = ringOf(s, priorityOf(s.words[2 * slot]!));
  for (let i = 0; i < ringLength(ring); i++) {
    if (ringAt(ring, i) === slot) return;
  }
  s.words[2 * slot]! &= ~queued;
  if (!isTask(s, slot)) freeSlot(s, slot);
}
