import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { EventLog } from "../../base/events.ts";
import { cloneState, copyStateInto } from "../../base/state_tree.ts";
import { NEVER } from "../../base/time.ts";
import { HOST_ENV, type SyncEnv } from "../sync/mod.ts";
import {
  type Context,
  DEFAULT_PRIORITY,
  Executor,
  type ExecutorOptions,
  type Future,
  type Kinds,
  NO_WAKER,
  PENDING,
  type Poll,
  READY,
  sleep,
  sleepUntil,
  type Waker,
} from "./mod.ts";

interface Count extends Future {
  readonly name: string;
  left: number;
}

interface Parent extends Future {
  readonly child: Future;
}

const count = (name: string, left: number): Count => ({
  kind: "count",
  name,
  left,
});

/** An executor whose tasks wake themselves and say so. */
function counting(options: ExecutorOptions = {}, state?: Executor["state"]) {
  const seen: string[] = [];
  const kinds: Kinds = {
    count: (task: Count, context: Context): Poll => {
      seen.push(task.name);
      if (task.left === 0) return READY;
      task.left -= 1;
      context.wakeSelf();
      return PENDING;
    },
    silent: () => PENDING,
  };
  const executor = state === undefined
    ? new Executor(kinds, options)
    : new Executor(kinds, options, state);
  return { executor, seen };
}

Deno.test("runUntilIdle() polls round robin", () => {
  const { executor, seen } = counting();
  for (const name of ["a", "b", "c"]) executor.spawn(count(name, 2));
  assertEquals(executor.runUntilIdle(), 9);
  assertEquals(seen.join(""), "abcabcabc");
  assertEquals([executor.live, executor.isIdle], [0, true]);
});

Deno.test("runUntilIdle() stops at its limit and goes on there", () => {
  const { executor, seen } = counting();
  executor.spawn(count("a", 1_000_000));
  executor.spawn(count("b", 1_000_000));
  assertEquals(executor.runUntilIdle(3), 3);
  assertEquals(executor.runUntilIdle(0), 0);
  assertEquals(executor.runUntilIdle(2), 2);
  assertEquals(seen.join(""), "ababa");
});

Deno.test("runUntilIdle() refuses a limit that is no whole number", () => {
  const { executor } = counting();
  executor.spawn(count("a", 9));
  for (const limit of [NaN, Infinity, -1, 1.5]) {
    assertThrows(
      () => executor.runUntilIdle(limit),
      RangeError,
      `Cannot run ${limit} polls: give a whole number, 0 or more`,
    );
  }
  assertEquals(executor.runUntilIdle(2), 2);
});

Deno.test("runUntilIdle() ends a loop that spawns more tasks than the table had", () => {
  const order: number[] = [];
  const executor: Executor = new Executor({
    tree: (task: Future & { depth: number }, context: Context) => {
      order.push(task.depth);
      context.wakeSelf();
      if (task.depth === 0) return READY;
      const child = { kind: "tree", depth: task.depth - 1 };
      executor.spawn(child);
      executor.spawn({ ...child });
      return READY;
    },
  });
  executor.spawn({ kind: "tree", depth: 8 } as Future);
  assertEquals(executor.runUntilIdle(), 511);
  assertEquals(order.length, 511);
  assertEquals(executor.state.futures.filter((f) => f !== null), []);
});

Deno.test("wake() queues a task once, however often it is called", () => {
  const { executor, seen } = counting();
  const id = executor.spawn(count("a", 0));
  for (let i = 0; i < 1_000; i++) executor.wake(id);
  assertEquals(executor.runUntilIdle(), 1);
  assertEquals(seen, ["a"]);
});

Deno.test("wake() does nothing for what is no live task", () => {
  const { executor } = counting();
  for (const waker of [NO_WAKER, 0, 5, 1e9, -16_777_216, 2 ** 40]) {
    executor.wake(waker);
  }
  const old = executor.spawn(count("a", 0));
  executor.runUntilIdle();
  const next = executor.spawn({ kind: "silent" });
  assertEquals(next & 0xff_ffff, old & 0xff_ffff); // The same slot.
  executor.runUntilIdle();
  executor.wake(old);
  assertEquals(executor.isIdle, true);
  executor.wake(next);
  assertEquals(executor.isIdle, false);
});

Deno.test("wakeSelf() comes before what the task wakes afterwards", () => {
  const seen: string[] = [];
  let b: Waker = NO_WAKER;
  const executor = new Executor({
    a: (task: Count, context: Context) => {
      seen.push("a");
      if (task.left-- === 0) return READY;
      context.wakeSelf();
      context.wake(b);
      return PENDING;
    },
    b: () => {
      seen.push("b");
      return PENDING;
    },
  });
  b = executor.spawn({ kind: "b" });
  executor.runUntilIdle();
  executor.spawn({ ...count("a", 2), kind: "a" });
  executor.runUntilIdle();
  // In its first poll: a, b. In its second: b is queued already.
  assertEquals(seen.join(""), "baaba");
});

Deno.test("spawn() with priorities runs higher ones first, at once", () => {
  const { executor, seen } = counting();
  for (const priority of [0, 4, 7, 3, 5]) {
    executor.spawn(count(String(priority), 1), { priority });
  }
  executor.spawn(count("default", 1));
  executor.runUntilIdle();
  assertEquals(seen, [
    ...["7", "7", "5", "5"],
    ...["4", "default", "4", "default"],
    ...["3", "3", "0", "0"],
  ]);
});

Deno.test("spawn() refuses an unknown kind and a priority that there is not", () => {
  const { executor } = counting();
  assertThrows(
    () => executor.spawn({ kind: "constructor" }),
    TypeError,
    'Cannot find kind "constructor"',
  );
  for (const priority of [-1, 8, 0.5]) {
    assertThrows(() => executor.spawn(count("a", 0), { priority }), RangeError);
  }
  assertEquals([executor.live, executor.isIdle], [0, true]);
});

Deno.test("cancel() drops a task in every place of its life", () => {
  const { executor, seen } = counting();
  const queued = executor.spawn(count("queued", 9));
  const other = executor.spawn(count("other", 0));
  assertEquals([executor.cancel(queued), executor.cancel(queued)], [
    true,
    false,
  ]);
  executor.spawn(count("late", 0)); // Not in the slot that is still queued.
  assertEquals(executor.live, 2);
  assertEquals(executor.runUntilIdle(), 2);
  assertEquals(seen, ["other", "late"]);
  assertEquals(executor.cancel(other), false);
  const waiting = executor.spawn({ kind: "silent" });
  executor.runUntilIdle();
  executor.wake(waiting);
  assertEquals([executor.isIdle, executor.cancel(waiting)], [false, true]);
  assertEquals([executor.live, executor.isIdle], [0, true]);
});

Deno.test("cancel() of the task that is being polled ends it after the poll", () => {
  for (const answer of [PENDING, READY] as const) {
    for (const wakes of [false, true]) {
      const seen: string[] = [];
      const executor: Executor = new Executor({
        suicide: (_: Future, context: Context) => {
          seen.push("suicide");
          if (wakes) context.wakeSelf();
          executor.cancel(context.waker);
          executor.spawn({ kind: "heir" });
          return answer;
        },
        heir: () => {
          seen.push("heir");
          return READY;
        },
      });
      executor.spawn({ kind: "suicide" });
      executor.runUntilIdle();
      assertEquals(seen, ["suicide", "heir"]);
      assertEquals(executor.live, 0);
    }
  }
});

Deno.test("step() polls the chosen one, the others keep their order", () => {
  const { executor, seen } = counting();
  const ids = ["a", "b", "c", "d"].map((name) =>
    executor.spawn(count(name, 0))
  );
  executor.cancel(ids[1]!);
  assertEquals(executor.choices, 3);
  assertEquals(executor.step(2), true);
  assertThrows(
    () => executor.step(2),
    RangeError,
    "there are 2 to choose from",
  );
  executor.runUntilIdle();
  assertEquals(seen, ["d", "a", "c"]);
  assertEquals([executor.step(), executor.choices], [false, 0]);
});

Deno.test("isIdle and choices look, and change nothing", () => {
  const { executor } = counting();
  const ids = [3, 7, 7].map((priority) =>
    executor.spawn(count("", 0), { priority })
  );
  for (const id of [ids[1]!, ids[2]!, ids[0]!]) {
    executor.cancel(id);
    const before = cloneState(executor.state);
    const isIdle = id === ids[0];
    assertEquals([executor.isIdle, executor.choices], [isIdle, isIdle ? 0 : 1]);
    assertEquals(executor.state, before);
  }
});

Deno.test("runUntilIdle() and step() refuse inside of a poll", () => {
  const executor: Executor = new Executor({
    nested: () => {
      assertThrows(() => executor.step(), RangeError, "task 0 is being polled");
      executor.runUntilIdle();
      return READY;
    },
  });
  executor.spawn({ kind: "nested" });
  assertThrows(() => executor.runUntilIdle(), RangeError, "Cannot run tasks");
  const next = new Executor({ nested: () => READY }, {}, executor.state);
  assertEquals(next.live, 1);
});

Deno.test("a poll that throws leaves its task waiting, or where it was queued", () => {
  for (const again of ["not", "noted", "queued"]) {
    let throws = true;
    const kinds = {
      bad: (_: Future, context: Context): Poll => {
        if (!throws) return READY;
        if (again !== "not") context.wakeSelf();
        if (again === "queued") context.wake(1);
        throw new Error("bad");
      },
      other: () => PENDING,
    };
    const first = new Executor(kinds);
    const bad = first.spawn({ kind: "bad" });
    first.spawn({ kind: "other" });
    assertThrows(() => first.runUntilIdle(), Error, "bad");
    const next = new Executor(kinds, {}, first.state);
    throws = false;
    assertEquals(next.statistics(bad)!.queued, again === "queued");
    assertEquals(next.runUntilIdle(), again === "queued" ? 2 : 1);
    next.wake(bad);
    assertEquals(next.runUntilIdle(), again === "queued" ? 0 : 1);
    assertEquals(next.live, 1);
  }
});

Deno.test("a task that has cancelled itself is dropped once, behind its poll, unless that was ready", () => {
  for (const env of [HOST_ENV, { ...HOST_ENV }]) {
    for (const statistics of [false, true]) {
      for (const answer of [PENDING, READY] as const) {
        const seen: string[] = [];
        const executor: Executor = new Executor({
          quits: {
            poll: (_: Future, context: Context): Poll => {
              executor.cancel(context.waker);
              seen.push("poll ends");
              return answer;
            },
            drop: () => seen.push("drop"),
          },
        }, { env, statistics });
        executor.spawn({ kind: "quits" });
        assertEquals(executor.runUntilIdle(), 1);
        const expected = answer === READY ? [] : ["drop"];
        assertEquals(seen, ["poll ends", ...expected]);
      }
    }
  }
});

Deno.test("a poll that throws leaves no note behind when the state is replaced in place", () => {
  for (const wakes of [false, true]) {
    for (const statistics of [false, true]) {
      let throws = false;
      const executor = new Executor({
        turns: (_: Future, context: Context): Poll => {
          if (wakes || !throws) context.wakeSelf();
          if (throws) throw new Error("bad");
          return PENDING;
        },
      }, { statistics });
      const id = executor.spawn({ kind: "turns" });
      const saved = cloneState(executor.state);
      throws = true;
      assertThrows(() => executor.runUntilIdle(), Error, "bad");
      copyStateInto(executor.state, saved);
      throws = false;
      for (let polls = 0; polls < 3; polls++) {
        assertEquals(executor.choices, 1);
        assertEquals(executor.step(), true);
      }
      assertEquals(executor.statistics(id)!.polls, statistics ? 3 : 0);
    }
  }
});

Deno.test("a task that has cancelled itself keeps its slot until its poll has ended", () => {
  for (const statistics of [false, true]) {
    const executor: Executor = new Executor({
      quits: (_: Future, context: Context): Poll => {
        executor.cancel(context.waker);
        assertEquals(executor.isIdle, false);
        executor.spawn({ kind: "heir" });
        return READY;
      },
      heir: () => PENDING,
    }, { statistics });
    executor.spawn({ kind: "quits" });
    executor.runUntilIdle();
    assertEquals([executor.live, executor.isIdle], [1, true]);
  }
});

Deno.test("statistics() inside of a poll know what has happened so far", () => {
  const executor: Executor = new Executor({
    asks: (_: Future, context: Context): Poll => {
      const seen = () => {
        const { queued, wakes } = executor.statistics(context.waker)!;
        return [queued, wakes];
      };
      assertEquals(seen(), [false, 1]);
      context.wakeSelf();
      context.wake(context.waker);
      assertEquals(seen(), [true, 3]);
      executor.wake(context.waker);
      context.wakeSelf();
      assertEquals(seen(), [true, 5]);
      return READY;
    },
  }, { statistics: true });
  executor.spawn({ kind: "asks" });
  assertEquals(executor.runUntilIdle(), 1);
});

Deno.test("statistics() count polls, wakes and the longest wait", () => {
  const clock = { clk: 0 };
  const { executor } = counting({ statistics: true, now: clock });
  const a = executor.spawn(count("a", 3), { name: "anna", priority: 6 });
  executor.step();
  clock.clk = 500;
  executor.wake(a);
  executor.step();
  clock.clk = 600;
  assertEquals(executor.statistics(a), {
    name: "anna",
    priority: 6,
    queued: true,
    polls: 2,
    wakes: 4, // Spawn, self, the one above, self.
    waitClkMax: 500,
  });
  executor.runUntilIdle();
  assertEquals(executor.statistics(a), null);
  const b = executor.spawn({ kind: "silent" });
  assertEquals(executor.statistics(b)!.waitClkMax, 0);
  assertEquals(executor.statistics(b)!.name, "");
});

Deno.test("statistics() are the same on the lane and off it", () => {
  const rows = [HOST_ENV, { ...HOST_ENV }].map((env) => {
    const { executor } = counting({ statistics: true, env });
    const ids = [5, 9].map((left) => executor.spawn(count("", left)));
    executor.runUntilIdle(7);
    return ids.map((id) => executor.statistics(id));
  });
  assertEquals(rows[0], rows[1]);
  assertEquals(rows[0]![0]!.polls, 4);
});

Deno.test("Executor emits spawns, wakes, polls and ends", () => {
  const clock = { clk: 3 };
  const events = new EventLog(clock);
  events.on = true;
  const { executor } = counting({ events, now: clock });
  const id = executor.spawn(count("a", 1));
  executor.runUntilIdle();
  assertEquals([...events].map(({ kind, a }) => [kind, a]), [
    ["task-spawn", id],
    ["task-wake", id],
    ["task-poll", id],
    ["task-wake", id],
    ["task-poll", id],
    ["task-ready", id],
  ]);
});

Deno.test("Executor refuses a state of other kinds", () => {
  const { executor } = counting();
  executor.spawn(count("a", 1));
  assertThrows(
    () => new Executor({ other: () => READY }, {}, executor.state),
    TypeError,
    "Cannot go on with tasks of kinds",
  );
  assertThrows(() => new Executor({ join: () => READY }), TypeError, '"join"');
});

Deno.test("sleep() wakes at its clk, never before, in the order of deadlines", () => {
  const clock = { clk: 0 };
  const seen: string[] = [];
  const executor: Executor = new Executor({
    sleeper: {
      poll: (task: Parent & Count, context: Context) => {
        if (context.poll(task.child) === PENDING) return PENDING;
        seen.push(`${task.name}@${clock.clk}`);
        return READY;
      },
      drop: (task: Parent, context: Context) => context.drop(task.child),
    },
  }, { now: clock });
  const spawn = (name: string, child: Future) =>
    executor.spawn({ kind: "sleeper", name, child } as Future);
  spawn("a", sleep(300));
  spawn("b", sleepUntil(100));
  spawn("c", sleep(100));
  const lost = spawn("d", sleep(50));
  spawn("e", sleep(0));
  executor.runUntilIdle();
  executor.cancel(lost);
  for (; executor.live > 0; executor.runUntilIdle()) {
    assertEquals(executor.timers.size, executor.live);
    clock.clk = executor.deadline - 1;
    assertEquals(executor.runUntilIdle(), 0);
    clock.clk += 1;
  }
  assertEquals(seen, ["e@0", "b@100", "c@100", "a@300"]);
  assertEquals(executor.deadline, NEVER);
});

Deno.test("runUntilIdle() wakes sleepers though another task never sleeps", () => {
  const clock = { clk: 0 };
  const seen: number[] = [];
  const executor: Executor = new Executor({
    busy: (_: Future, context: Context) => {
      clock.clk += 10;
      context.wakeSelf();
      return PENDING;
    },
    sleeper: (task: Parent, context: Context) => {
      if (context.poll(task.child) === PENDING) return PENDING;
      seen.push(clock.clk);
      return READY;
    },
  }, { now: clock });
  executor.spawn({ kind: "busy" });
  executor.runUntilIdle(2);
  executor.spawn({ kind: "sleeper", child: sleep(45) } as Future);
  executor.runUntilIdle(20);
  assertEquals(seen, [90]); // Due at 75, woken at 80, behind the busy one.
});

// A model: tasks that do as a script says, under a naive scheduler.

type Op =
  | { readonly op: "self" }
  | { readonly op: "wake" | "cancel"; readonly nth: number }
  | { readonly op: "spawn"; readonly priority: number; readonly polls: Op[][] };

interface Scripted extends Future {
  readonly serial: number;
  readonly polls: Op[][];
  at: number;
}

/** What a scripted task can do, by serial numbers. */
interface World {
  wake(serial: number): void;
  cancel(serial: number): void;
  spawn(polls: Op[][], priority: number): void;
}

/** One poll of a script; a script that is at its end is ready. */
function act(task: Scripted, world: World, self: () => void): Poll {
  const ops = task.polls[task.at] ?? [];
  task.at += 1;
  for (const op of ops) {
    if (op.op === "self") self();
    else if (op.op === "spawn") world.spawn(op.polls, op.priority);
    else world[op.op](op.nth);
  }
  return task.at >= task.polls.length ? READY : PENDING;
}

/** Lists, searched from the beginning each time. */
class NaiveExecutor implements World {
  readonly trace: number[] = [];
  #tasks: { task: Scripted; priority: number; live: boolean }[] = [];
  #queue: number[] = [];

  spawn(polls: Op[][], priority: number): void {
    const serial = this.#tasks.length;
    const task = { kind: "scripted", serial, polls, at: 0 };
    this.#tasks.push({ task, priority, live: true });
    this.wake(serial);
  }
  wake(serial: number): void {
    if (!this.#tasks[serial]?.live || this.#queue.includes(serial)) return;
    this.#queue.push(serial);
  }
  cancel(serial: number): void {
    const entry = this.#tasks[serial];
    if (entry !== undefined) entry.live = false;
    this.#queue = this.#queue.filter((other) => other !== serial);
  }
  step(): boolean {
    const priorities = this.#queue.map((n) => this.#tasks[n]!.priority);
    const at = priorities.indexOf(Math.max(...priorities));
    if (at === -1) return false;
    const [serial] = this.#queue.splice(at, 1);
    const entry = this.#tasks[serial!]!;
    this.trace.push(serial!);
    const poll = act(entry.task, this, () => this.wake(serial!));
    if (poll === READY) this.cancel(serial!);
    return true;
  }
}

/** The executor under test. */
class RealExecutor implements World {
  readonly trace: number[] = [];
  executor: Executor;
  readonly #ids: Waker[] = [];
  readonly #kinds: Kinds = {
    scripted: (task: Scripted, context: Context) => {
      this.trace.push(task.serial);
      return act(task, this, () => context.wakeSelf());
    },
  };

  constructor(readonly options: ExecutorOptions) {
    this.executor = new Executor(this.#kinds, options);
  }
  spawn(polls: Op[][], priority: number): void {
    const serial = this.#ids.length;
    // The script is shared with other tasks, so it is copied into the state.
    const copied = JSON.parse(JSON.stringify(polls));
    const task: Scripted = { kind: "scripted", serial, polls: copied, at: 0 };
    this.#ids.push(NO_WAKER);
    this.#ids[serial] = this.executor.spawn(task, { priority });
  }
  wake(serial: number): void {
    this.executor.wake(this.#ids[serial] ?? NO_WAKER);
  }
  cancel(serial: number): void {
    this.executor.cancel(this.#ids[serial] ?? NO_WAKER);
  }
  save(): void {
    const state = cloneState(this.executor.state);
    this.executor = new Executor(this.#kinds, this.options, state);
  }
}

const { polls: scripts } = fc.letrec<{ polls: Op[][]; op: Op }>((tie) => ({
  polls: fc.array(fc.array(tie("op"), { maxLength: 4 }), { maxLength: 4 }),
  op: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constant({ op: "self" as const }),
    fc.record({
      op: fc.constantFrom("wake" as const, "cancel" as const),
      nth: fc.nat(12),
    }),
    fc.record({
      op: fc.constant("spawn" as const),
      priority: fc.constantFrom(DEFAULT_PRIORITY, DEFAULT_PRIORITY, 0, 5, 7),
      polls: tie("polls"),
    }),
  ),
}));

type Act = "step" | "run" | "save" | Op;

const acts: fc.Arbitrary<Act[]> = fc.array(
  fc.oneof(
    fc.constantFrom<Act>("step", "step", "run", "save"),
    fc.record({
      op: fc.constant("spawn" as const),
      priority: fc.constantFrom(DEFAULT_PRIORITY, DEFAULT_PRIORITY, 3, 6),
      polls: scripts,
    }),
    fc.record({
      op: fc.constantFrom("wake" as const, "cancel" as const),
      nth: fc.nat(12),
    }),
  ),
  { maxLength: 40 },
);

const OPTIONS: Record<string, () => ExecutorOptions> = {
  "on the lane": () => ({}),
  "with statistics": () => ({ statistics: true }),
  "watched": () => ({ env: { ...HOST_ENV } as SyncEnv, statistics: true }),
};

for (const [name, options] of Object.entries(OPTIONS)) {
  Deno.test(`Executor polls in the order of a naive one, ${name}`, () => {
    fc.assert(
      fc.property(acts, (script) => {
        const naive = new NaiveExecutor();
        const real = new RealExecutor(options());
        for (const step of script) {
          if (step === "save") real.save();
          else if (step === "step") {
            assertEquals(real.executor.step(), naive.step());
          } else if (step === "run") {
            let polls = 0;
            while (polls < 200 && naive.step()) polls += 1;
            assertEquals(real.executor.runUntilIdle(200), polls);
          } else if (step.op === "spawn") {
            naive.spawn(step.polls, step.priority);
            real.spawn(step.polls, step.priority);
          } else if (step.op !== "self") {
            naive[step.op](step.nth);
            real[step.op](step.nth);
          }
        }
        assertEquals(real.trace, naive.trace);
      }),
      { numRuns: 150 },
    );
  });
}

Deno.test("Executor goes on the same when its state is replaced in place", () => {
  const { executor, seen } = counting();
  for (let i = 0; i < 40; i++) {
    executor.spawn(count(String(i), 3), { priority: 3 + i % 3 });
  }
  executor.runUntilIdle(37);
  const saved = cloneState(executor.state);
  seen.length = 0;
  executor.spawn(count("more", 200));
  executor.runUntilIdle();
  for (let i = 0; i < 100; i++) executor.spawn(count("x", 0)); // The table grows.
  executor.runUntilIdle();
  copyStateInto(executor.state, saved);
  seen.length = 0;
  executor.runUntilIdle();
  const again = [...seen];
  const other = counting({}, cloneState(saved));
  other.executor.runUntilIdle();
  assertEquals(again, other.seen);
  assert(again.length > 100);
  assertEquals(executor.state, other.executor.state);
});

Deno.test("Executor() refuses a kind without its functions", () => {
  const rows: unknown[] = [5, null, "poll", {}, { poll: () => READY }];
  for (const kind of rows) {
    const kinds = { late: () => READY, wrong: kind } as unknown as Kinds;
    assertThrows(
      () => new Executor(kinds),
      TypeError,
      'Cannot add kind "wrong": give its poll function, or { poll, drop }',
    );
  }
});
