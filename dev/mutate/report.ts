/**
 * The score, and who survived.
 *
 * @module
 */

import type { Mutant } from "./mutants.ts";
import type { Result } from "./results.ts";

/** Survivors that change nothing that can be observed, and why. */
export interface Reason {
  /** The file. */
  readonly path: string;
  /** The text of the line, trimmed. */
  readonly line: string;
  /** What the mutant makes of it, as in a report. */
  readonly change: string;
  /** Why no test of the folder notices. */
  readonly why: string;
}

/** A mutant in one line. */
export function nameOf({ path, line, column, from, to }: Mutant): string {
  return `${path}:${line}:${column} ${changeOf({ from, to })}`;
}

/** What a mutant replaces by what. */
export function changeOf({ from, to }: Pick<Mutant, "from" | "to">): string {
  const short = from.replaceAll(/\s+/g, " ");
  return to === "" ? `${short} removed` : `${short} → ${to}`;
}

/**
 * The report.
 *
 * @param results of all mutants
 * @param reasons of survivors
 * @returns lines
 */
export function report(
  results: readonly Result[],
  reasons: readonly Reason[],
): string[] {
  const rows = [...new Set(results.map(areaOf)), ""].map((area) => {
    const own = results.filter((result) =>
      area === "" || areaOf(result) === area
    );
    return [area === "" ? "all" : area, ...scoreOf(own)].join("  ");
  });
  const survivors = results.filter(({ verdict }) => verdict === "survived");
  const lines = survivors.map((mutant) => {
    const reason = reasons.find((reason) =>
      reason.path === mutant.path && reason.line === mutant.text &&
      reason.change === changeOf(mutant)
    );
    return `  ${nameOf(mutant)}\n    ${mutant.text}\n    ${
      reason?.why ?? "no reason known"
    }`;
  });
  return [...rows, "", `${survivors.length} survived:`, ...lines];
}

function areaOf({ path }: Mutant): string {
  return path.match(/^src\/(hw|kernel\/[^/]+(?=\/)|kernel)/)![0];
}

function scoreOf(results: readonly Result[]): string[] {
  const killed = results.filter(({ verdict }) => verdict !== "survived");
  const percent = 100 * killed.length / results.length;
  return [
    `${killed.length} of ${results.length} killed`,
    `${percent.toFixed(1)} %`,
  ];
}
