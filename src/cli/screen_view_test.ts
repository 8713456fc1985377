import { assertEquals } from "@std/assert";
import { Emulator } from "../../tests/support/emulator.ts";
import { vgaState } from "../hw/vga_state.ts";
import { screenAnsi, screenView } from "./screen_view.ts";

Deno.test("screenAnsi() shows each cell in its colours, and ends each line without", async () => {
  const vga = vgaState();
  for (let at = 0; at < 2_000; at++) {
    vga.text[2 * at] = 0x21 + at % 90;
    vga.text[2 * at + 1] = at % 128;
  }
  const lines = screenAnsi(screenView(vga, "indexed"));
  assertEquals(lines.length, 25);
  const emulator = new Emulator(81, 26);
  await emulator.write(lines.map((line) => `${line}\r\n`).join(""));
  const xterm = [0, 4, 2, 6, 1, 5, 3, 7, 8, 12, 10, 14, 9, 13, 11, 15];
  for (let at = 0; at < 2_000; at++) {
    const cell = emulator.cell(Math.floor(at / 80), at % 80);
    assertEquals(cell, {
      char: String.fromCharCode(0x21 + at % 90),
      foreground: `5;${xterm[at % 128 & 15]}`,
      background: `5;${xterm[at % 128 >> 4]}`,
      blink: false,
    });
  }
  assertEquals(emulator.cell(3, 80).background, "default");
  emulator.dispose();
});

Deno.test("screenAnsi() without colours is text", () => {
  const vga = vgaState();
  vga.text[0] = 0x41;
  vga.text[2] = 0xff;
  const lines = screenAnsi(screenView(vga, "none"));
  assertEquals(lines, ["A", ...Array(24).fill("")]);
});
