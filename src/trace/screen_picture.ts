/**
 * The text screen as an SVG picture: cells of 9 × 16 pixels, as on a VGA, in the colours of its palette.
 *
 * *Not modelled*: the font of the character generator (the viewer's monospaced one is used), and that characters blink.
 *
 * @module
 */

import { CODE_PAGE_437 } from "../hw/code_page_437.ts";
import { TEXT_COLUMNS, TEXT_ROWS } from "../hw/vga_mode3.ts";
import {
  vgaBlanked,
  vgaCell,
  vgaColors,
  vgaCursor,
  vgaRgb,
} from "../hw/vga_screen.ts";
import type { VgaState } from "../hw/vga_state.ts";

const CELL_WIDTH = 9;
const CELL_HEIGHT = 16;
const WIDTH: number = TEXT_COLUMNS * CELL_WIDTH;
const HEIGHT: number = TEXT_ROWS * CELL_HEIGHT;
/** Where characters stand in their cell: four lines above its end. */
const BASELINE = 12;
/** Text that a viewer must not close up. */
const FONT = `font-family="monospace" font-size="15" xml:space="preserve"`;

/**
 * Draws what is on the screen.
 *
 * @param vga the adapter's state, such as `machine.vga.state`
 * @returns an SVG document of 720 × 400 pixels; black while the adapter keeps the screen dark
 *
 * @example
 * ```ts
 * import { kernel, Machine } from "@lockstep/kernel";
 * import { screenPicture } from "@lockstep/kernel/trace";
 * import { assert } from "@std/assert";
 *
 * const machine = new Machine({ program: kernel, ramBytes: 16 * 2 ** 20 });
 * machine.run({ pauseClk: 100_000 });
 * assert(screenPicture(machine.vga.state).includes(">Hello World!</text>"));
 * ```
 */
export function screenPicture(vga: VgaState): string {
  const colors = Array.from(
    { length: 16 },
    (_, color) =>
      `#${
        vgaRgb(vga, color).map((part) => part.toString(16).padStart(2, "0"))
          .join("")
      }`,
  );
  const parts = vgaBlanked(vga) ? [] : [
    ...rows(vga, colors),
    ...cursor(vga, colors),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" ${FONT}>\n` +
    `<rect width="100%" height="100%" fill="${
      vgaBlanked(vga) ? "#000" : colors[0]
    }"/>\n${parts.map((part) => `${part}\n`).join("")}</svg>\n`;
}

/** All rows: what is behind the characters, then the characters. */
function rows(vga: VgaState, colors: readonly string[]): string[] {
  const parts: string[] = [];
  for (let row = 0; row < TEXT_ROWS; row++) {
    const cells = Array.from({ length: TEXT_COLUMNS }, (_, column) => {
      const cell = vgaCell(vga, row, column);
      const { foreground, background } = vgaColors(vga, cell >> 8);
      return { char: CODE_PAGE_437[cell & 0xff]!, foreground, background };
    });
    const y = row * CELL_HEIGHT;
    for (const [from, to] of runs(cells.map((cell) => cell.background))) {
      const { background } = cells[from]!;
      if (background === 0) continue; // The picture's own ground.
      parts.push(
        `<rect x="${from * CELL_WIDTH}" y="${y}" width="${
          (to - from) * CELL_WIDTH
        }" height="${CELL_HEIGHT}" fill="${colors[background]}"/>`,
      );
    }
    for (const [from, to] of runs(cells.map((cell) => cell.foreground))) {
      const { foreground } = cells[from]!;
      const text = cells.slice(from, to).map(({ char }) => char).join("");
      const shown = text.replace(/[ \u00a0]+$/, "");
      if (shown === "") continue;
      parts.push(
        `<text x="${from * CELL_WIDTH}" y="${y + BASELINE}" textLength="${
          shown.length * CELL_WIDTH
        }" fill="${colors[foreground]}">${escape(shown)}</text>`,
      );
    }
  }
  return parts;
}

/** Where equal values stand side by side: first index, index behind the last. */
function runs(values: readonly number[]): [from: number, to: number][] {
  const found: [number, number][] = [];
  values.forEach((value, i) => {
    const last = found.at(-1);
    if (last !== undefined && values[last[0]] === value) last[1] = i + 1;
    else found.push([i, i + 1]);
  });
  return found;
}

/** The cursor: lines of its cell, in the colour of the character there. */
function cursor(vga: VgaState, colors: readonly string[]): string[] {
  const { visible, row, column, startLine, endLine } = vgaCursor(vga);
  if (!visible || row === null || column === null) return [];
  if (startLine >= CELL_HEIGHT) return []; // Below the cell's last line.
  const { foreground } = vgaColors(vga, vgaCell(vga, row, column) >> 8);
  const lines = Math.min(endLine, CELL_HEIGHT - 1) - startLine + 1;
  return [
    `<rect x="${column * CELL_WIDTH}" y="${
      row * CELL_HEIGHT + startLine
    }" width="${CELL_WIDTH}" height="${lines}" fill="${colors[foreground]}"/>`,
  ];
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}
