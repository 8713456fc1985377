/**
 * The crates' own tests by name, as far as they make sense with one CPU: a
 * second thread is here an interrupt at some boundary, or a nested call.
 * Left out: `drops`, `once_cell_drop` and `test_into_inner_drop` (there are no
 * destructors), `test_mutex_unsized`, `test_rwlock_unsized`, `test_meta`,
 * `test_visibility`, `item_name_shadowing` and `lifetime_name` (types only).
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  ArrayQueue,
  arrayQueueState,
  HOST_ENV,
  initializedCell,
  Lazy,
  Once,
  OnceCell,
  onceState,
  RwLock,
  SpinMutex,
} from "./mod.ts";
import { placeOf } from "./env.ts";
import {
  atEveryBoundary,
  DeadlockStop,
  InterruptEnv,
} from "../../../tests/support/interrupt_env.ts";
import fc from "fast-check";
import { cloneState } from "../../base/state_tree.ts";

const panic = (): never => {
  throw new Error("explicit panic");
};

// spin: mutex

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

Deno.test("placeOf() counts frames that repeat", () => {
  assertEquals(placeOf(["loop"]), "loop");
  assertEquals(placeOf(["boot", "f", "f", "f", "g"]), "boot > f (3 times) > g");
  assertEquals(placeOf([]), "");
});

// spin: rw lock

Deno.test("rwlock: smoke, test_rwlock_try_write, test_into_inner", () => {
  const l = new RwLock(HOST_ENV, "L", { value: 10 });
  l.withRead(() => {});
  l.withWrite(() => {});
  l.withRead(() => l.withRead(() => {}));
  l.withRead(() => assert(!l.tryWrite()));
  l.withWrite(() => {});
  assertEquals(l.intoInner(), { value: 10 });
});

/** Who is in, by the rules in words. */
interface Inside {
  readers: number;
  writer: boolean;
  upgradeable: boolean;
}

/** Each act on a lock, and on the model; returns whether both agree. */
const RW_ACTS: Record<string, (l: RwLock<null>, m: Inside) => boolean> = {
  tryRead(l, m) {
    const may = !m.writer && !m.upgradeable;
    if (may) m.readers += 1;
    return l.tryRead() === may;
  },
  tryWrite(l, m) {
    const may = !m.writer && !m.upgradeable && m.readers === 0;
    if (may) m.writer = true;
    return l.tryWrite() === may;
  },
  tryUpgradeableRead(l, m) {
    const may = !m.writer && !m.upgradeable;
    if (may) m.upgradeable = true;
    return l.tryUpgradeableRead() === may;
  },
  unlockRead(l, m) {
    if (m.readers > 0) (l.unlockRead(), m.readers -= 1);
    return true;
  },
  unlockWrite(l, m) {
    if (m.writer) (l.unlockWrite(), m.writer = false);
    return true;
  },
  unlockUpgradeable(l, m) {
    if (m.upgradeable) (l.unlockUpgradeable(), m.upgradeable = false);
    return true;
  },
  tryUpgrade(l, m) {
    if (!m.upgradeable) return true;
    const may = m.readers === 0;
    if (may) (m.writer = true, m.upgradeable = false);
    return l.tryUpgrade() === may;
  },
  downgrade(l, m) {
    if (m.writer) (l.downgrade(), m.writer = false, m.readers += 1);
    return true;
  },
  downgradeUpgradeable(l, m) {
    if (!m.upgradeable) return true;
    l.downgradeUpgradeable();
    m.upgradeable = false;
    m.readers += 1;
    return true;
  },
};

Deno.test("rwlock: frob, any acts agree with a model, copies included", () => {
  const acts = fc.array(
    fc.constantFrom("copy", ...Object.keys(RW_ACTS)),
    { maxLength: 200, size: "max" },
  );
  fc.assert(fc.property(acts, (names) => {
    let l = new RwLock(HOST_ENV, "L", null);
    const m: Inside = { readers: 0, writer: false, upgradeable: false };
    for (const name of names) {
      if (name === "copy") {
        l = new RwLock(HOST_ENV, "L", null, cloneState(l.state));
      } else assert(RW_ACTS[name]!(l, m), name);
      assertEquals(l.readers, m.readers);
    }
  }));
});

Deno.test("rwlock: test_rw_access_in_unwind", () => {
  const l = new RwLock(HOST_ENV, "L", { value: 1 });
  assertThrows(() => l.withWrite(panic), Error, "explicit panic");
  assertThrows(() => l.withRead(panic), Error, "explicit panic");
  assertEquals(l.state, { bits: 0, writer: "", reader: "" });
});

Deno.test("rwlock: test_rw_try_read", () => {
  const l = new RwLock(HOST_ENV, "L", 0);
  l.write();
  assert(!l.tryRead());
  assertEquals(l.debug(), "RwLock { <locked> }");
  l.unlockWrite();
  assertEquals(l.debug(), "RwLock { data: 0}");
});

Deno.test("rwlock: test_force_read_decrement", () => {
  const l = new RwLock(HOST_ENV, "L", 0);
  for (let i = 0; i < 3; i++) l.read();
  for (let i = 0; i < 2; i++) l.forceReadDecrement();
  assert(!l.tryWrite());
  l.forceReadDecrement();
  assert(l.tryWrite());
  l.unlockWrite();
  assertThrows(
    () => l.forceReadDecrement(),
    RangeError,
    "Cannot unlock L: it has no reader",
  );
});

Deno.test("rwlock: test_force_write_unlock", () => {
  const l = new RwLock(HOST_ENV, "L", 0);
  l.write();
  assert(!l.tryRead());
  l.forceWriteUnlock();
  assert(l.tryRead());
  assertThrows(() => l.forceWriteUnlock(), RangeError, "it has readers");
});

Deno.test("rwlock: test_upgrade_downgrade", () => {
  const l = new RwLock(HOST_ENV, "L", 0);
  l.read();
  assert(l.tryUpgradeableRead());
  assert(!l.tryUpgrade());
  l.unlockRead();
  assert(l.tryUpgrade());
  l.downgrade();
  assert(l.tryUpgradeableRead());
  assert(!l.tryWrite());
  l.unlockRead();
  l.downgradeUpgradeable();
  assertThrows(() => l.upgrade(), RangeError, "it has no upgradeable reader");
  l.unlockRead();
  assertEquals(l.state.bits, 0);
});

Deno.test("rwlock: a wait that cannot end names who is in", () => {
  const held = (take: (l: RwLock<number>) => void) => {
    const env = new InterruptEnv();
    const l = new RwLock(env, "TABLE", 0);
    take(l);
    env.frames.push("handler");
    return l;
  };
  const cases: [string, () => void][] = [
    ["read TABLE", () => held((l) => l.write()).read()],
    ["read TABLE", () => held((l) => l.upgradeableRead()).read()],
    ["write TABLE", () => held((l) => l.read()).write()],
    ["upgradeably read TABLE", () => held((l) => l.write()).upgradeableRead()],
    [
      "upgrade the reader of TABLE",
      () => held((l) => (l.read(), l.upgradeableRead())).upgrade(),
    ],
  ];
  for (const [act, wait] of cases) {
    const { reason } = assertThrows(wait, DeadlockStop);
    assertEquals(
      reason.message.startsWith(`Cannot ${act}: held by loop,`),
      true,
    );
    assertEquals([reason.holder, reason.waiter], ["loop", "loop > handler"]);
  }
});

// spin: once

Deno.test("once: smoke_once, smoke_once_value", () => {
  const once = new Once<number>(HOST_ENV, "O");
  let runs = 0;
  once.callOnce(() => runs += 1);
  once.callOnce(() => runs += 1);
  assertEquals([runs, once.tryGet()], [1, 1]);
});

Deno.test("once: stampede_once, with an interrupt at each boundary", () => {
  const outcomes = atEveryBoundary((at) => {
    const state = onceState<number>();
    let runs = 0;
    const env = new InterruptEnv(at, () => void once.callOnce(() => ++runs));
    const once: Once<number> = new Once(env, "O", state);
    const value = once.callOnce(() => ++runs);
    return { count: env.count, outcome: `${value} of ${runs}` };
  });
  // Before it begins; while it runs; not at all.
  assertEquals(outcomes, ["1 of 1", "deadlock", "1 of 1"]);
});

Deno.test("once: try, try_no_wait, wait", () => {
  const once = new Once<number>(new InterruptEnv(), "O");
  assertEquals(once.tryGet(), null);
  once.callOnce(() => {
    assertEquals(once.tryGet(), null);
    const { reason } = assertThrows(() => once.wait(), DeadlockStop);
    assertEquals(reason.lock, "O");
    return 42;
  });
  assertEquals([once.tryGet(), once.wait()], [42, 42]);
});

Deno.test("once: panic, init_constant", () => {
  const once = new Once<number>(HOST_ENV, "O");
  assertThrows(() => once.callOnce(panic), Error, "explicit panic");
  assertThrows(() => once.callOnce(() => 1), RangeError, "Once has panicked");
  assertEquals(onceState(), { status: 0, value: null, builder: "" });
});

// lazy_static

Deno.test("lazy: test_basic, test_repeat, s3 (chained), pre_init", () => {
  let built = 0;
  const s1 = new Lazy(HOST_ENV, "S1", () => (built += 1, "a"));
  const s2 = new Lazy(HOST_ENV, "S2", () => [s1.get(), s1.get()]);
  const s3 = new Lazy(HOST_ENV, "S3", () => [...s2.get(), ...s2.get()]);
  assertEquals(built, 0);
  s3.initialize();
  assertEquals([s3.isInitialized, s3.get().join("")], [true, "aaaa"]);
  assertEquals(built, 1);
});

Deno.test("lazy: a cycle is a deadlock", () => {
  const a: Lazy<number> = new Lazy(HOST_ENV, "A", () => b.get());
  const b: Lazy<number> = new Lazy(HOST_ENV, "B", () => a.get());
  assertThrows(() => a.get(), Error, "Cannot wait for A: ");
});

Deno.test("lazy: goes on from a copied state, and with one put in its place", () => {
  const build = () => ({ n: 0 });
  const over = (data: { n: number }) => ({ next: () => ++data.n });
  const a = new Lazy(HOST_ENV, "A", build, onceState(), over);
  a.get().next();
  const b = new Lazy(
    HOST_ENV,
    "A",
    build,
    { ...a.state, value: { n: 7 } },
    over,
  );
  assertEquals([b.get().next(), b.get().next()], [8, 9]);
  b.state.value = { n: 20 };
  assertEquals(b.get().next(), 21);
});

// conquer-once

Deno.test("cell: once_cell_uninit, once_cell_new, once_cell_into_inner", () => {
  const empty = new OnceCell<number>(HOST_ENV, "C");
  assertEquals([empty.isInitialized, empty.isPoisoned], [false, false]);
  assertEquals([empty.get(), empty.take()], [null, null]);
  const full = new OnceCell<number>(HOST_ENV, "C", initializedCell(1));
  assertEquals([full.isInitialized, full.get(), full.take()], [true, 1, 1]);
  assert(!full.isInitialized);
});

Deno.test("cell: once_cell_init_once, _try_init_once, _try_init_and_try_get", () => {
  const cell = new OnceCell<number>(HOST_ENV, "C");
  const uninit = cell.tryGet();
  assert("reason" in uninit && uninit.debug() === "Uninit");
  assertEquals(
    cell.tryInitOnce(() => {
      const refusal = cell.tryInitOnce(() => 2);
      assertEquals(refusal?.debug(), "WouldBlock");
      assertEquals(
        refusal?.message(),
        "the `OnceCell` is currently being initialized",
      );
      const got = cell.tryGet();
      assert("reason" in got && got.reason === "would-block");
      return 0;
    }),
    null,
  );
  assertEquals(cell.tryGet(), { value: 0 });
  assertEquals(cell.tryInitOnce(() => 1)?.reason, "already-init");
  cell.initOnce(() => 3);
  assertEquals([cell.getOrInit(() => 4), cell.get()], [0, 0]);
  assertEquals(cell.tryGetOrInit(() => 4), { value: 0 });
  assertEquals(cell.debug(), "OnceCell { inner: Some(0) }");
});

Deno.test("cell: recursive, once_cell_block", () => {
  const cell = new OnceCell<number>(new InterruptEnv(), "C");
  cell.initOnce(() => {
    assertEquals(cell.debug(), "OnceCell { inner: None }");
    assertThrows(() => cell.initOnce(() => 1), DeadlockStop);
    assertThrows(() => cell.getOrInit(() => 1), DeadlockStop);
    assertThrows(() => cell.get(), DeadlockStop);
    return 0;
  });
});

Deno.test("cell: drop_on_panic, once_cell_into_inner_poisoned, _propagate_poison", () => {
  const text = "OnceCell instance has been poisoned.";
  const cell = new OnceCell<number>(HOST_ENV, "C");
  assertThrows(() => cell.initOnce(panic), Error, "explicit panic");
  assertEquals([cell.isPoisoned, cell.isInitialized], [true, false]);
  assertThrows(() => cell.tryGet(), RangeError, text);
  assertThrows(() => cell.get(), RangeError, text);
  assertThrows(() => cell.tryInitOnce(() => 1), RangeError, text);
  assertThrows(() => cell.getOrInit(() => 1), RangeError, text);
  assertThrows(() => cell.take(), RangeError, text);
  assert(!cell.isPoisoned);
});

Deno.test("cell: an interrupt at each boundary initialises it once", () => {
  const outcomes = atEveryBoundary((at) => {
    let inner = "none";
    const env = new InterruptEnv(at, () => {
      inner = cell.tryInitOnce(() => 2)?.debug() ?? "ok";
    });
    const cell: OnceCell<number> = new OnceCell(env, "C");
    const outer = cell.tryInitOnce(() => 1)?.debug() ?? "ok";
    const value = cell.get();
    return { count: env.count, outcome: `${outer} ${inner} ${value}` };
  });
  assertEquals(outcomes, [
    "AlreadyInit ok 2",
    "AlreadyInit ok 2",
    "ok WouldBlock 1",
    "ok AlreadyInit 1",
    "ok none 1",
  ]);
});

Deno.test("cell: lazy, lazy_mutex, lazy_poisoned, catch_panic", () => {
  const list = new Lazy(
    HOST_ENV,
    "L",
    (): number[] => [],
    onceState<number[]>(),
    (data) => new SpinMutex(HOST_ENV, "L", data),
  );
  list.get().withLock((data) => data.push(1, 2, 3));
  assertEquals(list.get().data, [1, 2, 3]);
  const bad = new Lazy<number>(HOST_ENV, "BAD", panic);
  assertThrows(() => bad.get(), Error, "explicit panic");
  assertThrows(() => bad.get(), RangeError, "Once has panicked");
});

// crossbeam-queue

const queueOf = (capacity: number) =>
  new ArrayQueue<number>(HOST_ENV, "Q", arrayQueueState(capacity));

Deno.test("queue: smoke, capacity, zero_capacity", () => {
  const q = queueOf(1);
  q.push(7);
  assertEquals([q.pop(), q.pop()], [7, null]);
  for (let n = 1; n < 10; n++) assertEquals(queueOf(n).capacity, n);
  assertThrows(() => queueOf(0), RangeError, "capacity must be non-zero");
  assertThrows(() => queueOf(1.5), RangeError, "Cannot make a queue of 1.5");
});

Deno.test("queue: len_empty_full", () => {
  const q = queueOf(2);
  const look = () => [q.length, q.isEmpty, q.isFull];
  assertEquals(look(), [0, true, false]);
  q.push(0);
  assertEquals(look(), [1, false, false]);
  q.push(0);
  assertEquals(look(), [2, false, true]);
  q.pop();
  assertEquals(look(), [1, false, false]);
});

Deno.test("queue: len, linearizable, any acts agree with an array", () => {
  const acts = fc.array(
    fc.constantFrom("push", "push", "pop", "forcePush", "copy"),
    { maxLength: 200, size: "max" },
  );
  const capacities = fc.integer({ min: 1, max: 9 });
  fc.assert(fc.property(capacities, acts, (capacity, names) => {
    let q = queueOf(capacity);
    const model: number[] = [];
    names.forEach((name, i) => {
      const isFull = model.length === capacity;
      if (name === "push") {
        assertEquals(q.push(i), !isFull);
        if (!isFull) model.push(i);
      } else if (name === "pop") {
        assertEquals(q.pop(), model.shift() ?? null);
      } else if (name === "forcePush") {
        model.push(i);
        assertEquals(q.forcePush(i), isFull ? model.shift() : null);
      } else q = new ArrayQueue(HOST_ENV, "Q", cloneState(q.state));
      assertEquals(q.length, model.length);
    });
    assertEquals([...q.drain()], model);
  }));
});

Deno.test("queue: into_iter", () => {
  const q = queueOf(100);
  for (let i = 0; i < 100; i++) q.push(i);
  assertEquals([...q.drain()], Array.from({ length: 100 }, (_, i) => i));
  assert(q.isEmpty);
});

/** A pop in the main code, a push in the handler, and the other way round. */
Deno.test("queue: spsc(_ring_buffer), an interrupt at each boundary", () => {
  for (const [capacity, filled] of [[3, 0], [3, 1], [3, 2], [3, 3], [1, 1]]) {
    for (const act of ["pop", "push", "forcePush"] as const) {
      for (const inner of ["pop", "push", "forcePush"] as const) {
        const outcomes = atEveryBoundary((at) => {
          const state = arrayQueueState<number>(capacity!);
          const quiet = new ArrayQueue(HOST_ENV, "Q", state);
          for (let i = 0; i < filled!; i++) quiet.push(i);
          const env = new InterruptEnv(at, () => void q[inner](90));
          const q = new ArrayQueue(env, "Q", state);
          q[act](80);
          // Nothing is lost or doubled: what is left is in order.
          const left = [...quiet.drain()];
          const old = left.filter((v) => v < 80);
          assertEquals(old, [...old].sort((a, b) => a - b));
          assertEquals(new Set(left).size, left.length);
          assertEquals(state.values.every((v) => v === null), true);
          assertEquals(state.claimer, "");
          return { count: env.count, outcome: left.length };
        });
        const stuck = outcomes.filter((o) => o === "deadlock").length;
        // Only an interrupt between a claim and its stamp can get stuck.
        assert(stuck <= 4, `${act}/${inner} of ${filled}: ${stuck}`);
        assert(outcomes.at(-1) !== "deadlock");
      }
    }
  }
});
