import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Emulator, type SeenCell } from "../../tests/support/emulator.ts";
import { type VgaState, vgaState } from "../hw/vga_state.ts";
import { ENTER_SCREEN, LEAVE_SCREEN, LiveScreen } from "./live_screen.ts";
import { screenView } from "./screen_view.ts";

/** Unicode's CP437.TXT with IBM's graphics, in rows of 16; 0x00 shows nothing. */
const CP437 = [
  " ☺☻♥♦♣♠•◘○◙♂♀♪♫☼",
  "►◄↕‼¶§▬↨↑↓→←∟↔▲▼",
  " !\"#$%&'()*+,-./",
  "0123456789:;<=>?",
  "@ABCDEFGHIJKLMNO",
  "PQRSTUVWXYZ[\\]^_",
  "`abcdefghijklmno",
  "pqrstuvwxyz{|}~⌂",
  "ÇüéâäàåçêëèïîìÄÅ",
  "ÉæÆôöòûùÿÖÜ¢£¥₧ƒ",
  "áíóúñÑªº¿⌐¬½¼¡«»",
  "░▒▓│┤╡╢╖╕╣║╗╝╜╛┐",
  "└┴┬├─┼╞╟╚╔╩╦╠═╬╧",
  "╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀",
  "αßΓπΣσµτΦΘΩδ∞φε∩",
  "≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0",
].join("");

/** Colours of the VGA, 0 to 15, by the numbers that xterm gives them. */
const XTERM = [0, 4, 2, 6, 1, 5, 3, 7, 8, 12, 10, 14, 9, 13, 11, 15];

const ROOM = { columns: 80, rows: 26 };

function expected(byte: number, attribute: number): SeenCell {
  return {
    char: CP437[byte]!,
    foreground: `5;${XTERM[attribute & 15]}`,
    background: `5;${XTERM[(attribute >> 4) & 7]}`,
    blink: attribute >= 0x80,
  };
}

/** Puts a byte and an attribute on each cell. */
function paint(
  vga: VgaState,
  cell: (at: number) => readonly [number, number],
): void {
  for (let at = 0; at < 2_000; at++) {
    const [byte, attribute] = cell(at);
    vga.text[2 * at] = byte;
    vga.text[2 * at + 1] = attribute;
  }
}

function compareAll(emulator: Emulator, vga: VgaState): void {
  for (let at = 0; at < 2_000; at++) {
    const [row, column] = [Math.floor(at / 80), at % 80];
    assertEquals(
      emulator.cell(row, column),
      expected(vga.text[2 * at]!, vga.text[2 * at + 1]!),
      `row ${row}, column ${column}`,
    );
  }
}

Deno.test("draw() shows each of 80 × 25 cells, glyph and both colours, all bytes and attributes", async () => {
  const emulator = new Emulator(80, 26);
  const screen = new LiveScreen();
  const vga = vgaState();
  await emulator.write(ENTER_SCREEN);
  const seen = new Set<string>();
  for (let picture = 0; picture < 4; picture++) {
    paint(vga, (at) => {
      const byte = (at + 61 * picture) & 0xff;
      const attribute = (at * 7 + (at >> 8) + 97 * picture) & 0xff;
      seen.add(`byte ${byte}`).add(`attribute ${attribute}`);
      return [byte, attribute];
    });
    await emulator.write(screen.draw(screenView(vga, "indexed"), ROOM, "ok"));
    compareAll(emulator, vga);
  }
  assertEquals(seen.size, 512);
  assertEquals(emulator.line(25), "ok");
  emulator.dispose();
});

Deno.test("draw() of changes shows the same as draw() of the whole", async () => {
  const change = fc.tuple(
    fc.nat(1_999),
    fc.nat(255),
    fc.nat(255),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(change, { maxLength: 40 }), { maxLength: 5 }),
      async (frames) => {
        const emulator = new Emulator(80, 26);
        const screen = new LiveScreen();
        const vga = vgaState();
        for (const frame of [[], ...frames]) {
          for (const [at, byte, attribute] of frame) {
            vga.text[2 * at] = byte;
            vga.text[2 * at + 1] = attribute;
          }
          await emulator.write(
            screen.draw(screenView(vga, "indexed"), ROOM, ""),
          );
        }
        compareAll(emulator, vga);
        emulator.dispose();
      },
    ),
    { numRuns: 15 },
  );
});

Deno.test("draw() writes nothing when nothing has changed, and one cell when one has", () => {
  const screen = new LiveScreen();
  const vga = vgaState();
  const draw = () => screen.draw(screenView(vga, "indexed"), ROOM, "s");
  assert(draw().length > 2_000);
  assertEquals(draw(), "");
  vga.text[0] = 0x41;
  const text = draw();
  assert(text.includes("\x1b[1;1H\x1b[0;38;5;7;48;5;0mA"), text);
  assert(text.length < 80, text);
  assertEquals(draw(), "");
});

Deno.test("draw() wraps a frame in synchronized output, and keeps it short", () => {
  const vga = vgaState();
  paint(vga, (at) => [at & 1 ? 0xb0 : 0x41, at & 0xff]);
  const text = new LiveScreen().draw(screenView(vga, "indexed"), ROOM, "");
  assert(text.startsWith("\x1b[?2026h"));
  assert(text.endsWith("\x1b[?2026l"));
  // The worst of pictures: each cell in other colours, every second one at its own place.
  assert(new TextEncoder().encode(text).length <= 60_000);
  paint(vga, () => [0x41, 0x07]);
  const plain = new LiveScreen().draw(screenView(vga, "indexed"), ROOM, "");
  assert(plain.length < 3_000);
});

Deno.test("draw() puts the cursor where the CRT controller has it, in its shape", async () => {
  const emulator = new Emulator(80, 26);
  const screen = new LiveScreen();
  const vga = vgaState();
  const draw = async () => {
    const text = screen.draw(screenView(vga, "indexed"), ROOM, "");
    await emulator.write(text);
    return text;
  };
  vga.crtc[0x0e] = 3;
  vga.crtc[0x0f] = 0x29; // 809 = 10 × 80 + 9.
  const line = await draw();
  assertEquals(emulator.cursor, [10, 9]);
  assert(line.includes("\x1b[3 q\x1b[?25h"), "lines 13 and 14: a line");
  vga.crtc[0x0a] = 0;
  vga.crtc[0x0b] = 15;
  assert((await draw()).includes("\x1b[1 q\x1b[?25h"), "a block");
  vga.crtc[0x0a] = 0x20; // Off.
  const off = await draw();
  assert(off.includes("\x1b[?25l") && !off.includes("\x1b[?25h"));
  emulator.dispose();
});

Deno.test("draw() redraws when the palette changes", async () => {
  const emulator = new Emulator(80, 26);
  const screen = new LiveScreen();
  const vga = vgaState();
  paint(vga, () => [0x41, 0x01]);
  await emulator.write(screen.draw(screenView(vga, "rgb"), ROOM, ""));
  vga.palette.set([63, 0, 0], 3); // Blue becomes red.
  await emulator.write(screen.draw(screenView(vga, "rgb"), ROOM, ""));
  assertEquals(emulator.cell(12, 40).foreground, "2;ff0000");
  emulator.dispose();
});

Deno.test("draw() clips to a small terminal, with the last used row in view and a status line", async () => {
  const vga = vgaState();
  paint(vga, (at) => [at >= 1_920 ? 0x7a : 0x20, 0x07]); // z in row 24.
  vga.text[0] = 0x54; // T at the top left.
  const screen = new LiveScreen();
  const emulator = new Emulator(60, 20);
  const draw = async (columns: number, rows: number) => {
    emulator.resize(columns, rows);
    const size = { columns, rows };
    const view = screenView(vga, "indexed");
    await emulator.write(screen.draw(view, size, "status of the machine"));
  };
  await draw(60, 20);
  assertEquals(emulator.line(18), "z".repeat(60));
  assertEquals(emulator.line(19), "status of the machine");
  paint(vga, () => [0x20, 0x07]); // Empty: from the top.
  vga.text[0] = 0x54;
  await draw(60, 20);
  assertEquals(emulator.line(0), "T");
  await draw(10, 3);
  assertEquals([0, 1, 2].map((row) => emulator.line(row)), [
    "T",
    "",
    "status of",
  ]);
  await draw(1, 1);
  assertEquals(emulator.line(0), "s");
  await draw(120, 40);
  assertEquals(emulator.line(0), "T");
  assertEquals(emulator.line(25), "status of the machine");
  assertEquals(emulator.line(39), "");
  emulator.dispose();
});

Deno.test("ENTER_SCREEN and LEAVE_SCREEN leave the terminal as it was", async () => {
  const emulator = new Emulator(80, 30);
  await emulator.write("before\r\n$ ");
  await emulator.write(ENTER_SCREEN);
  assert(emulator.isAlternate);
  const vga = vgaState();
  paint(vga, () => [0xdb, 0x4e]);
  await emulator.write(
    new LiveScreen().draw(screenView(vga, "indexed"), ROOM, "s"),
  );
  await emulator.write(`${LEAVE_SCREEN}after`);
  assert(!emulator.isAlternate);
  assertEquals([emulator.line(0), emulator.line(1)], ["before", "$ after"]);
  assertEquals(emulator.cell(1, 2).foreground, "default");
  emulator.dispose();
});

Deno.test("draw() without colours sends none", () => {
  const vga = vgaState();
  paint(vga, () => [0x41, 0x1e]);
  const text = new LiveScreen().draw(screenView(vga, "none"), ROOM, "s");
  // deno-lint-ignore no-control-regex
  assert(!/\x1b\[[0-9;]*[34]8;/.test(text));
});

Deno.test("draw() shows nothing while the adapter keeps the screen dark", async () => {
  const emulator = new Emulator(80, 26);
  const vga = vgaState();
  paint(vga, () => [0x41, 0x1e]);
  vga.sequencer[1]! |= 0x20;
  await emulator.write(
    new LiveScreen().draw(screenView(vga, "indexed"), ROOM, "s"),
  );
  assertEquals(emulator.line(3), "");
  emulator.dispose();
});
