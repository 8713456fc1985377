import { assert, assertEquals } from "@std/assert";
import { type VgaState, vgaState } from "../hw/vga_state.ts";
import { screenPicture } from "./screen_picture.ts";

/** A screen with a text at its start, in an attribute. */
function screen(text: string, attribute: number): VgaState {
  const vga = vgaState();
  for (let i = 0; i < text.length; i++) {
    vga.text[2 * i] = text.charCodeAt(i);
    vga.text[2 * i + 1] = attribute;
  }
  return vga;
}

const elements = (picture: string, name: string): string[] =>
  [...picture.matchAll(RegExp(`<${name} .*`, "g"))].map(([line]) => line);

Deno.test("screenPicture() draws runs of one colour, in the palette's colours", () => {
  // Yellow on blue: 0x1e (the book's colour codes).
  const picture = screenPicture(screen("a<b>&c", 0x1e));
  assertEquals(elements(picture, "text"), [
    `<text x="0" y="12" textLength="54" fill="#ffff55">a&lt;b&gt;&amp;c</text>`,
  ]);
  assertEquals(elements(picture, "rect").slice(0, 2), [
    `<rect width="100%" height="100%" fill="#000000"/>`,
    `<rect x="0" y="0" width="54" height="16" fill="#0000aa"/>`,
  ]);
});

Deno.test("screenPicture() follows the palette and the start address", () => {
  const vga = screen("x", 0x0f);
  vga.palette.set([0x3f, 0, 0], 3 * 0x3f); // White, entry 0x3f, turns red.
  assert(screenPicture(vga).includes(`fill="#ff0000">x</text>`));
  vga.crtc[0x0d] = 1; // The screen starts one cell later.
  assert(!screenPicture(vga).includes(">x</text>"));
});

Deno.test("screenPicture() shows the cursor where and as it is", () => {
  const vga = screen("", 0);
  vga.text[2 * 81 + 1] = 0x02;
  vga.crtc[0x0a] = 13;
  vga.crtc[0x0b] = 14;
  vga.crtc[0x0f] = 81; // Row 1, column 1.
  const bar = `<rect x="9" y="29" width="9" height="2" fill="#00aa00"/>`;
  assert(screenPicture(vga).includes(bar));
  vga.crtc[0x0a] = 0x20 | 13; // Off.
  assert(!screenPicture(vga).includes(bar));
});

Deno.test("screenPicture() is black while the screen is off", () => {
  const vga = screen("x", 0x0f);
  vga.sequencer[1] = 0x20;
  const picture = screenPicture(vga);
  assertEquals(elements(picture, "text"), []);
  assert(picture.includes(`fill="#000"`));
});
