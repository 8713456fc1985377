/**
 * Keys on their way to the machine: scancodes put into its input log, one byte
 * after the other as they come over a keyboard's wire.
 *
 * @module
 */

import { INPUTS_MAX } from "../hw/input_log.ts";
import type { Machine } from "../hw/machine.ts";
import { untranslated } from "../kernel/keyboard/key_bytes.ts";
import { KEY_BYTE_CLK } from "../kernel/keyboard/key_inputs.ts";
import type { LayoutName } from "../kernel/keyboard/layouts/mod.ts";
import { scancodesForText } from "../kernel/keyboard/text.ts";
import { UsageError } from "./usage_error.ts";

/**
 * The bytes that a keyboard sends when a text is typed on it.
 *
 * @param text the text; `\n`, `\r` and `\r\n` are the Enter key
 * @param layout decodes the keys
 * @param braces whether names of keys stand in braces
 * @returns bytes of scan code set 2, which the 8042 translates
 * @throws {UsageError} if there is no key for a character
 */
export function wireBytes(
  text: string,
  layout: LayoutName,
  braces: boolean,
): number[] {
  const typed = scancodesForText(text, layout, 1, { braces });
  if (typed.kind === "refused") throw new UsageError(typed.message);
  const bytes = typed.strokes.flatMap((stroke) => untranslated(stroke.bytes));
  if (bytes.length > INPUTS_MAX) {
    throw new UsageError(
      `Cannot type ${text.length} characters: ${bytes.length} bytes of ` +
        `scancode, and an input log holds ${INPUTS_MAX}`,
    );
  }
  return bytes;
}

/** Puts bytes into a machine's input log, none sooner than a wire can carry it. */
export class Typist {
  /** The clk of the last byte. */
  #lastClk = -KEY_BYTE_CLK;

  /**
   * From here on the first byte takes its time, too.
   *
   * @param machine the machine at its first HLT
   */
  startAt(machine: Machine): void {
    this.#lastClk = Math.max(this.#lastClk, machine.clk);
  }

  /**
   * The first byte comes at this clk, or as soon after it as can be.
   *
   * @param clk from 1 on
   */
  startAtClk(clk: number): void {
    this.#lastClk = clk - KEY_BYTE_CLK;
  }

  /**
   * Types.
   *
   * @param machine receives the bytes
   * @param bytes bytes of scan code set 2
   */
  type(machine: Machine, bytes: readonly number[]): void {
    machine.addInputs(bytes.map((data) => {
      const clk = Math.max(machine.clk + 1, this.#lastClk + KEY_BYTE_CLK);
      this.#lastClk = clk;
      return { clk, source: "key", data } as const;
    }));
  }
}
