/**
 * Runs a program on both sides and compares every read.
 *
 * @module
 */

import type { Difference } from "./difference.ts";
import { formatOperation, type Program } from "./program.ts";

/** What came of a program. */
export interface Comparison {
  /** Reads of its random operations. */
  reads: number;
  /** Those of them that met a row, whether they differed or not, and those that could not be compared any more. */
  met: number;
  /** How often each row was met. */
  rows: Map<Difference, number>;
  /** The first difference that no row explains, as text, or `null`. */
  unexplained: string | null;
}

/**
 * Compares the answers of both sides.
 *
 * @param program what ran
 * @param ours what our reads gave
 * @param theirs what QEMU's reads gave
 * @param differences the device's rows
 */
export function compare(
  program: Program,
  ours: readonly number[],
  theirs: readonly number[],
  differences: readonly Difference[],
): Comparison {
  const all = [...program.setup, ...program.operations];
  const watches = differences.map((row) => ({ row, watch: row.watch() }));
  const result: Comparison = {
    reads: 0,
    met: 0,
    rows: new Map(),
    unexplained: null,
  };
  const script: string[] = [];
  let answers = 0;
  let parted = false;
  for (const [i, operation] of all.entries()) {
    let text = formatOperation(operation);
    const answer = operation.kind === "in"
      ? { ours: ours[answers]!, theirs: theirs[answers]! }
      : null;
    if (answer) {
      answers += 1;
      text += ` = 0x${answer.ours.toString(16)}`;
    }
    script.push(text);
    const counted = i >= program.setup.length;
    if (parted) {
      if (answer && counted) result.reads += 1;
      if (answer && counted) result.met += 1;
      continue;
    }
    let explained = 0;
    let parts = false;
    for (const { row, watch } of watches) {
      const bits = watch(operation, answer);
      if (!answer || bits === 0) continue;
      explained |= bits;
      if (row.parts && (answer.ours ^ answer.theirs) & bits) parts = true;
      if (counted) result.rows.set(row, (result.rows.get(row) ?? 0) + 1);
    }
    if (!answer) continue;
    if (counted) result.reads += 1;
    if (counted && explained !== 0) result.met += 1;
    if ((answer.ours ^ answer.theirs) & ~explained) {
      result.unexplained = `${program.device} seed ${program.seed}: ${text}, ` +
        `QEMU has 0x${answer.theirs.toString(16)}\n  after ` +
        script.slice(0, -1).join("; ");
      return result;
    }
    parted = parts;
  }
  return result;
}
