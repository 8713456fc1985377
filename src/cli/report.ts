/**
 * What a run prints at its end.
 *
 * @module
 */

import type { Machine } from "../hw/machine.ts";
import type { Stop } from "../hw/stop.ts";
import { screenPicture } from "../trace/screen_picture.ts";
import type { ScreenFormat } from "./run_options.ts";
import type { ColorDepth } from "./screen_styles.ts";
import { screenAnsi, screenView } from "./screen_view.ts";
import { lastLine } from "./stop_text.ts";
import { VERSION } from "./version.ts";

/** What `--json` prints. */
export interface JsonReport {
  /** Version of the package. */
  readonly version: string;
  /** Virtual time, cycles since power-on. */
  readonly clk: number;
  /** 16 hex digits. */
  readonly digest: string;
  /** Why the run ended. */
  readonly stop: Stop;
  /** 25 lines. */
  readonly screen: readonly string[];
  /** What the serial port has sent, read as UTF-8. */
  readonly serial: string;
  /** Bytes of the keyboard that nobody had room for. */
  readonly keysLost: number;
}

/**
 * The report as data.
 *
 * @param machine at its end
 * @param stop why it ended
 * @returns plain data
 */
export function jsonReport(machine: Machine, stop: Stop): JsonReport {
  return {
    version: VERSION,
    clk: machine.clk,
    digest: machine.digest(),
    stop,
    screen: machine.vga.screenText(),
    serial: new TextDecoder("utf-8", { ignoreBOM: true }).decode(
      machine.serial.bytes(),
    ),
    keysLost: machine.keysLost,
  };
}

/**
 * The screen, printed.
 *
 * @param machine the machine
 * @param format how
 * @param depth the colours of `ansi`; `none` makes it plain text
 * @returns 25 lines, or an SVG document, each line with its end
 */
export function screenReport(
  machine: Machine,
  format: ScreenFormat,
  depth: ColorDepth,
): string {
  const { state } = machine.vga;
  if (format === "svg") return screenPicture(state);
  const lines = format === "text" || depth === "none"
    ? machine.vga.screenText()
    : screenAnsi(screenView(state, depth));
  return lines.map((line) => `${line}\n`).join("");
}

/**
 * The last line.
 *
 * @param machine at its end
 * @param stop why it ended
 * @returns a line with its end
 */
export function lastLineReport(machine: Machine, stop: Stop): string {
  return `${lastLine(machine.clk, machine.digest(), stop)}\n`;
}

/**
 * Serial output in front of the screen.
 *
 * @param machine the machine
 * @returns the bytes, and a line end if they lack one
 */
export function serialReport(machine: Machine): Uint8Array {
  const bytes = machine.serial.bytes();
  if (bytes.length === 0 || bytes.at(-1) === 0x0a) return bytes;
  const closed = new Uint8Array(bytes.length + 1);
  closed.set(bytes);
  closed[bytes.length] = 0x0a;
  return closed;
}
