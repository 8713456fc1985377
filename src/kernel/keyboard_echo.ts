/**
 * What the kernel of chapter 7 does with the keyboard: it decodes in the
 * handler, and prints.
 *
 * Book: "Hardware Interrupts", section "Interpreting the Scancodes".
 *
 * @module
 */

import type { Instructions } from "../hw/instructions.ts";
import type { KernelCore } from "./core.ts";
import { type Gate, interruptHandler } from "./gates.ts";
import {
  Keyboard,
  type KeyboardOptions,
  type KeyboardState,
  keyboardState,
  printedKey,
} from "./keyboard/mod.ts";
import { KEYBOARD_VECTOR, type Pics } from "./pics.ts";
import {
  Lazy,
  type OnceState,
  onceState,
  SpinMutex,
  type SpinMutexState,
  spinMutexState,
} from "./sync/mod.ts";

/** The 8042's data port. */
export const KEYBOARD_DATA_PORT = 0x60;

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
 * Makes the handler of IRQ 1: it reads the scancode and hands it on.
 *
 * @param pics Hears the end of the interrupt.
 * @param onScancode Gets the byte.
 * @returns The gate.
 */
export function keyboardHandler(
  pics: Pics,
  onScancode: (byte: number, cpu: Instructions) => void,
): Gate {
  return interruptHandler(
    "keyboard_interrupt_handler",
    KEYBOARD_VECTOR,
    pics,
    (cpu) => onScancode(cpu.in8(KEYBOARD_DATA_PORT), cpu),
  );
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
