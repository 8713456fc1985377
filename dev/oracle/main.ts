/**
 * `deno task oracle`: random programs of port accesses on our devices and on QEMU's, every read compared.
 *
 * Options: `--seed S` (1), `--programs N` (2,000), `--device NAME` (all), `--length N` (100 operations). A program that
 * fails is repeated by `--device NAME --seed S --programs 1`.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { wholeNumber } from "../options.ts";
import { findPics } from "./qemu.ts";
import { formatReport, runOracle } from "./run.ts";
import { type Device, DEVICES } from "./program.ts";

const options = parseArgs(Deno.args, {
  string: ["seed", "programs", "device", "length"],
  default: { seed: "1", programs: "2000", length: "100" },
});
const paths = await findPics();
if (paths === null) {
  console.error(
    "ORACLE SKIPPED: there is no qemu-system-x86_64 here (Debian: apt-get install qemu-system-x86)",
  );
  Deno.exit(0);
}
const devices = DEVICES.filter((device) =>
  options.device === undefined || options.device === device
);
if (devices.length === 0) {
  console.error(`Cannot compare "${options.device}": choose ${DEVICES}`);
  Deno.exit(2);
}
const report = await runOracle(paths, {
  devices: devices as readonly Device[],
  seed: wholeNumber("seed", options.seed),
  programs: wholeNumber("programs", options.programs, 1),
  length: wholeNumber("length", options.length, 1),
});
console.log(formatReport(report));
Deno.exit(report.good ? 0 : 1);
