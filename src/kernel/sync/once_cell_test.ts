/**
 * The crate conquer-once's own tests by name, as far as they make sense with
 * one CPU: a second thread is here an interrupt at some boundary, or a nested
 * call. Left out: `once_cell_drop` is about destructors.
 */
import {
  HOST_ENV,
  initializedCell,
  Lazy,
  OnceCell,
  onceState,
  SpinMutex,
} from "./mod.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  atEveryBoundary,
  DeadlockStop,
  InterruptEnv,
} from "../../../tests/support/interrupt_env.ts";

const panic = (): never => {
  throw new Error("explicit panic");
};

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
      for (const got of [cell.tryGet(), cell.tryGetOrInit(() => 2)]) {
        assert("reason" in got && got.reason === "would-block");
      }
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

Deno.test("take() refuses while the builder runs", () => {
  const cell = new OnceCell<number>(HOST_ENV, "C");
  cell.initOnce(() => {
    assertThrows(() => cell.take(), RangeError, "Cannot take from C: its");
    return 7;
  });
  assertEquals([cell.take(), cell.state.builder], [7, ""]);
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
