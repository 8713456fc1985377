/**
 * A thousand tasks of ten kinds, saved, loaded and forked while they wait, with timers and keys in flight.
 */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { Prng } from "../src/base/prng.ts";
import { type Input, Machine } from "../src/hw/mod.ts";
import {
  type ExecutorState,
  TASK_QUEUED,
} from "../src/kernel/task/executor_state.ts";
import {
  TASKS,
  thousandTasks,
  type ThousandTasksState,
} from "./support/thousand_tasks.ts";

const END_CLK = 3_000_000;
const MOMENTS = 60;
/** The boot, with a thousand tasks spawned, takes about 10,000 clks. */
const BOOTED_CLK = 50_000;

/** Keys and serial bytes in bursts. */
function randomInputs(random: Prng, from: number, bursts: number): Input[] {
  return Array.from({ length: bursts }, () => {
    const clk = from + 1 + random.below(END_CLK - from - 20_000);
    const source = random.below(2) === 0 ? "key" : "serial";
    return Array.from({ length: 1 + random.below(8) }, (_, i): Input => ({
      clk: clk + 40 * i,
      source,
      data: 1 + random.below(0x7e),
    }));
  }).flat();
}

const INPUTS = randomInputs(new Prng(2_026), BOOTED_CLK, 60);

const machineWith = (inputs: readonly Input[]): Machine =>
  new Machine({ program: thousandTasks, ramBytes: 16 * 2 ** 20, inputs });

const stateOf = (machine: Machine): ThousandTasksState =>
  machine.kernelState as unknown as ThousandTasksState;

/** What has become of a machine. */
const outcome = (machine: Machine) => ({
  digest: machine.digest(),
  clk: machine.clk,
  screen: machine.vga.screenText(),
  sum: stateOf(machine).sum,
  rounds: { ...stateOf(machine).rounds },
});

/** For each kind: how many of its tasks wait, and are not about to be polled. */
function waiting(machine: Machine): Record<string, number> {
  const { futures, words } = stateOf(machine).tasks.executor as ExecutorState;
  const counts: Record<string, number> = {};
  futures.forEach((future, slot) => {
    if (future === null || (words[2 * slot]! & TASK_QUEUED) !== 0) return;
    counts[future.kind] = (counts[future.kind] ?? 0) + 1;
  });
  return counts;
}

/** Bytes of the keyboard on their way: in the keyboard, the controller, the kernel's queue and the tasks' channel. */
function bytesInside(machine: Machine): number {
  const { keyboard, i8042 } = machine.state as unknown as {
    keyboard: { keys: { length: number } };
    i8042: { source: number };
  };
  const { tasks, keys } = stateOf(machine);
  const queue = tasks.scancodes.queue.value!;
  return keyboard.keys.length + i8042.source +
    (queue.tail - queue.head) + keys.values.length;
}

/** The digest of a whole run, and how many turns it takes. */
function uncut(): { want: ReturnType<typeof outcome>; turns: number } {
  const machine = machineWith(INPUTS);
  let turns = 0;
  machine.run({ clkMax: END_CLK, until: () => (turns++, false) });
  return { want: outcome(machine), turns };
}

Deno.test("1,000 tasks of 10 kinds: saved, loaded and forked at random turns, each goes on like a run that never stopped", () => {
  const { want, turns } = uncut();
  assertEquals(Object.keys(TASKS).length, 10);
  assertEquals(Object.values(TASKS).reduce((a, b) => a + b), 1_000);
  assertEquals(Object.keys(want.rounds).sort(), Object.keys(TASKS).sort());

  const random = new Prng(7);
  const moments = new Set(
    Array.from({ length: MOMENTS }, () => 1_010 + random.below(turns - 1_100)),
  );
  const parent = machineWith(INPUTS);
  const target = machineWith([]);
  const ends = new Set<string>([want.digest]);
  const seen = {
    allKindsWait: 0,
    someAreReady: 0,
    sleepers: 0,
    keysInside: 0,
    keysToCome: 0,
  };
  let turn = 0;
  for (const at of [...moments].sort((a, b) => a - b)) {
    parent.run({ clkMax: END_CLK, until: () => ++turn >= at });
    const before = outcome(parent);
    const counts = waiting(parent);
    const total = Object.values(counts).reduce((a, b) => a + b);
    const { timers } = stateOf(parent).tasks.executor as ExecutorState;
    seen.allKindsWait += Object.keys(counts).length === 10 ? 1 : 0;
    seen.someAreReady += total < 1_000 ? 1 : 0;
    seen.sleepers += timers.table.count > 0 ? 1 : 0;
    seen.keysInside += bytesInside(parent) > 0 ? 1 : 0;
    seen.keysToCome += parent.inputsPending > 0 ? 1 : 0;

    target.load(parent.save());
    assertEquals(outcome(target), before, `loaded at turn ${at}`);
    target.run({ clkMax: END_CLK });
    assertEquals(outcome(target), want, `saved at turn ${at}`);

    const happened = parent.inputs.slice(
      0,
      parent.inputs.length - parent.inputsPending,
    );
    const others = randomInputs(random, parent.clk, 20);
    const fork = parent.fork(others);
    fork.run({ clkMax: END_CLK });
    const fresh = machineWith([...happened, ...others]);
    fresh.run({ clkMax: END_CLK });
    assertEquals(outcome(fork), outcome(fresh), `forked at turn ${at}`);
    assertNotEquals(outcome(fork).sum, want.sum);
    ends.add(outcome(fork).digest);
    fork.release();
    assertEquals(outcome(parent), before, "the parent is untouched");
  }
  parent.run({ clkMax: END_CLK });
  assertEquals(outcome(parent), want);
  assertEquals(ends.size, moments.size + 1, "each fork has its own end");
  // The moments are of all sorts.
  assertEquals([seen.sleepers, seen.keysToCome], [moments.size, moments.size]);
  const { allKindsWait, someAreReady, keysInside } = seen;
  const counts = JSON.stringify(seen);
  assert(allKindsWait >= 30 && someAreReady >= 30 && keysInside >= 3, counts);
});
