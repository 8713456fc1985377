/**
 * The suite for executors: tasks that wake, spawn and cancel each other, wakes
 * from outside and from interrupts, a CPU that sleeps.
 *
 * @module
 */

import { HOST_ENV } from "../../kernel/sync/env.ts";
import { READY } from "../../kernel/task/poll.ts";
import { anyTaskScript } from "../arbitraries/task_script.ts";
import { IdleModel } from "../models/executor_model.ts";
import type {
  ExecutorCheckOptions,
  MakeCheckedExecutor,
} from "./executor_laws.ts";
import { ExecutorRun } from "./executor_run.ts";
import { runSuite } from "./report.ts";

/** Scripts that {@linkcode checkExecutor} runs by default. */
export const EXECUTOR_RUNS = 3000;

/**
 * Checks an executor.
 *
 * @param make Makes one without tasks.
 * @param options What it promises.
 * @returns Scripts that were run.
 * @throws {ConformanceError} If it breaks a law.
 *
 * @example
 * ```ts
 * import { checkExecutor } from "@lockstep/kernel/testing";
 * import { Executor } from "@lockstep/kernel/executor";
 *
 * checkExecutor((kinds, { env }) => new Executor(kinds, { env }), { runs: 50 });
 * ```
 */
export function checkExecutor(
  make: MakeCheckedExecutor,
  options: ExecutorCheckOptions = {},
): number {
  const idle = new IdleModel(() => {});
  const probe = make({ scripted: () => READY }, { env: HOST_ENV, idle });
  const scripts = anyTaskScript({
    lengthMax: options.operationsMax ?? 25,
    cancels: probe.cancel !== undefined,
    sleeps: probe.sleepIfIdle !== undefined,
    interrupts: true,
  });
  return runSuite(
    "checkExecutor",
    scripts,
    (script, transcript) =>
      new ExecutorRun(make, script, options, transcript).run(),
    options,
    EXECUTOR_RUNS,
  );
}
