/**
 * What the VGA shows in a text mode, as data.
 *
 * Source: IBM VGA Technical Reference, "Alphanumeric Modes", "Attribute Controller Registers", "CRT Controller
 * Registers" (start address, offset, cursor).
 *
 * *Not modelled*: split screen (line compare), panning, preset row scan, the 9th dot of line-drawing characters, the
 * cursor's skew and blinking, loaded fonts, character map select, other sizes than 80 × 25, and graphics modes: the memory
 * is shown as text whatever the mode.
 *
 * @module
 */

import { CODE_PAGE_437 } from "./code_page_437.ts";
import { TEXT_COLUMNS, TEXT_ROWS } from "./vga_mode3.ts";
import type { VgaState } from "./vga_state.ts";

/** One cell of the screen. */
export interface VgaCell {
  /** Code page 437 character, 0 to 255. */
  readonly byte: number;
  /** Colours and blinking, 0 to 255. */
  readonly attribute: number;
}

/** The meaning of an attribute byte. */
export interface VgaColors {
  /** Colour of the character, 0 to 15. */
  readonly foreground: number;
  /** Colour behind it, 0 to 15; 0 to 7 where bit 7 means blinking. */
  readonly background: number;
  /** Whether the character blinks. */
  readonly blink: boolean;
}

/** The cursor. */
export interface VgaCursor {
  /** Row, from 0; `null` if the cursor's address lies outside of the screen. */
  readonly row: number | null;
  /** Column, from 0; `null` like the row. */
  readonly column: number | null;
  /** Whether it shows: on, on the screen, and its first line not below its last. */
  readonly visible: boolean;
  /** First line of the cursor in a character's cell, 0 to 31. */
  readonly startLine: number;
  /** Last line, 0 to 31. */
  readonly endLine: number;
}

const WINDOW_CELLS = 0x4000;

/** Cells from one row to the next: the offset register counts words of two cells. */
function pitch(s: VgaState): number {
  return s.crtc[0x13]! * 2;
}

function startAddress(s: VgaState): number {
  return s.crtc[0x0c]! << 8 | s.crtc[0x0d]!;
}

/**
 * One cell, cheaply.
 *
 * @param s the VGA
 * @param row 0 to 24
 * @param column 0 to 79
 * @returns the character byte, and the attribute × 256
 */
export function vgaCell(s: VgaState, row: number, column: number): number {
  const cell = startAddress(s) + row * pitch(s) + column;
  const i = 2 * (cell % WINDOW_CELLS);
  return s.text[i]! | s.text[i + 1]! << 8;
}

/**
 * The cells on the screen, row by row.
 *
 * @param s the VGA
 * @returns 25 × 80 cells; cell (row, column) is at 80 × row + column
 */
export function vgaCells(s: VgaState): VgaCell[] {
  const cells: VgaCell[] = [];
  for (let row = 0; row < TEXT_ROWS; row++) {
    for (let column = 0; column < TEXT_COLUMNS; column++) {
      const cell = vgaCell(s, row, column);
      cells.push({ byte: cell & 0xff, attribute: cell >> 8 });
    }
  }
  return cells;
}

/**
 * The characters on the screen.
 *
 * @param s the VGA
 * @returns 25 lines in Unicode without blanks (0x00, 0x20 and 0xff) at their ends
 */
export function vgaText(s: VgaState): string[] {
  return Array.from({ length: TEXT_ROWS }, (_, row) => {
    let line = "";
    for (let column = 0; column < TEXT_COLUMNS; column++) {
      line += CODE_PAGE_437[vgaCell(s, row, column) & 0xff]!;
    }
    return line.replace(/[ \u00a0]+$/, "");
  });
}

/**
 * Takes an attribute byte apart.
 *
 * @param s the VGA: bit 3 of the attribute controller's mode register decides what bit 7 means
 * @param attribute 0 to 255
 * @returns the colours
 */
export function vgaColors(s: VgaState, attribute: number): VgaColors {
  const blinking = (s.attribute[0x10]! & 0x08) !== 0;
  return {
    foreground: attribute & 0x0f,
    background: (attribute >> 4) & (blinking ? 0x07 : 0x0f),
    blink: blinking && (attribute & 0x80) !== 0,
  };
}

/**
 * The colour that a number from 0 to 15 shows, through attribute controller and palette.
 *
 * @param s the VGA
 * @param color 0 to 15
 * @returns red, green and blue, 0 to 255 each
 */
export function vgaRgb(s: VgaState, color: number): [number, number, number] {
  const select = s.attribute[0x14]!;
  const entry = s.attribute[color & s.attribute[0x12]! & 0x0f]!;
  const low = s.attribute[0x10]! & 0x80
    ? entry & 0x0f | (select & 3) << 4 // P5 and P4 come from the colour select register.
    : entry;
  const index = 3 * ((low | (select & 0x0c) << 4) & s.dacMask);
  const wide = (six: number): number => six << 2 | six >> 4;
  const p = s.palette;
  return [wide(p[index]!), wide(p[index + 1]!), wide(p[index + 2]!)];
}

/**
 * Whether the screen is dark whatever the memory holds.
 *
 * @param s the VGA
 * @returns `true` if the palette is disconnected (attribute address bit 5 clear) or the sequencer's screen-off bit is set
 */
export function vgaBlanked(s: VgaState): boolean {
  return (s.attributeIndex & 0x20) === 0 || (s.sequencer[1]! & 0x20) !== 0;
}

/**
 * The cursor.
 *
 * @param s the VGA
 * @returns shape and place
 */
export function vgaCursor(s: VgaState): VgaCursor {
  const address = s.crtc[0x0e]! << 8 | s.crtc[0x0f]!;
  const cell = (address - startAddress(s)) & 0xffff;
  const width = pitch(s);
  const row = width > 0 ? Math.floor(cell / width) : 0;
  const column = cell - row * width;
  const placed = row < TEXT_ROWS && column < TEXT_COLUMNS;
  const startLine = s.crtc[0x0a]! & 0x1f;
  const endLine = s.crtc[0x0b]! & 0x1f;
  const on = (s.crtc[0x0a]! & 0x20) === 0;
  return {
    row: placed ? row : null,
    column: placed ? column : null,
    visible: on && placed && startLine <= endLine,
    startLine,
    endLine,
  };
}
