import { assertEquals } from "@std/assert";
import { statusLine } from "./status_line.ts";

const STATUS = {
  clk: 0,
  interruptsEnabled: true,
  speed: null,
  keysLost: 0,
  note: "",
};
const ROOM = { columns: 80, rows: 26 };

Deno.test("statusLine() tells virtual time, clk, IF, speed and how to quit", () => {
  assertEquals(
    statusLine(STATUS, ROOM),
    " 0:00:00.0 | clk 0 | IF 1 | - % | Ctrl-Q quits",
  );
  assertEquals(
    statusLine({
      clk: 119_318_200 * 3_723 + 11_931_820,
      interruptsEnabled: false,
      speed: 0.997,
      keysLost: 3,
      note: "hello",
    }, ROOM),
    " 1:02:03.1 | clk 444,233,590,420 | IF 0 | 100 % | Ctrl-Q quits | " +
      "keys lost 3 | hello",
  );
});

Deno.test("statusLine() says that the picture is clipped, and by what", () => {
  for (const size of [{ columns: 79, rows: 30 }, { columns: 80, rows: 25 }]) {
    assertEquals(
      statusLine(STATUS, size),
      ` Ctrl-Q quits | clipped to ${size.columns}x${size.rows}, needs 80x26`,
    );
  }
});
