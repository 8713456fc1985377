/**
 * The timers that are pending, whatever order they are kept in: for each slot a
 * deadline and whom to tell.
 *
 * @module
 */

import {
  GENERATIONS_MAX,
  grown,
  grownSlots,
  SLOT_MASK,
  SLOTS_MAX,
} from "../slots.ts";

/** The engine folds a module's own constants only. */
const slotMask = SLOT_MASK;
const slotsMax = SLOTS_MAX;
const generationMask = GENERATIONS_MAX - 1;

/** The end of a list of slots. */
export const NO_SLOT = -1;

/** Words of a slot. */
export const WORDS = 4;
/** Word: the next slot of the list, of free ones or of a wheel. */
export const NEXT = 0;
/** Word: the slot before it in the list of a wheel. */
export const PREVIOUS = 1;
/** Word: its list in a wheel, its index in a heap. */
export const PLACE = 2;
/** Word: its generation, negative while the slot is free. */
export const GENERATION = 3;

/** Timers as data. */
export interface TimerTableState {
  /** Timers that are pending. */
  count: number;
  /** Two numbers for each slot: the clk at which it is due, what `pop` returns. */
  numbers: Float64Array;
  /**
   * Four words for each slot, in one cache line: `NEXT`, `PREVIOUS`, `PLACE`,
   * `GENERATION`.
   */
  words: Int32Array;
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
    numbers: new Float64Array(0),
    words: new Int32Array(0),
    freeSlot: NO_SLOT,
  };
}

/** Doubles the table; all new slots are free, the lowest is taken first. */
function grow(t: TimerTableState): void {
  const before = slotCount(t);
  const slots = grownSlots(before, "timers");
  t.numbers = grown(t.numbers, new Float64Array(2 * slots));
  t.words = grown(t.words, new Int32Array(WORDS * slots));
  for (let slot = before; slot < slots; slot++) {
    t.words[WORDS * slot + NEXT] = slot + 1 < slots ? slot + 1 : NO_SLOT;
    t.words[WORDS * slot + GENERATION] = ~0;
  }
  t.freeSlot = before;
}

/**
 * Counts slots, free ones included.
 *
 * @param t The table.
 * @returns How many.
 */
export function slotCount(t: TimerTableState): number {
  return t.words.length / WORDS;
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
  const { words, numbers } = t;
  const at = WORDS * slot;
  t.freeSlot = words[at + NEXT]!;
  words[at + GENERATION] = ~words[at + GENERATION]!;
  numbers[2 * slot] = deadline;
  numbers[2 * slot + 1] = payload;
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
  // A slot that had all its tenants begins again, with the same numbers.
  const { words } = t;
  const at = WORDS * slot;
  words[at + GENERATION] = ~((words[at + GENERATION]! + 1) & generationMask);
  words[at + NEXT] = t.freeSlot;
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
  return t.words[WORDS * slot + GENERATION]! * slotsMax + slot;
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
