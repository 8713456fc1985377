import { assertEquals, assertThrows } from "@std/assert";
import { Machine } from "./machine.ts";

Deno.test("save() and fork() ask Kernel.refuseSave(): they refuse a task that is no data by its name, and nothing else does", () => {
  const state = { turns: 0 };
  let task: string | null = null;
  const machine = new Machine({
    ramBytes: 16 * 2 ** 20,
    program: (cpu, given) => {
      const s = (given ?? state) as typeof state;
      return {
        state: s,
        entries: [],
        boot() {},
        loop() {
          s.turns += 1;
          cpu.pause();
        },
        refuseSave: () => task,
      };
    },
  });
  const snapshot = machine.save();
  task = "blinker";
  const text = 'task "blinker" is a generator, whose stack is no data; ' +
    "write it as data, or run again from before its spawn";
  assertThrows(() => machine.save(), RangeError, `Cannot save: ${text}`);
  assertThrows(() => machine.fork(), RangeError, `Cannot fork: ${text}`);
  assertEquals(machine.step(), null);
  assertEquals(machine.digest().length, 16);
  machine.load(snapshot); // What it had is given up.
  task = ""; // A name, too.
  assertThrows(() => machine.save(), RangeError, 'Cannot save: task ""');
  task = null;
  machine.fork().release();
});
