/**
 * The executor as a scheduler in an ordinary test: every order in which three
 * tasks can run. Watch: most lose an update, and none does with a mutex.
 */
import * as tasks from "@lockstep/kernel/executor";
import { HOST_ENV } from "@lockstep/kernel/sync";
type Adder = tasks.Future & { seen: number | null };
const adder = (): Adder => ({ kind: "adder", seen: null });
function run(order: readonly number[], locked: boolean): [number, number[]] {
  let sum = 0;
  const poll = (task: Adder, context: tasks.Context): tasks.Poll => {
    if (task.seen !== null) return sum = task.seen + 1, tasks.READY;
    task.seen = sum; // Read, and written a poll later.
    context.wakeSelf();
    return tasks.PENDING;
  };
  const mutex = new tasks.TaskMutex("sum", HOST_ENV, (t) => executor.wake(t));
  const executor = new tasks.Executor({ adder: poll, ...mutex.kinds });
  const task = () => locked ? mutex.during(adder()) : adder();
  for (let i = 0; i < 3; i++) executor.spawn(task());
  const choices: number[] = [];
  for (let i = 0; executor.choices > 0; executor.step(order[i++])) {
    choices.push(executor.choices);
  }
  return [sum, choices];
}
for (const locked of [false, true]) {
  const sums: number[] = [];
  const explore = (order: number[]): void => {
    const [sum, choices] = run(order, locked);
    sums.push(sum);
    for (let i = order.length; i < choices.length; order.push(0), i++) {
      for (let n = 1; n < choices[i]!; n++) explore([...order, n]);
    }
  };
  explore([]);
  const lost = sums.filter((sum) => sum !== 3).length;
  console.log(`mutex ${locked}: ${lost} of ${sums.length} orders lose`);
}
