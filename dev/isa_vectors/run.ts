/**
 * Draws requests, lets the host execute them, and compares the engine.
 *
 * @module
 */

import { Prng } from "../../src/base/prng.ts";
import { VectorBench } from "./bench.ts";
import { corrected, DIFFERENCES, type HostDifference } from "./differences.ts";
import { makeRequest } from "./generate.ts";
import type { Host } from "./host.ts";
import { type Key, KEYS, LEFT_OUT } from "./keys.ts";
import type { Request, Vector } from "./layout.ts";
import { formatVector } from "./text.ts";

/** Mismatches that are kept; more are counted only. */
const MISMATCHES_KEPT = 50;

/** What is compared. */
export interface Task {
  /** Opcodes, in turns. */
  readonly keys: readonly Key[];
  /** Of the requests. */
  readonly seed: number;
  /** How many are compared; those that a row of differences excludes are drawn besides. */
  readonly count: number;
}

/** What came of it. */
export interface Report {
  /** Compared, by key. */
  readonly compared: ReadonlyMap<string, number>;
  /** Which ended in an exception. */
  readonly faults: number;
  /** How often each row of differences applied. */
  readonly rows: ReadonlyMap<HostDifference, number>;
  /** `key: text | vector | what differs`. */
  readonly mismatches: readonly string[];
  /** Milliseconds in the engine. */
  readonly engineMs: number;
}

/** Requests of all keys in turns. */
class Source {
  readonly #keys: readonly Key[];
  readonly #random: Prng;
  #next = 0;

  constructor({ keys, seed }: Task) {
    this.#keys = keys;
    this.#random = new Prng(seed);
  }

  *draw(count: number): Generator<Request> {
    for (let i = 0; i < count; i++) {
      const key = this.#keys[this.#next++ % this.#keys.length]!;
      yield makeRequest(key, this.#random);
    }
  }
}

/** Compares fresh vectors. */
export async function compareWithHost(host: Host, task: Task): Promise<Report> {
  const bench = new VectorBench();
  const compared = new Map(task.keys.map(({ key }) => [key, 0]));
  const rows = new Map<HostDifference, number>();
  const mismatches: string[] = [];
  const source = new Source(task);
  let faults = 0;
  let engineMs = 0;
  const take = (batch: readonly Vector[]): void => {
    const start = performance.now();
    for (const measured of batch) {
      const vector = corrected(measured, rows);
      if (vector === null) continue;
      compared.set(vector.key, compared.get(vector.key)! + 1);
      if (vector.after.vector >= 0) faults++;
      const differences = bench.run(vector);
      if (differences.length === 0) continue;
      if (mismatches.length >= MISMATCHES_KEPT) mismatches.push("…");
      else {
        const text = differences.slice(0, 5).join("; ");
        mismatches.push(`${vector.key} | ${formatVector(measured)} | ${text}`);
      }
    }
    engineMs += performance.now() - start;
  };
  for (let missing = task.count; missing > 0;) {
    const before = sum(compared.values());
    for await (const batch of host.run(source.draw(missing))) take(batch);
    const found = sum(compared.values());
    if (found === before) {
      throw new Error("no vector of these keys is compared");
    }
    missing = task.count - found;
  }
  return { compared, faults, rows, mismatches, engineMs };
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const n of numbers) total += n;
  return total;
}

/** The report for people. */
export function formatReport(report: Report): string {
  const counts = [...report.compared.values()];
  const total = sum(counts);
  const least = Math.min(...counts);
  const lines = report.mismatches.filter((text) => text !== "…");
  for (const row of DIFFERENCES) {
    const met = report.rows.get(row);
    if (met !== undefined) {
      lines.push(
        `met ${met}: ${row.instructions}; AMD: ${row.amd}; SDM: ${row.sdm}`,
      );
    }
  }
  for (const { key, text, reason } of LEFT_OUT) {
    lines.push(`left out: ${key} ${text}: it ${reason}`);
  }
  lines.push(
    `${report.mismatches.length} mismatches in ${total} vectors of ${counts.length} keys, ${least} or more each, ${report.faults} exceptions, ${
      report.engineMs.toFixed(0)
    } ms`,
  );
  return lines.join("\n");
}

/**
 * Draws the fixed sample: as many vectors of each key, none that a row excludes.
 *
 * @param perKey how many
 * @throws {Error} if a key yields too few
 */
export async function drawSample(
  host: Host,
  perKey: number,
  seed: number,
): Promise<Map<string, Vector[]>> {
  const random = new Prng(seed);
  const sample = new Map<string, Vector[]>();
  function* requests(): Generator<Request> {
    for (const key of KEYS) {
      for (let i = 0; i < 4 * perKey; i++) yield makeRequest(key, random);
    }
  }
  for await (const batch of host.run(requests())) {
    for (const measured of batch) {
      const vector = corrected(measured);
      const list = sample.get(measured.key) ?? [];
      sample.set(measured.key, list);
      if (vector !== null && list.length < perKey) list.push(vector);
    }
  }
  for (const { key, text } of KEYS) {
    const found = sample.get(key)?.length ?? 0;
    if (found === perKey) continue;
    throw new Error(`${key} ${text} gave ${found} vectors of ${perKey}`);
  }
  return sample;
}
