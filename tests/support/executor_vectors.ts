/**
 * The walk through `blog_os-executor.json`: each row by whoever knows how to run it.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import {
  SCANCODE_QUEUE_CAPACITY,
  TASK_QUEUE_CAPACITY,
} from "../../src/kernel/task/mod.ts";
import vectors from "../../vectors/blog_os-executor.json" with { type: "json" };

/** Top-level keys that are read by people. */
const PROSE = ["source", "format", "provenance"];

/** A row: tasks, what happens to them, and the trace. */
export type Scenario = typeof vectors.scenarios[number];

/** By row of `messages`: makes the kernel say it, and returns what it said. */
export type Messages = Record<keyof typeof vectors.messages, () => string>;

/** By name of a scenario: runs it and compares. */
export type Scenarios = Record<string, (scenario: Scenario) => void>;

/**
 * Runs the file whole: rows counted, no key left over.
 *
 * @param messages how to have each message said
 * @param scenarios how to run each scenario
 */
export function runExecutorVectors(
  messages: Messages,
  scenarios: Scenarios,
): void {
  const rows: Record<string, number> = {};
  const count = (key: string) => rows[key] = (rows[key] ?? 0) + 1;
  assertEquals(vectors.limits, {
    task_queue: TASK_QUEUE_CAPACITY,
    scancode_queue: SCANCODE_QUEUE_CAPACITY,
  });
  rows.limits = Object.keys(vectors.limits).length;
  for (const [key, text] of Object.entries(vectors.messages)) {
    assertEquals(messages[key as keyof Messages](), text, key);
    count("messages");
  }
  for (const scenario of vectors.scenarios) {
    const run = scenarios[scenario.name];
    if (run === undefined) throw new Error(`no scenario "${scenario.name}"`);
    run(scenario);
    count("scenarios");
  }
  assertEquals(rows, { limits: 2, messages: 7, scenarios: 7 });
  const known = [...PROSE, ...Object.keys(rows)];
  assertEquals(Object.keys(vectors).sort(), known.sort());
}
