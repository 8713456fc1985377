import { assert, assertEquals, assertThrows, fail } from "@std/assert";
import vectors from "../../../vectors/sync-primitives.json" with {
  type: "json",
};
import {
  ArrayQueue,
  arrayQueueState,
  AtomicWaker,
  HOST_ENV,
  Once,
  RwLock,
  SpinMutex,
} from "./mod.ts";
import {
  DeadlockStop,
  InterruptEnv,
} from "../../../tests/support/interrupt_env.ts";

/** Top-level keys that are read by people. */
const PROSE = ["source", "format", "provenance"];

const panic = (): never => {
  throw new Error("panic");
};

/** `true` and `false` for what a call that may throw does. */
const panics = (fn: () => void, text: string): boolean => {
  assertThrows(fn, Error, text);
  return true;
};

type Rows = Record<string, () => boolean>;

function mutexRows(): Rows {
  const m = new SpinMutex(HOST_ENV, "M", 42);
  return {
    "try_lock": () => m.tryLock(),
    "try_lock while held": () => m.tryLock(),
    "debug while held is `Mutex { <locked> }`": () =>
      m.debug() === "Mutex { <locked> }",
    "try_lock after the guard is dropped": () => {
      m.unlock();
      const taken = m.tryLock();
      m.unlock();
      return taken;
    },
    "debug when free is `Mutex { data: 42}`": () =>
      m.debug() === "Mutex { data: 42}",
    "try_lock after a forgotten guard": () => {
      m.lock();
      return m.tryLock();
    },
    "try_lock after force_unlock": () => {
      m.forceUnlock();
      const taken = m.tryLock();
      m.unlock();
      return taken;
    },
    "holder panics (unwinding): the lock is free again, no poisoning": () =>
      panics(() => m.withLock(panic), "panic") && m.tryLock(),
  };
}

function rwLockRows(): Rows {
  const l = new RwLock(HOST_ENV, "L", 0);
  const leave = (...acts: (() => void)[]) => acts.forEach((act) => act());
  return {
    "two readers": () => l.tryRead() && l.tryRead(),
    "writer while readers": () => l.tryWrite(),
    "upgradeable while readers": () => {
      const is = l.tryUpgradeableRead();
      leave(
        () => l.unlockUpgradeable(),
        () => l.unlockRead(),
        () => l.unlockRead(),
      );
      return is;
    },
    "writer alone": () => l.tryWrite(),
    "reader while writer": () => l.tryRead(),
    "second writer": () => l.tryWrite(),
    "upgradeable while writer": () => {
      const is = l.tryUpgradeableRead();
      leave(() => l.unlockWrite());
      return is;
    },
    "upgradeable alone": () => l.tryUpgradeableRead(),
    "new reader while upgradeable": () => l.tryRead(),
    "second upgradeable": () => l.tryUpgradeableRead(),
    "writer while upgradeable": () => {
      const is = l.tryWrite();
      leave(() => l.unlockUpgradeable());
      return is;
    },
    "upgrade while an older reader lives": () => {
      leave(() => l.read(), () => l.upgradeableRead());
      const is = l.tryUpgrade();
      leave(() => l.unlockRead());
      return is;
    },
    "upgrade with no other reader": () => l.tryUpgrade(),
    "after downgrade another reader gets in": () => {
      l.downgrade();
      return l.tryRead();
    },
    "after downgrade a writer does not": () => {
      const is = l.tryWrite();
      leave(() => l.unlockRead(), () => l.unlockRead());
      return is;
    },
    "after upgradeable downgrade a reader gets in": () => {
      leave(() => l.upgradeableRead(), () => l.downgradeUpgradeable());
      return l.tryRead();
    },
    "all dropped: writer gets in": () => {
      leave(() => l.unlockRead(), () => l.unlockRead());
      return l.tryWrite();
    },
  };
}

function onceRows(): Rows {
  const good = new Once<number>(HOST_ENV, "GOOD");
  const bad = new Once<number>(HOST_ENV, "BAD");
  return {
    "try before init": () => good.tryGet() !== null,
    "wait before init returns none": () => good.wait() === null,
    "call_once returns its value": () => good.callOnce(() => 1) === 1,
    "second call_once keeps the first value": () =>
      good.callOnce(() => 2) === 1,
    "try after init": () => good.tryGet() === 1,
    "builder panics": () => panics(() => bad.callOnce(panic), "panic"),
    "next call_once panics with `Once has panicked`": () =>
      panics(() => bad.callOnce(() => 1), "Once has panicked"),
    "try after panic": () => bad.tryGet() !== null,
    "wait after panic panics": () =>
      panics(() => bad.wait(), "Once has panicked"),
  };
}

/** Runs rows in the file's order; each must have its assertion. */
function runRows(rows: (string | boolean)[][], assertions: Rows): number {
  for (const [title, expected] of rows) {
    const row = assertions[String(title)] ?? fail(`no assertion: ${title}`);
    assertEquals(row(), expected, String(title));
  }
  assertEquals(Object.keys(assertions).length, rows.length);
  return rows.length;
}

function runQueueRows(rows: (string | number | boolean)[][]): number {
  const queue = new ArrayQueue<number>(HOST_ENV, "Q", arrayQueueState(3));
  const option = (value: number | null) =>
    value === null ? "None" : `Some(${value})`;
  for (const [operation, ...expected] of rows) {
    const [act, argument] = String(operation).split(" ");
    const value = Number(argument);
    const result = act === "pop"
      ? option(queue.pop())
      : act === "force_push"
      ? option(queue.forcePush(value))
      : queue.push(value)
      ? "Ok(())"
      : `Err(${value})`;
    assertEquals(
      [result, queue.length, queue.isEmpty, queue.isFull],
      expected,
      String(operation),
    );
  }
  return rows.length;
}

function runQueueState(facts: Record<string, string | number>): number {
  assertEquals(Object.keys(facts), [
    "one_lap",
    "capacity_100_one_lap",
    "hazard",
  ]);
  for (const [capacity, lap] of [[1, 2], [3, 4], [4, 8], [7, 8], [8, 16]]) {
    const q = new ArrayQueue(HOST_ENV, "Q", arrayQueueState(capacity!));
    assertEquals(q.oneLap, lap);
  }
  const hundred = new ArrayQueue(HOST_ENV, "Q", arrayQueueState(100));
  assertEquals(hundred.oneLap, facts["capacity_100_one_lap"]);

  // The hazard: a push falls into a pop that has moved the head only.
  let stops = 0;
  for (let at = 1; at <= 6; at++) {
    const state = arrayQueueState<number>(3);
    const env = new InterruptEnv(at, () => {
      assert(!new ArrayQueue(env, "Q", state).push(4), "refused as full");
    });
    const queue = new ArrayQueue(env, "Q", state);
    for (const n of [1, 2, 3]) new ArrayQueue(HOST_ENV, "Q", state).push(n);
    try {
      assertEquals(queue.pop(), 1);
    } catch (thrown) {
      if (!(thrown instanceof DeadlockStop)) throw thrown;
      stops += 1;
      assertEquals(thrown.reason.lock, "Q");
      assertEquals(thrown.reason.holder, "loop");
      assertEquals(thrown.reason.waiter, "loop > handler");
    }
  }
  assertEquals(stops, 3, "between the claim and the stamp: three boundaries");
  return 3;
}

function runWaker(facts: Record<string, string>): number {
  const woken: number[] = [];
  /** Calls `act` with a handler at its boundary `at`, on a fresh waker. */
  const meet = (
    at: number,
    stored: number | null,
    act: (waker: AtomicWaker) => void,
    handler: (waker: AtomicWaker) => void = () => {},
  ): number | null => {
    woken.length = 0;
    const state = { bits: 0, waker: stored };
    const wake = (id: number) => void woken.push(id);
    const env = new InterruptEnv(
      at,
      () => handler(new AtomicWaker(HOST_ENV, wake, state)),
    );
    act(new AtomicWaker(env, wake, state));
    assertEquals(state.bits, 0);
    return state.waker;
  };
  const register = (id: number) => (waker: AtomicWaker) => waker.register(id);
  const wake = (waker: AtomicWaker) => waker.wake();

  const rows: Record<string, () => void> = {
    register_when_idle() {
      assertEquals([meet(0, null, register(1)), woken.length], [1, 0]);
      assertEquals([meet(0, 1, register(2)), woken.length], [2, 0]);
      assertEquals([meet(0, 2, register(2)), woken.length], [2, 0]);
    },
    wake_when_idle() {
      assertEquals([meet(0, 1, wake), ...woken], [null, 1]);
      assertEquals([meet(0, null, wake), ...woken], [null]);
    },
    wake_during_register() {
      for (const at of [2, 3]) {
        assertEquals([meet(at, null, register(7), wake), ...woken], [null, 7]);
      }
    },
    register_during_wake() {
      for (const at of [2, 3]) {
        const left = meet(at, 1, wake, register(7));
        assertEquals([left, ...woken], [null, 7, 1]);
      }
    },
    register_during_register() {
      for (const at of [2, 3]) {
        assertEquals([meet(at, null, register(7), register(8)), woken.length], [
          7,
          0,
        ]);
      }
    },
    take() {
      const taken: (number | null)[] = [];
      const left = meet(0, 5, (waker) => taken.push(waker.take()));
      assertEquals([left, taken, woken.length], [null, [5], 0]);
    },
  };
  for (const key of Object.keys(facts)) (rows[key] ?? fail(key))();
  return Object.keys(rows).length;
}

Deno.test("sync-primitives.json runs whole", () => {
  const { source: _s, format: _f, provenance: _p, ...keys } = vectors;
  const counts: Record<string, number> = {};
  for (const key of Object.keys(keys)) {
    switch (key) {
      case "mutex":
        counts[key] = runRows(keys.mutex, mutexRows());
        break;
      case "rwlock":
        counts[key] = runRows(keys.rwlock, rwLockRows());
        break;
      case "once":
        counts[key] = runRows(keys.once, onceRows());
        break;
      case "array_queue_capacity_3":
        counts[key] = runQueueRows(keys.array_queue_capacity_3);
        break;
      case "array_queue_capacity_0_panics":
        panics(() => arrayQueueState(0), keys.array_queue_capacity_0_panics);
        counts[key] = 1;
        break;
      case "array_queue_state":
        counts[key] = runQueueState(keys.array_queue_state);
        break;
      case "atomic_waker":
        counts[key] = runWaker(keys.atomic_waker);
        break;
      default:
        fail(`no test reads the key ${key}`);
    }
  }
  assertEquals(counts, {
    mutex: 8,
    rwlock: 17,
    once: 9,
    array_queue_capacity_3: 16,
    array_queue_capacity_0_panics: 1,
    array_queue_state: 3,
    atomic_waker: 6,
  });
  assertEquals(PROSE.every((key) => key in vectors), true);
});
