/**
 * Timers: who is to be told at which clk. Three structures keep them in order,
 * a sorted list for few, a heap for some hundreds, a wheel for thousands; which
 * one it is never shows. The order is by deadline, and among equal deadlines by
 * the order in which they were added.
 *
 * A deadline is absolute. Who wants to be told every so often adds the period to
 * the deadline that has passed, not to the clk at which it was told, and so does
 * not drift.
 *
 * @module
 */

import { NEVER } from "../../../base/time.ts";
import { HeapOrder, type TimerHeapState, timerHeapState } from "./heap.ts";
import { LinearOrder, type LinearState, linearState } from "./linear.ts";
import type { TimerOrder } from "./timer_order.ts";
import {
  freeTimer,
  NO_SLOT,
  takeTimer,
  timerId,
  timerSlot,
  type TimerTableState,
  timerTableState,
} from "./timer_table.ts";
import { WheelOrder, type WheelState, wheelState } from "./wheel.ts";

/** The engine folds a module's own constants only. */
const none = NO_SLOT;

/** No timer: the answer of a `pop` that finds none due. */
export const NO_TIMER: number = -1;

/** Timers that a list holds before they move to a heap. */
export const LINEAR_MAX = 64;

/**
 * Timers that a heap holds before they move to a wheel. Deadlines that lie close
 * are faster in a wheel from some hundreds on, far ones from some thousands on.
 */
export const HEAP_MAX = 1_024;

/** What keeps timers in order. */
export type TimerStructure = "linear" | "heap" | "wheel";

/** Timers as data. */
export interface TimersState {
  /** What keeps them in order. */
  structure: TimerStructure;
  /** Whether that is so however many there are. */
  readonly fixed: boolean;
  /** No deadline lies before this clk: what was due then was popped. */
  floor: number;
  /** The timers. */
  table: TimerTableState;
  /** Their order, if it is a list. */
  linear: LinearState;
  /** Their order, if it is a heap. */
  heap: TimerHeapState;
  /** Their order, if it is a wheel. */
  wheel: WheelState;
}

/**
 * Makes the state of no timers.
 *
 * @param structure What keeps them in order; chosen by their number if absent.
 * @returns A state for {@linkcode Timers}.
 */
export function timersState(structure?: TimerStructure): TimersState {
  return {
    structure: structure ?? "linear",
    fixed: structure !== undefined,
    floor: 0,
    table: timerTableState(),
    linear: linearState(),
    heap: timerHeapState(),
    wheel: wheelState(),
  };
}

/** A state holds no NaN and no infinity, and `NO_TIMER` is negative. */
const isPayload = (payload: number): boolean =>
  payload >= 0 && payload < Infinity;

/**
 * Pending timers.
 *
 * @example
 * ```ts
 * import { NO_TIMER, Timers } from "@lockstep/kernel/executor";
 * import { assertEquals } from "@std/assert";
 *
 * const timers = new Timers();
 * timers.add(300, 1);
 * timers.add(100, 2);
 * const third = timers.add(100, 3);
 * timers.cancel(third);
 * assertEquals(timers.deadline, 100);
 * assertEquals([timers.pop(200), timers.pop(200)], [2, NO_TIMER]);
 * assertEquals(timers.pop(300), 1);
 * ```
 */
export class Timers {
  /** All there is to save. */
  readonly state: TimersState;
  readonly #linear: LinearOrder;
  readonly #heap: HeapOrder;
  readonly #wheel: WheelOrder;

  /**
   * Goes on with timers, or begins.
   *
   * @param state Where to go on from.
   */
  constructor(state: TimersState = timersState()) {
    this.state = state;
    this.#linear = new LinearOrder(state.table, state.linear);
    this.#heap = new HeapOrder(state.table, state.heap);
    this.#wheel = new WheelOrder(state.table, state.wheel);
  }

  /** Timers that are pending. */
  get size(): number {
    return this.state.table.count;
  }

  /** The earliest deadline, or `NEVER`. */
  get deadline(): number {
    return this.size === 0 ? NEVER : this.#order().first();
  }

  /**
   * Adds a timer. May allocate. A deadline that has passed is due at once, after
   * those that are due already.
   *
   * @param deadline The clk at which it is due.
   * @param payload What `pop` returns then: a waker, or any finite number from 0
   * on.
   * @returns A number that names it.
   * @throws {RangeError} If the deadline or the payload is no such number, or
   * 2^24 timers are pending.
   */
  add(deadline: number, payload: number): number {
    if (!Number.isSafeInteger(deadline) || !isPayload(payload)) {
      throw new RangeError(
        `Cannot add timer ${payload} at clk ${deadline}: ` +
          "give a whole clk, and a number from 0 on",
      );
    }
    const s = this.state;
    const { table, floor } = s;
    const slot = takeTimer(table, deadline > floor ? deadline : floor, payload);
    if (!s.fixed) this.#grow(s);
    this.#order().insert(slot);
    return timerId(table, slot);
  }

  /**
   * Takes a timer back.
   *
   * @param id Its number.
   * @returns Whether it was pending.
   */
  cancel(id: number): boolean {
    const { table } = this.state;
    const slot = timerSlot(table, id);
    if (slot === none) return false;
    this.#take(this.#order(), slot);
    return true;
  }

  /**
   * Changes what a pending timer's `pop` returns.
   *
   * @param id Its number.
   * @param payload The number.
   * @returns Whether it is pending.
   * @throws {RangeError} If that is no finite number from 0 on.
   */
  retarget(id: number, payload: number): boolean {
    if (!isPayload(payload)) {
      throw new RangeError(
        `Cannot give a timer the payload ${payload}: give a number from 0 on`,
      );
    }
    const { table } = this.state;
    const slot = timerSlot(table, id);
    if (slot !== none) table.numbers[2 * slot + 1] = payload;
    return slot !== none;
  }

  /**
   * Takes the first timer that is due.
   *
   * @param clk The time. It does not run backwards: an earlier one than before
   * finds nothing due.
   * @returns Its payload, or `NO_TIMER`.
   * @throws {RangeError} If that is no clk.
   */
  pop(clk: number): number {
    if (!Number.isSafeInteger(clk)) {
      throw new RangeError(`Cannot pop at clk ${clk}: give a whole clk`);
    }
    const s = this.state;
    if (clk < s.floor) return NO_TIMER;
    const { table } = s;
    const order = this.#order();
    const slot = order.due(clk);
    if (slot === none) {
      s.floor = clk;
      return NO_TIMER;
    }
    const payload = table.numbers[2 * slot + 1]!;
    s.floor = table.numbers[2 * slot]!;
    this.#take(order, slot);
    return payload;
  }

  #order(): TimerOrder {
    const { structure } = this.state;
    if (structure === "linear") return this.#linear;
    return structure === "heap" ? this.#heap : this.#wheel;
  }

  #take(order: TimerOrder, slot: number): void {
    const s = this.state;
    order.remove(slot);
    freeTimer(s.table, slot);
    if (!s.fixed) this.#shrink(s);
  }

  /** Called with the slot counted, and not inserted. */
  #grow(s: TimersState): void {
    const { count } = s.table;
    if (s.structure === "heap") {
      if (count > HEAP_MAX) this.#move("wheel", count - 1);
    } else if (s.structure === "linear" && count > LINEAR_MAX) {
      this.#move("heap", count - 1);
    }
  }

  /** Back at half the number, so that moves are rare. */
  #shrink(s: TimersState): void {
    const { count } = s.table;
    if (s.structure === "wheel") {
      if (count <= HEAP_MAX >> 1) this.#move("heap", count);
    } else if (s.structure === "heap" && count <= LINEAR_MAX >> 1) {
      this.#move("linear", count);
    }
  }

  /** Moves all timers, in their order. */
  #move(structure: TimerStructure, count: number): void {
    const s = this.state;
    const from = this.#order();
    const slots: number[] = [];
    while (slots.length < count) {
      const slot = from.due(NEVER);
      from.remove(slot);
      slots.push(slot);
    }
    from.reset(s.floor);
    s.structure = structure;
    const to = this.#order();
    to.reset(s.floor);
    for (const slot of slots) to.insert(slot);
  }
}
