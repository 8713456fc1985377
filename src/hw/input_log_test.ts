import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { NEVER } from "../base/time.ts";
import { type Input, InputLog } from "./input_log.ts";

const key = (clk: number, data = 0): Input => ({ clk, source: "key", data });

Deno.test("take() gives each entry once it is due, in order of clk, then of adding", () => {
  const log = new InputLog();
  log.add([key(5, 1), key(3, 2), key(5, 3)], 0);
  log.add([key(5, 4), key(4, 5)], 0);
  assertEquals([log.next, log.pending], [3, 5]);
  assertEquals(log.take(2), null);
  const data: number[] = [];
  for (let clk = 3; clk <= 5; clk++) {
    for (let input = log.take(clk); input; input = log.take(clk)) {
      if (input.source === "key") data.push(input.data);
    }
  }
  assertEquals(data, [2, 5, 1, 3, 4]);
  assertEquals([log.next, log.pending, log.cursor], [NEVER, 0, 5]);
  assertEquals(log.entries.length, 5);
});

Deno.test("add() behind what has happened leaves that alone", () => {
  const log = new InputLog();
  log.add([key(1), key(9)], 0);
  log.take(1);
  log.add([key(2), key(20)], 1);
  assertEquals(log.entries.map(({ clk }) => clk), [1, 2, 9, 20]);
  assertEquals([log.cursor, log.next], [1, 2]);
});

Deno.test("add() copies: changing what was given changes nothing", () => {
  const input = { clk: 4, source: "key" as const, data: 1 };
  const log = new InputLog();
  log.add([input], 0);
  input.clk = 1;
  assertEquals(log.next, 4);
});

Deno.test("add() takes more entries at once than a call takes arguments", () => {
  const log = new InputLog();
  log.add(Array.from({ length: 300_000 }, (_, i) => key(300_000 - i)), 0);
  assertEquals([log.pending, log.next], [300_000, 1]);
});

const BAD: readonly [unknown, string][] = [
  [key(3), "clk 3 has passed; give a later one"],
  [key(2.5), "clk is a whole number of cycles since power-on"],
  [key(NaN), "clk is a whole number of cycles since power-on"],
  [key(NEVER), "clk is a whole number of cycles since power-on"],
  [key(9, 256), "data is a byte"],
  [key(9, 0.5), "data is a byte"],
  [{ clk: 9, source: "serial" }, "data is a byte"],
  [{ clk: 9, source: "mouse", data: 0 }, "source is key, serial, nmi or delay"],
  [{ clk: 9, source: "delay", alarm: "t", data: NaN }, "whole number of clks"],
];
for (const [input, why] of BAD) {
  Deno.test(`add() refuses ${JSON.stringify(input)}: ${why}`, () => {
    const log = new InputLog();
    assertThrows(
      () => log.add([key(9), input as Input], 3),
      RangeError,
      why,
    );
    assertEquals(log.entries, []);
  });
}

Deno.test("restore() goes back to an earlier moment, and shares nothing", () => {
  const log = new InputLog();
  log.add([key(1), key(2)], 0);
  const saved = { entries: log.entries.slice(), cursor: log.cursor };
  log.take(1);
  log.add([key(7)], 1);
  log.restore(saved.entries, saved.cursor);
  assertEquals([log.next, log.pending], [1, 2]);
  log.add([key(8)], 0);
  assertEquals(saved.entries.length, 2);
});

Deno.test("any order of adding gives the same log, but for equal clks", () => {
  const clks = fc.uniqueArray(fc.integer({ min: 1, max: 1_000 }), {
    maxLength: 30,
  });
  fc.assert(fc.property(clks, fc.nat(30), (list, cut) => {
    const log = new InputLog();
    log.add(list.slice(0, cut).map((clk) => key(clk)), 0);
    log.add(list.slice(cut).map((clk) => key(clk)), 0);
    const sorted = [...list].sort((a, b) => a - b);
    assertEquals(log.entries.map(({ clk }) => clk), sorted);
  }));
});
