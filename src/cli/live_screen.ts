/**
 * From what is on the screen to what a terminal has to be told: pure, text only.
 * Cells that have not changed are not sent again.
 *
 * The picture stands in the terminal's upper left corner, the status line below
 * it. In a terminal smaller than 80 × 26 the picture is clipped: its left part,
 * and of its rows as many as fit, up to the last one that is used; a note takes
 * the place of the status line.
 *
 * Source: "XTerm Control Sequences"; synchronized output (`?2026`), which
 * terminals that don't know it ignore.
 *
 * @module
 */

import { CODE_PAGE_437 } from "../hw/code_page_437.ts";
import { TEXT_COLUMNS, TEXT_ROWS } from "../hw/vga_mode3.ts";
import type { VgaCursor } from "../hw/vga_screen.ts";
import type { TerminalSize } from "./host.ts";
import { SCREEN_CELLS, type ScreenView } from "./screen_view.ts";

/** Takes the terminal over: alternate screen, no wrapping at the edge. */
export const ENTER_SCREEN = "\x1b[?1049h\x1b[?7l\x1b[?25l\x1b[0m\x1b[2J";

/** Gives it back: colours, cursor and wrapping as they were, the old screen. */
export const LEAVE_SCREEN =
  "\x1b[?2026l\x1b[0m\x1b[0 q\x1b[?7h\x1b[?25h\x1b[?1049l";

const BEGIN_FRAME = "\x1b[?2026h\x1b[?25l";
const END_FRAME = "\x1b[?2026l";
/** A cell of which it is not known what the terminal shows. */
const UNKNOWN = -1;
/** Lines of a character's cell that make a cursor a block rather than a line. */
const BLOCK_LINES = 8;

/** Whether a terminal has room for picture and status line. */
export function hasRoom({ columns, rows }: TerminalSize): boolean {
  return columns >= TEXT_COLUMNS && rows > TEXT_ROWS;
}

/** What a terminal shows, and how to change it. */
export class LiveScreen {
  /** The cells as the terminal has them, by place on our screen. */
  readonly #drawn: Int32Array = new Int32Array(SCREEN_CELLS).fill(UNKNOWN);
  #styles = "";
  #size = "";
  #top = 0;
  #status: string | null = null;
  #cursor = "";

  /** Forgets what the terminal shows: the next frame clears it and draws all. */
  invalidate(): void {
    this.#size = "";
  }

  /**
   * A frame.
   *
   * @param view what is on the screen
   * @param size of the terminal
   * @param status what the line below the picture says
   * @returns what to write; empty if nothing has changed
   */
  draw(view: ScreenView, size: TerminalSize, status: string): string {
    const rows = hasRoom(size)
      ? TEXT_ROWS
      : Math.min(TEXT_ROWS, Math.max(0, size.rows - 1));
    const columns = Math.min(TEXT_COLUMNS, size.columns);
    const top = Math.min(
      TEXT_ROWS - rows,
      Math.max(0, lastUsedRow(view) + 1 - rows),
    );
    let text = this.#prepare(view, size, top);
    text += this.#cells(view, top, rows, columns);
    text += this.#statusLine(status, rows, size.columns);
    const cursor = cursorText(view.cursor, top, rows, columns);
    if (text === "" && cursor === this.#cursor) return "";
    this.#cursor = cursor;
    return BEGIN_FRAME + text + cursor + END_FRAME;
  }

  /** Notices what makes cells look different although they haven't changed. */
  #prepare(view: ScreenView, size: TerminalSize, top: number): string {
    const sizeKey = `${size.columns}x${size.rows}`;
    const isResized = sizeKey !== this.#size;
    const styles = view.styles.join("");
    if (isResized || styles !== this.#styles || top !== this.#top) {
      this.#drawn.fill(UNKNOWN);
    }
    this.#styles = styles;
    this.#size = sizeKey;
    this.#top = top;
    if (!isResized) return "";
    this.#status = null;
    return "\x1b[0m\x1b[2J";
  }

  #cells(
    view: ScreenView,
    top: number,
    rows: number,
    columns: number,
  ): string {
    let text = "";
    let style = "";
    for (let row = top; row < top + rows; row++) {
      let pen = UNKNOWN; // The column at which the next character would appear.
      for (let column = 0; column < columns; column++) {
        const at = row * TEXT_COLUMNS + column;
        const cell = view.cells[at]!;
        if (this.#drawn[at] === cell) continue;
        this.#drawn[at] = cell;
        if (pen !== column) text += moveTo(row - top, column);
        const wanted = view.styles[cell >> 8]!;
        if (wanted !== style) text += wanted;
        style = wanted;
        const char = CODE_PAGE_437[cell & 0xff]!;
        text += char;
        // Terminals disagree on how wide the others are, so each gets its own place.
        pen = char < "\x7f" ? column + 1 : UNKNOWN;
      }
    }
    return text;
  }

  #statusLine(status: string, row: number, columns: number): string {
    const line = clip(status, columns).padEnd(Math.min(columns, TEXT_COLUMNS));
    if (line === this.#status) return "";
    this.#status = line;
    return `${moveTo(row, 0)}\x1b[0m\x1b[2K\x1b[7m${line}\x1b[0m`;
  }
}

/** The lowest row that shows anything, or 0. */
function lastUsedRow({ cells }: ScreenView): number {
  const at = cells.findLastIndex((cell) => {
    const char = CODE_PAGE_437[cell & 0xff];
    return (char !== " " && char !== "\u00a0") || (cell & 0x7000) !== 0;
  });
  return at < 0 ? 0 : Math.floor(at / TEXT_COLUMNS);
}

function cursorText(
  cursor: VgaCursor,
  top: number,
  rows: number,
  columns: number,
): string {
  const { row, column, visible, startLine, endLine } = cursor;
  if (!visible || row === null || column === null) return "";
  if (row < top || row >= top + rows || column >= columns) return "";
  // Blinking, as the VGA's always does: a block or a line.
  const shape = endLine - startLine + 1 >= BLOCK_LINES ? 1 : 3;
  return `${moveTo(row - top, column)}\x1b[${shape} q\x1b[?25h`;
}

function moveTo(row: number, column: number): string {
  return `\x1b[${row + 1};${column + 1}H`;
}

function clip(text: string, columns: number): string {
  return text.length <= columns ? text : text.slice(0, columns);
}
