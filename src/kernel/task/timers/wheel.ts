/**
 * Thousands of timers, in a hierarchical timing wheel: insertion and removal
 * take constant time, and a timer is moved at most once for each level on its
 * way to the front.
 *
 * Source: G. Varghese and T. Lauck, "Hashed and Hierarchical Timing Wheels",
 * scheme 7. A deadline is a number of eleven digits of five bits. A timer lies
 * on the level of the highest digit in which its deadline differs from the
 * floor, in the list of that digit. When the floor enters a list's span, the
 * list is dealt out to lower levels. So equal deadlines always share a list,
 * where they stay in the order of insertion.
 *
 * @module
 */

import type { TimerOrder } from "./timer_order.ts";
import {
  NEXT,
  NO_SLOT,
  PLACE,
  PREVIOUS,
  type TimerTableState,
  WORDS,
} from "./timer_table.ts";

/** Digits of a deadline: 55 bits, enough for any safe integer. */
const WHEEL_LEVELS = 11;

/** Lists on a level. */
const DIGITS = 32;
const BITS = 5;

/** Six digits in the low word, five in the high one. */
const LOW_LEVELS = 6;
const LOW_MASK = 0x3fff_ffff;
const HIGH_UNIT = 0x4000_0000;

/** The engine folds a module's own constants only. */
const none = NO_SLOT;
const perSlot = WORDS;
const nextWord = NEXT;
const previousWord = PREVIOUS;
const placeWord = PLACE;

/** The earliest deadline has to be looked for. */
const UNKNOWN = -1;

/** A wheel as data. */
export interface WheelState {
  /** Digits 0–5 of the floor. */
  floorLow: number;
  /** Digits 6–10 of the floor. */
  floorHigh: number;
  /** For each level: a bit for each list that holds something. */
  occupied: Int32Array;
  /** Bits of the levels that hold something. */
  levels: number;
  /** For each list: its first slot. */
  heads: Int32Array;
  /** For each list: its last slot. */
  tails: Int32Array;
  /** The earliest deadline, or -1 while it is not known. */
  first: number;
}

/**
 * Makes the state of an empty wheel.
 *
 * @returns A state.
 */
export function wheelState(): WheelState {
  return {
    floorLow: 0,
    floorHigh: 0,
    occupied: new Int32Array(WHEEL_LEVELS),
    levels: 0,
    heads: new Int32Array(WHEEL_LEVELS * DIGITS).fill(NO_SLOT),
    tails: new Int32Array(WHEEL_LEVELS * DIGITS).fill(NO_SLOT),
    first: UNKNOWN,
  };
}

const lowOf = (deadline: number): number => deadline & LOW_MASK;
const highOf = (deadline: number): number => (deadline * (1 / HIGH_UNIT)) | 0;
const lowestBit = (bits: number): number => 31 - Math.clz32(bits & -bits);

/** The highest digit of a word that is not 0; `x * 205 >> 10` is x / 5. */
const highestDigit = (word: number): number =>
  (31 - Math.clz32(word | 1)) * 205 >> 10;

/** The wheel. */
export class WheelOrder implements TimerOrder {
  /** All there is to save; lists go on in the table's words. */
  readonly state: WheelState;
  readonly #table: TimerTableState;

  /**
   * Goes on with a wheel.
   *
   * @param table The timers.
   * @param state Where to go on from.
   */
  constructor(table: TimerTableState, state: WheelState) {
    this.#table = table;
    this.state = state;
  }

  insert(slot: number): void {
    const s = this.state;
    const deadline = this.#table.numbers[2 * slot]!;
    if (deadline < s.first) s.first = deadline;
    this.#append(this.#listOf(deadline), slot);
  }

  remove(slot: number): void {
    const s = this.state;
    const { words, numbers } = this.#table;
    const at = perSlot * slot;
    const after = words[at + nextWord]!;
    const before = words[at + previousWord]!;
    const list = words[at + placeWord]!;
    if (numbers[2 * slot] === s.first) s.first = UNKNOWN;
    if (before === none) s.heads[list] = after;
    else words[perSlot * before + nextWord] = after;
    if (after === none) s.tails[list] = before;
    else words[perSlot * after + previousWord] = before;
    if (before === after) this.#vacate(list); // Both are none.
  }

  due(clk: number): number {
    const s = this.state;
    const { numbers } = this.#table;
    while (s.levels !== 0) {
      const level = lowestBit(s.levels);
      const list = level * DIGITS + lowestBit(s.occupied[level]!);
      const slot = s.heads[list]!;
      const deadline = numbers[2 * slot]!;
      if (level === 0) {
        if (deadline > clk) break;
        this.#moveFloor(deadline);
        return slot;
      }
      const start = startOf(deadline, level);
      if (start > clk) break;
      this.#moveFloor(start);
      this.#deal(list);
    }
    this.#moveFloor(clk);
    return none;
  }

  first(): number {
    const s = this.state;
    if (s.first !== UNKNOWN) return s.first;
    const { words, numbers } = this.#table;
    const level = lowestBit(s.levels);
    const list = level * DIGITS + lowestBit(s.occupied[level]!);
    let slot = s.heads[list]!;
    let first = numbers[2 * slot]!;
    while ((slot = words[perSlot * slot + nextWord]!) !== none) {
      if (numbers[2 * slot]! < first) first = numbers[2 * slot]!;
    }
    s.first = first;
    return first;
  }

  reset(floor: number): void {
    const s = this.state;
    this.#moveFloor(floor);
    s.levels = 0;
    s.occupied.fill(0);
    s.heads.fill(none);
    s.tails.fill(none);
    s.first = UNKNOWN;
  }

  #moveFloor(clk: number): void {
    this.state.floorLow = lowOf(clk);
    this.state.floorHigh = highOf(clk);
  }

  /** The list that a deadline belongs to as of this floor. */
  #listOf(deadline: number): number {
    const { floorLow, floorHigh } = this.state;
    const low = lowOf(deadline);
    const high = highOf(deadline);
    if (high !== floorHigh) {
      const digit = highestDigit(high ^ floorHigh);
      return (LOW_LEVELS + digit) * DIGITS +
        ((high >> BITS * digit) & (DIGITS - 1));
    }
    const digit = highestDigit(low ^ floorLow);
    return digit * DIGITS + ((low >> BITS * digit) & (DIGITS - 1));
  }

  #append(list: number, slot: number): void {
    const s = this.state;
    const { words } = this.#table;
    const last = s.tails[list]!;
    const at = perSlot * slot;
    words[at + nextWord] = none;
    words[at + previousWord] = last;
    words[at + placeWord] = list;
    s.tails[list] = slot;
    if (last !== none) {
      words[perSlot * last + nextWord] = slot;
      return;
    }
    s.heads[list] = slot;
    s.occupied[list >> BITS]! |= 1 << (list & (DIGITS - 1));
    s.levels |= 1 << (list >> BITS);
  }

  #vacate(list: number): void {
    const s = this.state;
    const level = list >> BITS;
    const left = s.occupied[level]! & ~(1 << (list & (DIGITS - 1)));
    s.occupied[level] = left;
    if (left === 0) s.levels &= ~(1 << level);
  }

  /** Deals a list out to the levels below, oldest first. */
  #deal(list: number): void {
    const s = this.state;
    const { words, numbers } = this.#table;
    let slot = s.heads[list]!;
    s.heads[list] = s.tails[list] = none;
    this.#vacate(list);
    while (slot !== none) {
      const after = words[perSlot * slot + nextWord]!;
      this.#append(this.#listOf(numbers[2 * slot]!), slot);
      slot = after;
    }
  }
}

/** The first clk of the span of a deadline's list on a level above 0. */
function startOf(deadline: number, level: number): number {
  const high = highOf(deadline);
  if (level >= LOW_LEVELS) {
    const bits = BITS * (level - LOW_LEVELS);
    return (high >> bits << bits) * HIGH_UNIT;
  }
  const bits = BITS * level;
  return high * HIGH_UNIT + (lowOf(deadline) >> bits << bits);
}
