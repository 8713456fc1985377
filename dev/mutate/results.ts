/**
 * What is known about mutants: a line of JSON each, so that a run that was
 * ended goes on where it stood.
 *
 * @module
 */

import { ROOT } from "../files.ts";
import type { Mutant } from "./mutants.ts";

/** Whether the tests noticed; `timeout` is a way to notice. */
export type Verdict = "killed" | "timeout" | "survived";

/** What became of a mutant. */
export interface Result extends Mutant {
  /** Tells it from all others, and from itself in another text. */
  readonly id: string;
  /** What the tests said. */
  readonly verdict: Verdict;
  /** How long they took. */
  readonly seconds: number;
}

const FOLDER = new URL(".mutate/", ROOT);
const FILE = new URL("results.jsonl", FOLDER);

/**
 * Reads the results so far.
 *
 * @returns them by id
 */
export function readResults(): Map<string, Result> {
  let text: string;
  try {
    text = Deno.readTextFileSync(FILE);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return new Map();
  }
  const results = text.split("\n").filter((line) => line.endsWith("}"))
    .map((line): Result => JSON.parse(line));
  return new Map(results.map((result) => [result.id, result]));
}

/** Adds a result. */
export function addResult(result: Result): void {
  Deno.mkdirSync(FOLDER, { recursive: true });
  Deno.writeTextFileSync(FILE, `${JSON.stringify(result)}\n`, { append: true });
}
