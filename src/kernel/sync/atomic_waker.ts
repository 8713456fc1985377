/**
 * A place for one waker, which an interrupt handler may take out at any time.
 *
 * Source: crate futures-core, `AtomicWaker`. A word of two bits says whether a
 * waker is being put in or taken out; what meets there in between is not lost.
 *
 * @module
 */

import type { SyncEnv } from "./env.ts";

/** Nothing is going on. */
export const WAKER_WAITING = 0;
/** A waker is being put in. */
export const WAKER_REGISTERING = 1;
/** A waker is being taken out. */
export const WAKER_WAKING = 2;

/** A waker's place as data. */
export interface AtomicWakerState {
  /** Bits `WAKER_…`. */
  bits: number;
  /** The waker that is stored: a task id; `null` without one. */
  waker: number | null;
}

/**
 * Makes the state of an empty place.
 *
 * @returns A state for {@linkcode AtomicWaker}.
 */
export function atomicWakerState(): AtomicWakerState {
  return { bits: WAKER_WAITING, waker: null };
}

/**
 * Holds the waker of the task that waits. A waker is an id, and waking is a
 * call with it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { AtomicWaker, HOST_ENV } from "@lockstep/kernel/sync";
 *
 * const woken: number[] = [];
 * const waker = new AtomicWaker(HOST_ENV, (id) => woken.push(id));
 * waker.register(3);
 * waker.wake();
 * waker.wake();
 * assertEquals(woken, [3]);
 * ```
 */
export class AtomicWaker {
  /** All there is to save. */
  readonly state: AtomicWakerState;
  readonly #env: SyncEnv;
  readonly #wake: (waker: number) => void;

  /**
   * Goes on with a place for a waker, or begins.
   *
   * @param env The CPU that it runs on.
   * @param wake Wakes a task by its waker.
   * @param state Where to go on from.
   */
  constructor(
    env: SyncEnv,
    wake: (waker: number) => void,
    state: AtomicWakerState = atomicWakerState(),
  ) {
    this.#env = env;
    this.#wake = wake;
    this.state = state;
  }

  /**
   * Stores a waker, replacing an older one. If a wake comes in between, the
   * waker is woken instead, and nothing stays stored; while another `register`
   * runs, this one does nothing.
   *
   * @param waker The waker.
   */
  register(waker: number): void {
    const s = this.state;
    this.#env.boundary();
    if (s.bits === WAKER_WAKING) {
      this.#wake(waker);
      return;
    }
    if (s.bits !== WAKER_WAITING) return;
    s.bits = WAKER_REGISTERING;
    this.#env.boundary();
    s.waker = waker;
    this.#env.boundary();
    if (s.bits === WAKER_REGISTERING) {
      s.bits = WAKER_WAITING;
      return;
    }
    // A wake came in between and left its bit.
    s.waker = null;
    this.#env.boundary();
    s.bits = WAKER_WAITING;
    this.#wake(waker);
  }

  /** Takes the waker out and wakes it; without one nothing happens. */
  wake(): void {
    const waker = this.take();
    if (waker !== null) this.#wake(waker);
  }

  /**
   * Takes the waker out.
   *
   * @returns The waker, or `null` if there is none, if it is just being taken
   * out, or if one is just being put in: then `register` will wake it.
   */
  take(): number | null {
    const s = this.state;
    this.#env.boundary();
    const before = s.bits;
    s.bits |= WAKER_WAKING;
    if (before !== WAKER_WAITING) return null;
    this.#env.boundary();
    const waker = s.waker;
    s.waker = null;
    this.#env.boundary();
    s.bits &= ~WAKER_WAKING;
    return waker;
  }
}
