/**
 * Text as entries of a machine's input log: each key's bytes as a keyboard puts
 * them on its wire, at a steady pace.
 *
 * @module
 */

import { CLK_HZ } from "../../base/time.ts";
import type { LayoutName } from "./layouts/mod.ts";
import { untranslated } from "./key_bytes.ts";
import { scancodesForText } from "./text.ts";

/** Clks from one byte to the next: a byte per millisecond, about what a PS/2 wire carries. */
export const KEY_BYTE_CLK: number = Math.floor(CLK_HZ / 1_000);

/** One byte from the keyboard, as an input log holds it. */
export interface KeyInput {
  /** When it arrives. */
  readonly clk: number;
  /** From the keyboard. */
  readonly source: "key";
  /** The byte, in scan code set 2, which the 8042 translates. */
  readonly data: number;
}

/** How text is typed. */
export interface KeyInputOptions {
  /** When the first byte arrives. */
  readonly clk: number;
  /** Clks from one byte to the next. Default {@linkcode KEY_BYTE_CLK}. */
  readonly byteClk?: number;
  /** Which keys make the characters. Default `Us104Key`. */
  readonly layout?: LayoutName;
}

/**
 * Types a text.
 *
 * @param text characters, and keys in braces: `{Enter}`, `{Ctrl+c}`, `{{`
 * @param options when, how fast, on which keyboard
 * @returns entries for `Machine.addInputs`
 * @throws {RangeError} if the layout lacks a character or a key's name is unknown, saying which and where; if clk or pace is no
 * whole number, or the layout unknown
 *
 * @example
 * ```ts
 * import { keyInputs } from "@lockstep/kernel/keyboard";
 * import { assertEquals } from "@std/assert";
 *
 * const data = (text: string) =>
 *   keyInputs(text, { clk: 1_000 }).map((input) => input.data);
 * assertEquals(data("a"), [0x1c, 0xf0, 0x1c]); // Make, break prefix, break.
 * ```
 */
export function keyInputs(text: string, options: KeyInputOptions): KeyInput[] {
  const { clk, byteClk = KEY_BYTE_CLK, layout = "Us104Key" } = options;
  if (!Number.isSafeInteger(clk) || clk < 0) {
    throw new RangeError(
      `Cannot type from clk ${clk} on: give a whole number, 0 or more`,
    );
  }
  if (!Number.isSafeInteger(byteClk) || byteClk < 1) {
    throw new RangeError(
      `Cannot type a byte in ${byteClk} clk: give a whole number, 1 or more`,
    );
  }
  const typed = scancodesForText(text, layout);
  if (typed.kind === "refused") throw new RangeError(typed.message);
  return typed.strokes
    .flatMap((stroke) => untranslated(stroke.bytes))
    .map((data, i) => ({ clk: clk + i * byteClk, source: "key", data }));
}
