/**
 * The report of a comparison of decoders.
 *
 * @module
 */

import type { DecodeReport } from "./compare.ts";
import { EXCLUDED } from "./excluded.ts";

/** For people. */
export function formatDecodeReport(report: DecodeReport): string {
  const lines = [...report.differences]
    .sort((a, b) => b[1].count - a[1].count)
    .map(([what, { count, examples }]) =>
      `${count} × ${what}: ${examples.join(" | ")}`
    );
  for (const { what, reason } of EXCLUDED) {
    lines.push(`not compared: ${what}: ${reason}`);
  }
  lines.push(
    `${report.differences.size} kinds of differences from iced-x86, options None, in ${report.strings} strings: ` +
      `${report.executed} instructions of ${report.rows} rows, ${report.lacking} that the engine lacks, ` +
      `${report.invalid} invalid, ${report.excluded} not compared`,
  );
  return lines.join("\n");
}
