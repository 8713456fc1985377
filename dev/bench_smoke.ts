/**
 * Runs every benchmark once, unmeasured: its set-up works and its answer,
 * which it asserts itself, is right. Part of `deno task ok`.
 *
 * @module
 */

import { filesUnder, ROOT } from "./files.ts";

/** The two things that a benchmark is here. */
type Bench = Pick<Deno.BenchDefinition, "fn" | "ignore" | "name">;

const found: Bench[] = [];

/** Takes the arguments of `Deno.bench` in each of their orders. */
function register(...args: readonly unknown[]): void {
  let bench: Partial<Bench> = {};
  for (const arg of args) {
    if (typeof arg === "string") bench = { ...bench, name: arg };
    else if (typeof arg === "function") {
      const fn = arg as Bench["fn"];
      bench = { name: fn.name, ...bench, fn };
    } else bench = { ...bench, ...arg as Partial<Bench> };
  }
  found.push(bench as Bench);
}

/** A context whose clock nobody reads. */
function context(name: string, path: string): Deno.BenchContext {
  return { name, origin: path, start() {}, end() {} };
}

Object.defineProperty(Deno, "bench", { value: register });

let passed = 0;
let failed = 0;
for (const path of filesUnder("bench")) {
  if (!/(^|[/_.])bench\.ts$/.test(path)) continue;
  found.length = 0;
  await import(new URL(path, ROOT).href);
  for (const { name, fn, ignore } of found) {
    if (ignore) {
      console.log(`SKIPPED ${path}: ${name}`);
      continue;
    }
    try {
      await fn(context(name, path));
      passed += 1;
      console.log(`ok     ${path}: ${name}`);
    } catch (error) {
      failed += 1;
      console.error(`FAILED ${path}: ${name}`, error);
    }
  }
}
if (passed === 0) console.error("FAILED: no benchmark was run");
Deno.exitCode = failed === 0 && passed > 0 ? 0 : 1;
