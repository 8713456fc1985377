/**
 * `deno task vectors`: single instructions on this computer's CPU and on the engine, compared.
 *
 * Options: `--seed S` (1), `--count N` (20,000), `--key REGEXP` (all keys), `--write` (makes the fixed sample anew). Needs
 * gcc and an x86-64 CPU.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { wholeNumber } from "../options.ts";
import { Host } from "./host.ts";
import { KEYS } from "./keys.ts";
import { compareWithHost, drawSample, formatReport } from "./run.ts";
import { formatSample, SAMPLE_FILES } from "./sample.ts";

/** Vectors of each key in the fixed sample. */
const SAMPLE_PER_KEY = 100;

const options = parseArgs(Deno.args, {
  string: ["seed", "count", "key"],
  boolean: ["write"],
  default: { seed: "1", count: "20000" },
});

const host = await Host.build();
if (host === null) {
  console.error(
    "VECTORS SKIPPED, nothing was compared: this needs gcc (Debian: apt-get install gcc libc6-dev) on Linux, x86-64",
  );
  Deno.exit(0);
}
const cpu = await host.cpuName();
const seed = wholeNumber("seed", options.seed);
let good = true;
try {
  if (options.write) {
    const vectors = await drawSample(host, SAMPLE_PER_KEY, seed);
    for (const [name, keys] of Object.entries(SAMPLE_FILES)) {
      const text = formatSample(vectors, keys, cpu);
      const path = new URL(`../../vectors/${name}`, import.meta.url);
      await Deno.writeTextFile(path, text);
      console.log(`${name}: ${text.length} bytes`);
    }
  } else {
    const pattern = new RegExp(options.key ?? "");
    const keys = KEYS.filter((k) => pattern.test(`${k.key}: ${k.text}`));
    if (keys.length === 0) {
      throw new RangeError(`--key=${options.key}: no key is like that`);
    }
    const count = wholeNumber("count", options.count, 1);
    const report = await compareWithHost(host, { keys, seed, count });
    console.log(`on ${cpu}`);
    console.log(formatReport(report));
    good = report.mismatches.length === 0;
  }
} finally {
  await host.close();
}
Deno.exit(good ? 0 : 1);
