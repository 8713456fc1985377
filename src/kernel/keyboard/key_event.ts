/**
 * What happened to a key, before any layout has been asked what it means.
 * After the pc-keyboard crate, `KeyEvent` and `KeyState`.
 *
 * @module
 */

import type { KeyCode } from "./key_code.ts";

/**
 * `Down` and `Up` are a press and a release. `SingleShot` is a message of the
 * keyboard itself, which has neither (set 2 bytes 0x00 and 0xaa).
 */
export type KeyState = "Up" | "Down" | "SingleShot";

/** A key and what happened to it. */
export interface KeyEvent {
  /** Which key. */
  readonly code: KeyCode;
  /** Pressed, released, or neither. */
  readonly state: KeyState;
}

/**
 * A key event as plain data.
 *
 * @param code Which key.
 * @param state What happened to it.
 * @returns The event.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { keyEvent } from "@lockstep/kernel/keyboard";
 *
 * assertEquals(keyEvent("A", "Down"), { code: "A", state: "Down" });
 * ```
 */
export function keyEvent(code: KeyCode, state: KeyState): KeyEvent {
  return { code, state };
}
