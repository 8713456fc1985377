import { assertEquals, assertThrows } from "@std/assert";
import { cloneState } from "../../base/state_tree.ts";
import {
  BookExecutor,
  COMBINATORS,
  type Context,
  Executor,
  type Future,
  join,
  PENDING,
  type Poll,
  READY,
  SimpleExecutor,
  TaskIds,
  taskIdText,
  yieldNow,
} from "./mod.ts";

interface Turns extends Future {
  readonly name: string;
  left: number;
}
const turns = (name: string, left: number): Future =>
  ({ kind: "turns", name, left }) as Turns;

function kinds(seen: string[]) {
  return {
    ...COMBINATORS,
    turns: (task: Turns, context: Context): Poll => {
      seen.push(task.name);
      if (task.left === 0) return READY;
      task.left -= 1;
      context.wakeSelf();
      return PENDING;
    },
    idle: () => PENDING,
  };
}

Deno.test("SimpleExecutor.run() polls in turn, woken or not", () => {
  const seen: string[] = [];
  const ids = new TaskIds();
  const executor = new SimpleExecutor(kinds(seen));
  executor.spawn(ids.task(turns("a", 1)));
  executor.spawn(ids.task(join([turns("b", 2), yieldNow()])));
  assertEquals(executor.run(), true);
  assertEquals(seen.join(""), "ababb");
});

Deno.test("SimpleExecutor.run() stops at its limit when a task never ends", () => {
  const executor = new SimpleExecutor(kinds([]));
  executor.spawn(new TaskIds().task({ kind: "idle" }));
  assertEquals(executor.run(1_000), false);
  assertEquals(executor.state.tasks.length, 1);
  // The limit is a number of polls.
  const seen: string[] = [];
  const counted = new SimpleExecutor(kinds(seen));
  counted.spawn(new TaskIds().task(turns("a", 9)));
  for (const polls of [3, 1, 0]) assertEquals(counted.run(polls), false);
  assertEquals(seen.length, 4);
});

Deno.test("BookExecutor polls a task as often as it was woken", () => {
  const seen: string[] = [];
  const executor = new BookExecutor(kinds(seen));
  executor.spawn(new TaskIds().task(turns("a", 9)));
  for (let i = 0; i < 3; i++) executor.wake(0);
  executor.runReadyTasks();
  assertEquals(seen.length, 10);
  const quiet = new BookExecutor({
    count: () => {
      seen.push("q");
      return PENDING;
    },
  });
  seen.length = 0;
  quiet.spawn({ id: 4, future: { kind: "count" } });
  for (let i = 0; i < 3; i++) quiet.wake(4);
  quiet.runReadyTasks();
  assertEquals(seen.join(""), "qqqq");
});

Deno.test("BookExecutor skips ids of tasks that are done", () => {
  const seen: string[] = [];
  const executor = new BookExecutor(kinds(seen));
  executor.spawn(new TaskIds().task(turns("a", 0)));
  executor.wake(0);
  executor.wake(77);
  assertEquals(executor.runReadyTasks(), true);
  assertEquals([seen.join(""), executor.state.tasks], ["a", {}]);
});

Deno.test("BookExecutor.runReadyTasks() never sleeps while a task wakes itself", () => {
  const executor = new BookExecutor(kinds([]));
  executor.spawn(new TaskIds().task(turns("a", Infinity)));
  assertEquals(executor.runReadyTasks(500), false);
});

Deno.test("BookExecutor.sleepIfIdle() leaves interrupts on in both cases", () => {
  const acts: string[] = [];
  const idle = {
    cli: () => acts.push("cli"),
    sti: () => acts.push("sti"),
    enableAndHlt: () => acts.push("sti;hlt"),
  };
  const executor = new BookExecutor(kinds([]), { idle });
  executor.sleepIfIdle();
  executor.wake(1);
  executor.sleepIfIdle();
  assertEquals(acts, ["cli", "sti;hlt", "cli", "sti"]);
});

Deno.test("BookExecutor ends in its panics by default as a RangeError", () => {
  const executor = new BookExecutor(kinds([]));
  const task = { id: 1, future: { kind: "idle" } };
  executor.spawn(task);
  assertThrows(
    () => executor.spawn({ ...task }),
    RangeError,
    "Cannot go on: task with same ID already in tasks",
  );
});

Deno.test("BookExecutor saved between polls goes on the same", () => {
  const [first, second]: string[][] = [[], []];
  const executor = new BookExecutor(kinds(first!));
  const ids = new TaskIds();
  for (const name of ["a", "b", "c"]) executor.spawn(ids.task(turns(name, 5)));
  for (let i = 0; i < 7; i++) executor.step();
  const saved = cloneState(executor.state);
  const copy = new BookExecutor(kinds(second!), {}, saved);
  first!.length = 0;
  executor.runReadyTasks();
  copy.runReadyTasks();
  assertEquals(second, first);
  assertEquals(copy.state, executor.state);
});

Deno.test("TaskIds count for each machine from 0, and go on from a state", () => {
  const ids = new TaskIds();
  ids.task({ kind: "idle" });
  const more = new TaskIds(undefined, cloneState(ids.state));
  assertEquals(taskIdText(more.task({ kind: "idle" }).id), "TaskId(1)");
  assertEquals(new TaskIds().task({ kind: "idle" }).id, 0);
});

Deno.test("Executor.wakeSelf() outside of a poll changes nothing", () => {
  const { turns: poll } = kinds([]);
  const executor = new Executor({ turns: poll });
  executor.spawn(turns("a", 1));
  executor.runUntilIdle();
  const before = cloneState(executor.state);
  executor.wakeSelf();
  assertEquals(executor.state, before);
  assertEquals([executor.isIdle, executor.step()], [true, false]);
});
