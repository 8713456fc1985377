/**
 * Futures of time: sleeping, a limit on how long another one may take, and
 * ticks at a fixed period.
 *
 * @module
 */

import type { Now } from "../../base/alarm.ts";
import type { Context, Future, Kinds } from "./future.ts";
import { PENDING, type Poll, READY } from "./poll.ts";
import { NO_TIMER, type Timers } from "./timers/timers.ts";

/** The deadline of a sleep that has not begun. */
const NOT_BEGUN = -1;

/** Ready from some clk on: plain data. */
export interface Sleep extends Future {
  /** Names its entry in the table of kinds. */
  readonly kind: "sleep";
  /** How long, in clks, from the first poll on. */
  readonly clks: number;
  /** Until which clk; -1 before the first poll of a relative one. */
  deadline: number;
  /** Its timer, or `NO_TIMER`. */
  timer: number;
}

/** A future that may not take long: plain data. */
export interface Timeout extends Future {
  /** Names its entry in the table of kinds. */
  readonly kind: "timeout";
  /** The future. */
  readonly child: Future;
  /** The limit. */
  readonly sleep: Sleep;
  /** Whether the limit came first. */
  expired: boolean;
}

/** Ready once each period, as often as it is polled: plain data. */
export interface Ticks extends Future {
  /** Names its entry in the table of kinds. */
  readonly kind: "ticks";
  /** The period, in clks. */
  readonly clks: number;
  /** The clk of the next tick; -1 before the first poll. */
  deadline: number;
  /** Its timer, or `NO_TIMER`. */
  timer: number;
  /** Periods that had passed when it was ready last. */
  output?: number;
}

/**
 * Makes a future that is ready some time after its first poll.
 *
 * @param clks How long.
 * @returns The future.
 * @throws {RangeError} If that is no whole number from 0 on.
 */
export function sleep(clks: number): Sleep {
  checkClks(clks, 0);
  return { kind: "sleep", clks, deadline: NOT_BEGUN, timer: NO_TIMER };
}

/**
 * Makes a future that is ready from some clk on.
 *
 * @param clk The clk.
 * @returns The future.
 * @throws {RangeError} If that is no whole number from 0 on.
 */
export function sleepUntil(clk: number): Sleep {
  checkClks(clk, 0);
  return { kind: "sleep", clks: 0, deadline: clk, timer: NO_TIMER };
}

/**
 * Makes a future that is ready when another one is, or some time after its
 * first poll: then it has `expired`, and the other one was given up. If both
 * are ready, it has not. Its `output` is that of the other one.
 *
 * @param child The other one; it belongs to this one from here on.
 * @param clks How long it may take.
 * @returns The future.
 * @throws {RangeError} If that is no whole number from 0 on.
 *
 * @example
 * ```ts
 * import { Executor, sleep, timeout } from "@lockstep/kernel/executor";
 * import { assertEquals } from "@std/assert";
 *
 * const clock = { clk: 0 };
 * const executor = new Executor({}, { now: clock });
 * const tried = timeout(sleep(1_000), 100);
 * executor.spawn(tried);
 * executor.runUntilIdle();
 * clock.clk = executor.deadline;
 * executor.runUntilIdle();
 * assertEquals([clock.clk, tried.expired, executor.live], [100, true, 0]);
 * ```
 */
export function timeout(child: Future, clks: number): Timeout {
  return { kind: "timeout", child, sleep: sleep(clks), expired: false };
}

/**
 * Makes a stream of ticks. It is ready once each period, and is polled again
 * for the next tick. Each tick lies a period after the one before, however late
 * that was seen; `output` counts the periods that passed, more than one if some
 * were missed.
 *
 * @param clks The period; the first one begins with the first poll.
 * @returns The stream.
 * @throws {RangeError} If that is no whole number from 1 on.
 *
 * @example
 * ```ts
 * import { type Context, Executor, PENDING, READY, ticks } from "@lockstep/kernel/executor";
 * import { assertEquals } from "@std/assert";
 *
 * const clock = { clk: 0 };
 * const stream = ticks(100);
 * const seen: (number | undefined)[] = [];
 * const executor = new Executor({
 *   metronome: (_: { kind: "metronome" }, context: Context) => {
 *     while (context.poll(stream) === READY) seen.push(stream.output);
 *     return PENDING;
 *   },
 * }, { now: clock });
 * executor.spawn({ kind: "metronome" });
 * for (clock.clk of [0, 120, 450]) executor.runUntilIdle();
 * assertEquals(seen, [1, 3]); // At 120 one period had passed, at 450 three more.
 * ```
 */
export function ticks(clks: number): Ticks {
  checkClks(clks, 1);
  return { kind: "ticks", clks, deadline: NOT_BEGUN, timer: NO_TIMER };
}

function checkClks(clks: number, least: number): void {
  if (!Number.isSafeInteger(clks) || clks < least) {
    throw new RangeError(
      `Cannot wait for ${clks} clks: give a whole number from ${least} on`,
    );
  }
}

/**
 * Makes the kinds of {@linkcode sleep}, {@linkcode timeout} and
 * {@linkcode ticks}.
 *
 * @param timers Where sleepers wait.
 * @param now The clock.
 * @returns The kinds.
 */
export function timerKinds(timers: Timers, now: Now): Kinds {
  /** Whether the deadline has passed; if not, a timer is set. */
  const isDue = (future: Sleep | Ticks, context: Context): boolean => {
    if (future.deadline === NOT_BEGUN) future.deadline = now.clk + future.clks;
    if (now.clk >= future.deadline) {
      dropTimer(future);
      return true;
    }
    if (!timers.retarget(future.timer, context.waker)) {
      future.timer = timers.add(future.deadline, context.waker);
    }
    return false;
  };
  const dropTimer = (future: Sleep | Ticks): void => {
    timers.cancel(future.timer);
    future.timer = NO_TIMER;
  };
  const pollSleep = (future: Sleep, context: Context): Poll =>
    isDue(future, context) ? READY : PENDING;
  const pollTicks = (future: Ticks, context: Context): Poll => {
    if (!isDue(future, context)) return PENDING;
    const passed = Math.floor((now.clk - future.deadline) / future.clks) + 1;
    future.deadline += passed * future.clks;
    future.output = passed;
    return READY;
  };
  const pollTimeout = (future: Timeout, context: Context): Poll => {
    const { child, sleep } = future;
    if (context.poll(child) === READY) {
      dropTimer(sleep);
      if (child.output !== undefined) future.output = child.output;
      delete child.output; // It is reached once in a state.
      return READY;
    }
    if (pollSleep(sleep, context) === PENDING) return PENDING;
    context.drop(child);
    future.expired = true;
    return READY;
  };
  const dropTimeout = (future: Timeout, context: Context): void => {
    if (!future.expired) context.drop(future.child);
    dropTimer(future.sleep);
  };
  return {
    "sleep": { poll: pollSleep, drop: dropTimer },
    "ticks": { poll: pollTicks, drop: dropTimer },
    "timeout": { poll: pollTimeout, drop: dropTimeout },
  };
}
