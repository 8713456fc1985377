import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  calendarSeconds,
  calendarTime,
  calendarWeekday,
  formatCalendar,
  parseCalendar,
} from "./rtc_calendar.ts";

/** Seconds between the epoch of JavaScript's dates and 2000. */
const EPOCH = Date.UTC(2000, 0, 1) / 1000;

Deno.test("calendarSeconds() and calendarWeekday() at known dates", () => {
  const rows: [string, number, number][] = [
    ["2000-01-01T00:00:00", 0, 6],
    ["2000-02-29T00:00:00", 59 * 86_400, 2],
    ["2000-03-01T00:00:00", 60 * 86_400, 3],
    ["2020-01-02T03:04:05", 631_249_445, 4],
    ["1999-12-31T23:59:59", -1, 5],
    ["2100-03-01T00:00:00", 36_584 * 86_400, 1], // 2100 is no leap year.
  ];
  for (const [text, seconds, weekday] of rows) {
    assertEquals(parseCalendar(text), seconds, text);
    assertEquals(formatCalendar(seconds), text);
    assertEquals(calendarWeekday(seconds), weekday, text);
  }
});

Deno.test("calendarTime() agrees with JavaScript's dates over 3,000 years", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -30_000_000_000, max: 60_000_000_000 }),
      (seconds) => {
        const date = new Date((seconds + EPOCH) * 1000);
        assertEquals(formatCalendar(seconds), date.toISOString().slice(0, 19));
        assertEquals(calendarWeekday(seconds), date.getUTCDay());
        assertEquals(calendarSeconds(calendarTime(seconds)), seconds);
      },
    ),
    { numRuns: 2000 },
  );
});

Deno.test("calendarSeconds() carries when fields lie outside of their ranges", () => {
  const time = { year: 2020, month: 1, day: 1, hour: 0, minute: 0, second: 0 };
  const rows: [Partial<typeof time>, string][] = [
    [{ second: 99 }, "2020-01-01T00:01:39"],
    [{ minute: 60 }, "2020-01-01T01:00:00"],
    [{ hour: 25 }, "2020-01-02T01:00:00"],
    [{ day: 0 }, "2019-12-31T00:00:00"],
    [{ month: 2, day: 30 }, "2020-03-01T00:00:00"],
    [{ month: 13 }, "2021-01-01T00:00:00"],
    [{ month: 0 }, "2019-12-01T00:00:00"],
  ];
  for (const [fields, text] of rows) {
    assertEquals(formatCalendar(calendarSeconds({ ...time, ...fields })), text);
  }
});

Deno.test("parseCalendar() throws when the text is no date", () => {
  for (
    const text of [
      "",
      "2020-01-02",
      "2020-01-02 03:04:05",
      "2020-13-02T03:04:05",
      "2020-00-02T03:04:05",
      "2021-02-29T03:04:05",
      "2020-01-02T24:04:05",
      "2020-01-02T03:04:60",
      "2020-01-02T03:04:05Z",
    ]
  ) assertThrows(() => parseCalendar(text), RangeError, "Cannot set the clock");
});
