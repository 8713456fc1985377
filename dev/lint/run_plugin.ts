/**
 * What the tests of the lint rules share.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import plugin from "./mod.ts";
import { ROOT } from "./project.ts";

/** The rules that `source`, standing at `path` in the project, breaks. */
export function breaches(path: string, source: string): string[] {
  return Deno.lint.runPlugin(plugin, `${ROOT}${path}`, source)
    .map(({ id }) => id.replace("lockstep/", ""));
}

/** Tests that each snippet breaks `rule`, once, or is clean. */
export function testRule(
  rule: string,
  rows: {
    readonly bad: readonly (readonly [path: string, source: string])[];
    readonly good: readonly (readonly [path: string, source: string])[];
  },
): void {
  for (const [path, source] of rows.bad) {
    Deno.test(`${rule} reports in ${path}: ${source}`, () => {
      assertEquals(breaches(path, source), [rule]);
    });
  }
  for (const [path, source] of rows.good) {
    Deno.test(`${rule} allows in ${path}: ${source}`, () => {
      assertEquals(breaches(path, source), []);
    });
  }
}
