import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Prng } from "../../../base/prng.ts";
import { cloneState, copyStateInto } from "../../../base/state_tree.ts";
import { NEVER } from "../../../base/time.ts";
import {
  HEAP_MAX,
  LINEAR_MAX,
  NO_TIMER,
  Timers,
  timersState,
  type TimerStructure,
} from "./timers.ts";

const STRUCTURES = ["linear", "heap", "wheel", undefined] as const;

/** Timers kept naively. */
class Model {
  #floor = 0;
  #serial = 0;
  pending: { deadline: number; serial: number; payload: number }[] = [];

  add(deadline: number, payload: number): void {
    deadline = Math.max(deadline, this.#floor);
    this.pending.push({ deadline, serial: this.#serial++, payload });
    this.pending.sort((a, b) => a.deadline - b.deadline || a.serial - b.serial);
  }
  cancel(payload: number): boolean {
    const before = this.pending.length;
    this.pending = this.pending.filter((timer) => timer.payload !== payload);
    return this.pending.length < before;
  }
  pop(clk: number): number {
    if (clk < this.#floor) return NO_TIMER;
    const first = this.pending[0];
    if (first === undefined || first.deadline > clk) {
      this.#floor = clk;
      return NO_TIMER;
    }
    this.#floor = first.deadline;
    this.pending.shift();
    return first.payload;
  }
  get deadline(): number {
    return this.pending[0]?.deadline ?? NEVER;
  }
}

/** Deadlines that are near, equal, on both sides of digits, and far. */
const clks = (base: number): fc.Arbitrary<number> =>
  fc.oneof(
    fc.integer({ min: 0, max: 40 }).map((d) => base + d),
    fc.integer({ min: 0, max: 5_000 }).map((d) => base + d),
    fc.constantFrom(0, 31, 32, 1_023, 1_024, 2 ** 30 - 1, 2 ** 30, 2 ** 30 + 1),
    fc.constantFrom(2 ** 31, 2 ** 32, 2 ** 35 - 1, 2 ** 35, 2 ** 50, NEVER),
    fc.maxSafeNat(),
  );

type Step =
  | { readonly act: "add"; readonly deadline: number }
  | { readonly act: "cancel"; readonly nth: number }
  | { readonly act: "pop"; readonly clk: number }
  | { readonly act: "save" };

const steps = (base: number): fc.Arbitrary<Step[]> => {
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 6,
      arbitrary: clks(base).map((deadline) => ({
        act: "add" as const,
        deadline,
      })),
    },
    {
      weight: 2,
      arbitrary: fc.nat(60).map((nth) => ({ act: "cancel" as const, nth })),
    },
    {
      weight: 5,
      arbitrary: clks(base).map((clk) => ({ act: "pop" as const, clk })),
    },
    { weight: 1, arbitrary: fc.constant({ act: "save" as const }) },
  );
  return fc.array(step, { maxLength: 120, size: "max" });
};

/** Runs a script on both, comparing after each step. */
function compare(
  structure: TimerStructure | undefined,
  before: number,
  script: readonly Step[],
): void {
  let timers = new Timers(timersState(structure));
  const model = new Model();
  const ids: number[] = [];
  for (let i = 0; i < before; i++) {
    const deadline = 1_000 + 37 * i % 500;
    ids.push(timers.add(deadline, i));
    model.add(deadline, i);
  }
  for (const step of script) {
    if (step.act === "add") {
      const payload = ids.length;
      ids.push(timers.add(step.deadline, payload));
      model.add(step.deadline, payload);
    } else if (step.act === "cancel") {
      const id = ids[step.nth];
      if (id === undefined) continue;
      assertEquals(timers.cancel(id), model.cancel(step.nth));
    } else if (step.act === "pop") {
      assertEquals(timers.pop(step.clk), model.pop(step.clk));
    } else {
      timers = new Timers(cloneState(timers.state));
    }
    assertEquals(timers.size, model.pending.length);
    assertEquals(timers.deadline, model.deadline);
  }
  for (let left = model.pending.length; left >= 0; left--) {
    assertEquals(timers.pop(NEVER), model.pop(NEVER));
  }
}

for (const structure of STRUCTURES) {
  const name = structure ?? "chosen by number";
  Deno.test(`Timers order as the model does, kept in: ${name}`, () => {
    fc.assert(
      fc.property(
        fc.constantFrom(0, LINEAR_MAX - 4, HEAP_MAX - 4),
        fc.constantFrom(0, 2 ** 30 - 20, 2 ** 35 - 20, 2 ** 45).chain(steps),
        (before, script) => compare(structure, before, script),
      ),
      { numRuns: 150 },
    );
  });
}

Deno.test("Timers expire in one order whatever the structure, ties by insertion", () => {
  const orders = STRUCTURES.map((structure) => {
    const prng = new Prng(7);
    const timers = new Timers(timersState(structure));
    const ids: number[] = [];
    const order: number[] = [];
    let clk = 0;
    const moves = new Set<string>();
    for (let i = 0; i < 12_000; i++) {
      moves.add(timers.state.structure);
      const grows = i < 6_000;
      if (prng.below(10) < (grows ? 8 : 2)) {
        ids.push(timers.add(clk + 50 * prng.below(100), i));
      } else if (prng.below(3) === 0 && ids.length > 0) {
        timers.cancel(ids[prng.below(ids.length)]!);
      } else if (!grows || prng.below(8) === 0) {
        clk += prng.below(40);
        for (let t = timers.pop(clk); t !== NO_TIMER; t = timers.pop(clk)) {
          order.push(t);
        }
      }
    }
    while (timers.size > 0) order.push(timers.pop(NEVER));
    moves.add(timers.state.structure);
    assertEquals(moves.size, structure === undefined ? 3 : 1);
    return order;
  });
  for (const order of orders) assertEquals(order, orders[0]);
});

Deno.test("Timers move between structures at their bounds", () => {
  const timers = new Timers();
  const ids: number[] = [];
  const grow = (count: number) => {
    while (timers.size < count) {
      ids.push(timers.add(1_000 - timers.size % 7, 1));
    }
  };
  grow(LINEAR_MAX);
  assertEquals(timers.state.structure, "linear");
  grow(LINEAR_MAX + 1);
  assertEquals(timers.state.structure, "heap");
  grow(HEAP_MAX);
  assertEquals(timers.state.structure, "heap");
  grow(HEAP_MAX + 1);
  assertEquals(timers.state.structure, "wheel");
  while (timers.size > 0) timers.cancel(ids.pop()!);
  assertEquals(timers.state.structure, "linear");
});

Deno.test("Timers go on when their state is replaced in place", () => {
  const timers = new Timers();
  for (let i = 0; i < 40; i++) timers.add(10 * (i % 5), i);
  const saved = cloneState(timers.state);
  const drain = () => Array.from({ length: 40 }, () => timers.pop(100));
  const first = drain();
  copyStateInto(timers.state, saved);
  assertEquals(drain(), first);
  assertEquals(timers.size, 0);
});

Deno.test("add() makes a deadline that has passed due at once, last of its clk", () => {
  for (const structure of STRUCTURES) {
    const timers = new Timers(timersState(structure));
    timers.add(100, 1);
    timers.add(100, 2);
    assertEquals(timers.pop(100), 1);
    timers.add(3, 3);
    assertEquals(timers.deadline, 100);
    assertEquals(
      [timers.pop(100), timers.pop(100), timers.pop(100)],
      [2, 3, NO_TIMER],
    );
  }
});

Deno.test("pop() finds nothing due when the clk runs backwards", () => {
  const timers = new Timers();
  assertEquals(timers.pop(50), NO_TIMER);
  timers.add(10, 1);
  assertEquals([timers.pop(49), timers.pop(50)], [NO_TIMER, 1]);
});

Deno.test("cancel() and retarget() refuse a number whose timer is gone", () => {
  const timers = new Timers();
  const old = timers.add(10, 1);
  assertEquals(timers.pop(10), 1);
  const next = timers.add(20, 2);
  assertEquals(next & 0xff_ffff, old & 0xff_ffff); // The same slot.
  assertEquals([timers.cancel(old), timers.retarget(old, 9)], [false, false]);
  assertEquals(timers.retarget(next, 9), true);
  assertEquals([timers.pop(20), timers.cancel(next)], [9, false]);
  assertEquals([timers.cancel(-1), timers.cancel(12_345)], [false, false]);
});

Deno.test("add() refuses what is no clk or payload", () => {
  const timers = new Timers();
  assertThrows(() => timers.add(1.5, 0), RangeError, "Cannot add timer 0");
  assertThrows(() => timers.add(Infinity, 0), RangeError);
  assertThrows(() => timers.add(1, -1), RangeError);
  assertThrows(() => timers.add(1, NaN), RangeError);
  assertThrows(() => timers.add(1, Infinity), RangeError);
  assertEquals(timers.size, 0);
});

Deno.test("pop() refuses what is no clk, retarget() what is no payload", () => {
  for (const structure of STRUCTURES) {
    const timers = new Timers(timersState(structure));
    const id = timers.add(10, 1);
    for (const clk of [NaN, Infinity, 9.5]) {
      assertThrows(() => timers.pop(clk), RangeError, `clk ${clk}`);
    }
    for (const payload of [-1, NaN, Infinity]) {
      assertThrows(() => timers.retarget(id, payload), RangeError);
    }
    assertEquals([timers.pop(9), timers.pop(10)], [NO_TIMER, 1]);
  }
});

Deno.test("add() gives numbers that are exact, however often a slot was given away", () => {
  const timers = new Timers();
  const ids = [timers.add(1, 0), timers.add(2, 1)];
  timers.cancel(ids[1]!);
  // As if slot 1 had had 2^29 - 1 timers: one more fits below 2^53.
  timers.state.table.words[4 * 1 + 3] = ~(2 ** 29 - 1);
  for (let round = 0; round < 3; round++) {
    const id = timers.add(3, 7);
    assertEquals([Number.isSafeInteger(id), id % 2 ** 24], [true, 1]);
    assertEquals([timers.retarget(id, 8), timers.cancel(id)], [true, true]);
  }
});
