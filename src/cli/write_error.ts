/**
 * Output that could not be written: a full disk, an unplugged device.
 *
 * @module
 */

import { oneLine } from "./usage_error.ts";

/** Status when output could not be written (sysexits, `EX_IOERR`). */
export const STATUS_WRITE = 74;

/** Ends a command with one line on standard error and {@linkcode STATUS_WRITE}. */
export class WriteError extends Error {
  /** Tells it from bugs. */
  override readonly name: string = "WriteError";

  /**
   * Says what could not be written, and why.
   *
   * @param what the file, or `standard output`
   * @param cause what the system threw
   */
  constructor(what: string, cause: unknown) {
    super(`Cannot write ${what}: ${systemReason(cause)}`, { cause });
  }
}

/** `Error: No space left on device (os error 28)` without the frame around the words. */
function systemReason(cause: unknown): string {
  const text = oneLine(cause instanceof Error ? cause.message : cause)
    .replace(/ \(os error \d+\)$/, "");
  return text.charAt(0).toLowerCase() + text.slice(1);
}
