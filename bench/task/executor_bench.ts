/**
 * The executor's acts, each over 10,000 tasks; divide by that. Goals, a task: a
 * turn (poll and self-wake) below 10 ns, spawn and end below 200 ns, a wake from
 * outside and its poll below 40 ns, a channel's send and receive below 1 µs.
 */

import { assertEquals } from "@std/assert";
import { HOST_ENV } from "../../src/kernel/sync/mod.ts";
import {
  Channel,
  channelState,
  type Context,
  Executor,
  type Future,
  type Poll,
  type Waker,
} from "../../src/kernel/task/mod.ts";

const TASKS = 10_000;

/** Like `PENDING` and `READY`; an engine folds a module's own constants only. */
const pending = 0;
const ready = 1;

const turning = (statistics: boolean): Executor => {
  const kinds = {
    turn: (_: Future, context: Context): Poll => {
      context.wakeSelf();
      return pending;
    },
  };
  const executor = new Executor(kinds, { statistics });
  for (let i = 0; i < TASKS; i++) executor.spawn({ kind: "turn" });
  return executor;
};

for (const statistics of [false, true]) {
  const executor = turning(statistics);
  Deno.bench({
    name: statistics ? "with statistics" : "without statistics",
    group: "10,000 turns",
    baseline: !statistics,
    fn() {
      assertEquals(executor.runUntilIdle(TASKS), TASKS);
    },
  });
}

Deno.bench("spawn() and end, 10,000 tasks", () => {
  const executor = new Executor({ end: () => ready });
  for (let i = 0; i < TASKS; i++) executor.spawn({ kind: "end" });
  assertEquals(executor.runUntilIdle(), TASKS);
});

const waiting = new Executor({ wait: () => pending });
const ids: Waker[] = Array.from(
  { length: TASKS },
  () => waiting.spawn({ kind: "wait" }),
);

Deno.bench("wake() and poll, 10,000 tasks", () => {
  for (let i = 0; i < TASKS; i++) waiting.wake(ids[i]!);
  assertEquals(waiting.runUntilIdle(), TASKS);
});

interface Pump extends Future {
  left: number;
  part: Future;
}

Deno.bench("Channel, 10,000 values through 16 places", () => {
  const channel: Channel<number> = new Channel(
    "c",
    HOST_ENV,
    (task) => executor.wake(task),
    channelState(16),
  );
  let sum = 0;
  const executor: Executor = new Executor({
    ...channel.kinds,
    source: (task: Pump, context: Context): Poll => {
      while (context.poll(task.part) === ready) {
        task.left -= 1;
        if (task.left === 0) return ready;
        task.part = channel.send(1);
      }
      return pending;
    },
    sink: (task: Pump, context: Context): Poll => {
      while (context.poll(task.part) === ready) {
        sum += task.part.output as number;
        task.left -= 1;
        if (task.left === 0) return ready;
        task.part = channel.receive();
      }
      return pending;
    },
  });
  const spawn = (kind: string, part: Future) =>
    executor.spawn({ kind, left: TASKS, part } as Pump);
  spawn("source", channel.send(1));
  spawn("sink", channel.receive());
  executor.runUntilIdle();
  assertEquals([sum, executor.live], [TASKS, 0]);
});
