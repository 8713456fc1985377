/**
 * A task of one's own in the final kernel: a table entry, and plain data. Watch:
 * it wakes with the timer's first tick after each deadline, and does not drift.
 */
import { Machine } from "@lockstep/kernel/hw";
import { makeKernel } from "@lockstep/kernel/kernel";
import * as tasks from "@lockstep/kernel/executor";

interface Blink extends tasks.Future {
  readonly kind: "blink";
  readonly ticks: tasks.Ticks;
  left: number;
}
const SECOND = 119_318_200;
const blink: Blink = { kind: "blink", ticks: tasks.ticks(SECOND), left: 3 };

const program = makeKernel({
  executor: "Executor",
  onTick() {},
  main: () => [structuredClone(blink), tasks.printKeypresses()],
  kinds: ({ core }) => ({
    blink(task: Blink, context: tasks.Context) {
      while (context.poll(task.ticks) === tasks.READY) {
        const second = Math.floor(task.ticks.deadline / SECOND) - 1;
        core.println(`second ${second}`);
        if ((task.left -= 1) === 0) return tasks.READY;
      }
      return tasks.PENDING;
    },
  }),
});
export default program;

if (import.meta.main) {
  const machine = new Machine({ program });
  machine.run({ clkMax: 4 * SECOND });
  console.log(machine.vga.screenText().join("\n").trim());
  console.log(`clk ${machine.clk} digest ${machine.digest()}`);
}
