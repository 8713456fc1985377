import { assertEquals, assertThrows } from "@std/assert";
import { Machine } from "../hw/machine.ts";
import { Typist, wireBytes } from "./typing.ts";
import { UsageError } from "./usage_error.ts";

Deno.test("wireBytes() sends make and break codes of set 2", () => {
  const rows: [string, boolean, number[]][] = [
    ["a", true, [0x1c, 0xf0, 0x1c]],
    ["A", true, [0x12, 0x1c, 0xf0, 0x1c, 0xf0, 0x12]],
    ["{Enter}", true, [0x5a, 0xf0, 0x5a]],
    ["\n", true, [0x5a, 0xf0, 0x5a]],
    ["\r\n", false, [0x5a, 0xf0, 0x5a]],
    ["\r", false, [0x5a, 0xf0, 0x5a]],
    ["{F1}", true, [0x05, 0xf0, 0x05]],
    ["{Ctrl+c}", true, [0x14, 0x21, 0xf0, 0x21, 0xf0, 0x14]],
    ["{{", true, [0x12, 0x54, 0xf0, 0x54, 0xf0, 0x12]],
    ["{", false, [0x12, 0x54, 0xf0, 0x54, 0xf0, 0x12]],
    ["", true, []],
  ];
  for (const [text, braces, bytes] of rows) {
    assertEquals(wireBytes(text, "Us104Key", braces), bytes, text);
  }
});

Deno.test("wireBytes() chooses keys for the layout", () => {
  assertEquals(wireBytes("z", "De105Key", true), [0x35, 0xf0, 0x35]);
  assertEquals(wireBytes("z", "Us104Key", true), [0x1a, 0xf0, 0x1a]);
});

Deno.test("wireBytes() refuses what cannot be typed", () => {
  for (const text of ["é", "{Nokey}", "{"]) {
    assertThrows(() => wireBytes(text, "Us104Key", true), UsageError);
  }
});

Deno.test("Typist puts a millisecond between bytes, across calls too", () => {
  const machine = new Machine({ ramBytes: 16 * 2 ** 20 });
  const typist = new Typist();
  typist.type(machine, [1, 2]);
  typist.type(machine, [3]);
  assertEquals(machine.inputs.map(({ clk }) => clk), [
    1,
    1 + 119_318,
    1 + 2 * 119_318,
  ]);
});

Deno.test("Typist startAt() keeps the first byte a millisecond away", () => {
  const machine = new Machine({ ramBytes: 16 * 2 ** 20 });
  const typist = new Typist();
  typist.startAt(machine);
  typist.type(machine, [1]);
  assertEquals(machine.inputs.map(({ clk }) => clk), [119_318]);
});
