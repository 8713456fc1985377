/**
 * The line below the live screen.
 *
 * @module
 */

import { CLK_HZ } from "../base/time.ts";
import type { TerminalSize } from "./host.ts";
import { hasRoom } from "./live_screen.ts";

/** What it tells. */
export interface Status {
  /** Virtual time, cycles. */
  readonly clk: number;
  /** RFLAGS.IF. */
  readonly interruptsEnabled: boolean;
  /** Virtual time by real time, 1 for equal; `null` while that isn't known. */
  readonly speed: number | null;
  /** Bytes of the keyboard that nobody had room for. */
  readonly keysLost: number;
  /** Something that just happened, or `""`. */
  readonly note: string;
}

/**
 * The status line.
 *
 * @param status what it tells
 * @param size of the terminal: in one that is too small, that is said instead
 * @returns a line of ASCII, not clipped yet
 */
export function statusLine(status: Status, size: TerminalSize): string {
  const parts = hasRoom(size)
    ? [
      virtualTime(status.clk),
      `clk ${grouped(status.clk)}`,
      `IF ${status.interruptsEnabled ? 1 : 0}`,
      status.speed === null ? "- %" : `${Math.round(100 * status.speed)} %`,
      "Ctrl-Q quits",
    ]
    : [
      "Ctrl-Q quits",
      `clipped to ${size.columns}x${size.rows}, needs 80x26`,
    ];
  if (status.keysLost > 0) parts.push(`keys lost ${status.keysLost}`);
  if (status.note !== "") parts.push(status.note);
  return ` ${parts.join(" | ")}`;
}

/** Hours, minutes, seconds and tenths: `0:01:02.3`. */
function virtualTime(clk: number): string {
  const tenths = Math.floor(clk / (CLK_HZ / 10));
  const two = (value: number): string => String(value).padStart(2, "0");
  const seconds = Math.floor(tenths / 10);
  const minutes = Math.floor(seconds / 60);
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${
    two(seconds % 60)
  }.${tenths % 10}`;
}

/** Digits in groups of three, whatever the host's language. */
function grouped(value: number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+$)/g, ",");
}
