/**
 * A cell that is written once, and says so when asked before or again.
 *
 * Source: crate conquer-once 0.2, `spin::OnceCell`.
 *
 * @module
 */

import { deadlock, type SyncEnv } from "./env.ts";
import {
  ONCE_COMPLETE,
  ONCE_INCOMPLETE,
  ONCE_PANICKED,
  ONCE_RUNNING,
  type OnceState,
  onceState,
  runBuilder,
} from "./once.ts";

/** Why a cell refuses. */
export interface OnceCellRefusal {
  /** The reason. */
  readonly reason: "uninit" | "already-init" | "would-block";
  /** The crate's `Debug` text, such as `AlreadyInit`. */
  debug(): string;
  /** The crate's `Display` text. */
  message(): string;
}

const refusal = (
  reason: OnceCellRefusal["reason"],
  debug: string,
  what: string,
): OnceCellRefusal =>
  Object.freeze({
    reason,
    debug: () => debug,
    message: () => "the `OnceCell` " + what,
  });

const UNINIT = refusal("uninit", "Uninit", "is uninitialized");
const ALREADY_INIT = refusal(
  "already-init",
  "AlreadyInit",
  "has already been initialized",
);
const WOULD_BLOCK = refusal(
  "would-block",
  "WouldBlock",
  "is currently being initialized",
);

/**
 * A cell for one value.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { HOST_ENV, OnceCell } from "@lockstep/kernel/sync";
 *
 * const queue = new OnceCell<number[]>(HOST_ENV, "QUEUE");
 * assertEquals(queue.get(), null);
 * assertEquals(queue.tryInitOnce(() => [1]), null);
 * assertEquals(queue.tryInitOnce(() => [2])?.debug(), "AlreadyInit");
 * assertEquals(queue.get(), [1]);
 * ```
 */
export class OnceCell<T> {
  /** All there is to save, the value included. */
  readonly state: OnceState<T>;
  /** Its name in reports. */
  readonly name: string;
  readonly #env: SyncEnv;

  /**
   * Goes on with a cell, or begins.
   *
   * @param env The CPU that it runs on.
   * @param name Its name in reports.
   * @param state Where to go on from; {@linkcode initializedCell} for a value
   * that is there from the beginning.
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

  /** Whether the value is there. */
  get isInitialized(): boolean {
    return this.state.status === ONCE_COMPLETE;
  }

  /** Whether its builder panicked. */
  get isPoisoned(): boolean {
    return this.state.status === ONCE_PANICKED;
  }

  /**
   * The value, or why not; never waits.
   *
   * @returns The value in a box, or a refusal: `uninit` or `would-block`.
   * @throws {RangeError} If the cell is poisoned.
   */
  tryGet(): {
    /** The value. */
    readonly value: T;
  } | OnceCellRefusal {
    switch (this.#load()) {
      case ONCE_COMPLETE:
        return { value: this.state.value as T };
      case ONCE_RUNNING:
        return WOULD_BLOCK;
      default:
        return UNINIT;
    }
  }

  /**
   * The value, waited for if its builder runs.
   *
   * @returns The value, or `null` if nobody has begun.
   * @throws {RangeError} If the cell is poisoned.
   */
  get(): T | null {
    const status = this.#load();
    if (status === ONCE_INCOMPLETE) return null;
    if (status === ONCE_RUNNING) this.#block();
    return this.state.value;
  }

  /**
   * Builds the value; never waits.
   *
   * @param build Builds it: plain data.
   * @returns `null`, or a refusal: `already-init` or `would-block`.
   * @throws {RangeError} If the cell is poisoned.
   */
  tryInitOnce(build: () => T): OnceCellRefusal | null {
    const status = this.#load();
    if (status === ONCE_COMPLETE) return ALREADY_INIT;
    if (status === ONCE_RUNNING) return WOULD_BLOCK;
    const lost = this.#begin();
    if (lost !== null) return lost;
    runBuilder(this.#env, this.state, build);
    return null;
  }

  /**
   * Builds the value if nobody has, waiting for a builder that runs.
   *
   * @param build Builds it: plain data.
   * @throws {RangeError} If the cell is poisoned.
   */
  initOnce(build: () => T): void {
    if (this.tryInitOnce(build)?.reason === "would-block") this.#block();
  }

  /**
   * The value, built if nobody has; never waits.
   *
   * @param build Builds it: plain data.
   * @returns The value in a box, or the refusal `would-block`.
   * @throws {RangeError} If the cell is poisoned.
   */
  tryGetOrInit(build: () => T): {
    /** The value. */
    readonly value: T;
  } | OnceCellRefusal {
    if (this.tryInitOnce(build)?.reason === "would-block") return WOULD_BLOCK;
    return { value: this.state.value as T };
  }

  /**
   * The value, built if nobody has; waits for a builder that runs.
   *
   * @param build Builds it: plain data.
   * @returns The value.
   * @throws {RangeError} If the cell is poisoned.
   */
  getOrInit(build: () => T): T {
    this.initOnce(build);
    return this.state.value as T;
  }

  /**
   * Takes the value out and leaves the cell empty (crate: `into_inner`,
   * `take`).
   *
   * @returns The value, or `null`.
   * @throws {RangeError} If the cell was poisoned, and it is empty then, too; if
   * its builder runs, and nothing has changed then.
   */
  take(): T | null {
    this.#env.boundary();
    const s = this.state;
    const { status, value } = s;
    if (status === ONCE_RUNNING) {
      throw new RangeError(`Cannot take from ${this.name}: its builder runs`);
    }
    s.status = ONCE_INCOMPLETE;
    s.value = null;
    if (status === ONCE_PANICKED) this.#poisoned();
    return value;
  }

  /**
   * The crate's `Debug` text.
   *
   * @param format Formats the value.
   * @returns For example `OnceCell { inner: Some(1) }`.
   * @throws {RangeError} If the cell is poisoned.
   */
  debug(format: (value: T) => string = String): string {
    const got = this.tryGet();
    const inner = "value" in got ? `Some(${format(got.value)})` : "None";
    return `OnceCell { inner: ${inner} }`;
  }

  /** The status; a poisoned cell panics on every access. */
  #load(): number {
    this.#env.boundary();
    if (this.state.status === ONCE_PANICKED) this.#poisoned();
    return this.state.status;
  }

  /** Claims the cell; an interrupt may have done so since it was read. */
  #begin(): OnceCellRefusal | null {
    this.#env.boundary();
    const s = this.state;
    if (s.status === ONCE_COMPLETE) return ALREADY_INIT;
    if (s.status === ONCE_RUNNING) return WOULD_BLOCK;
    if (s.status === ONCE_PANICKED) this.#poisoned();
    s.status = ONCE_RUNNING;
    s.builder = this.#env.holder();
    return null;
  }

  #block(): never {
    const { builder } = this.state;
    return deadlock(this.#env, `wait for ${this.name}`, this.name, builder);
  }

  #poisoned(): never {
    throw new RangeError(
      `Cannot use ${this.name}: OnceCell instance has been poisoned.`,
    );
  }
}

/**
 * Makes the state of a cell that has its value (crate: `OnceCell::new`).
 *
 * @param value The value: plain data.
 * @returns A state for {@linkcode OnceCell}.
 */
export function initializedCell<T>(value: T): OnceState<T> {
  return { status: ONCE_COMPLETE, value, builder: "" };
}
