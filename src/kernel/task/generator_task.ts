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

const pending = PENDING; // The engine folds a module's own constants.

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
  /** Generators by key, once they have begun. */
  readonly #running: (Running | null)[] = [];
  /** Bodies by key, until they begin. */
  readonly #bodies: (GeneratorBody | null)[] = [];
  /** Keys of generators that have ended, to be given again. */
  readonly #freeKeys: number[] = [];

  /** Makes a place for generators, all of which are gone when it is. */
  constructor() {
    const running = this.#running;
    const poll = (task: GeneratorTask, context: Context): Poll => {
      const generator = running[task.key] ?? null;
      if (generator === null || task.awaiting !== null) {
        return this.#resume(task, context);
      }
      const { done, value } = generator.next();
      if (done !== true && value === undefined) return pending;
      return this.#yielded(task, context, done === true, value);
    };
    const drop = (task: GeneratorTask, context: Context): void =>
      this.#drop(task, context);
    this.kinds = { [GENERATOR_KIND]: { poll, drop } };
  }

  /**
   * Makes a task of a generator. It begins with its first poll. Many tasks of
   * one function are faster than many functions: an engine optimises each.
   *
   * @param name Its name in reports.
   * @param body The generator function.
   * @returns The future to spawn.
   */
  task(name: string, body: GeneratorBody): GeneratorTask {
    const key = this.#freeKeys.pop() ?? this.#running.length;
    this.#running[key] = null;
    this.#bodies[key] = body;
    return { kind: GENERATOR_KIND, name, key, awaiting: null };
  }

  /** Begins a generator, or goes on with one whose future may be ready. */
  #resume(task: GeneratorTask, context: Context): Poll {
    const { key, awaiting } = task;
    const body = this.#bodies[key] ?? null;
    if (body !== null) {
      this.#running[key] = body(context);
      this.#bodies[key] = null;
    }
    const generator = this.#running[key] ?? null;
    if (generator === null) return gone(task);
    if (awaiting === null) {
      const { done, value } = generator.next();
      return this.#yielded(task, context, done === true, value);
    }
    if (context.poll(awaiting) === PENDING) return PENDING;
    task.awaiting = null;
    const { done, value } = generator.next(awaiting.output);
    return this.#yielded(task, context, done === true, value);
  }

  /** Goes on while what the generator yields is ready. */
  #yielded(
    task: GeneratorTask,
    context: Context,
    done: boolean,
    value: unknown,
  ): Poll {
    while (!done) {
      if (value === undefined) return PENDING;
      const future = value as Future;
      if (context.poll(future) === PENDING) {
        task.awaiting = future;
        return PENDING;
      }
      const result = this.#running[task.key]!.next(future.output);
      done = result.done === true;
      value = result.value;
    }
    this.#release(task);
    if (value !== undefined) task.output = value;
    return READY;
  }

  #drop(task: GeneratorTask, context: Context): void {
    if (task.awaiting !== null) context.drop(task.awaiting);
    const generator = this.#running[task.key] ?? null;
    const body = this.#bodies[task.key] ?? null;
    if (generator === null && body === null) return; // It was never here.
    this.#release(task);
    generator?.return?.();
  }

  #release(task: GeneratorTask): void {
    this.#running[task.key] = null;
    this.#bodies[task.key] = null;
    this.#freeKeys.push(task.key);
  }
}

/** A generator that has begun. */
type Running = Iterator<Future | void, unknown, unknown>;

function gone(task: GeneratorTask): never {
  throw new RangeError(
    `Cannot poll generator "${task.name}": it was not saved with the state; ` +
      "re-execute from a point before its spawn",
  );
}
