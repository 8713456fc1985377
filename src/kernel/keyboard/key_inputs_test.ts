import { assertEquals, assertThrows } from "@std/assert";
import { KEY_BYTE_CLK, type KeyInputOptions, keyInputs } from "./key_inputs.ts";

Deno.test("keyInputs() spaces bytes by a millisecond, or as told", () => {
  assertEquals(KEY_BYTE_CLK, 119_318);
  const clks = (byteClk?: number) =>
    keyInputs("a", { clk: 7, ...byteClk === undefined ? {} : { byteClk } })
      .map(({ clk }) => clk);
  assertEquals(clks(), [7, 119_325, 238_643]);
  assertEquals(clks(10), [7, 17, 27]);
  assertEquals(clks(1), [7, 8, 9]);
});

Deno.test("keyInputs() refuses a clk, a pace or a layout that is none", () => {
  const refuse = (options: object, message: string) =>
    assertThrows(
      () => keyInputs("a", options as KeyInputOptions),
      RangeError,
      message,
    );
  for (const clk of [NaN, -1, 1.5, "8", undefined]) {
    refuse({ clk }, `Cannot type from clk ${clk} on: give a whole number`);
  }
  for (const byteClk of [NaN, -1, 1.5, 0]) {
    refuse({ clk: 1, byteClk }, `Cannot type a byte in ${byteClk} clk: give`);
  }
  refuse({ clk: 1, layout: "De" }, "Cannot type on layout De: choose Us104Key");
});

Deno.test("keyInputs() are bytes of set 2, with the layout's keys", () => {
  const data = (text: string, layout?: "De105Key") =>
    keyInputs(text, { clk: 1, ...layout ? { layout } : {} })
      .map(({ data }) => data);
  assertEquals(data("z"), [0x1a, 0xf0, 0x1a]);
  assertEquals(data("z", "De105Key"), [0x35, 0xf0, 0x35]);
  assertEquals(data("{ArrowUp}"), [0xe0, 0x75, 0xe0, 0xf0, 0x75]);
  assertThrows(() => data("é"), RangeError, "é");
});
