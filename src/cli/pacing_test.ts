import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { LAG_MS_MAX, Pacer } from "./pacing.ts";

Deno.test("target() is where real time is: 119,318,200 clk a second", () => {
  const pacer = new Pacer(5, 1_000);
  assertEquals(pacer.target(5, 1_000), 5);
  assertEquals(pacer.target(5, 1_016), 5 + 1_909_091);
  let clk = 5;
  for (let ms = 1_100; ms <= 61_000; ms += 100) clk = pacer.target(clk, ms);
  assertEquals(clk, 5 + 60 * 119_318_200); // No rounding adds up.
});

Deno.test("target() forgives a debt of more than a quarter second", () => {
  const pacer = new Pacer(0, 0);
  assertEquals(LAG_MS_MAX, 250);
  assertEquals(pacer.target(0, 250), 29_829_550);
  assertEquals(pacer.target(0, 251), 0); // The computer slept: on from here.
  assertEquals(pacer.target(0, 252), 119_318);
});

Deno.test("target() never goes back, whatever the host's clock does", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -99, max: 999 })), (steps) => {
      const pacer = new Pacer(0, 0);
      let [clk, ms] = [0, 0];
      for (const step of steps) {
        ms += step;
        const target = pacer.target(clk, ms);
        assert(Number.isSafeInteger(target) && target >= clk);
        clk = target;
      }
    }),
  );
});

Deno.test("speed is measured over half a second", () => {
  const pacer = new Pacer(0, 0);
  assertEquals(pacer.speed, null);
  pacer.note(1, 499);
  assertEquals(pacer.speed, null);
  pacer.note(59_659_100, 500);
  assertEquals(pacer.speed, 1);
  pacer.note(59_659_100 + 59_659_100, 1_500);
  assertEquals(pacer.speed, 0.5);
});
