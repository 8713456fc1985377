/**
 * What a test kernel's serial output says about its tests.
 *
 * @module
 */

import { addUtf8, endUtf8, utf8State } from "../../kernel/keyboard/utf8.ts";

/** How one test inside a kernel ended. */
export interface UnitResult {
  /** Its path: `blog_os::trivial_assertion`. */
  readonly name: string;
  /** `unfinished`: it began, and nothing said how it ended; `skipped`: it did not begin. */
  readonly outcome: "ok" | "failed" | "unfinished" | "skipped";
}

/** The end of the line that a test begins with. */
const BEGINS = /^(.*)\.\.\.\t/;

/**
 * Bytes as text: UTF-8, with line feeds alone; what is no UTF-8 is U+FFFD.
 *
 * @param bytes what the serial port sent
 * @returns the text
 */
export function serialText(bytes: Uint8Array): string {
  const state = utf8State();
  let text = "";
  for (const byte of bytes) text += addUtf8(state, byte);
  return (text + endUtf8(state)).replaceAll("\r\n", "\n");
}

/**
 * Finds the tests in a kernel's output.
 *
 * @param text serial output, as the book's harness prints it; anything may stand between
 * @returns the tests in their order; those that were announced and did not begin come last, without names of their own
 *
 * @example
 * ```ts
 * import { unitResults } from "@lockstep/kernel/testing";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(unitResults("Running 3 tests\na...\t[ok]\nb...\t[failed]\n"), [
 *   { name: "a", outcome: "ok" },
 *   { name: "b", outcome: "failed" },
 *   { name: "test 3", outcome: "skipped" },
 * ]);
 * ```
 */
export function unitResults(text: string): UnitResult[] {
  const results: UnitResult[] = [];
  let announced = 0;
  for (const line of text.split("\n")) {
    announced = Number(line.match(/^Running (\d+) tests$/)?.[1] ?? announced);
    const name = line.match(BEGINS)?.[1];
    if (name !== undefined) results.push({ name, outcome: "unfinished" });
    const last = results.at(-1);
    if (last?.outcome !== "unfinished") continue;
    const outcome = ending(line);
    if (outcome !== null) results[results.length - 1] = { ...last, outcome };
  }
  for (let i = results.length; i < Math.min(announced, SKIPPED_MAX); i++) {
    results.push({ name: `test ${i + 1}`, outcome: "skipped" });
  }
  return results;
}

/** Announced tests that are listed at most: the number is what a kernel says. */
const SKIPPED_MAX = 10_000;

/** A test's end, which what the test printed may stand before. */
function ending(line: string): "ok" | "failed" | null {
  if (line.endsWith("[ok]")) return "ok";
  return line.endsWith("[failed]") || line.endsWith("[test did not panic]")
    ? "failed"
    : null;
}
