/**
 * A bounded queue of many producers and consumers without locks.
 *
 * Source: crate crossbeam-queue 0.3.11, `ArrayQueue` (D. Vyukov's bounded
 * queue): head and tail are a lap and an index, and each slot has a stamp that
 * says whose turn it is. A push claims a slot by moving the tail, writes, and
 * stamps; a pop claims by moving the head, reads, and stamps. Boundaries lie
 * between these steps, so that an interrupt may find a slot claimed and not
 * stamped. Then it would spin for ever: here the run stops with `deadlock`.
 *
 * @module
 */

import { deadlock, type SyncEnv } from "./env.ts";

/** A queue as data. */
export interface ArrayQueueState<T> {
  /** Lap and index of the next pop. */
  head: number;
  /** Lap and index of the next push. */
  tail: number;
  /** For each slot: its turn. */
  stamps: Float64Array;
  /** For each slot: its value, or `null`. */
  values: (T | null)[];
  /** Where the last slot was claimed that has no stamp; empty without one. */
  claimer: string;
}

/** Slots of a queue at most: each takes 16 bytes of the host, full or not. */
export const QUEUE_CAPACITY_MAX: number = 2 ** 24;

/**
 * Makes the state of an empty queue.
 *
 * @param capacity How many values fit, 1 to {@linkcode QUEUE_CAPACITY_MAX}.
 * @returns A state for {@linkcode ArrayQueue}.
 * @throws {RangeError} If `capacity` is 0 or no such number.
 */
export function arrayQueueState<T>(capacity: number): ArrayQueueState<T> {
  if (
    !Number.isInteger(capacity) || capacity < 1 || capacity > QUEUE_CAPACITY_MAX
  ) {
    throw new RangeError(
      `Cannot make a queue of ${capacity}: ` +
        (capacity === 0
          ? "capacity must be non-zero"
          : "give a whole number from 1 to 2^24"),
    );
  }
  return {
    head: 0,
    tail: 0,
    stamps: Float64Array.from({ length: capacity }, (_, i) => i),
    values: new Array(capacity).fill(null),
    claimer: "",
  };
}

/**
 * A first-in, first-out queue that is full at some point. Values are plain
 * data other than `null`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { ArrayQueue, arrayQueueState, HOST_ENV } from "@lockstep/kernel/sync";
 *
 * const queue = new ArrayQueue<number>(HOST_ENV, "KEYS", arrayQueueState(2));
 * assertEquals([queue.push(7), queue.push(8), queue.push(9)], [true, true, false]);
 * assertEquals([queue.pop(), queue.pop(), queue.pop()], [7, 8, null]);
 * ```
 */
export class ArrayQueue<T> {
  /** All there is to save, the values included. */
  readonly state: ArrayQueueState<T>;
  /** Its name in reports. */
  readonly name: string;
  /** How many values fit. */
  readonly capacity: number;
  /** A lap: the smallest power of two greater than the capacity. */
  readonly oneLap: number;
  readonly #env: SyncEnv;

  /**
   * Goes on with a queue.
   *
   * @param env The CPU that it runs on.
   * @param name Its name in reports.
   * @param state Where to go on from; its size is the queue's capacity.
   */
  constructor(
    env: SyncEnv,
    name: string,
    state: ArrayQueueState<T>,
  ) {
    this.#env = env;
    this.name = name;
    this.state = state;
    this.capacity = state.values.length;
    let lap = 1;
    while (lap <= this.capacity) lap *= 2;
    this.oneLap = lap;
  }

  /**
   * Appends a value.
   *
   * @param value The value.
   * @returns Whether there was room.
   */
  push(value: T): boolean {
    let tail = this.#load("tail");
    for (;;) {
      const index = tail % this.oneLap;
      const stamp = this.#stamp(index);
      if (stamp === tail) {
        const claimed = this.#claim("tail", tail, this.#next(tail));
        if (claimed !== null) {
          this.#store(index, value, tail + 1, claimed);
          return true;
        }
      } else if (stamp + this.oneLap === tail + 1) {
        if (this.#load("head") + this.oneLap === tail) return false;
      }
      tail = this.#again("push to", "tail", tail, stamp);
    }
  }

  /**
   * Appends a value, replacing the oldest if the queue is full.
   *
   * @param value The value.
   * @returns The value that had to go, or `null`.
   */
  forcePush(value: T): T | null {
    let tail = this.#load("tail");
    for (;;) {
      const index = tail % this.oneLap;
      const next = this.#next(tail);
      const stamp = this.#stamp(index);
      if (stamp === tail) {
        const claimed = this.#claim("tail", tail, next);
        if (claimed !== null) {
          this.#store(index, value, tail + 1, claimed);
          return null;
        }
      } else if (stamp + this.oneLap === tail + 1) {
        // Full: the slot holds the oldest value, and the head passes it.
        const [from, to] = [tail - this.oneLap, next - this.oneLap];
        const claimed = this.#claim("head", from, to);
        if (claimed !== null) {
          this.#env.boundary();
          this.state.tail = next;
          const old = this.#value(index);
          this.#store(index, value, tail + 1, claimed);
          return old;
        }
      }
      tail = this.#again("push to", "tail", tail, stamp);
    }
  }

  /**
   * Takes the oldest value.
   *
   * @returns The value, or `null` if there is none.
   */
  pop(): T | null {
    let head = this.#load("head");
    for (;;) {
      const index = head % this.oneLap;
      const stamp = this.#stamp(index);
      if (stamp === head + 1) {
        const claimed = this.#claim("head", head, this.#next(head));
        if (claimed !== null) {
          const value = this.#value(index);
          this.#store(index, null, head + this.oneLap, claimed);
          return value;
        }
      } else if (stamp === head) {
        if (this.#load("tail") === head) return null;
      }
      head = this.#again("pop from", "head", head, stamp);
    }
  }

  /** How many values are in it. */
  get length(): number {
    for (;;) {
      const tail = this.#load("tail");
      const head = this.#load("head");
      if (this.#load("tail") !== tail) continue; // Moved since: look again.
      if (tail === head) return 0;
      const from = head % this.oneLap;
      const to = tail % this.oneLap;
      if (from < to) return to - from;
      if (from > to) return this.capacity - from + to;
      return this.capacity;
    }
  }

  /** Whether it holds nothing. */
  get isEmpty(): boolean {
    const head = this.#load("head");
    return this.#load("tail") === head;
  }

  /** Whether a push would be refused. */
  get isFull(): boolean {
    const tail = this.#load("tail");
    return this.#load("head") + this.oneLap === tail;
  }

  /** Takes all values, oldest first (crate: `into_iter`). */
  *drain(): IterableIterator<T> {
    for (let v = this.pop(); v !== null; v = this.pop()) yield v;
  }

  /** The place after `at`: the next slot, or the first of the next lap. */
  #next(at: number): number {
    const index = at % this.oneLap;
    return index + 1 < this.capacity ? at + 1 : at - index + this.oneLap;
  }

  #load(end: "head" | "tail"): number {
    this.#env.boundary();
    return this.state[end];
  }

  #stamp(index: number): number {
    this.#env.boundary();
    return this.state.stamps[index]!;
  }

  #value(index: number): T {
    this.#env.boundary();
    return this.state.values[index] as T;
  }

  /**
   * Moves an end, and so takes the slot there.
   *
   * @returns The claim that this one interrupted, or `null` if the end had
   * moved before.
   */
  #claim(
    end: "head" | "tail",
    expected: number,
    value: number,
  ): string | null {
    this.#env.boundary();
    const s = this.state;
    if (s[end] !== expected) return null;
    s[end] = value;
    const outer = s.claimer;
    s.claimer = this.#env.holder();
    return outer;
  }

  /** Fills a claimed slot and stamps it, which ends the claim. */
  #store(
    index: number,
    value: T | null,
    stamp: number,
    outer: string,
  ): void {
    const s = this.state;
    this.#env.boundary();
    s.values[index] = value;
    this.#env.boundary();
    s.stamps[index] = stamp;
    s.claimer = outer;
  }

  /**
   * Reads an end again. If neither it nor its slot has changed, then the slot
   * is claimed by code that this one interrupted.
   */
  #again(
    act: string,
    end: "head" | "tail",
    seen: number,
    stamp: number,
  ): number {
    const at = this.#load(end);
    const s = this.state;
    if (at === seen && s.stamps[at % this.oneLap] === stamp) {
      deadlock(this.#env, `${act} ${this.name}`, this.name, s.claimer);
    }
    return at;
  }
}
