/**
 * The crate spin's own tests of `Mutex` by name, as far as they make sense
 * with one CPU: a second thread is here an interrupt at some boundary, or a
 * nested call. Left out: `test_mutex_unsized` is about types only.
 */
import { EventLog } from "../../base/events.ts";
import { HOST_ENV, lockId, Once, SpinMutex } from "./mod.ts";
import { placeOf } from "./env.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  atEveryBoundary,
  DeadlockStop,
  InterruptEnv,
} from "../../../tests/support/interrupt_env.ts";

const panic = (): never => {
  throw new Error("explicit panic");
};

Deno.test("mutex: smoke, try_lock, test_into_inner", () => {
  const m = new SpinMutex(HOST_ENV, "M", { value: 10 });
  m.lock();
  m.unlock();
  m.lock();
  m.unlock();
  assert(m.tryLock());
  assert(!m.tryLock());
  m.unlock();
  assertEquals(m.intoInner(), { value: 10 });
});

Deno.test("mutex: lots_and_lots, with an interrupt at each boundary", () => {
  const outcomes = atEveryBoundary((at) => {
    const counter = { value: 0 };
    const m = { state: { locked: false, holder: "" } };
    const env = new InterruptEnv(at, () => {
      const mutex = new SpinMutex(env, "M", counter, m.state);
      // A handler may only try.
      if (mutex.tryLock()) {
        counter.value += 100;
        mutex.unlock();
      }
    });
    const mutex = new SpinMutex(env, "M", counter, m.state);
    for (let i = 0; i < 10; i++) mutex.withLock((c) => void (c.value += 1));
    return { count: env.count, outcome: counter.value };
  });
  // Before each lock it gets in, before each unlock it does not.
  const expected = Array.from({ length: 20 }, (_, i) => i % 2 ? 10 : 110);
  assertEquals(outcomes, [...expected, 10]);
});

Deno.test("mutex: test_mutex_arc_nested", () => {
  const inner = new SpinMutex(HOST_ENV, "INNER", 1);
  const outer = new SpinMutex(HOST_ENV, "OUTER", inner);
  assertEquals(outer.withLock((m) => m.withLock((value) => value)), 1);
});

Deno.test("mutex: test_mutex_arc_access_in_unwind", () => {
  const m = new SpinMutex(HOST_ENV, "M", { value: 1 });
  assertThrows(() => m.withLock(panic), Error, "explicit panic");
  m.withLock((data) => data.value += 1);
  assertEquals(m.data.value, 2);
});

Deno.test("mutex: a panic that aborts leaves it locked", () => {
  const env = new InterruptEnv(0, () => {}, false);
  const m = new SpinMutex(env, "M", 0);
  assertThrows(() => m.withLock(panic), Error, "explicit panic");
  assert(m.isLocked);
});

Deno.test("mutex: the machine's unwinding passes and changes nothing", () => {
  const token = new Error("unwinding");
  const env = { ...HOST_ENV, isUnwinding: (e: unknown) => e === token };
  const m = new SpinMutex(env, "M", 0);
  const unwind = (): never => {
    throw token;
  };
  assertThrows(() => m.withLock(unwind), Error, "unwinding");
  assert(m.isLocked);
  const once = new Once<number>(env, "O");
  assertThrows(() => once.callOnce(unwind), Error, "unwinding");
  assertEquals(once.state.status, 1);
});

Deno.test("mutex: test_mutex_force_lock", () => {
  const m = new SpinMutex(HOST_ENV, "M", null);
  m.lock();
  m.forceUnlock();
  assert(m.tryLock());
  m.unlock();
  assertThrows(
    () => m.unlock(),
    RangeError,
    "Cannot unlock M: it is not locked",
  );
});

Deno.test("lock() names lock, holder, waiter and interrupt in a deadlock", () => {
  const env = new InterruptEnv(2, () => m.lock());
  const m: SpinMutex<number> = new SpinMutex(env, "WRITER", 0);
  const stop = assertThrows(() => m.withLock(() => {}), DeadlockStop);
  assertEquals(stop.reason, {
    reason: "deadlock",
    message: "Cannot lock WRITER: held by loop, waited for by loop > handler " +
      "with interrupts off; handler interrupted the holder and must return " +
      "before it goes on",
    lock: "WRITER",
    holder: "loop",
    waiter: "loop > handler",
  });
});

Deno.test("lock() twice in one place is a deadlock without an interrupt", () => {
  const m = new SpinMutex(new InterruptEnv(), "M", 0);
  m.lock();
  const stop = assertThrows(() => m.lock(), DeadlockStop);
  assertEquals(
    stop.message,
    "Cannot lock M: held by loop, waited for by loop with interrupts on",
  );
});

Deno.test("debug() gives the lock back when the data's formatter panics", () => {
  const m = new SpinMutex(HOST_ENV, "M", 0);
  assertThrows(() => m.debug(panic), Error, "explicit panic");
  assertEquals(m.debug(), "Mutex { data: 0}");
});

Deno.test("placeOf() counts frames that repeat", () => {
  assertEquals(placeOf(["loop"]), "loop");
  assertEquals(placeOf(["boot", "f", "f", "f", "g"]), "boot > f (3 times) > g");
  assertEquals(placeOf([]), "");
});

Deno.test("SpinMutex reports each time that it is taken and given back", () => {
  // Values of the FNV-1a test suite.
  assertEquals(["", "a", "foobar"].map(lockId), [
    0x811c_9dc5,
    0xe40c_292c,
    0xbf9c_f968,
  ]);
  const log = new EventLog({ clk: 7 });
  const mutex = new SpinMutex({ ...HOST_ENV, events: log }, "foobar", null);
  mutex.withLock(() => {});
  log.on = true;
  mutex.withLock(() => assertEquals(mutex.tryLock(), false));
  assertEquals([...log].map(({ kind, a }) => [kind, a]), [
    ["lock", 0xbf9c_f968],
    ["unlock", 0xbf9c_f968],
  ]);
});
