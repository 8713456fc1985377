/**
 * Waiting for the first of several futures.
 *
 * @module
 */

import type { Context, Future } from "./future.ts";
import { PENDING, type Poll, READY } from "./poll.ts";

/** Ready when one of its parts is: plain data. */
export interface Select extends Future {
  /** Names its entry in the table of kinds. */
  readonly kind: "select";
  /** Its parts. */
  readonly children: Future[];
  /** Index of the part that was ready first; -1 before. */
  winner: number;
}

/**
 * Makes a future that is ready when one of several is, and gives the others up
 * then. They are polled in their order, so the first one wins a tie. Its
 * `winner` tells which one it was, its `output` is that one's.
 *
 * @param children The futures; they belong to this one from here on.
 * @returns The future.
 *
 * @example
 * ```ts
 * import { Executor, select, sleep, yieldNow } from "@lockstep/kernel/executor";
 * import { assertEquals } from "@std/assert";
 *
 * const executor = new Executor({});
 * const first = select([sleep(100), yieldNow()]);
 * executor.spawn(first);
 * executor.runUntilIdle();
 * assertEquals([first.winner, executor.timers.size], [1, 0]);
 * ```
 */
export function select(children: readonly Future[]): Select {
  return { kind: "select", children: [...children], winner: -1 };
}

/** Polls a {@linkcode Select}. */
export function pollSelect(future: Select, context: Context): Poll {
  const { children } = future;
  for (let i = 0; i < children.length; i++) {
    const child = children[i]!;
    if (context.poll(child) !== READY) continue;
    future.winner = i;
    if (child.output !== undefined) future.output = child.output;
    delete child.output; // It is reached once in a state.
    for (const loser of children) if (loser !== child) context.drop(loser);
    return READY;
  }
  return PENDING;
}

/** Gives the parts up. */
export function dropSelect(future: Select, context: Context): void {
  if (future.winner !== -1) return;
  for (const child of future.children) context.drop(child);
}
