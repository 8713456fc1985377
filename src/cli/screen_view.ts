/**
 * The VGA's picture, taken once for whoever shows it.
 *
 * @module
 */

import { CODE_PAGE_437 } from "../hw/code_page_437.ts";
import {
  vgaBlanked,
  vgaCell,
  type VgaCursor,
  vgaCursor,
} from "../hw/vga_screen.ts";
import { TEXT_COLUMNS, TEXT_ROWS } from "../hw/vga_mode3.ts";
import type { VgaState } from "../hw/vga_state.ts";
import { attributeStyles, type ColorDepth } from "./screen_styles.ts";

/** Cells of the screen. */
export const SCREEN_CELLS: number = TEXT_ROWS * TEXT_COLUMNS;

/** What is on the screen. */
export interface ScreenView {
  /** Row by row: character byte, and attribute × 256. */
  readonly cells: Uint16Array;
  /** What each attribute looks like. */
  readonly styles: readonly string[];
  /** The cursor. */
  readonly cursor: VgaCursor;
}

/**
 * Looks at the screen.
 *
 * @param vga the adapter's state
 * @param depth the colours that can be shown
 * @returns what is on it; nothing, while the adapter keeps it dark
 */
export function screenView(vga: VgaState, depth: ColorDepth): ScreenView {
  const cells = new Uint16Array(SCREEN_CELLS);
  const cursor = vgaCursor(vga);
  const styles = attributeStyles(vga, depth);
  if (vgaBlanked(vga)) {
    return { cells, styles, cursor: { ...cursor, visible: false } };
  }
  for (let row = 0; row < TEXT_ROWS; row++) {
    for (let column = 0; column < TEXT_COLUMNS; column++) {
      cells[row * TEXT_COLUMNS + column] = vgaCell(vga, row, column);
    }
  }
  return { cells, styles, cursor };
}

/**
 * The screen in its colours, for a pipe or a file.
 *
 * @param view what is on the screen
 * @returns 25 lines; without colours blanks at their ends are cut
 */
export function screenAnsi(view: ScreenView): string[] {
  return Array.from({ length: TEXT_ROWS }, (_, row) => {
    let line = "";
    let pen = "";
    for (let column = 0; column < TEXT_COLUMNS; column++) {
      const cell = view.cells[row * TEXT_COLUMNS + column]!;
      const style = view.styles[cell >> 8]!;
      if (style !== pen) line += style;
      pen = style;
      line += CODE_PAGE_437[cell & 0xff]!;
    }
    return pen === "" ? line.replace(/[ \u00a0]+$/, "") : `${line}\x1b[0m`;
  });
}
