/**
 * Tasks written as generators: easy to write, and not to save. What a generator
 * has on its stack is no data, so an executor with such a task refuses to be
 * saved, by the task's name; going back in time re-executes it instead.
 *
 * A generator yields a future to wait for it, and gets its output; or it yields
 * nothing, to be polled again when its task is woken.
 *
 * The state that is saved holds a marker, `{ kind: "generator", name }`; the
 * generator itself hangs on the marker by a symbol, which is no part of a state:
 * a copy is without it.
 *
 * @module
 */

import type { Context, Future, Kinds } from "./future.ts";
import { PENDING, type Poll, READY } from "./poll.ts";

const pending = PENDING; // The engine folds a module's own constants.

/**
 * A generator's `next`. Each generator function has a prototype of its own, so
 * that looking it up there would take as long as it does to resume a generator.
 */
const next: (this: unknown, value?: unknown) => IteratorResult<unknown> = Object
  .getPrototypeOf(function* () {}.prototype).next;

/** Where a marker has its generator once it runs: no state, and no copy has it. */
const RUNNING: unique symbol = Symbol("running");
/** Where it has the generator's body until then. */
const BODY: unique symbol = Symbol("body");

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
  /** What it waits for; `null` if it waits to be woken. */
  awaiting: Future | null;
}

/** A marker with what hangs on it. */
interface Live extends GeneratorTask {
  [RUNNING]?: Running | null;
  [BODY]?: GeneratorBody | null;
}

/** A generator that has begun. */
type Running = Iterator<Future | void, unknown, unknown>;

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
  readonly kinds: Kinds = KINDS;

  /**
   * Makes a task of a generator. It begins with its first poll.
   *
   * @param name Its name in reports.
   * @param body The generator function.
   * @returns The future to spawn.
   */
  task(name: string, body: GeneratorBody): GeneratorTask {
    const task: Live = {
      kind: GENERATOR_KIND,
      name,
      awaiting: null,
      [RUNNING]: null,
      [BODY]: body,
    };
    return task;
  }
}

function poll(task: Live, context: Context): Poll {
  const generator = task[RUNNING] ?? null;
  if (generator === null || task.awaiting !== null) return begin(task, context);
  const { done, value } = next.call(generator);
  if (value === undefined && done !== true) return pending;
  return yielded(task, context, done === true, value);
}

/** Begins a generator, or goes on with one whose future may be ready. */
function begin(task: Live, context: Context): Poll {
  const { awaiting } = task;
  const body = task[BODY] ?? null;
  if (body !== null) {
    task[RUNNING] = running(body(context));
    task[BODY] = null;
  }
  const generator = task[RUNNING] ?? null;
  if (generator === null) return gone(task);
  let sent: unknown;
  if (awaiting !== null) {
    if (context.poll(awaiting) === PENDING) return PENDING;
    task.awaiting = null;
    sent = awaiting.output;
  }
  const { done, value } = next.call(generator, sent);
  return yielded(task, context, done === true, value);
}

/** Goes on while what the generator yields is ready. */
function yielded(
  task: Live,
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
    const result = next.call(task[RUNNING], future.output);
    done = result.done === true;
    value = result.value;
  }
  task[RUNNING] = null;
  if (value !== undefined) task.output = value;
  return READY;
}

function drop(task: Live, context: Context): void {
  if (task.awaiting !== null) context.drop(task.awaiting);
  const generator = task[RUNNING] ?? null;
  task[RUNNING] = null;
  task[BODY] = null;
  generator?.return?.();
}

function gone(task: GeneratorTask): never {
  throw new RangeError(
    `Cannot poll generator "${task.name}": it was not saved with the state; ` +
      "re-execute from a point before its spawn",
  );
}

/** Makes a generator of any other iterator. */
function running(iterator: Running): Running {
  return iterator.next === next ? iterator : delegate(iterator);
}

function* delegate(iterator: Running): Running {
  return yield* { [Symbol.iterator]: () => iterator };
}

const KINDS: Kinds = Object.freeze({
  [GENERATOR_KIND]: Object.freeze({ poll, drop }),
});
