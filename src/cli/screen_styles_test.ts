import { assertEquals } from "@std/assert";
import { vgaState } from "../hw/vga_state.ts";
import { attributeStyles, colorDepth } from "./screen_styles.ts";

Deno.test("attributeStyles() gives foreground, background and blinking", () => {
  const styles = attributeStyles(vgaState(), "indexed");
  const rows: [number, string][] = [
    [0x07, "0;38;5;7;48;5;0"],
    [0x0e, "0;38;5;11;48;5;0"], // Yellow on black: the book's writer.
    [0x1f, "0;38;5;15;48;5;4"], // White on blue.
    [0x4c, "0;38;5;9;48;5;1"], // Light red on red.
    [0x87, "0;5;38;5;7;48;5;0"], // Bit 7 blinks in mode 3.
  ];
  for (const [attribute, parameters] of rows) {
    assertEquals(styles[attribute], `\x1b[${parameters}m`);
  }
});

Deno.test("attributeStyles() has 16 backgrounds when bit 7 doesn't mean blinking", () => {
  const vga = vgaState();
  vga.attribute[0x10]! &= ~0x08;
  assertEquals(attributeStyles(vga, "rgb")[0x9f], "\x1b[0;38;5;15;48;5;12m");
});

Deno.test("attributeStyles() shows a palette that the kernel has changed", () => {
  const vga = vgaState();
  vga.palette.set([63, 32, 0], 3 * vga.attribute[1]!); // 255, 130, 0.
  assertEquals(
    attributeStyles(vga, "rgb")[0x01],
    "\x1b[0;38;2;255;130;0;48;5;0m",
  );
  // Nearest of 0, 95, 135, 175, 215, 255: 5, 2, 0.
  assertEquals(
    attributeStyles(vga, "indexed")[0x01],
    "\x1b[0;38;5;208;48;5;0m",
  );
});

Deno.test("attributeStyles() sends nothing without colours", () => {
  assertEquals(new Set(attributeStyles(vgaState(), "none")), new Set([""]));
});

Deno.test("colorDepth() follows NO_COLOR and COLORTERM", () => {
  const rows: [Record<string, string>, string][] = [
    [{}, "indexed"],
    [{ COLORTERM: "truecolor" }, "rgb"],
    [{ COLORTERM: "24bit" }, "rgb"],
    [{ COLORTERM: "yes" }, "indexed"],
    [{ COLORTERM: "truecolor", NO_COLOR: "1" }, "none"],
    [{ NO_COLOR: "" }, "indexed"], // Set but empty counts as not set.
  ];
  for (const [env, depth] of rows) {
    assertEquals(colorDepth((name) => env[name]), depth);
  }
});
