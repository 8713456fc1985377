/**
 * Tasks: executors and timers, without a machine.
 *
 * @module
 */

import {
  BookExecutor,
  type Context,
  Executor,
  join,
  NO_TIMER,
  PENDING,
  READY,
  select,
  SimpleExecutor,
  sleep,
  TaskIds,
  timeout,
  Timers,
  timersState,
  type TimerStructure,
} from "@lockstep/kernel/executor";
import { Prng } from "@lockstep/kernel/hw";
import { digestOf, type Scenario } from "./scenario.ts";

interface Count {
  readonly kind: "count";
  readonly name: number;
  left: number;
}

const count = (name: number, left: number): Count => ({
  kind: "count",
  name,
  left,
});

/** Counts down, and notes each poll. */
const counting = (seen: number[]) => ({
  count: (task: Count, context: Context) => {
    seen.push(task.name, task.left);
    if (task.left === 0) return READY;
    task.left -= 1;
    context.wakeSelf();
    return PENDING;
  },
});

function executor(priorities: boolean): string {
  const seen: number[] = [];
  const tasks = new Executor(counting(seen));
  for (let i = 0; i < 100; i++) {
    const options = priorities ? { priority: i % 4 } : {};
    tasks.spawn(count(i, i % 7), options);
  }
  tasks.runUntilIdle();
  return digestOf([seen, tasks.state]);
}

function sleepers(): string {
  const seen: number[] = [];
  const clock = { clk: 0 };
  const random = new Prng(6);
  const tasks = new Executor(counting(seen), { now: clock });
  for (let i = 0; i < 200; i++) {
    tasks.spawn(
      join([
        select([sleep(random.below(9_000)), sleep(random.below(9_000))]),
        timeout(sleep(random.below(20_000)), 10_000),
        count(i, 1),
      ]),
    );
  }
  for (; clock.clk <= 20_000; clock.clk += 500) tasks.runUntilIdle();
  return digestOf([seen, tasks.state]);
}

function bookExecutor(): string {
  const seen: number[] = [];
  const tasks = new BookExecutor(counting(seen));
  const ids = new TaskIds();
  for (let i = 0; i < 50; i++) tasks.spawn(ids.task(count(i, i % 3)));
  tasks.runReadyTasks();
  return digestOf([seen, tasks.state]);
}

function simpleExecutor(): string {
  const seen: number[] = [];
  const ids = new TaskIds();
  const tasks = new SimpleExecutor({
    count: (task: Count) => {
      seen.push(task.name);
      return task.left-- === 0 ? READY : PENDING;
    },
  });
  for (let i = 0; i < 50; i++) tasks.spawn(ids.task(count(i, i % 5)));
  tasks.run();
  return digestOf([seen, tasks.state]);
}

function timers(structure: TimerStructure): string {
  const random = new Prng(7);
  const pending = new Timers(timersState(structure));
  const order: number[] = [];
  const ids: number[] = [];
  for (let now = 0; now < 100_000; now += 50) {
    ids.push(pending.add(now + random.below(30_000), now));
    if (random.below(4) === 0) pending.cancel(ids[random.below(ids.length)]!);
    for (;;) {
      const payload = pending.pop(now);
      if (payload === NO_TIMER) break;
      order.push(now, payload);
    }
  }
  return digestOf([order, pending.state]);
}

/** Executors and timers. */
export const TASK_SCENARIOS: readonly Scenario[] = [
  { name: "executor", run: () => executor(false) },
  { name: "executor with priorities", run: () => executor(true) },
  { name: "executor with timers", run: sleepers },
  { name: "executor of the book", run: bookExecutor },
  { name: "simple executor", run: simpleExecutor },
  ...(["linear", "heap", "wheel"] as const).map((structure) => ({
    name: `timers, ${structure}`,
    run: () => timers(structure),
  })),
];
