/**
 * What the kernel of chapter 7 does with the keyboard: it decodes in the
 * handler, and prints.
 *
 * Book: "Hardware Interrupts", section "Interpreting the Scancodes".
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
import {
  Lazy,
  type OnceState,
  onceState,
  SpinMutex,
  type SpinMutexState,
  spinMutexState,
} from "./sync/mod.ts";

/** The static `KEYBOARD` as data: nothing until the first key. */
export type KeyboardEchoState = OnceState<{
  /** Its lock. */
  lock: SpinMutexState;
  /** The decoder in it. */
  keyboard: KeyboardState;
}>;

/**
 * Makes the state of an unused `KEYBOARD`.
 *
 * @returns A state for {@linkcode keyboardEcho}.
 */
export function keyboardEchoState(): KeyboardEchoState {
  return onceState();
}

/**
 * Makes a receiver of scancodes that prints what is typed: characters as they
 * are, other keys by name.
 *
 * @param core Prints.
 * @param state Where to go on from.
 * @param options How the decoder starts; `Us104Key` and set 1 if absent.
 * @returns Takes a scancode.
 */
export function keyboardEcho(
  core: KernelCore,
  state: KeyboardEchoState,
  options: KeyboardOptions = {},
): (byte: number) => void {
  const { env } = core;
  const keyboard = new Lazy(
    env,
    "KEYBOARD",
    () => ({ lock: spinMutexState(), keyboard: keyboardState(options) }),
    state,
    (s) => new SpinMutex(env, "KEYBOARD", new Keyboard(s.keyboard), s.lock),
  );
  return (byte) =>
    keyboard.get().withLock((decoder) => {
      const key = decoder.typed(byte);
      if (key !== null) core.print(printedKey(key));
    });
}
