/**
 * A decoder from scancode bytes to key events, and its state.
 * After the pc-keyboard crate, `ScancodeSet`.
 *
 * @module
 */

import type { KeyboardError } from "./keyboard_error.ts";
import type { KeyEvent } from "./key_event.ts";

/** The prefix bytes that have arrived for the key in progress. */
export type ScancodePrefix =
  | "start"
  | "e0"
  | "e1"
  | "f0"
  | "e0_f0"
  | "e1_f0";

/** All that a scancode decoder remembers between two bytes. */
export interface ScancodeState {
  /** Where in a sequence it stands. */
  prefix: ScancodePrefix;
}

/** A decoder for one scancode set. */
export interface ScancodeSet {
  /** What it remembers: plain data. */
  readonly state: ScancodeState;
  /**
   * Takes the next byte.
   *
   * @param byte 0 to 255.
   * @returns A key event; null after a prefix byte; or a refusal, after which
   * the decoder is back at the start.
   */
  advance(byte: number): KeyEvent | KeyboardError | null;
}
