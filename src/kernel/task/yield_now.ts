/**
 * Letting the other tasks run first.
 *
 * @module
 */

import type { Context, Future } from "./future.ts";
import { PENDING, type Poll, READY } from "./poll.ts";

/** Pending once, and woken at once: plain data. */
export interface YieldNow extends Future {
  /** Names its entry in the table of kinds. */
  readonly kind: "yield-now";
  /** Whether it has been pending. */
  yielded: boolean;
}

/**
 * Makes a future that is ready in its second poll, and wakes its task in the
 * first: every task that is ready already is polled in between.
 *
 * @returns The future.
 *
 * @example
 * ```ts
 * import { Executor, yieldNow } from "@lockstep/kernel/executor";
 * import { assertEquals } from "@std/assert";
 *
 * const executor = new Executor({});
 * executor.spawn(yieldNow());
 * assertEquals(executor.runUntilIdle(), 2);
 * ```
 */
export function yieldNow(): YieldNow {
  return { kind: "yield-now", yielded: false };
}

/** Polls a {@linkcode YieldNow}. */
export function pollYieldNow(future: YieldNow, context: Context): Poll {
  if (future.yielded) return READY;
  future.yielded = true;
  context.wakeSelf();
  return PENDING;
}
