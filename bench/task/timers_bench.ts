/**
 * Timers: the first one popped and set again, 1,000 times, with 8 to 100,000
 * pending. Goal, a time: below 100 ns for 8 and 64, below 300 ns for all.
 */

import { assertEquals } from "@std/assert";
import { Prng } from "../../src/base/prng.ts";
import { NEVER } from "../../src/base/time.ts";
import {
  Timers,
  timersState,
  type TimerStructure,
} from "../../src/kernel/task/mod.ts";

const OPERATIONS = 1_000;
const STRUCTURES: readonly (TimerStructure | undefined)[] = [
  undefined,
  "linear",
  "heap",
  "wheel",
];

for (const pending of [8, 64, 1_000, 10_000, 100_000]) {
  for (const structure of STRUCTURES) {
    if (structure === "linear" && pending > 1_000) continue;
    const timers = new Timers(timersState(structure));
    const prng = new Prng(1);
    const deadlines = new Float64Array(pending);
    const set = (timer: number) => {
      deadlines[timer]! += 1 + prng.below(1_000_000);
      timers.add(deadlines[timer]!, timer);
    };
    for (let i = 0; i < pending; i++) set(i);
    Deno.bench({
      name: structure ?? "chosen by number",
      group: `${pending} pending`,
      baseline: structure === undefined,
      fn() {
        for (let i = 0; i < OPERATIONS; i++) set(timers.pop(NEVER));
        assertEquals(timers.size, pending);
      },
    });
  }
}
