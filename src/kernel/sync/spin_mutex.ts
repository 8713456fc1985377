/**
 * The spin mutex.
 *
 * Source: crate spin 0.5.2, `Mutex`: one flag; not fair, not re-entrant, no
 * poisoning. A guard that is never dropped is here a lock without unlock.
 *
 * @module
 */

import { deadlock, guarded, lockId, type SyncEnv } from "./env.ts";

/** A mutex as data. */
export interface SpinMutexState {
  /** Whether somebody holds it. */
  locked: boolean;
  /** Where it was taken; empty while it is free. */
  holder: string;
}

/**
 * Makes the state of a free mutex.
 *
 * @returns A state for {@linkcode SpinMutex}.
 */
export function spinMutexState(): SpinMutexState {
  return { locked: false, holder: "" };
}

/**
 * A lock around some data.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { HOST_ENV, SpinMutex } from "@lockstep/kernel/sync";
 *
 * const counter = new SpinMutex(HOST_ENV, "COUNTER", { value: 0 });
 * counter.withLock((data) => data.value += 1);
 * assertEquals(counter.tryLock(), true);
 * assertEquals(counter.tryLock(), false);
 * counter.unlock();
 * ```
 */
export class SpinMutex<T> {
  /** All there is to save, but for the data. */
  readonly state: SpinMutexState;
  /** Its name in reports. */
  readonly name: string;
  /** What it protects: for the holder alone. */
  readonly data: T;
  readonly #env: SyncEnv;

  /**
   * Goes on with a mutex, or begins.
   *
   * @param env The CPU that it runs on.
   * @param name Its name in reports, such as `WRITER`.
   * @param data What it protects.
   * @param state Where to go on from.
   */
  constructor(
    env: SyncEnv,
    name: string,
    data: T,
    state: SpinMutexState = spinMutexState(),
  ) {
    this.#env = env;
    this.name = name;
    this.data = data;
    this.state = state;
  }

  /** Whether somebody holds it. */
  get isLocked(): boolean {
    return this.state.locked;
  }

  /**
   * Takes the lock. If it is held, the run stops with `deadlock`.
   *
   * @returns The data.
   */
  lock(): T {
    if (!this.tryLock()) {
      deadlock(this.#env, `lock ${this.name}`, this.name, this.state.holder);
    }
    return this.data;
  }

  /**
   * Takes the lock if it is free.
   *
   * @returns Whether it was.
   */
  tryLock(): boolean {
    this.#env.boundary();
    const s = this.state;
    if (s.locked) return false;
    s.locked = true;
    s.holder = this.#env.holder();
    this.#report("lock");
    return true;
  }

  /**
   * Gives the lock back.
   *
   * @throws {RangeError} If nobody holds it.
   */
  unlock(): void {
    if (!this.state.locked) {
      throw new RangeError(`Cannot unlock ${this.name}: it is not locked`);
    }
    this.#release();
  }

  /** Frees the lock, whoever holds it, or nobody (crate: `force_unlock`). */
  forceUnlock(): void {
    this.#release();
  }

  /**
   * Calls a function with the lock held.
   *
   * @param fn Gets the data.
   * @returns What `fn` returns.
   */
  withLock<R>(fn: (data: T) => R): R {
    this.lock();
    return this.#held(fn);
  }

  /**
   * Gives the data up (crate: `into_inner`).
   *
   * @returns The data.
   */
  intoInner(): T {
    return this.data;
  }

  /**
   * The crate's `Debug` text; takes the lock while it formats.
   *
   * @param format Formats the data.
   * @returns `Mutex { data: 42}`, or `Mutex { <locked> }`.
   */
  debug(format: (data: T) => string = String): string {
    if (!this.tryLock()) return "Mutex { <locked> }";
    return this.#held((data) => `Mutex { data: ${format(data)}}`);
  }

  /** Calls a function with the lock held, and gives it back. */
  #held<R>(fn: (data: T) => R): R {
    const result = guarded(
      this.#env,
      () => fn(this.data),
      () => this.#release(),
    );
    this.#release();
    return result;
  }

  #release(): void {
    this.#env.boundary();
    this.state.locked = false;
    this.state.holder = "";
    this.#report("unlock");
  }

  #report(kind: "lock" | "unlock"): void {
    const { events } = this.#env;
    if (events?.on) events.emit(kind, lockId(this.name));
  }
}
