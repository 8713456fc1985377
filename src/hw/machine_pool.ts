/**
 * Machines that nobody uses at present. A machine's RAM and tables are megabytes that the host has to find, clear and
 * collect; a search over forks gives each back when it is done with it and takes it again for the next.
 *
 * One pool belongs to a family: a machine, its forks, and theirs, which all have the same hardware and program.
 *
 * @module
 */

/** Idle machines that a pool keeps; what is given back beyond that is left to the host. */
export const MACHINE_POOL_MAX = 64;

/** A stack of idle things: the one given back last is the one whose memory is still near. */
export class MachinePool<T> {
  readonly #idle: T[] = [];

  /** How many are idle. */
  get size(): number {
    return this.#idle.length;
  }

  /**
   * Takes one.
   *
   * @returns the one given back last, or `null` if there is none
   */
  take(): T | null {
    return this.#idle.pop() ?? null;
  }

  /**
   * Gives one back.
   *
   * @returns whether the pool had room for it
   */
  give(item: T): boolean {
    if (this.#idle.length === MACHINE_POOL_MAX) return false;
    this.#idle.push(item);
    return true;
  }
}
