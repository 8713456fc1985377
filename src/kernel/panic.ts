/**
 * The end of a kernel that has found itself in a state it cannot be in.
 *
 * Book: "A Minimal Rust Kernel" and "VGA Text Mode", the panic handler.
 * Source: text of Rust 1.73 and later. Where Rust names file, line and column,
 * this names the live host frames.
 *
 * @module
 */

/** What a panic handler is told. */
export interface PanicInfo {
  /** What went wrong. */
  readonly message: string;
  /** Where: live host frames, outermost first, with ` > `. */
  readonly place: string;
}

/**
 * The text of a panic, as `{}` prints it.
 *
 * @param info The panic.
 * @returns `panicked at PLACE:`, a new line, and the message.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { panicText } from "@lockstep/kernel/kernel";
 *
 * const info = { message: "oh no", place: "boot" };
 * assertEquals(panicText(info), "panicked at boot:\noh no");
 * ```
 */
export function panicText(info: PanicInfo): string {
  return `panicked at ${info.place}:\n${info.message}`;
}
