/**
 * The oracle: programs from a seed on both sides, and what came of them.
 *
 * @module
 */

import { Board } from "./board.ts";
import { compare } from "./compare.ts";
import type { Difference } from "./difference.ts";
import { DIFFERENCES } from "./differences.ts";
import { GENERATORS } from "./generators.ts";
import { type Device, makeProgram } from "./program.ts";
import { type PicPaths, Qemu } from "./qemu.ts";

/** Most reads of a device that may meet a row of differences, in per cent; the timer has no such bound. */
const MET_MAX_PERCENT = 5;

/** The bound is asked for from so many programs of a device on: a few say little of a share. */
const BOUND_FROM_PROGRAMS = 100;

/** What to run. */
export interface OracleOptions {
  /** The devices, in turns. */
  readonly devices: readonly Device[];
  /** The first program's seed; each program has the next one. */
  readonly seed: number;
  /** Programs in all. */
  readonly programs: number;
  /** Operations of a program, its set-up not counted. */
  readonly length: number;
}

/** What came of one device. */
export interface DeviceReport {
  /** Programs run. */
  programs: number;
  /** Reads of their random operations. */
  reads: number;
  /** Reads that met a row of differences. */
  met: number;
  /** How often each row was met. */
  readonly rows: Map<Difference, number>;
  /** Differences that no row explains, the first of each program. */
  readonly unexplained: string[];
}

/** What came of all. */
export interface OracleReport {
  /** By device. */
  readonly devices: Map<Device, DeviceReport>;
  /** Whether nothing is unexplained and each device within its bound. */
  good: boolean;
}

/** Runs the oracle. */
export async function runOracle(
  paths: PicPaths,
  options: OracleOptions,
): Promise<OracleReport> {
  const qemu = new Qemu(paths);
  const devices = new Map<Device, DeviceReport>();
  for (const device of options.devices) {
    devices.set(device, {
      programs: 0,
      reads: 0,
      met: 0,
      rows: new Map(),
      unexplained: [],
    });
  }
  try {
    for (let i = 0; i < options.programs; i++) {
      const device = options.devices[i % options.devices.length]!;
      await runProgram(qemu, device, options.seed + i, options.length)
        .then((result) => add(devices.get(device)!, result));
    }
  } finally {
    await qemu.stop();
  }
  const good = [...devices].every(([device, report]) =>
    report.unexplained.length === 0 && withinBound(device, report)
  );
  return { devices, good };
}

async function runProgram(
  qemu: Qemu,
  device: Device,
  seed: number,
  length: number,
): Promise<ReturnType<typeof compare>> {
  const program = makeProgram(device, GENERATORS[device](), seed, length);
  const theirs = await qemu.run(program);
  const ours = new Board().run(program);
  return compare(program, ours, theirs, DIFFERENCES[device]);
}

function add(report: DeviceReport, result: ReturnType<typeof compare>): void {
  report.programs += 1;
  report.reads += result.reads;
  report.met += result.met;
  for (const [row, times] of result.rows) {
    report.rows.set(row, (report.rows.get(row) ?? 0) + times);
  }
  if (result.unexplained !== null) report.unexplained.push(result.unexplained);
}

const percent = (part: number, whole: number): number =>
  whole === 0 ? 0 : 100 * part / whole;

const withinBound = (device: Device, report: DeviceReport): boolean =>
  device === "pit" || report.programs < BOUND_FROM_PROGRAMS ||
  percent(report.met, report.reads) <= MET_MAX_PERCENT;

/** The report as text: shares, rows met, and differences that nothing explains. */
export function formatReport(report: OracleReport): string {
  const lines = ["device programs    reads  met a row   unexplained"];
  const share = (part: number, whole: number): string =>
    `${percent(part, whole).toFixed(2).padStart(7)} %`;
  for (const [device, d] of report.devices) {
    const over = withinBound(device, d) ? "" : `   over ${MET_MAX_PERCENT} %`;
    lines.push(
      device.padEnd(6) + String(d.programs).padStart(9) +
        String(d.reads).padStart(9) + `  ${share(d.met, d.reads)}` +
        String(d.unexplained.length).padStart(14) + over,
    );
  }
  for (const [device, d] of report.devices) {
    for (const [row, times] of d.rows) {
      lines.push(
        "",
        `${device}: ${row.register}, bits ${row.bits}: ${
          share(times, d.reads).trim()
        } of the reads`,
        `  ${row.reason}`,
      );
    }
  }
  for (const [, d] of report.devices) {
    for (const text of d.unexplained.slice(0, 5)) lines.push("", text);
  }
  return lines.join("\n");
}
