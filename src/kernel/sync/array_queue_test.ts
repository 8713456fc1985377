/**
 * The crate crossbeam-queue's own tests of `ArrayQueue` by name, as far as
 * they make sense with one CPU: a second thread is here an interrupt at some
 * boundary, or a nested call. Left out: `drops` is about destructors.
 */
import { ArrayQueue, arrayQueueState, HOST_ENV } from "./mod.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  atEveryBoundary,
  InterruptEnv,
} from "../../../tests/support/interrupt_env.ts";
import { cloneState } from "../../base/state_tree.ts";

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
