/**
 * Waiting for all of several futures.
 *
 * @module
 */

import type { Context, Future } from "./future.ts";
import { PENDING, type Poll, READY } from "./poll.ts";

/** Ready when all its parts are: plain data. */
export interface Join extends Future {
  /** Names its entry in the table of kinds. */
  readonly kind: "join";
  /** Its parts. */
  readonly children: Future[];
  /** For each part: whether it is ready. */
  readonly done: boolean[];
  /** What the parts left, in their order; `null` for one that left nothing. */
  output?: unknown[];
}

/**
 * Makes a future that is ready when all of several are. It polls those that are
 * not ready, in their order, each time that one wakes the task.
 *
 * @param children The futures; they belong to this one from here on.
 * @returns The future.
 *
 * @example
 * ```ts
 * import { Executor, join, sleep, yieldNow } from "@lockstep/kernel/executor";
 * import { assertEquals } from "@std/assert";
 *
 * const clock = { clk: 0 };
 * const executor = new Executor({}, { now: clock });
 * const both = join([sleep(100), yieldNow()]);
 * executor.spawn(both);
 * executor.runUntilIdle();
 * assertEquals(both.done, [false, true]);
 * clock.clk = executor.deadline;
 * executor.runUntilIdle();
 * assertEquals([clock.clk, both.output], [100, [null, null]]);
 * ```
 */
export function join(children: readonly Future[]): Join {
  return {
    kind: "join",
    children: [...children],
    done: children.map(() => false),
  };
}

/** Polls a {@linkcode Join}. */
export function pollJoin(future: Join, context: Context): Poll {
  const { children, done } = future;
  let all = true;
  for (let i = 0; i < children.length; i++) {
    if (done[i] === true) continue;
    done[i] = context.poll(children[i]!) === READY;
    if (done[i] !== true) all = false;
  }
  if (!all) return PENDING;
  future.output = children.map(({ output }) => output ?? null);
  // An output is reached once in a state: its part gives it up.
  for (const child of children) delete child.output;
  return READY;
}

/** Gives the parts up that are not ready. */
export function dropJoin(future: Join, context: Context): void {
  future.children.forEach((child, i) => {
    if (future.done[i] !== true) context.drop(child);
  });
}
