/**
 * Turns of our executor: N tasks, each of which lets the others run some number of times and then ends. As a worker it is an
 * isolate of its own, whose compiler knows no other kinds of task than those that it is asked for.
 *
 * @module
 */

import {
  type Context,
  Executor,
  type ExecutorOptions,
  type Future,
  type Kinds,
  type Poll,
} from "../../src/kernel/task/mod.ts";

/** `PENDING` and `READY`: V8 folds a module's own constants only. */
const pending = 0;
const ready = 1;

/** A task that makes some turns. */
interface Turns extends Future {
  left: number;
}

/** Runs tasks of the kinds given, in turn, and says how many turns there were. */
export function runTurns(
  kinds: Kinds,
  tasks: number,
  turnsEach: number,
  options: ExecutorOptions = {},
): number {
  const names = Object.keys(kinds);
  const executor = new Executor(kinds, options);
  for (let i = 0; i < tasks; i++) {
    const kind = names[i % names.length]!;
    executor.spawn({ kind, left: turnsEach - 1 } as Turns);
  }
  return executor.runUntilIdle();
}

const turns = (task: Turns, context: Context): Poll => {
  if (task.left === 0) return ready;
  task.left -= 1;
  context.wakeSelf();
  return pending;
};

/** One kind. */
export const ONE_KIND: Kinds = { turns };

/** Sixteen functions that the engine cannot take for one: their texts differ. */
export function sixteenKinds(): Kinds {
  const kinds: Record<string, (task: Turns, context: Context) => Poll> = {};
  for (let i = 0; i < 16; i++) {
    kinds[`k${i}`] = new Function(
      "task",
      "context",
      `"use strict"; /* ${i} */ if (task.left === 0) return 1;
       task.left -= 1; context.wakeSelf(); return 0;`,
    ) as (task: Turns, context: Context) => Poll;
  }
  return kinds;
}

/** What the worker is asked for: the time of a turn. */
export interface TurnsQuestion {
  /** Whether there are sixteen kinds. */
  readonly sixteen: boolean;
  /** Tasks. */
  readonly tasks: number;
  /** Turns of each. */
  readonly turnsEach: number;
}

if ("WorkerGlobalScope" in globalThis) {
  const sixteen = sixteenKinds();
  const worker = globalThis as unknown as Pick<
    Worker,
    "postMessage" | "onmessage"
  >;
  worker.onmessage = ({ data }: MessageEvent<TurnsQuestion>) => {
    const start = performance.now();
    const made = runTurns(
      data.sixteen ? sixteen : ONE_KIND,
      data.tasks,
      data.turnsEach,
    );
    worker.postMessage((performance.now() - start) * 1e6 / made);
  };
}
