/**
 * The timers that are pending, whatever order they are kept in: for each slot a
 * deadline and whom to tell.
 *
 * @module
 */

import { grown, grownSlots, SLOT_MASK, SLOTS_MAX } from "../slots.ts";

/** The engine folds a module's own constants only. */
const slotMask = SLOT_MASK;
const slotsMax = SLOTS_MAX;

/** The end of a list of slots. */
export const NO_SLOT = -1;

/** Timers as data. */
export interface TimerTableState {
  /** Timers that are pending. */
  count: number;
  /** For each slot: the clk at which it is due. */
  deadlines: Float64Array;
  /** For each slot: what `pop` returns. */
  payloads: Float64Array;
  /** For each slot: its generation, negative while it is free. */
  generations: Int32Array;
  /** For each slot: the next one of its list, of free ones or of a wheel. */
  next: Int32Array;
  /** First slot of the list of free ones, or `NO_SLOT`. */
  freeSlot: number;
}

/**
 * Makes the state of an empty table.
 *
 * @returns A state.
 */
export function timerTableState(): TimerTableState {
  return {
    count: 0,
    deadlines: new Float64Array(0),
    payloads: new Float64Array(0),
    generations: new Int32Array(0),
    next: new Int32Array(0),
    freeSlot: NO_SLOT,
  };
}

/** Doubles the table; all new slots are free, the lowest is taken first. */
function grow(t: TimerTableState): void {
  const before = t.next.length;
  const slots = grownSlots(before, "timers");
  t.deadlines = grown(t.deadlines, new Float64Array(slots));
  t.payloads = grown(t.payloads, new Float64Array(slots));
  t.generations = grown(t.generations, new Int32Array(slots), ~0);
  t.next = grown(t.next, new Int32Array(slots));
  for (let slot = before; slot < slots; slot++) t.next[slot] = slot + 1;
  t.next[slots - 1] = NO_SLOT;
  t.freeSlot = before;
}

/**
 * Takes a slot for a timer. May allocate.
 *
 * @param t The table.
 * @param deadline The clk at which it is due.
 * @param payload What `pop` returns.
 * @returns The slot.
 */
export function takeTimer(
  t: TimerTableState,
  deadline: number,
  payload: number,
): number {
  if (t.freeSlot === NO_SLOT) grow(t);
  const slot = t.freeSlot;
  t.freeSlot = t.next[slot]!;
  t.generations[slot] = ~t.generations[slot]!;
  t.deadlines[slot] = deadline;
  t.payloads[slot] = payload;
  t.count += 1;
  return slot;
}

/**
 * Gives a timer's slot back; its number means nothing from here on.
 *
 * @param t The table.
 * @param slot The slot.
 */
export function freeTimer(t: TimerTableState, slot: number): void {
  // Generations wrap after 2^31 tenants: a number is then given again.
  t.generations[slot] = ~((t.generations[slot]! + 1) & 0x7fff_ffff);
  t.next[slot] = t.freeSlot;
  t.freeSlot = slot;
  t.count -= 1;
}

/**
 * The number that names a timer.
 *
 * @param t The table.
 * @param slot Its slot.
 * @returns The number.
 */
export function timerId(t: TimerTableState, slot: number): number {
  return t.generations[slot]! * slotsMax + slot;
}

/**
 * Finds a timer by its number.
 *
 * @param t The table.
 * @param id The number.
 * @returns Its slot, or `NO_SLOT` if it is no more.
 */
export function timerSlot(t: TimerTableState, id: number): number {
  const slot = id & slotMask;
  return id >= 0 && timerId(t, slot) === id ? slot : NO_SLOT;
}
