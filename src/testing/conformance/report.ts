/**
 * What all suites do alike: run scripts, shrink the first that breaks a law,
 * and say which law, by which script, and how to see it again.
 *
 * A suite draws the same scripts each time it is called, unless `seed` or
 * fast-check's own global configuration says otherwise.
 *
 * @module
 */

import fc from "fast-check";
import type { Arbitrary } from "../arbitraries/arbitrary.ts";
import { MemoryFault } from "../models/probe_memory.ts";

/** How often, and which scripts. */
export interface CheckOptions {
  /** Scripts to run; each suite has a default. */
  readonly runs?: number;
  /** Which scripts: a 32-bit integer; 1 by default. */
  readonly seed?: number;
  /** Replays one failure: the path that its message names. */
  readonly path?: string;
}

/** Thrown inside a run: a law does not hold. */
export class LawBroken extends Error {
  /** The law, in a few words. */
  readonly law: string;

  /**
   * Makes the error of a law.
   *
   * @param law The law, in a few words.
   * @param detail What was seen instead.
   */
  constructor(law: string, detail: string) {
    super(detail);
    this.law = law;
  }
}

/** What a failed suite knows. */
export interface Failure {
  /** The suite: `checkHeap`. */
  readonly suite: string;
  /** The law that does not hold. */
  readonly law: string;
  /** What was seen instead. */
  readonly detail: string;
  /** The smallest script that shows it, as code with its results. */
  readonly script: string;
  /** Operations of that script. */
  readonly operations: number;
  /** The seed that it was drawn from. */
  readonly seed: number;
  /** Where it lies among the seed's scripts. */
  readonly path: string;
  /** Scripts that were run before one failed, itself included. */
  readonly runs: number;
}

/** Thrown by a suite: an implementation breaks a law. */
export class ConformanceError extends Error implements Failure {
  readonly suite: string;
  readonly law: string;
  readonly detail: string;
  readonly script: string;
  readonly operations: number;
  readonly seed: number;
  readonly path: string;
  readonly runs: number;

  /**
   * Puts in words what is known.
   *
   * @param failure What is known.
   */
  constructor(failure: Failure) {
    const { suite, law, detail, script, seed, path } = failure;
    super(
      `${suite}: law broken: ${law}\n${detail}\n\n${indented(script)}\n\n` +
        `Replay: { seed: ${seed}, path: ${JSON.stringify(path)} }`,
    );
    this.name = "ConformanceError";
    this.suite = suite;
    this.law = law;
    this.detail = detail;
    this.script = script;
    this.operations = failure.operations;
    this.seed = seed;
    this.path = path;
    this.runs = failure.runs;
  }
}

const indented = (text: string): string =>
  text.split("\n").map((line) => line === "" ? "" : `  ${line}`).join("\n");

/** What a run tells: each operation as a line of code, with its result. */
export class Transcript {
  readonly #lines: string[] = [];
  /** Operations so far. */
  operations = 0;

  /**
   * Adds an operation, before it is done: what throws is in the script, too.
   *
   * @param line The call.
   */
  call(line: string): void {
    this.operations += 1;
    this.#lines.push(line);
  }

  /**
   * Adds what the last operation returned.
   *
   * @param result As a comment says it.
   */
  result(result: unknown): void {
    const last = this.#lines.length - 1;
    if (last >= 0) this.#lines[last] += ` // ${result}`;
  }

  /**
   * Adds a line that is no operation.
   *
   * @param line A declaration or a comment.
   */
  note(line: string): void {
    this.#lines.push(line);
  }

  /** The lines. */
  toString(): string {
    return this.#lines.join("\n");
  }
}

/** Runs a script anew and throws {@linkcode LawBroken}, or what the subject throws. */
export type Run<S> = (script: S, transcript: Transcript) => void;

/** Scripts that are run twice, so that both runs can be compared. */
const TWICE = 25;

/** The law that it breaks if they differ. */
const REPEATS = "the same calls have the same results";

/** What one run came to: what broke, or `null`. */
interface Outcome {
  readonly broken: LawBroken | null;
  readonly transcript: Transcript;
}

function tryRun<S>(run: Run<S>, script: S): Outcome {
  const transcript = new Transcript();
  try {
    run(script, transcript);
    return { broken: null, transcript };
  } catch (thrown) {
    return { broken: asBroken(thrown), transcript };
  }
}

/** Runs a script twice: what comes of it must not depend on what was before. */
function tryTwice<S>(run: Run<S>, script: S): Outcome {
  const first = tryRun(run, script);
  if (first.broken !== null) return first;
  const second = tryRun(run, script);
  if (`${first.transcript}` === `${second.transcript}`) return second;
  const broken = new LawBroken(
    REPEATS,
    `on another one they have others:\n${second.transcript}`,
  );
  return { broken, transcript: first.transcript };
}

/** What a subject throws breaks a law, whatever it is. */
function asBroken(thrown: unknown): LawBroken {
  if (thrown instanceof LawBroken) return thrown;
  return thrown instanceof MemoryFault
    ? new LawBroken("memory is used within its bounds", thrown.message)
    : new LawBroken("no call throws", `it threw ${textOf(thrown)}`);
}

/** What was thrown, in words. */
export function textOf(thrown: unknown): string {
  return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(
    thrown,
  );
}

/**
 * Throws unless a law holds.
 *
 * @param holds Whether it does.
 * @param law The law, in a few words.
 * @param detail Says what was seen instead.
 */
export function expectLaw(
  holds: boolean,
  law: string,
  detail: () => string,
): asserts holds {
  if (!holds) throw new LawBroken(law, detail());
}

/**
 * Runs a suite.
 *
 * @param suite Its name: `checkHeap`.
 * @param scripts Draws scripts.
 * @param run Runs one.
 * @param options How many, and which.
 * @param runsDefault How many, where the options don't say.
 * @returns Scripts that were run.
 * @throws {ConformanceError} At the first script that breaks a law, shrunk.
 */
export function runSuite<S>(
  suite: string,
  scripts: Arbitrary<S>,
  run: Run<S>,
  options: CheckOptions,
  runsDefault: number,
): number {
  let twice = TWICE;
  const property = fc.property(scripts, (script) => {
    twice -= 1;
    const { broken } = twice >= 0 ? tryTwice(run, script) : tryRun(run, script);
    if (broken === null) return;
    if (broken.law === REPEATS) twice = Infinity; // While it shrinks, too.
    throw broken;
  });
  const { seed = fc.readConfigureGlobal()?.seed ?? 1, path } = options;
  const details = fc.check(property, {
    numRuns: options.runs ?? runsDefault,
    seed,
    ...(path === undefined ? {} : { path, endOnFailure: false }),
  });
  if (!details.failed) return details.numRuns;
  const [script] = details.counterexample!;
  const { broken, transcript } = tryTwice(run, script);
  throw new ConformanceError({
    suite,
    law: broken?.law ?? REPEATS,
    detail: broken?.message ?? "a script that failed passes when it runs again",
    script: transcript.toString(),
    operations: transcript.operations,
    seed,
    path: details.counterexamplePath!,
    runs: details.numRuns,
  });
}
