/**
 * Lists of steps that shrink well: a failing list loses every step, run of
 * steps, and pair of steps far apart that it can do without, then each step
 * that is left becomes as small as it can.
 *
 * fast-check's own arrays lose steps from one end only, so that a block that is
 * taken early and freed late stays in the way.
 *
 * @module
 */

import fc from "fast-check";
import type { Arbitrary } from "./arbitrary.ts";

/** Lists up to this length are tried without each pair of their steps. */
const PAIRS_MAX = 24;

/** One in so many short lists, so that what needs no more is found small. */
const SHORT = 8;

class StepsArbitrary<T> extends fc.Arbitrary<T[]> {
  readonly #step: Arbitrary<T>;
  readonly #lengthMax: number;

  constructor(step: Arbitrary<T>, lengthMax: number) {
    super();
    this.#step = step;
    this.#lengthMax = lengthMax;
  }

  override generate(
    random: fc.Random,
    bias: number | undefined,
  ): fc.Value<T[]> {
    const short = random.nextInt(0, 3) === 0;
    const max = short ? Math.min(SHORT, this.#lengthMax) : this.#lengthMax;
    const length = random.nextInt(0, max);
    return together(
      Array.from({ length }, () => this.#step.generate(random, bias)),
    );
  }

  override canShrinkWithoutContext(_value: unknown): _value is T[] {
    return false; // Each step's own context is needed.
  }

  override shrink(_value: T[], context: unknown): fc.Stream<fc.Value<T[]>> {
    return fc.stream(smaller(context as readonly fc.Value<T>[], this.#step));
  }
}

/** A list with what its steps need to shrink. */
function together<T>(steps: readonly fc.Value<T>[]): fc.Value<T[]> {
  return new fc.Value(steps.map((step) => step.value), steps);
}

function* smaller<T>(
  steps: readonly fc.Value<T>[],
  arbitrary: Arbitrary<T>,
): IterableIterator<fc.Value<T[]>> {
  const { length } = steps;
  const without = (...gone: number[]): fc.Value<T[]> =>
    together(steps.filter((_, i) => !gone.includes(i)));
  for (let size = length; size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from < length; from += size) {
      yield together([...steps.slice(0, from), ...steps.slice(from + size)]);
    }
  }
  for (let i = 0; length <= PAIRS_MAX && i < length; i++) {
    for (let j = i + 2; j < length; j++) yield without(i, j);
  }
  for (const [i, { value, context }] of steps.entries()) {
    for (const less of arbitrary.shrink(value, context)) {
      yield together(steps.with(i, less));
    }
  }
}

/**
 * Lists of steps.
 *
 * @param step Draws one step.
 * @param lengthMax Steps at most.
 * @returns Lists of 0 to `lengthMax` steps.
 *
 * @example
 * ```ts
 * import { anySteps } from "@lockstep/kernel/testing";
 * import { assertEquals } from "@std/assert";
 * import fc from "fast-check";
 *
 * const steps = anySteps(fc.constantFrom("take", "give", "look"), 40);
 * const { counterexample } = fc.check(
 *   fc.property(steps, (list) => {
 *     const [take, give] = [list.indexOf("take"), list.lastIndexOf("give")];
 *     return take < 0 || give < take + 3;
 *   }),
 *   { seed: 1 },
 * );
 * assertEquals(counterexample?.[0].length, 4);
 * ```
 */
export function anySteps<T>(
  step: Arbitrary<T>,
  lengthMax: number,
): Arbitrary<T[]> {
  return new StepsArbitrary(step, lengthMax);
}

/**
 * A name for the n-th thing of a script.
 *
 * @param n 0 or more.
 * @returns a, b, … z, a1, b1, …
 */
export function nameOf(n: number): string {
  const letter = String.fromCharCode(97 + n % 26);
  return n < 26 ? letter : letter + Math.floor(n / 26);
}
