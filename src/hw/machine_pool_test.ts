import { assertEquals, assertThrows } from "@std/assert";
import { Machine } from "./machine.ts";
import { MACHINE_POOL_MAX, MachinePool } from "./machine_pool.ts";

Deno.test("MachinePool.take() gives the one given back last, and null when empty", () => {
  const pool = new MachinePool<string>();
  assertEquals(pool.take(), null);
  pool.give("a");
  pool.give("b");
  assertEquals(pool.size, 2);
  assertEquals([pool.take(), pool.take(), pool.take()], ["b", "a", null]);
});

Deno.test("MachinePool.give() refuses more than MACHINE_POOL_MAX", () => {
  const pool = new MachinePool<number>();
  for (let i = 0; i < MACHINE_POOL_MAX; i++) assertEquals(pool.give(i), true);
  assertEquals(pool.give(MACHINE_POOL_MAX), false);
  assertEquals(pool.size, MACHINE_POOL_MAX);
});

Deno.test("release() refuses every use until the machine is taken again", () => {
  const machine = new Machine({ ramBytes: 16 * 2 ** 20 });
  const fork = machine.fork();
  fork.release();
  const snapshot = machine.save();
  const uses: [string, () => void][] = [
    ["step", () => fork.step()],
    ["run", () => fork.run()],
    ["save", () => fork.save()],
    ["load", () => fork.load(snapshot)],
    ["fork", () => fork.fork()],
    ["release", () => fork.release()],
  ];
  for (const [verb, use] of uses) {
    assertThrows(
      use,
      RangeError,
      `Cannot ${verb} a machine that was released`,
    );
  }
  assertEquals(machine.fork(), fork);
  fork.step();
});

Deno.test("release() refuses inside a turn", () => {
  const machine = new Machine({
    ramBytes: 16 * 2 ** 20,
    program: (cpu) => ({
      state: {},
      entries: [],
      boot: () => {
        assertThrows(() => machine.release(), RangeError, "inside a turn");
        assertThrows(() => machine.fork(), RangeError, "inside a turn");
        cpu.nop();
      },
      loop: () => cpu.hlt(),
    }),
  });
  assertEquals(machine.step(), null);
});
