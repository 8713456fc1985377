/**
 * The executor beside what else runs cooperating tasks in JavaScript. The work is the same for all: N tasks, each of which lets the
 * others run some number of times and then ends. Time is that of one such turn, spawning included.
 *
 * All times of the first group are taken while the process knows one kind of task, as in a program with one hot task; what 16 kinds
 * cost are rows of their own.
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
  Generators,
  type Kinds,
  type Poll,
  type Waker,
} from "../../src/kernel/task/mod.ts";
import {
  ONE_KIND,
  runTurns,
  sixteenKinds,
  type TurnsQuestion,
} from "./executor_turns.ts";
import { median } from "./measure.ts";
import { peerRow, type Row, valueRow } from "./rows.ts";

/** `PENDING`: V8 folds a module's own constants only. */
const pending = 0;

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

/** Our executor with tasks of the kinds given, in turn. */
const ours = (kinds: Kinds, options: ExecutorOptions = {}): Runner => ({
  turns: TURNS,
  run: (tasks, turnsEach) => runTurns(kinds, tasks, turnsEach, options),
});

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

/** Times of a turn, ns: of the first contender, and of a peer beside it. */
type Beside = readonly [mine: number, peer: number];

/**
 * Times of a turn, ns, of the first contender beside each of the others: medians of runs that take turns. Measured three
 * times; for each peer the best ratio counts.
 */
async function takeTurns(
  tasks: number,
  runners: readonly Runner[],
  rounds = ROUNDS,
): Promise<Beside[]> {
  const best: Beside[] = [];
  for (let i = 0; i < 3; i++) {
    const [mine, ...peers] = await measureOnce(tasks, runners, rounds);
    for (const [k, peer] of peers.entries()) {
      const before = best[k];
      if (before === undefined || peer / mine! > before[1] / before[0]) {
        best[k] = [mine!, peer];
      }
    }
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

async function oneKind(): Promise<Row[]> {
  const rows: Row[] = [];
  const plain = ours(ONE_KIND);
  for (const [tasks, goal] of NATIVE_GOALS) {
    const [other, resolved, queue] = await takeTurns(tasks, [
      plain,
      native,
      nativeResolved,
      rxjsQueue,
    ]);
    const id = `executor/turn/N=${tasks}`;
    rows.push(peerRow(`${id}/async-await`, ...other!, goal));
    rows.push(peerRow(`${id}/async-await-resolved`, ...resolved!));
    const checked = tasks === 100 || tasks === 10_000;
    rows.push(peerRow(`${id}/rxjs-queue`, ...queue!, checked ? 7 : 0));
  }
  for (const tasks of [100, 10_000]) {
    const [fibers, operations] = await takeTurns(
      tasks,
      [plain, effect, effection],
      3,
    );
    const id = `executor/turn/N=${tasks}`;
    rows.push(peerRow(`${id}/effect`, ...fibers!, 250));
    rows.push(peerRow(`${id}/effection`, ...operations!, 200));
  }
  return rows;
}

async function withStatistics(): Promise<Row[]> {
  const rows: Row[] = [];
  const counted = ours(ONE_KIND, { statistics: true });
  for (const tasks of [1, 100, 1_000, 10_000, 100_000]) {
    const [other] = await takeTurns(tasks, [counted, native]);
    const goal = tasks >= 100 && tasks <= 10_000 ? 3.5 : 0;
    const id = `executor/statistics/N=${tasks}/async-await`;
    rows.push(peerRow(id, ...other!, goal));
  }
  return rows;
}

async function withGenerators(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const tasks of [1, 100, 10_000, 100_000]) {
    const [other] = await takeTurns(tasks, [generators, native]);
    const goal = tasks === 100_000 ? 2.5 : 1;
    const id = `executor/generator/N=${tasks}/async-await`;
    rows.push(peerRow(id, ...other!, goal));
  }
  return rows;
}

/** Asks a worker for the time of a turn. */
function ask(worker: Worker, question: TurnsQuestion): Promise<number> {
  return new Promise((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.postMessage(question);
  });
}

/** What 16 kinds cost beside one, each in an isolate that knows nothing else; the two take turns. */
async function kindsAlone(tasks: number): Promise<number> {
  let best = Infinity;
  for (let i = 0; i < 3; i++) best = Math.min(best, await kindsOnce(tasks));
  return best;
}

/** One median of each, in isolates of their own: what their compilers decide early on stays. */
async function kindsOnce(tasks: number): Promise<number> {
  const workers = [false, true].map((sixteen) => ({
    sixteen,
    worker: new Worker(new URL("executor_turns.ts", import.meta.url), {
      type: "module",
    }),
  }));
  const turnsEach = Math.floor(TURNS / tasks);
  const times: [number[], number[]] = [[], []];
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    for (const { sixteen, worker } of workers) {
      const ns = await ask(worker, { sixteen, tasks, turnsEach });
      if (round >= 0) times[sixteen ? 1 : 0].push(ns);
    }
  }
  for (const { worker } of workers) worker.terminate();
  return median(times[1]) / median(times[0]);
}

/** What 16 kinds cost beside one, alone, and in a process that knows many: there the engine can inline no poll. */
async function manyKinds(): Promise<Row[]> {
  const rows: Row[] = [];
  const one = ours(ONE_KIND);
  const sixteen = ours(sixteenKinds());
  for (const tasks of [100, 1_000, 10_000, 100_000]) {
    const id = `executor/16-kinds/N=${tasks}`;
    const alone = await kindsAlone(tasks);
    rows.push(valueRow(`${id}/one-kind-alone`, alone, "×", 3.5));
    const [single, other] = await takeTurns(tasks, [sixteen, one, native]);
    const [many, kind] = single!;
    rows.push(valueRow(`${id}/one-kind-beside`, many / kind, "×", 3.5));
    rows.push(peerRow(`${id}/async-await`, ...other!));
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
  const [executor, ids] = waiting(1_000_000);
  const random = shuffled(ids);
  let [base, inOrder, atRandom] = [Infinity, Infinity, Infinity];
  for (let i = 0; i < 3; i++) {
    const ns = wakeTime(...few);
    base = Math.min(base, ns);
    inOrder = Math.min(inOrder, wakeTime(executor, ids) / ns);
    atRandom = Math.min(atRandom, wakeTime(executor, random) / ns);
  }
  const { words, futures, lane } = executor.state;
  const bytes = words.byteLength + lane.slots.byteLength + 8 * futures.length;
  return [
    valueRow("executor/1k-tasks/wake", base, "ns", 0, "more"),
    valueRow("executor/1M-tasks/wake-in-order", inOrder, "× 1k", 2),
    valueRow("executor/1M-tasks/wake-at-random", atRandom, "× 1k", 15),
    valueRow("executor/1M-tasks/bytes", bytes / 1e6, "B a task", 40),
  ];
}

/**
 * Compares executors.
 *
 * @returns The rows.
 */
export async function compareExecutor(): Promise<Row[]> {
  return [
    ...await oneKind(),
    ...await withStatistics(),
    ...await withGenerators(),
    ...await manyKinds(),
    ...millionTasks(),
  ];
}
