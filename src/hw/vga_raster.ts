/**
 * Where the beam is: the raster that the VGA's registers describe, derived from the clock.
 *
 * Source: IBM VGA Technical Reference, "CRT Controller Registers" and "Input Status Register 1".
 *
 * *Not modelled*: a change of the registers moves the beam at once to where it would be had they always been so; skews,
 * interlace, double scanning's effect on the totals, and the retrace interrupt.
 *
 * @module
 */

import { CLK_HZ } from "../base/time.ts";
import type { VgaState } from "./vga_state.ts";

/** Input status 1, bit 0: the beam is outside of the picture. */
const STATUS_DISPLAY_DISABLED = 0x01;

/** Input status 1, bit 3: vertical retrace. */
const STATUS_VERTICAL_RETRACE = 0x08;

/** A raster: what the registers say, in character clocks and lines. */
export interface VgaRaster {
  /** Dots per second. */
  readonly dotHz: number;
  /** Dots of one character clock. */
  readonly charDots: number;
  /** Character clocks of a line, retrace included. */
  readonly lineChars: number;
  /** Character clocks of a line that show. */
  readonly shownChars: number;
  /** Lines of a frame, retrace included. */
  readonly frameLines: number;
  /** Lines that show. */
  readonly shownLines: number;
  /** First line of the vertical retrace. */
  readonly retraceLine: number;
  /** Lines of the vertical retrace, 1 to 16. */
  readonly retraceLines: number;
}

/**
 * Reads the raster out of the registers.
 *
 * @param s the VGA
 * @returns the raster; in mode 3 100 × 449, at 70.09 frames a second
 */
export function vgaRaster(s: VgaState): VgaRaster {
  const c = s.crtc;
  const overflow = c[0x07]!;
  const bits89 = (low: number, bit8: number, bit9: number): number =>
    c[low]! | ((overflow >> bit8) & 1) << 8 | ((overflow >> bit9) & 1) << 9;
  const clocking = s.sequencer[1]!;
  const clock = (s.miscOutput >> 2) & 3;
  const retraceLine = bits89(0x10, 2, 7);
  return {
    dotHz: (clock === 1 ? 28_322_000 : 25_175_000) / (clocking & 8 ? 2 : 1),
    charDots: clocking & 1 ? 8 : 9,
    lineChars: c[0x00]! + 5,
    shownChars: c[0x01]! + 1,
    frameLines: bits89(0x06, 0, 5) + 2,
    shownLines: bits89(0x12, 1, 6) + 1,
    retraceLine,
    // The retrace ends where the line counter's low four bits meet the register's.
    retraceLines: ((c[0x11]! - retraceLine - 1) & 0xf) + 1,
  };
}

/**
 * Input status 1.
 *
 * @param s the VGA
 * @param clk the time
 * @returns bits 0 and 3; the feature and diagnostic bits are 0
 */
export function vgaStatus1(s: VgaState, clk: number): number {
  const raster = vgaRaster(s);
  const lineDots = raster.lineChars * raster.charDots;
  const dot = dotOfFrame(clk, raster.dotHz, lineDots * raster.frameLines);
  const line = Math.floor(dot / lineDots);
  const char = Math.floor(dot % lineDots / raster.charDots);
  const shown = line < raster.shownLines && char < raster.shownChars;
  const intoRetrace = line - raster.retraceLine;
  const retrace = intoRetrace >= 0 && intoRetrace < raster.retraceLines;
  return (shown ? 0 : STATUS_DISPLAY_DISABLED) |
    (retrace ? STATUS_VERTICAL_RETRACE : 0);
}

/** Dots since the frame began, exactly: whole seconds are reduced first, so that no product passes 2^53. */
function dotOfFrame(clk: number, dotHz: number, frameDots: number): number {
  const seconds = Math.floor(clk / CLK_HZ) % frameDots;
  const dots = Math.floor((clk % CLK_HZ) * dotHz / CLK_HZ);
  return (seconds * (dotHz % frameDots) + dots) % frameDots;
}
