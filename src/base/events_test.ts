import { assertEquals, assertThrows } from "@std/assert";
import { EVENT_KINDS, EventLog, EVENTS_MAX, NO_EVENTS } from "./events.ts";

Deno.test("EventLog records nothing while it is off", () => {
  const log = new EventLog({ clk: 5 });
  log.emit("hlt", 1);
  assertEquals([log.on, log.length, log.lost], [false, 0, 0]);
  assertEquals([...log], []);
});

Deno.test("EventLog stamps records with the clk, in order, absent numbers as 0", () => {
  const now = { clk: 10 };
  const log = new EventLog(now);
  log.on = true;
  log.emit("port-write", 0x20, 0x20, 1);
  now.clk = 2 ** 52;
  log.emit("stale-hit", -(2 ** 47), 2 ** 40);
  assertEquals([...log], [
    { clk: 10, kind: "port-write", a: 0x20, b: 0x20, c: 1 },
    { clk: 2 ** 52, kind: "stale-hit", a: -(2 ** 47), b: 2 ** 40, c: 0 },
  ]);
});

Deno.test("EventLog keeps the newest when it is full, and counts the others", () => {
  const now = { clk: 0 };
  const log = new EventLog(now, 4);
  log.on = true;
  for (now.clk = 0; now.clk < 11; now.clk++) log.emit("hlt", now.clk);
  assertEquals([...log].map(({ a }) => a), [7, 8, 9, 10]);
  assertEquals([log.length, log.lost], [4, 7]);
  log.clear();
  assertEquals([log.length, log.lost, [...log].length], [0, 0, 0]);
  log.emit("wake", 3);
  assertEquals([...log].map(({ kind }) => kind), ["wake"]);
});

Deno.test("EventLog has a name for every kind", () => {
  const log = new EventLog({ clk: 0 });
  log.on = true;
  for (const kind of EVENT_KINDS) log.emit(kind);
  assertEquals([...log].map(({ kind }) => kind), [...EVENT_KINDS]);
  assertEquals(new Set(EVENT_KINDS).size, EVENT_KINDS.length);
});

Deno.test("EventLog tells when it is switched", () => {
  const seen: boolean[] = [];
  const log = new EventLog({ clk: 0 });
  log.onSwitched = () => seen.push(log.on);
  log.on = true;
  log.on = false;
  assertEquals(seen, [true, false]);
});

Deno.test("EventLog refuses a capacity that is no positive integer", () => {
  for (const capacity of [0, -1, 1.5, NaN]) {
    assertThrows(
      () => new EventLog({ clk: 0 }, capacity),
      RangeError,
      `Cannot keep ${capacity} events`,
    );
  }
  assertEquals(EVENTS_MAX, 65_536);
});

Deno.test("NO_EVENTS is off and does nothing", () => {
  assertEquals(NO_EVENTS.on, false);
  NO_EVENTS.emit("hlt");
});
