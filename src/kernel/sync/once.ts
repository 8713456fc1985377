/**
 * Something that is done once.
 *
 * Source: crate spin 0.5.2, `Once`.
 *
 * @module
 */

import { deadlock, guarded, type SyncEnv } from "./env.ts";

/** Not begun. */
export const ONCE_INCOMPLETE = 0;
/** Begun. */
export const ONCE_RUNNING = 1;
/** Done. */
export const ONCE_COMPLETE = 2;
/** Begun, and ended by a panic. */
export const ONCE_PANICKED = 3;

/** A once, lazy or once-cell as data. */
export interface OnceState<T> {
  /** `ONCE_…`, 0 to 3. */
  status: number;
  /** What was built: plain data; `null` until then. */
  value: T | null;
  /** Where the builder was started; empty unless it runs. */
  builder: string;
}

/**
 * Makes the state of something that was not done yet.
 *
 * @returns A state for {@linkcode Once} and its kind.
 */
export function onceState<T>(): OnceState<T> {
  return { status: ONCE_INCOMPLETE, value: null, builder: "" };
}

/**
 * Calls a builder that has been given `state`, and keeps what it returns.
 * Used by all cells; the caller has set `ONCE_RUNNING`.
 *
 * @param env The CPU.
 * @param state The cell; its status is `ONCE_RUNNING`.
 * @param build The builder.
 * @returns What was built.
 */
export function runBuilder<T>(
  env: SyncEnv,
  state: OnceState<T>,
  build: () => T,
): T {
  const value = guarded(env, build, () => {
    state.status = ONCE_PANICKED;
    state.builder = "";
  });
  env.boundary();
  state.value = value;
  state.status = ONCE_COMPLETE;
  state.builder = "";
  return value;
}

/**
 * A value that the first caller builds.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { HOST_ENV, Once } from "@lockstep/kernel/sync";
 *
 * const answer = new Once<number>(HOST_ENV, "ANSWER");
 * assertEquals(answer.tryGet(), null);
 * assertEquals(answer.callOnce(() => 42), 42);
 * assertEquals(answer.callOnce(() => 43), 42);
 * ```
 */
export class Once<T> {
  /** All there is to save, the value included. */
  readonly state: OnceState<T>;
  /** Its name in reports. */
  readonly name: string;
  readonly #env: SyncEnv;

  /**
   * Goes on with a once, or begins.
   *
   * @param env The CPU that it runs on.
   * @param name Its name in reports.
   * @param state Where to go on from.
   */
  constructor(
    env: SyncEnv,
    name: string,
    state: OnceState<T> = onceState(),
  ) {
    this.#env = env;
    this.name = name;
    this.state = state;
  }

  /**
   * Builds the value, if nobody has.
   *
   * @param build Builds it: plain data.
   * @returns The value; if its builder is running, the run stops with
   * `deadlock`.
   * @throws {RangeError} If its builder panicked.
   */
  callOnce(build: () => T): T {
    this.#env.boundary();
    const s = this.state;
    if (s.status === ONCE_INCOMPLETE) {
      s.status = ONCE_RUNNING;
      s.builder = this.#env.holder();
      return runBuilder(this.#env, s, build);
    }
    return this.#finished() as T;
  }

  /**
   * The value, if it is there (crate: `try`).
   *
   * @returns The value, or `null`.
   */
  tryGet(): T | null {
    this.#env.boundary();
    return this.state.status === ONCE_COMPLETE ? this.state.value : null;
  }

  /**
   * The value, waited for if its builder runs (crate: `wait`).
   *
   * @returns The value, or `null` if nobody has begun.
   * @throws {RangeError} If its builder panicked.
   */
  wait(): T | null {
    this.#env.boundary();
    if (this.state.status === ONCE_INCOMPLETE) return null;
    return this.#finished();
  }

  /**
   * The crate's `Debug` text.
   *
   * @param format Formats the value.
   * @returns `Once { data: 42}`, or `Once { <uninitialized> }` until it is built.
   */
  debug(format: (value: T) => string = String): string {
    this.#env.boundary();
    const { status, value } = this.state;
    return status === ONCE_COMPLETE
      ? `Once { data: ${format(value as T)}}`
      : "Once { <uninitialized> }";
  }

  #finished(): T | null {
    const s = this.state;
    if (s.status === ONCE_PANICKED) {
      throw new RangeError(`Cannot use ${this.name}: Once has panicked`);
    }
    if (s.status === ONCE_RUNNING) {
      deadlock(this.#env, `wait for ${this.name}`, this.name, s.builder);
    }
    return s.value;
  }
}
