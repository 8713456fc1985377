import { assertEquals, assertThrows } from "@std/assert";
import { cloneState } from "../../base/state_tree.ts";
import {
  Executor,
  Generators,
  join,
  select,
  sleep,
  until,
  yieldNow,
} from "./mod.ts";

Deno.test("Generators are polled like other tasks, and end", () => {
  const generators = new Generators();
  const seen: string[] = [];
  const executor = new Executor(generators.kinds);
  for (const name of ["a", "b"]) {
    executor.spawn(generators.task(name, function* (context) {
      for (let i = 0; i < 2; i++) {
        seen.push(name + i);
        context.wakeSelf();
        yield;
      }
      yield* until(yieldNow());
      seen.push(`${name}!`);
    }));
  }
  executor.runUntilIdle();
  assertEquals(seen.join(" "), "a0 b0 a1 b1 a! b!");
  assertEquals(executor.live, 0);
});

Deno.test("until() gives the output of what it waits for", () => {
  const generators = new Generators();
  const executor = new Executor(generators.kinds);
  const task = generators.task("adder", function* () {
    const numbers = [1, 2].map((n) =>
      generators.task(`n${n}`, function* () {
        yield* until(yieldNow());
        return n;
      })
    );
    const [a, b] = (yield* until(join(numbers))) as number[];
    return a! + b!;
  });
  executor.spawn(task);
  executor.runUntilIdle();
  assertEquals(task.output, 3);
});

Deno.test("refuseSave() names a generator, as a part of another future, too", () => {
  const generators = new Generators();
  const executor = new Executor(generators.kinds);
  assertEquals(executor.refuseSave(), null);
  executor.spawn(sleep(5));
  executor.spawn(select([
    sleep(5),
    generators.task("net", function* () {
      yield* until(sleep(9));
    }),
  ]));
  assertEquals(executor.refuseSave(), "net");
  executor.runUntilIdle();
  const copy = new Executor(
    new Generators().kinds,
    {},
    cloneState(executor.state),
  );
  for (const id of copy.tasks()) copy.wake(id);
  assertThrows(
    () => copy.runUntilIdle(),
    RangeError,
    'Cannot poll generator "net"',
  );
});

Deno.test("cancel() of a generator releases what it waits for, and ends it", () => {
  const generators = new Generators();
  const executor = new Executor(generators.kinds);
  const seen: string[] = [];
  const id = executor.spawn(generators.task("a", function* () {
    try {
      yield* until(sleep(100));
    } finally {
      seen.push("ended");
    }
  }));
  executor.runUntilIdle();
  assertEquals(executor.timers.size, 1);
  executor.cancel(id);
  assertEquals([executor.timers.size, seen.join()], [0, "ended"]);
});

Deno.test("cancel() of a generator by itself ends it where it yields next", () => {
  const generators = new Generators();
  const executor: Executor = new Executor(generators.kinds);
  const seen: string[] = [];
  executor.spawn(generators.task("a", function* (context) {
    try {
      executor.cancel(context.waker);
      seen.push("goes on");
      yield;
      seen.push("never");
    } finally {
      seen.push("ended");
    }
  }));
  executor.runUntilIdle();
  assertEquals([executor.live, ...seen], [0, "goes on", "ended"]);
});
