/**
 * Tasks written as generators: easy to write, and not to save. What a generator
 * has on its stack is no data, so an executor with such a task refuses to be
 * saved, by the task's name; going back in time re-executes it instead.
 *
 * A generator yields a future to wait for it, and gets its output; or it yields
 * nothing, to be polled again when its task is woken.
 *
 * Source: the state that is saved holds a marker, `{ kind: "generator", name }`;
 * the generator itself stands beside the state, under the marker's key.
 *
 * @module
 */

import type { Context, Future, Kinds } from "./future.ts";
import { PENDING, type Poll, READY } from "./poll.ts";

/** The kind of a generator's marker. */
export const GENERATOR_KIND = "generator";

/** What a generator's body is: it is given the context, which is good in all its polls. */
export type GeneratorBody = (
  context: Context,
) => Iterator<Future | void, unknown, unknown>;

/** The marker of a generator: plain data, but not all that there is. */
export interface GeneratorTask extends Future {
  /** Names its entry in the table of kinds. */
  readonly kind: typeof GENERATOR_KIND;
  /** Its name in reports. */
  readonly name: string;
  /** Its place beside the state. */
  readonly key: number;
  /** What it waits for; `null` if it waits to be woken. */
  awaiting: Future | null;
}

/**
 * Finds a generator in a future.
 *
 * @param future Any future, with its parts.
 * @returns The generator's name, or `null`.
 */
export function generatorName(future: unknown): string | null {
  if (typeof future !== "object" || future === null) return null;
  const { kind, name } = future as Partial<GeneratorTask>;
  if (kind === GENERATOR_KIND) return name ?? "";
  if (ArrayBuffer.isView(future)) return null;
  for (const part of Object.values(future)) {
    const found = generatorName(part);
    if (found !== null) return found;
  }
  return null;
}

/**
 * Waits inside of a generator, with the type of the output.
 *
 * @param future What to wait for.
 * @returns Its output.
 */
export function* until<F extends Future>(
  future: F,
): Generator<Future, F["output"], unknown> {
  return (yield future) as F["output"];
}

/**
 * The generators of an executor.
 *
 * @example
 * ```ts
 * import { Executor, Generators, sleep, until } from "@lockstep/kernel/executor";
 * import { assertEquals } from "@std/assert";
 *
 * const clock = { clk: 0 };
 * const generators = new Generators();
 * const executor = new Executor(generators.kinds, { now: clock });
 * const seen: number[] = [];
 * executor.spawn(generators.task("blink", function* () {
 *   for (let i = 0; i < 3; i++) {
 *     seen.push(clock.clk);
 *     yield* until(sleep(50));
 *   }
 * }));
 * assertEquals(executor.refuseSave(), "blink");
 * for (; executor.live > 0; clock.clk = executor.deadline) {
 *   executor.runUntilIdle();
 * }
 * assertEquals(seen, [0, 50, 100]);
 * ```
 */
export class Generators {
  /** The kind to add to an executor's table. */
  readonly kinds: Kinds;
  /** Live generators by key; keys of those that ended are given again. */
  readonly #live: (Running | null)[] = [];
  readonly #freeKeys: number[] = [];

  /** Makes a place for generators, all of which are gone when it is. */
  constructor() {
    const poll = (task: GeneratorTask, context: Context): Poll =>
      this.#poll(task, context);
    const drop = (task: GeneratorTask, context: Context): void =>
      this.#drop(task, context);
    this.kinds = { [GENERATOR_KIND]: { poll, drop } };
  }

  /**
   * Makes a task of a generator. It begins with its first poll.
   *
   * @param name Its name in reports.
   * @param body The generator function.
   * @returns The future to spawn.
   */
  task(name: string, body: GeneratorBody): GeneratorTask {
    const key = this.#freeKeys.pop() ?? this.#live.length;
    this.#live[key] = { body, iterator: null };
    return { kind: GENERATOR_KIND, name, key, awaiting: null };
  }

  #poll(task: GeneratorTask, context: Context): Poll {
    const running = this.#live[task.key] ?? null;
    if (running === null) return gone(task);
    let input: unknown;
    for (;;) {
      if (task.awaiting !== null) {
        if (context.poll(task.awaiting) === PENDING) return PENDING;
        input = task.awaiting.output;
        task.awaiting = null;
      }
      running.iterator ??= running.body(context);
      const { done, value } = running.iterator.next(input);
      if (done === true) {
        this.#release(task);
        if (value !== undefined) task.output = value;
        return READY;
      }
      if (value === undefined) return PENDING;
      task.awaiting = value as Future;
      input = undefined;
    }
  }

  #drop(task: GeneratorTask, context: Context): void {
    if (task.awaiting !== null) context.drop(task.awaiting);
    const running = this.#live[task.key] ?? null;
    if (running === null) return;
    this.#release(task);
    running.iterator?.return?.();
  }

  #release(task: GeneratorTask): void {
    this.#live[task.key] = null;
    this.#freeKeys.push(task.key);
  }
}

/** A generator, from its first poll on. */
interface Running {
  readonly body: GeneratorBody;
  iterator: Iterator<Future | void, unknown, unknown> | null;
}

function gone(task: GeneratorTask): never {
  throw new RangeError(
    `Cannot poll generator "${task.name}": it was not saved with the state; ` +
      "re-execute from a point before its spawn",
  );
}
