/**
 * What the kernel of chapter 7 does with the keyboard: it decodes in the
 * handler, and prints.
 *
 * Book: "Hardware Interrupts", section "Interpreting the Scancodes". Departs in that the handler reads the byte before the
 * lock is taken and ends the interrupt after it is free; interrupts are off all the while, so nobody comes between.
 *
 * @module
 */

import type { KernelCore } from "./core.ts";
import {
  Keyboard,
  type KeyboardOptions,
  type KeyboardState,
  keyboardState,
  printedKey,
} from "./keyboard/mod.ts";
import { SpinMutex, type SpinMutexState, spinMutexState } from "./sync/mod.ts";

/** The static `KEYBOARD` as data. */
export interface KeyboardEchoState {
  /** Its lock. */
  lock: SpinMutexState;
  /** The decoder in it. */
  keyboard: KeyboardState;
}

/**
 * Makes the state of an unused `KEYBOARD`.
 *
 * @param options How the decoder starts; `Us104Key` and set 1 if absent.
 * @returns A state for {@linkcode keyboardEcho}.
 */
export function keyboardEchoState(
  options: KeyboardOptions = {},
): KeyboardEchoState {
  return { lock: spinMutexState(), keyboard: keyboardState(options) };
}

/**
 * Makes a receiver of scancodes that prints what is typed: characters as they
 * are, other keys by name.
 *
 * @param core Prints.
 * @param state Where to go on from.
 * @returns Takes a scancode.
 */
export function keyboardEcho(
  core: KernelCore,
  state: KeyboardEchoState,
): (byte: number) => void {
  const decoder = new Keyboard(state.keyboard);
  const keyboard = new SpinMutex(core.env, "KEYBOARD", decoder, state.lock);
  return (byte) =>
    keyboard.withLock((decoder) => {
      const key = decoder.typed(byte);
      if (key !== null) core.print(printedKey(key));
    });
}
