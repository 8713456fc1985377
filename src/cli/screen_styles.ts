/**
 * The VGA's colours as a terminal shows them.
 *
 * A terminal's sixteen colours are those of its theme, which people choose; they
 * are used as long as the kernel leaves the palette alone. Colours that it changes
 * are sent as RGB where the terminal takes that, else as the nearest of xterm's
 * 6 × 6 × 6 cube.
 *
 * Source: ECMA-48, "SGR"; "XTerm Control Sequences".
 *
 * @module
 */

import { vgaColors, vgaRgb } from "../hw/vga_screen.ts";
import { type VgaState, vgaState } from "../hw/vga_state.ts";

/** Which colours a terminal gets: none, its own sixteen or 256, or RGB. */
export type ColorDepth = "none" | "indexed" | "rgb";

/** The VGA orders blue, green, red; ANSI red, green, blue. */
const ANSI_COLORS = [0, 4, 2, 6, 1, 5, 3, 7, 8, 12, 10, 14, 9, 13, 11, 15];

/** What mode 3's palette shows, by number. */
const USUAL_COLORS: readonly string[] = ANSI_COLORS.map((_, color) =>
  String(vgaRgb(vgaState(), color))
);

/** Levels of xterm's colour cube. */
const CUBE_LEVELS = [0, 95, 135, 175, 215, 255];

/**
 * What a terminal can show.
 *
 * @param env looks an environment variable up
 * @returns `none` where `NO_COLOR` is set, `rgb` where `COLORTERM` says so
 */
export function colorDepth(
  env: (name: string) => string | undefined,
): ColorDepth {
  if (env("NO_COLOR")) return "none";
  return /^(truecolor|24bit)$/.test(env("COLORTERM") ?? "") ? "rgb" : "indexed";
}

/**
 * How each attribute byte looks.
 *
 * @param vga the adapter's state
 * @param depth what the terminal can show
 * @returns 256 sequences, each of which sets colours and blinking whatever was set before; empty ones without colours
 */
export function attributeStyles(vga: VgaState, depth: ColorDepth): string[] {
  if (depth === "none") return Array(256).fill("");
  const colors = ANSI_COLORS.map((ansi, color) => {
    const rgb = vgaRgb(vga, color);
    const isUsual = String(rgb) === USUAL_COLORS[color];
    return isUsual ? `5;${ansi}` : ownColor(rgb, depth);
  });
  return Array.from({ length: 256 }, (_, attribute) => {
    const { foreground, background, blink } = vgaColors(vga, attribute);
    const parameters = [
      "0",
      ...(blink ? ["5"] : []),
      `38;${colors[foreground]}`,
      `48;${colors[background]}`,
    ];
    return `\x1b[${parameters.join(";")}m`;
  });
}

function ownColor(rgb: readonly number[], depth: ColorDepth): string {
  if (depth === "rgb") return `2;${rgb.join(";")}`;
  const [red, green, blue] = rgb.map(nearestLevel) as [number, number, number];
  return `5;${16 + 36 * red + 6 * green + blue}`;
}

function nearestLevel(value: number): number {
  const distances = CUBE_LEVELS.map((level) => Math.abs(level - value));
  return distances.indexOf(Math.min(...distances));
}
