/**
 * A static that is built when it is first used.
 *
 * Source: crate lazy_static 1.4.0 with `spin_no_std`: over `Once`, never
 * dropped; a panic of the builder poisons it.
 *
 * What is saved is plain data, what is used is often an object. So the builder
 * makes data, and a second function the object over it, which holds no state.
 *
 * @module
 */

import type { SyncEnv } from "./env.ts";
import { Once, ONCE_COMPLETE, type OnceState, onceState } from "./once.ts";

/**
 * A value built at first use, and perhaps an object over it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { HOST_ENV, Lazy } from "@lockstep/kernel/sync";
 *
 * let built = 0;
 * const table = new Lazy(HOST_ENV, "SQUARES", () => {
 *   built += 1;
 *   return [0, 1, 4, 9];
 * });
 * assertEquals([table.get()[3], table.get()[2], built], [9, 4, 1]);
 * ```
 */
export class Lazy<T, V = T> {
  readonly #once: Once<T>;
  readonly #build: () => T;
  readonly #over: (data: T) => V;
  /** Derived: the object over `#of`. */
  #view: V | null = null;
  #of: T | null = null;

  /**
   * Goes on with a static, or begins.
   *
   * @param env The CPU that it runs on.
   * @param name Its name in reports.
   * @param build Builds the data.
   * @param state Where to go on from.
   * @param over Makes the object over the data; the data itself if absent.
   */
  constructor(
    env: SyncEnv,
    name: string,
    build: () => T,
    state: OnceState<T> = onceState(),
    over: (data: T) => V = (data) => data as unknown as V,
  ) {
    this.#once = new Once(env, name, state);
    this.#build = build;
    this.#over = over;
  }

  /** All there is to save. */
  get state(): OnceState<T> {
    return this.#once.state;
  }

  /** Its name in reports. */
  get name(): string {
    return this.#once.name;
  }

  /** Whether it was used, and built. */
  get isInitialized(): boolean {
    return this.state.status === ONCE_COMPLETE;
  }

  /**
   * The value, built if this is the first use.
   *
   * @returns The object over the data; if its builder is running, the run
   * stops with `deadlock`.
   * @throws {RangeError} If its builder panicked.
   */
  get(): V {
    const data = this.#once.callOnce(this.#build);
    if (this.#view === null || this.#of !== data) {
      this.#view = this.#over(data);
      this.#of = data;
    }
    return this.#view;
  }

  /** Builds the value, if nobody has (crate: `initialize`). */
  initialize(): void {
    this.get();
  }
}
