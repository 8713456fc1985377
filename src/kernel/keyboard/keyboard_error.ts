/**
 * Why the keyboard decoder refused a bit, a word or a byte. A refusal is a
 * value: after each of them the decoder is back in its start state and goes on.
 * After the pc-keyboard crate, `Error`.
 *
 * @module
 */

/** The four reasons, in the order in which a frame is checked. */
export type KeyboardErrorReason =
  | "bad-start-bit"
  | "bad-stop-bit"
  | "parity-error"
  | "unknown-key-code";

/** A refused frame or byte. Compare by `reason`, or with the four constants. */
export class KeyboardError {
  /** Which of the four. */
  readonly reason: KeyboardErrorReason;
  readonly #debug: string;

  /**
   * Used for the four constants below only.
   *
   * @param reason Which of the four.
   * @param debug The crate's own name for it.
   */
  constructor(reason: KeyboardErrorReason, debug: string) {
    this.reason = reason;
    this.#debug = debug;
  }

  /**
   * The error as the crate prints it with `{:?}`.
   *
   * @returns For example `ParityError`.
   */
  debug(): string {
    return this.#debug;
  }
}

/** Bit 0 of a frame was 1. */
export const BAD_START_BIT: KeyboardError = new KeyboardError(
  "bad-start-bit",
  "BadStartBit",
);

/** Bit 10 of a frame was 0. */
export const BAD_STOP_BIT: KeyboardError = new KeyboardError(
  "bad-stop-bit",
  "BadStopBit",
);

/** The data bits and the parity bit of a frame held an even number of ones. */
export const PARITY_ERROR: KeyboardError = new KeyboardError(
  "parity-error",
  "ParityError",
);

/** No key sends this byte behind the prefix bytes before it. */
export const UNKNOWN_KEY_CODE: KeyboardError = new KeyboardError(
  "unknown-key-code",
  "UnknownKeyCode",
);
