/**
 * Planted bugs: what a suite is measured by. Each is a healthy implementation
 * but for one line, chosen by name.
 *
 * @module
 */

import { ConformanceError } from "../conformance/report.ts";

/** An implementation with one bug. */
export interface Mutant {
  /** What the bug is, in a few words. */
  readonly name: string;
  /** Runs the suite on it, with the default number of scripts. */
  readonly check: () => void;
}

/** What a suite said of a mutant. */
export interface Verdict {
  /** The mutant. */
  readonly name: string;
  /** Scripts until it was caught; `null` if it was not. */
  readonly runs: number | null;
  /** Operations of the smallest script. */
  readonly operations: number;
  /** The law that it breaks. */
  readonly law: string;
}

/**
 * Runs a suite on mutants.
 *
 * @param mutants The mutants.
 * @returns What it said of each, in order.
 *
 * @example
 * ```ts
 * import { checkHeap, HEAP_MUTANTS, judgeMutants } from "@lockstep/kernel/testing";
 * import { assertEquals } from "@std/assert";
 *
 * // Is a suite of one's own, here one of 20 scripts, as good?
 * const mutants = HEAP_MUTANTS.slice(0, 3).map(({ name, make }) => ({
 *   name,
 *   check: () => void checkHeap(make, { runs: 20 }),
 * }));
 * assertEquals(judgeMutants(mutants).length, 3);
 * ```
 */
export function judgeMutants(mutants: readonly Mutant[]): Verdict[] {
  return mutants.map(({ name, check }) => {
    try {
      check();
    } catch (thrown) {
      if (!(thrown instanceof ConformanceError)) throw thrown;
      const { runs, operations, law } = thrown;
      return { name, runs, operations, law };
    }
    return { name, runs: null, operations: 0, law: "" };
  });
}

/**
 * A table of verdicts.
 *
 * @param title Its first line.
 * @param verdicts The rows.
 * @param passes For each row, whether the mutant passes the book's own tests.
 * @returns Lines: caught after how many scripts, how small, by which law.
 */
export function verdictTable(
  title: string,
  verdicts: readonly Verdict[],
  passes: readonly boolean[] = [],
): string {
  const width = Math.max(...verdicts.map(({ name }) => name.length));
  const lines = verdicts.map(({ name, runs, operations, law }, i) => {
    const caught = runs === null
      ? "NOT CAUGHT"
      : `run ${String(runs).padStart(3)}, ${
        String(operations).padStart(2)
      } ops`;
    const book = passes[i] === true ? "passes the book's tests" : "";
    return `  ${name.padEnd(width)}  ${caught.padEnd(15)}  ${
      book.padEnd(23)
    }  ${law}`.trimEnd();
  });
  const caught = verdicts.filter(({ runs }) => runs !== null).length;
  const passing = passes.filter((pass) => pass).length;
  const last = `  caught ${caught} of ${verdicts.length}; ` +
    `${passing} of them pass the book's own tests`;
  return [title, ...lines, last].join("\n");
}
