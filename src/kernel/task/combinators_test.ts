import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { cloneState } from "../../base/state_tree.ts";
import { HOST_ENV } from "../sync/mod.ts";
import {
  Channel,
  channelState,
  type Context,
  Executor,
  type ExecutorState,
  executorState,
  type Future,
  join,
  PENDING,
  READY,
  select,
  Signal,
  signalState,
  sleep,
  sleepUntil,
  TaskMutex,
  taskMutexState,
  type Ticks,
  ticks,
  timeout,
  yieldNow,
} from "./mod.ts";

/** A task that runs futures one after the other, and notes the outputs. */
interface Sequence extends Future {
  readonly name: string;
  readonly parts: Future[];
  at: number;
}

interface WorldState {
  executor: ExecutorState;
  channel: ReturnType<typeof channelState<number>>;
  signal: ReturnType<typeof signalState<number>>;
  mutex: ReturnType<typeof taskMutexState>;
  clock: { clk: number };
  seen: string[];
}

function worldState(capacity = 2): WorldState {
  return {
    executor: executorState(),
    channel: channelState<number>(capacity),
    signal: signalState<number>(),
    mutex: taskMutexState(),
    clock: { clk: 0 },
    seen: [],
  };
}

/** An executor with one of everything, over one tree of state. */
function world(state: WorldState = worldState()) {
  const wake = (waker: number) => executor.wake(waker);
  const channel = new Channel("c", HOST_ENV, wake, state.channel);
  const signal = new Signal("s", HOST_ENV, wake, state.signal);
  const mutex = new TaskMutex("m", HOST_ENV, wake, state.mutex);
  const sequence = {
    poll: (task: Sequence, context: Context) => {
      while (task.at < task.parts.length) {
        const part = task.parts[task.at]!;
        if (context.poll(part) === PENDING) return PENDING;
        state.seen.push(`${task.name}${JSON.stringify(part.output ?? null)}`);
        task.at += 1;
      }
      return READY;
    },
    drop: (task: Sequence, context: Context) => {
      const part = task.parts[task.at];
      if (part !== undefined) context.drop(part);
    },
  };
  const kinds = {
    ...channel.kinds,
    ...signal.kinds,
    ...mutex.kinds,
    sequence,
    never: () => PENDING,
  };
  const executor: Executor = new Executor(
    kinds,
    { now: state.clock },
    state.executor,
  );
  const spawn = (name: string, ...parts: Future[]) =>
    executor.spawn({ kind: "sequence", name, parts, at: 0 } as Future, {
      name,
    });
  /** Runs until nothing is due any more before a clk. */
  const runUntil = (clk: number) => {
    executor.runUntilIdle();
    while (executor.deadline <= clk) {
      state.clock.clk = executor.deadline;
      executor.runUntilIdle();
    }
    state.clock.clk = clk;
  };
  return { state, executor, channel, signal, mutex, spawn, runUntil };
}

Deno.test("yieldNow() lets each ready task run once in between", () => {
  const { spawn, executor, state } = world();
  spawn("a", yieldNow(), yieldNow());
  spawn("b", yieldNow(), yieldNow());
  executor.runUntilIdle();
  assertEquals(state.seen.join(" "), "anull bnull anull bnull");
});

Deno.test("join() is ready when all are, with outputs in their order", () => {
  const { spawn, runUntil, channel, state } = world();
  spawn("j", join([channel.receive(), sleep(50), channel.receive(), join([])]));
  spawn("s", sleep(80), channel.send(7), channel.send(8));
  runUntil(79);
  assertEquals(state.seen, []);
  runUntil(80);
  assertEquals(state.seen, [
    ...["snull", "strue", "strue"],
    "j[7,null,8,[]]",
  ]);
});

Deno.test("select() is ready with the first, and gives the others up", () => {
  const { spawn, runUntil, executor, channel, state } = world();
  const race = select([sleep(100), channel.receive(), sleep(70)]);
  spawn("r", race);
  runUntil(69);
  assertEquals(executor.timers.size, 2);
  assertEquals(channel.state.receivers.tickets.length, 1);
  runUntil(70);
  assertEquals([race.winner, executor.timers.size], [2, 0]);
  assertEquals(channel.state.receivers.tickets, []);
  assertEquals(executor.live, 0);
  const tie = select([{ kind: "never" }, yieldNow(), sleep(0)]);
  spawn("t", tie);
  runUntil(70);
  assertEquals(tie.winner, 2);
  assertEquals(state.seen, ["rnull", "tnull"]);
});

Deno.test("timeout() expires at its clk, and keeps what came in time", () => {
  const { spawn, runUntil, executor, signal, state } = world();
  const late = timeout(signal.wait(), 30);
  const inTime = timeout(sleep(30), 30);
  const early = timeout(signal.wait(), 1_000);
  spawn("l", late);
  spawn("i", inTime);
  runUntil(40);
  assertEquals([late.expired, inTime.expired], [true, false]);
  spawn("e", early);
  executor.runUntilIdle();
  signal.raise(5);
  executor.runUntilIdle();
  assertEquals([early.expired, early.output], [false, 5]);
  assertEquals([executor.live, executor.timers.size], [0, 0]);
  assertEquals(signal.state.line.tickets, []);
  assertEquals(state.seen, ["lnull", "inull", "e5"]);
});

Deno.test("ticks() do not drift, and count what was missed", () => {
  const clock = { clk: 7 };
  const seen: [number, number][] = [];
  let busyClks = 0;
  const executor: Executor = new Executor({
    metronome: (task: Future & { stream: Ticks }, context: Context) => {
      while (context.poll(task.stream) === READY) {
        seen.push([clock.clk, task.stream.output!]);
        clock.clk += busyClks;
        busyClks = 0;
      }
      return PENDING;
    },
  }, { now: clock });
  executor.spawn({ kind: "metronome", stream: ticks(100) } as Future);
  const run = (until: number) => {
    executor.runUntilIdle();
    while (executor.deadline <= until) {
      clock.clk = Math.max(clock.clk, executor.deadline + 3); // Always late.
      executor.runUntilIdle();
    }
  };
  run(307);
  assertEquals(seen.splice(0), [[110, 1], [210, 1], [310, 1]]);
  busyClks = 250;
  run(500);
  // From 410 on for 250 clks: 507 and 607 pass meanwhile.
  assertEquals(seen.splice(0, 2), [[410, 1], [660, 2]]);
});

Deno.test("sleep(), ticks() and timeout() refuse what is no span", () => {
  for (const clks of [-1, 0.5, NaN, Infinity]) {
    for (const make of [sleep, sleepUntil, ticks]) {
      let message = "";
      try {
        make(clks);
      } catch (thrown) {
        message = (thrown as RangeError).message;
      }
      assertEquals(message.startsWith("Cannot wait for"), true);
    }
  }
});

Deno.test("Channel keeps order and bound, waiters first come first served", () => {
  const { spawn, executor, channel, state } = world(worldState(1));
  for (let i = 1; i <= 4; i++) spawn(`s${i}:`, channel.send(i));
  executor.runUntilIdle();
  assertEquals(state.seen, ["s1:true"]);
  assertEquals([channel.trySend(9), channel.length], [false, 1]);
  for (let i = 1; i <= 4; i++) spawn(`r${i}:`, channel.receive());
  executor.runUntilIdle();
  assertEquals(
    state.seen.filter((line) => line.startsWith("r")),
    ["r1:1", "r2:2", "r3:3", "r4:4"],
  );
  assertEquals(
    state.seen.filter((line) => line.startsWith("s")),
    ["s1:true", "s2:true", "s3:true", "s4:true"],
  );
  assertEquals([executor.live, channel.tryReceive()], [0, null]);
});

Deno.test("Channel passes on what a cancelled waiter was woken for", () => {
  const { spawn, executor, channel, state } = world(worldState(1));
  const first = spawn("a", channel.receive());
  spawn("b", channel.receive());
  executor.runUntilIdle();
  channel.trySend(5); // Wakes a.
  executor.cancel(first);
  executor.runUntilIdle();
  assertEquals(state.seen, ["b5"]);
  channel.trySend(6);
  const sender = spawn("c", channel.send(7));
  spawn("d", channel.send(8));
  executor.runUntilIdle();
  assertEquals(channel.tryReceive(), 6); // Wakes c.
  executor.cancel(sender);
  executor.runUntilIdle();
  assertEquals(state.seen, ["b5", "dtrue"]);
});

Deno.test("Channel and Signal refuse null, which says that there is no value", () => {
  const { channel, signal } = world();
  const none = null as unknown as number;
  for (
    const act of [
      () => channel.send(none),
      () => channel.trySend(none),
      () => channel.trySend(undefined as unknown as number),
      () => signal.raise(none),
    ]
  ) {
    assertThrows(act, TypeError, "Cannot");
  }
  assertEquals([channel.length, signal.isRaised], [0, false]);
});

Deno.test("Channel keeps no place for a task that cancels itself and waits then", () => {
  const wake = (waker: number) => executor.wake(waker);
  const channel = new Channel("c", HOST_ENV, wake, channelState<number>(1));
  const executor: Executor = new Executor({
    ...channel.kinds,
    quits: {
      poll: (task: Future & { part: Future }, context: Context) => {
        executor.cancel(context.waker);
        return context.poll(task.part);
      },
      drop: (task: Future & { part: Future }, context: Context) =>
        context.drop(task.part),
    },
  });
  executor.spawn({ kind: "quits", part: channel.receive() } as Future);
  const heir = channel.receive();
  executor.spawn(heir);
  executor.runUntilIdle();
  channel.trySend(5);
  executor.runUntilIdle();
  assertEquals([heir.output, executor.live], [5, 0]);
});

Deno.test("close() ends waits: nothing is sent, what was sent is received", () => {
  const { spawn, executor, channel, state } = world(worldState(1));
  channel.trySend(1);
  spawn("s", channel.send(2));
  executor.runUntilIdle();
  channel.close();
  spawn("r", channel.receive(), channel.receive());
  executor.runUntilIdle();
  assertEquals(state.seen, ["sfalse", "r1", "rnull"]);
  assertEquals(channel.trySend(3), false);
});

Deno.test("Signal keeps the latest value for one waiter at a time", () => {
  const { spawn, executor, signal, state } = world();
  signal.raise(1);
  signal.raise(2);
  spawn("a", signal.wait());
  const gone = spawn("b", signal.wait());
  spawn("c", signal.wait());
  executor.runUntilIdle();
  assertEquals([...state.seen, signal.isRaised], ["a2", false]);
  signal.raise(3); // Wakes b.
  executor.cancel(gone);
  executor.runUntilIdle();
  assertEquals(state.seen, ["a2", "c3"]);
  signal.raise(4);
  signal.reset();
  assertEquals(signal.isRaised, false);
});

Deno.test("TaskMutex is held across waits, and given on in order", () => {
  const { spawn, runUntil, executor, mutex, state } = world();
  spawn("a", mutex.during(sleep(10)));
  spawn("b", mutex.during(sleep(10)));
  const gone = spawn("c", mutex.during(sleep(10)));
  spawn("d", mutex.lock());
  runUntil(15);
  assertEquals([state.seen.join(), mutex.tryLock()], ["anull", false]);
  runUntil(20);
  assertEquals(state.seen.join(), "anull,bnull");
  executor.cancel(gone); // It holds the lock, and gives it back.
  executor.runUntilIdle();
  assertEquals(state.seen.join(), "anull,bnull,dnull");
  mutex.unlock();
  assertEquals([mutex.tryLock(), executor.timers.size], [true, 0]);
});

// One kind of waiting each, saved at any poll, gone on with, compared.

const futures = (w: ReturnType<typeof world>): fc.Arbitrary<Future> => {
  const { future } = fc.letrec<{ future: Future; leaf: Future }>((tie) => ({
    leaf: fc.oneof(
      fc.constant(0).map(() => yieldNow() as Future),
      fc.nat(60).map(sleep),
      fc.nat(300).map(sleepUntil),
      fc.nat(9).map((value) => w.channel.send(value)),
      fc.constant(0).map(() => w.channel.receive()),
      fc.constant(0).map(() => w.signal.wait()),
    ),
    future: fc.oneof(
      { maxDepth: 2, withCrossShrink: true },
      tie("leaf"),
      fc.array(tie("future"), { maxLength: 3 }).map(join),
      fc.array(tie("future"), { minLength: 1, maxLength: 3 }).map(select),
      fc.tuple(tie("future"), fc.nat(90)).map(([f, clks]) => timeout(f, clks)),
      tie("leaf").map((f) => w.mutex.during(f)),
    ),
  }));
  return future;
};

/** A kernel's turns: one poll, or on to the next deadline. */
function turn(w: ReturnType<typeof world>): boolean {
  if (w.executor.step()) return true;
  const clk = Math.min(w.executor.deadline, w.state.clock.clk + 40);
  if (clk > 2_000) return false;
  w.state.clock.clk = clk;
  if (clk % 3 === 0) w.signal.raise(clk);
  if (clk % 5 === 0) w.channel.trySend(clk);
  if (clk % 7 === 0) w.channel.tryReceive();
  return true;
}

Deno.test("Executor saved with all kinds of waits in flight goes on the same", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(futures(world()), { maxLength: 4 }), { maxLength: 8 }),
      fc.nat(60),
      fc.nat(8),
      (tasks, turns, cancelled) => {
        const first = world();
        const ids = tasks.map((parts, i) =>
          first.spawn(String(i), ...cloneState(parts))
        );
        for (let i = 0; i < turns; i++) turn(first);
        first.executor.cancel(ids[cancelled] ?? -1);
        const second = world(cloneState(first.state));
        for (let i = 0; i < 3_000 && turn(first); i++);
        for (let i = 0; i < 3_000 && turn(second); i++);
        assertEquals(second.state, first.state);
        // Nobody is left in a line who does not live.
        const waiting = new Set(first.executor.tasks());
        for (
          const line of [
            first.channel.state.receivers,
            first.channel.state.senders,
            first.signal.state.line,
            first.mutex.state.line,
          ]
        ) {
          for (const waker of line.wakers) {
            assertEquals(waiting.has(waker), true);
          }
        }
      },
    ),
    { numRuns: 150 },
  );
});
