/**
 * `deno task decode`: the engine's decoder and iced-x86 over random byte strings.
 *
 * Options: `--seed S` (1), `--count N` (1,000,000).
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { wholeNumber } from "../options.ts";
import { compareDecoders } from "./compare.ts";
import { formatDecodeReport } from "./report.ts";

const options = parseArgs(Deno.args, {
  string: ["seed", "count"],
  default: { seed: "1", count: "1000000" },
});
const report = compareDecoders(
  wholeNumber("count", options.count, 1),
  wholeNumber("seed", options.seed),
);
console.log(formatDecodeReport(report));
Deno.exit(report.differences.size === 0 ? 0 : 1);
