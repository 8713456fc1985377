/**
 * What keeps pending timers in order. Three structures do, each best for some
 * number of timers, and all with one order: by deadline, and among equal
 * deadlines by insertion.
 *
 * @module
 */

/** An order over the slots of a table. */
export interface TimerOrder {
  /** Takes a slot in; its deadline is `floor` or later. */
  insert(slot: number): void;
  /** Takes a slot out. */
  remove(slot: number): void;
  /**
   * Finds the first slot that is due, and moves the floor, if the structure has
   * one: to that slot's deadline, or to `clk` if nothing is due.
   *
   * @param clk The time, not before the floor.
   * @returns The slot, which stays, or `NO_SLOT`.
   */
  due(clk: number): number;
  /** The earliest deadline; there is a slot. */
  first(): number;
  /** Forgets all slots, and starts from a floor. */
  reset(floor: number): void;
}
