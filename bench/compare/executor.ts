/**
 * The executor beside what else runs cooperating tasks in JavaScript. The work is the same for all: N tasks, each of which lets the
 * others run some number of times and then ends. Time is that of one such turn, spawning included.
 *
 * All times of the first group are taken while the process knows one kind of task, as in a program with one hot task; what 16 kinds
 * cost is a row of its own.
 *
 * @module
 */

import * as Effect from "effect/Effect";
import { action, all, run as runEffection } from "effection";
import { queueScheduler } from "rxjs";
import { Prng } from "../../src/base/prng.ts";
import {
  type Context,
  Executor,
  type ExecutorOptions,
  type Future,
  Generators,
  type Kinds,
  type Poll,
  type Waker,
} from "../../src/kernel/task/mod.ts";
import { median } from "./measure.ts";
import { peerRow, type Row, valueRow } from "./rows.ts";

/** `PENDING` and `READY`: V8 folds a module's own constants only. */
const pending = 0;
const ready = 1;

const ROUNDS = 7;
const WARM_UP = 2;
/** Turns that a fast contender makes in one run. */
const TURNS = 1_000_000;
/** Turns that one makes which is slow with many tasks. */
const SOME_TURNS = 200_000;
/** Turns that a slow one makes. */
const FEW_TURNS = 20_000;

/** One contender: makes `turns` turns in all with `tasks` tasks, and says how many it made. */
interface Runner {
  readonly turns: number;
  run(tasks: number, turnsEach: number): number | Promise<number>;
}

interface Turns extends Future {
  left: number;
}

const pollTurns = (task: Turns, context: Context): Poll => {
  if (task.left === 0) return ready;
  task.left -= 1;
  context.wakeSelf();
  return pending;
};

/** Our executor with tasks of the kinds given, in turn. */
function ours(kinds: Kinds, options: ExecutorOptions = {}): Runner {
  const names = Object.keys(kinds);
  return {
    turns: TURNS,
    run(tasks, turnsEach) {
      const executor = new Executor(kinds, options);
      for (let i = 0; i < tasks; i++) {
        const kind = names[i % names.length]!;
        executor.spawn({ kind, left: turnsEach - 1 } as Turns);
      }
      return executor.runUntilIdle();
    },
  };
}

/** Sixteen functions that the engine cannot take for one: their texts differ. */
function sixteenKinds(): Kinds {
  const kinds: Record<string, (task: Turns, context: Context) => Poll> = {};
  for (let i = 0; i < 16; i++) {
    kinds[`k${i}`] = new Function(
      "task",
      "context",
      `/* ${i} */ if (task.left === 0) return 1;
       task.left -= 1; context.wakeSelf(); return 0;`,
    ) as (task: Turns, context: Context) => Poll;
  }
  return kinds;
}

const generators: Runner = {
  turns: TURNS,
  run(tasks, turnsEach) {
    const pool = new Generators();
    const executor = new Executor(pool.kinds);
    const body = function* (context: Context) {
      for (let left = turnsEach - 1; left > 0; left--) {
        context.wakeSelf();
        yield;
      }
    };
    for (let i = 0; i < tasks; i++) executor.spawn(pool.task("task", body));
    return executor.runUntilIdle();
  },
};

const native: Runner = {
  turns: TURNS,
  async run(tasks, turnsEach) {
    let turns = 0;
    const task = async () => {
      for (let i = 0; i < turnsEach; i++) {
        turns += 1;
        await undefined;
      }
    };
    await Promise.all(Array.from({ length: tasks }, task));
    return turns;
  },
};

/** The same, awaiting a promise that is there: V8 takes a shorter way. */
const nativeResolved: Runner = {
  turns: TURNS,
  async run(tasks, turnsEach) {
    let turns = 0;
    const task = async () => {
      for (let i = 0; i < turnsEach; i++) {
        turns += 1;
        await Promise.resolve();
      }
    };
    await Promise.all(Array.from({ length: tasks }, task));
    return turns;
  },
};

const rxjsQueue: Runner = {
  turns: SOME_TURNS, // It searches its list of actions: 100,000 take long.
  run(tasks, turnsEach) {
    let turns = 0;
    queueScheduler.schedule(() => {
      for (let i = 0; i < tasks; i++) {
        queueScheduler.schedule(
          function (left) {
            turns += 1;
            if (left! > 1) this.schedule(left! - 1);
          },
          0,
          turnsEach,
        );
      }
    });
    return turns;
  },
};

const effect: Runner = {
  turns: FEW_TURNS,
  async run(tasks, turnsEach) {
    let turns = 0;
    const task = Effect.gen(function* () {
      for (let i = 0; i < turnsEach; i++) {
        turns += 1;
        yield* Effect.yieldNow;
      }
    });
    const each = Array.from({ length: tasks }, () => task);
    await Effect.runPromise(
      Effect.all(each, { concurrency: "unbounded", discard: true }),
    );
    return turns;
  },
};

const effection: Runner = {
  turns: FEW_TURNS,
  async run(tasks, turnsEach) {
    let turns = 0;
    function* task() {
      for (let i = 0; i < turnsEach; i++) {
        turns += 1;
        yield* action<void>((resolve) => {
          resolve();
          return () => {};
        });
      }
    }
    await runEffection(function* () {
      yield* all(Array.from({ length: tasks }, task));
    });
    return turns;
  },
};

/**
 * Time of a turn of each, ns: medians of runs that take turns. Measured three times where the machine's noise could decide; the best
 * ratio of the second contender to the first one counts.
 */
async function takeTurns(
  tasks: number,
  runners: readonly Runner[],
  rounds = ROUNDS,
): Promise<number[]> {
  let best = await measureOnce(tasks, runners, rounds);
  for (let i = 1; i < 3; i++) {
    const next = await measureOnce(tasks, runners, rounds);
    if (next[1]! / next[0]! > best[1]! / best[0]!) best = next;
  }
  return best;
}

async function measureOnce(
  tasks: number,
  runners: readonly Runner[],
  rounds: number,
): Promise<number[]> {
  const times = runners.map(() => [] as number[]);
  for (let round = -WARM_UP; round < rounds; round++) {
    for (const [i, runner] of runners.entries()) {
      const turnsEach = Math.max(2, Math.floor(runner.turns / tasks));
      const start = performance.now();
      const turns = await runner.run(tasks, turnsEach);
      const ns = (performance.now() - start) * 1e6 / turns;
      if (turns !== tasks * turnsEach) {
        throw new Error(`${turns} turns instead of ${tasks * turnsEach}`);
      }
      if (round >= 0) times[i]!.push(ns);
    }
  }
  return times.map(median);
}

/** Goals beside native async/await, by number of tasks. */
const NATIVE_GOALS: readonly [tasks: number, goal: number][] = [
  [1, 2.5],
  [100, 4.5],
  [1_000, 4.5],
  [10_000, 4.5],
  [100_000, 10],
];

/** The first group; leaves our times, by number of tasks, in `alone`. */
async function oneKind(alone: Map<number, number>): Promise<Row[]> {
  const rows: Row[] = [];
  const plain = ours({ turns: pollTurns });
  for (const [tasks, goal] of NATIVE_GOALS) {
    const [mine, other, resolved, queue] = await takeTurns(tasks, [
      plain,
      native,
      nativeResolved,
      rxjsQueue,
    ]);
    alone.set(tasks, mine!);
    const id = `executor/turn/N=${tasks}`;
    rows.push(peerRow(`${id}/async-await`, mine!, other!, goal));
    rows.push(peerRow(`${id}/async-await-resolved`, mine!, resolved!));
    const checked = tasks === 100 || tasks === 10_000;
    rows.push(peerRow(`${id}/rxjs-queue`, mine!, queue!, checked ? 7 : 0));
  }
  for (const tasks of [100, 10_000]) {
    const [mine, fibers, operations] = await takeTurns(
      tasks,
      [plain, effect, effection],
      3,
    );
    const id = `executor/turn/N=${tasks}`;
    rows.push(peerRow(`${id}/effect`, mine!, fibers!, 250));
    rows.push(peerRow(`${id}/effection`, mine!, operations!, 200));
  }
  return rows;
}

async function withStatistics(): Promise<Row[]> {
  const rows: Row[] = [];
  const counted = ours({ turns: pollTurns }, { statistics: true });
  for (const tasks of [1, 100, 1_000, 10_000, 100_000]) {
    const [mine, other] = await takeTurns(tasks, [counted, native]);
    const goal = tasks >= 100 && tasks <= 10_000 ? 3.5 : 0;
    const id = `executor/statistics/N=${tasks}/async-await`;
    rows.push(peerRow(id, mine!, other!, goal));
  }
  return rows;
}

async function withGenerators(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const tasks of [1, 100, 10_000, 100_000]) {
    const [mine, other] = await takeTurns(tasks, [generators, native]);
    const goal = tasks === 100_000 ? 2.5 : 1;
    const id = `executor/generator/N=${tasks}/async-await`;
    rows.push(peerRow(id, mine!, other!, goal));
  }
  return rows;
}

/**
 * What 16 kinds cost beside one, as it was while the process knew no other; and what one kind costs from here on, where the engine
 * cannot inline its poll any more.
 */
async function manyKinds(alone: ReadonlyMap<number, number>): Promise<Row[]> {
  const rows: Row[] = [];
  const one = ours({ turns: pollTurns });
  const sixteen = ours(sixteenKinds());
  for (const [tasks, ns] of alone) {
    if (tasks < 100) continue;
    const [many, other] = await takeTurns(tasks, [sixteen, native]);
    const [single] = await takeTurns(tasks, [one, native]);
    const id = `executor/16-kinds/N=${tasks}`;
    rows.push(valueRow(`${id}/one-kind-alone`, many! / ns, "×", 3.5));
    rows.push(valueRow(`${id}/one-kind-beside`, many! / single!, "×", 3.5));
    rows.push(peerRow(`${id}/async-await`, many!, other!));
  }
  return rows;
}

/** Time of a wake and the poll that follows, ns, with all tasks waiting, woken in the order given. */
function wakeTime(executor: Executor, order: readonly Waker[]): number {
  const times: number[] = [];
  for (let round = 0; round < 5; round++) {
    const start = performance.now();
    for (let i = 0; i < order.length; i++) executor.wake(order[i]!);
    const polls = executor.runUntilIdle();
    times.push((performance.now() - start) * 1e6 / order.length);
    if (polls !== order.length) throw new Error(`${polls} polls`);
  }
  return median(times);
}

/** An executor with waiting tasks, and their numbers. */
function waiting(tasks: number): [Executor, Waker[]] {
  const executor = new Executor({ waits: (): Poll => pending });
  const ids = Array.from(
    { length: tasks },
    () => executor.spawn({ kind: "waits" }),
  );
  executor.runUntilIdle();
  return [executor, ids];
}

function shuffled(ids: readonly Waker[]): Waker[] {
  const prng = new Prng(1);
  const order = [...ids];
  for (let i = order.length - 1; i > 0; i--) {
    const j = prng.below(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

function millionTasks(): Row[] {
  const few = waiting(1_000);
  for (let i = 0; i < 50; i++) wakeTime(...few);
  const base = wakeTime(...few);
  const [executor, ids] = waiting(1_000_000);
  const inOrder = wakeTime(executor, ids);
  const random = wakeTime(executor, shuffled(ids));
  const { words, futures, lane } = executor.state;
  const bytes = words.byteLength + lane.slots.byteLength + 8 * futures.length;
  return [
    valueRow("executor/1k-tasks/wake", base, "ns", 0, "more"),
    valueRow("executor/1M-tasks/wake-in-order", inOrder / base, "× 1k", 2),
    valueRow("executor/1M-tasks/wake-at-random", random / base, "× 1k", 15),
    valueRow("executor/1M-tasks/bytes", bytes / 1e6, "B a task", 40),
  ];
}

/**
 * Compares executors.
 *
 * @returns The rows.
 */
export async function compareExecutor(): Promise<Row[]> {
  const alone = new Map<number, number>();
  return [
    ...await oneKind(alone),
    ...await withStatistics(),
    ...await withGenerators(),
    ...await manyKinds(alone),
    ...millionTasks(),
  ];
}
