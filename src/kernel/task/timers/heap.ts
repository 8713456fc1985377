/**
 * Some hundreds of timers, in a heap of four children to a node: flatter than a
 * binary one, and a node's children lie in one cache line.
 *
 * @module
 */

import { grown } from "../slots.ts";
import type { TimerOrder } from "./timer_order.ts";
import {
  NO_SLOT,
  PLACE,
  slotCount,
  type TimerTableState,
  WORDS,
} from "./timer_table.ts";

/** The engine folds a module's own constants only. */
const perSlot = WORDS;
const place = PLACE;

/** A heap as data. */
export interface TimerHeapState {
  /** Slots; children of `i` are `4i + 1` to `4i + 4` and not before it. */
  slots: Int32Array;
  /** How many. The table's `PLACE` is a slot's index. */
  length: number;
  /** For each slot: how many were inserted before it, which orders ties. */
  serials: Float64Array;
  /** Insertions so far. */
  serial: number;
}

/**
 * Makes the state of an empty heap.
 *
 * @returns A state.
 */
export function timerHeapState(): TimerHeapState {
  return {
    slots: new Int32Array(0),
    length: 0,
    serials: new Float64Array(0),
    serial: 0,
  };
}

/** The heap. */
export class HeapOrder implements TimerOrder {
  /** All there is to save. */
  readonly state: TimerHeapState;
  readonly #table: TimerTableState;

  /**
   * Goes on with a heap.
   *
   * @param table The timers.
   * @param state Where to go on from.
   */
  constructor(table: TimerTableState, state: TimerHeapState) {
    this.#table = table;
    this.state = state;
  }

  insert(slot: number): void {
    const s = this.state;
    const room = slotCount(this.#table);
    if (s.slots.length < room) {
      s.slots = grown(s.slots, new Int32Array(room));
      s.serials = grown(s.serials, new Float64Array(room));
    }
    s.serials[slot] = s.serial;
    s.serial += 1;
    s.length += 1;
    this.#up(s.length - 1, slot);
  }

  remove(slot: number): void {
    const s = this.state;
    const { words } = this.#table;
    const at = words[perSlot * slot + place]!;
    s.length -= 1;
    const last = s.slots[s.length]!;
    if (last === slot) return;
    // The last one fills the gap: it may belong above it or below.
    this.#up(at, last);
    if (words[perSlot * last + place] === at) this.#down(at, last);
  }

  due(clk: number): number {
    if (this.state.length === 0) return NO_SLOT;
    const slot = this.state.slots[0]!;
    return this.#table.numbers[2 * slot]! <= clk ? slot : NO_SLOT;
  }

  first(): number {
    return this.#table.numbers[2 * this.state.slots[0]!]!;
  }

  reset(_floor: number): void {
    this.state.length = 0;
    this.state.serial = 0;
  }

  /** Moves parents down until `slot` may stand at `at` or above. */
  #up(at: number, slot: number): void {
    const { slots, serials } = this.state;
    const { numbers, words } = this.#table;
    const deadline = numbers[2 * slot]!;
    const serial = serials[slot]!;
    while (at > 0) {
      const above = (at - 1) >> 2;
      const parent = slots[above]!;
      const d = numbers[2 * parent]!;
      if (d < deadline || (d === deadline && serials[parent]! < serial)) break;
      slots[at] = parent;
      words[perSlot * parent + place] = at;
      at = above;
    }
    slots[at] = slot;
    words[perSlot * slot + place] = at;
  }

  /** Moves the least children up until `slot` may stand at `at` or below. */
  #down(at: number, slot: number): void {
    const { slots, serials, length } = this.state;
    const { numbers, words } = this.#table;
    const deadline = numbers[2 * slot]!;
    const serial = serials[slot]!;
    for (let child = 4 * at + 1; child < length; child = 4 * at + 1) {
      const end = child + 4 < length ? child + 4 : length;
      let least = child;
      let chosen = slots[child]!;
      let d = numbers[2 * chosen]!;
      for (let i = child + 1; i < end; i++) {
        const other = slots[i]!;
        const e = numbers[2 * other]!;
        if (e < d || (e === d && serials[other]! < serials[chosen]!)) {
          least = i;
          chosen = other;
          d = e;
        }
      }
      if (deadline < d || (deadline === d && serial < serials[chosen]!)) break;
      slots[at] = chosen;
      words[perSlot * chosen + place] = at;
      at = least;
    }
    slots[at] = slot;
    words[perSlot * slot + place] = at;
  }
}
