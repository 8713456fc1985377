/**
 * Few timers, in a list that is sorted as they come: finding the next one is a
 * look at the end of the list.
 *
 * @module
 */

import type { TimerOrder } from "./timer_order.ts";
import { NO_SLOT, type TimerTableState } from "./timer_table.ts";

/** A list as data. */
export interface LinearState {
  /** Slots, the first that is due last. */
  slots: number[];
}

/**
 * Makes the state of an empty list.
 *
 * @returns A state.
 */
export function linearState(): LinearState {
  return { slots: [] };
}

/** The list. */
export class LinearOrder implements TimerOrder {
  /** All there is to save. */
  readonly state: LinearState;
  readonly #table: TimerTableState;

  /**
   * Goes on with a list.
   *
   * @param table The timers.
   * @param state Where to go on from.
   */
  constructor(table: TimerTableState, state: LinearState) {
    this.#table = table;
    this.state = state;
  }

  insert(slot: number): void {
    const { slots } = this.state;
    const { numbers } = this.#table;
    let at = slots.length;
    slots.push(slot);
    // Before those of the same deadline: they are popped from the end.
    while (at > 0 && numbers[2 * slots[at - 1]!]! <= numbers[2 * slot]!) {
      slots[at] = slots[at - 1]!;
      at -= 1;
    }
    slots[at] = slot;
  }

  remove(slot: number): void {
    const { slots } = this.state;
    if (slots[slots.length - 1] === slot) slots.pop();
    else slots.splice(slots.indexOf(slot), 1);
  }

  due(clk: number): number {
    const { slots } = this.state;
    if (slots.length === 0) return NO_SLOT;
    const slot = slots[slots.length - 1]!;
    return this.#table.numbers[2 * slot]! <= clk ? slot : NO_SLOT;
  }

  first(): number {
    const { slots } = this.state;
    return this.#table.numbers[2 * slots[slots.length - 1]!]!;
  }

  reset(_floor: number): void {
    this.state.slots = [];
  }
}
