/**
 * What a comparison prints: one row per figure, with the goal it is held against.
 *
 * @module
 */

/** Ours beside a peer, in the same process. */
export interface PeerRow {
  /** `area/workload/peer`. */
  readonly id: string;
  /** Median time of one operation of ours, ns. */
  readonly ours_ns: number;
  /** Median time of one operation of the peer's, ns. */
  readonly peer_ns: number;
  /** `peer_ns` ÷ `ours_ns`: how many times as fast as the peer. */
  readonly ratio: number;
  /** The least ratio that meets the goal; 0 where the figure is only stated. */
  readonly goal: number;
  /** Whether it does. */
  readonly met: boolean;
}

/** A figure without a peer. */
export interface ValueRow {
  /** `area/workload`. */
  readonly id: string;
  /** The figure. */
  readonly value: number;
  /** What it counts. */
  readonly unit: string;
  /** The goal. */
  readonly goal: number;
  /** Whether less or more than the goal is good. */
  readonly better: "less" | "more";
  /** Whether the goal is met. */
  readonly met: boolean;
}

/** A row. */
export type Row = PeerRow | ValueRow;

/** Makes a row of two times. */
export function peerRow(
  id: string,
  ours_ns: number,
  peer_ns: number,
  goal = 0,
): PeerRow {
  const ratio = peer_ns / ours_ns;
  return { id, ours_ns, peer_ns, ratio, goal, met: ratio >= goal };
}

/** Makes a row of one figure. */
export function valueRow(
  id: string,
  value: number,
  unit: string,
  goal: number,
  better: "less" | "more" = "less",
): ValueRow {
  const met = better === "less" ? value <= goal : value >= goal;
  return { id, value, unit, goal, better, met };
}

/** The rows as a table for people. */
export function table(rows: readonly Row[]): string {
  const lines = rows.map((row) => {
    const mark = row.met ? "ok  " : "MISS";
    if ("ratio" in row) {
      return `${mark} ${row.id.padEnd(52)} ${cell(row.ours_ns)} ns ${
        cell(row.peer_ns)
      } ns  ${row.ratio.toFixed(2).padStart(8)}×  goal ≥ ${row.goal}`;
    }
    const sign = row.better === "less" ? "≤" : "≥";
    return `${mark} ${row.id.padEnd(52)} ${
      cell(row.value)
    } ${row.unit}  goal ${sign} ${row.goal}`;
  });
  return lines.join("\n");
}

const cell = (value: number): string =>
  (value >= 1000 ? value.toFixed(0) : value.toPrecision(3)).padStart(10);
