/**
 * Tests of the crates spin 0.5.2 and crossbeam-queue 0.3.11 that stand nowhere
 * else by name. A second thread is an interrupt, at each boundary in turn.
 *
 * Left out, as the compiler of Rust decides them: `is_send` and
 * `test_public_api` of uart_16550. The tests `usb_*` of pc-keyboard 0.9 are
 * those of a device that the machine has not.
 */

import { assert, assertEquals } from "@std/assert";
import {
  ArrayQueue,
  arrayQueueState,
  RwLock,
  rwLockState,
} from "../../src/kernel/sync/mod.ts";
import { atEveryBoundary, InterruptEnv } from "../support/interrupt_env.ts";

Deno.test("rwlock: test_rw_arc: no reader sees half of a write", () => {
  const outcomes = atEveryBoundary((at) => {
    const state = rwLockState();
    const data = { a: 0, b: 0 };
    const env: InterruptEnv = new InterruptEnv(at, () => {
      if (!lock.tryRead()) return;
      assertEquals(data.a, data.b);
      lock.unlockRead();
    });
    const lock = new RwLock(env, "RW", data, state);
    for (let i = 0; i < 10; i++) {
      const value = lock.write();
      value.a += 1;
      env.boundary();
      value.b += 1;
      lock.unlockWrite();
    }
    return { count: env.count, outcome: [data.a, data.b] };
  });
  assert(outcomes.length > 30);
  for (const outcome of outcomes) assertEquals(outcome, [10, 10]);
});

Deno.test("queue: mpmc(_ring_buffer): each value is taken once, whoever takes it", () => {
  for (const capacity of [1, 3]) {
    const outcomes = atEveryBoundary((at) => {
      const state = arrayQueueState<number>(capacity);
      const taken: number[] = [];
      const put: number[] = [];
      const env: InterruptEnv = new InterruptEnv(at, () => act(100));
      const queue = new ArrayQueue(env, "Q", state);
      const act = (value: number): void => {
        if (queue.push(value)) put.push(value);
        const other = queue.pop();
        if (other !== null) taken.push(other);
      };
      for (let i = 0; i < 4; i++) act(i);
      for (const value of queue.drain()) taken.push(value);
      const order = (values: number[]) => values.sort((a, b) => a - b);
      assertEquals(order(taken), order(put));
      return { count: env.count, outcome: put.length };
    });
    assert(outcomes.some((outcome) => outcome === 5));
    // The claimed slot of the interrupted code is what a full queue waits for.
    assert(outcomes.filter((outcome) => outcome === "deadlock").length > 0);
    assert(outcomes.at(-1) === 4);
  }
});
