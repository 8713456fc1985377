/**
 * A terminal that understands what a program writes: xterm's own parser.
 *
 * @module
 */

import xterm from "@xterm/headless";

/** A cell as a person sees it. */
export interface SeenCell {
  /** Its character; a space where there is none. */
  readonly char: string;
  /** `5;n` for a colour of the palette, `2;rrggbb`, or `default`. */
  readonly foreground: string;
  /** Like the foreground. */
  readonly background: string;
  /** Whether it blinks. */
  readonly blink: boolean;
}

/** A terminal. */
export class Emulator {
  readonly #terminal: InstanceType<typeof xterm.Terminal>;

  constructor(columns: number, rows: number) {
    this.#terminal = new xterm.Terminal({
      cols: columns,
      rows,
      allowProposedApi: true,
      scrollback: 0,
    });
  }

  /** Writes, and waits until it is understood. */
  write(text: string): Promise<void> {
    return new Promise((resolve) => this.#terminal.write(text, resolve));
  }

  /** Another size. */
  resize(columns: number, rows: number): void {
    this.#terminal.resize(columns, rows);
  }

  /** Which buffer shows. */
  get isAlternate(): boolean {
    return this.#terminal.buffer.active.type === "alternate";
  }

  /** Where the cursor is: row and column from 0. */
  get cursor(): [number, number] {
    const { cursorY, cursorX } = this.#terminal.buffer.active;
    return [cursorY, cursorX];
  }

  /** A line without blanks at its end. */
  line(row: number): string {
    const { active } = this.#terminal.buffer;
    const line = active.getLine(active.baseY + row);
    return line?.translateToString(true).trimEnd() ?? "";
  }

  /** A cell. */
  cell(row: number, column: number): SeenCell {
    const { active } = this.#terminal.buffer;
    const cell = active.getLine(active.baseY + row)?.getCell(column);
    if (!cell) throw new RangeError(`No cell at row ${row}, column ${column}`);
    const color = (isRgb: boolean, isPalette: boolean, value: number): string =>
      isRgb
        ? `2;${value.toString(16).padStart(6, "0")}`
        : isPalette
        ? `5;${value}`
        : "default";
    return {
      char: cell.getChars() || " ",
      foreground: color(cell.isFgRGB(), cell.isFgPalette(), cell.getFgColor()),
      background: color(cell.isBgRGB(), cell.isBgPalette(), cell.getBgColor()),
      blink: cell.isBlink() !== 0,
    };
  }

  /** Ends it. */
  dispose(): void {
    this.#terminal.dispose();
  }
}
