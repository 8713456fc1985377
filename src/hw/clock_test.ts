import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { NEVER } from "../base/time.ts";
import { Clock } from "./clock.ts";

/** A clock whose alarms write their names, and what else they are told to do. */
function clockOf(
  names: readonly string[],
  then: Record<string, (clock: Clock) => void> = {},
) {
  const clock = new Clock(names);
  const rung: string[] = [];
  for (const name of names) {
    clock.connect(name, () => {
      rung.push(name);
      then[name]?.(clock);
    });
  }
  const passTo = (clk: number) => {
    clock.state.clk = clk;
    clock.runAlarms();
  };
  return { clock, rung, passTo };
}

Deno.test("runAlarms() rings on its clk, not one earlier, and once", () => {
  const { clock, rung, passTo } = clockOf(["a"]);
  clock.alarm("a").arm(100);
  passTo(99);
  assertEquals(rung, []);
  passTo(100);
  passTo(101);
  assertEquals([rung, clock.alarm("a").deadline], [["a"], NEVER]);
});

Deno.test("runAlarms() serves the earlier deadline first, and the lower slot on equal ones", () => {
  const { clock, rung, passTo } = clockOf(["a", "b", "c"]);
  clock.alarm("c").arm(5);
  clock.alarm("b").arm(7);
  clock.alarm("a").arm(7);
  passTo(10);
  assertEquals(rung, ["c", "a", "b"]);
});

Deno.test("a slot is empty when its device is called, which may arm it again", () => {
  const deadlines: number[] = [];
  const { clock, rung, passTo } = clockOf(["a"], {
    a(clock) {
      deadlines.push(clock.alarm("a").deadline);
      if (deadlines.length < 3) clock.alarm("a").arm(clock.clk); // Due at once.
    },
  });
  clock.alarm("a").arm(4);
  passTo(4);
  assertEquals([rung.length, deadlines], [3, [NEVER, NEVER, NEVER]]);
});

Deno.test("an alarm may disarm another one that is due on the same clk", () => {
  const { clock, rung, passTo } = clockOf(["a", "b"], {
    a: (clock) => clock.alarm("b").disarm(),
  });
  clock.alarm("a").arm(1);
  clock.alarm("b").arm(1);
  passTo(1);
  assertEquals(rung, ["a"]);
});

Deno.test("attention is the least of alarm, input and the boundary behind the limit; 0 while urgent", () => {
  const { clock } = clockOf(["a"]);
  assertEquals(clock.attention, NEVER);
  clock.setLimit(500);
  assertEquals(clock.attention, 501);
  clock.setNextInput(400);
  assertEquals([clock.attention, clock.nextEvent], [400, 400]);
  clock.alarm("a").arm(300);
  assertEquals([clock.attention, clock.nextEvent], [300, 300]);
  clock.setUrgent(true);
  assertEquals(clock.attention, 0);
  clock.alarm("a").disarm();
  assertEquals(clock.attention, 0);
  clock.setUrgent(false);
  assertEquals(clock.attention, 400);
  assertEquals(clock.limit, 500);
});

Deno.test("delay() moves a deadline that is there, to 0 at the least", () => {
  const { clock } = clockOf(["a"]);
  clock.delay("a", 50);
  assertEquals(clock.alarm("a").deadline, NEVER);
  clock.alarm("a").arm(100);
  clock.delay("a", 50);
  assertEquals([clock.alarm("a").deadline, clock.attention], [150, 150]);
  clock.delay("a", -500);
  assertEquals(clock.alarm("a").deadline, 0);
});

Deno.test("delay() keeps a deadline below NEVER, whatever is added", () => {
  const { clock } = clockOf(["a"]);
  for (const clks of [NEVER, NEVER - 100, NEVER - 101, 2 ** 52]) {
    clock.alarm("a").arm(100);
    clock.delay("a", clks);
    const { deadline } = clock.alarm("a");
    assertEquals(deadline, Math.min(NEVER - 1, clks + 100));
    clock.delay("a", NEVER);
    assertEquals(clock.alarm("a").deadline, NEVER - 1);
  }
});

Deno.test("alarm() refuses a name that it does not have", () => {
  assertThrows(
    () => new Clock(["a", "b"]).alarm("c"),
    RangeError,
    'Cannot find alarm "c": the machine has a, b',
  );
});

Deno.test("refresh() derives everything from the state again", () => {
  const { clock } = clockOf(["a", "b"]);
  clock.state.deadlines.set([70, 60]);
  clock.state.clk = 50;
  clock.refresh();
  assertEquals([clock.attention, clock.clk], [60, 50]);
});

Deno.test("the clock equals a sorted list of deadlines", () => {
  const names = ["a", "b", "c", "d"];
  const command = fc.record({
    slot: fc.nat(3),
    in: fc.oneof(fc.integer({ min: 0, max: 12 }), fc.constant(NEVER)),
    pass: fc.integer({ min: 0, max: 6 }),
  });
  fc.assert(fc.property(fc.array(command, { maxLength: 40 }), (script) => {
    const { clock, rung, passTo } = clockOf(names);
    const model = new Map<number, number>();
    for (const step of script) {
      const deadline = step.in === NEVER ? NEVER : clock.clk + step.in;
      clock.arm(step.slot, deadline);
      model.set(step.slot, deadline);
      rung.length = 0;
      passTo(clock.clk + step.pass);
      const due = [...model].filter(([, at]) => at <= clock.clk)
        .sort(([a, atA], [b, atB]) => atA - atB || a - b);
      assertEquals(rung, due.map(([slot]) => names[slot]!));
      for (const [slot] of due) model.delete(slot);
      const next = Math.min(NEVER, ...model.values());
      assertEquals([clock.nextEvent, clock.attention], [next, next]);
    }
  }));
});
