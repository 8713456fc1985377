/**
 * The crate spin's own tests of `Once` by name, as far as they make sense with
 * one CPU: a second thread is here an interrupt at some boundary, or a nested
 * call.
 */
import { HOST_ENV, Once, onceState } from "./mod.ts";
import { assertEquals, assertThrows } from "@std/assert";
import {
  atEveryBoundary,
  DeadlockStop,
  InterruptEnv,
} from "../../../tests/support/interrupt_env.ts";

const panic = (): never => {
  throw new Error("explicit panic");
};

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

Deno.test("once: debug() prints the value, or that there is none", () => {
  const once = new Once<number>(HOST_ENV, "O");
  assertEquals(once.debug(), "Once { <uninitialized> }");
  once.callOnce(() => {
    assertEquals(once.debug(), "Once { <uninitialized> }");
    return 42;
  });
  assertEquals(once.debug(), "Once { data: 42}");
});
