/**
 * From key events to characters: keeps the modifiers and asks the layout.
 * After the pc-keyboard crate, `EventDecoder`.
 *
 * @module
 */

import { type DecodedKey, rawKey } from "./decoded_key.ts";
import type { KeyCode } from "./key_code.ts";
import type { KeyEvent } from "./key_event.ts";
import type { LayoutName, LayoutVersion } from "./layouts/mod.ts";
import { type HandleControl, type LayoutChoice, mapKey } from "./map_key.ts";
import { initialModifiers, type Modifiers } from "./modifiers.ts";

/** All that the event decoder remembers: the choice of a layout, and keys held. */
export interface EventState extends LayoutChoice {
  /** What is held and locked. */
  modifiers: Modifiers;
}

/**
 * A fresh event decoder's state.
 *
 * @param layout Which layout.
 * @param control What Control does to letters.
 * @param version Which crate's tables and rules.
 * @returns Plain data, nothing held, Num Lock on.
 */
export function eventState(
  layout: LayoutName = "Us104Key",
  control: HandleControl = "Ignore",
  version: LayoutVersion = "0.7.0",
): EventState {
  return { layout, version, control, modifiers: initialModifiers() };
}

type HeldKey = Exclude<keyof Modifiers, "numlock" | "capslock">;

/** Keys whose only effect is to be held. */
const HELD_KEYS: { readonly [K in KeyCode]?: HeldKey } = {
  LShift: "lshift",
  RShift: "rshift",
  LControl: "lctrl",
  RControl: "rctrl",
  LAlt: "lalt",
  RAltGr: "ralt",
  RControl2: "rctrl2",
};

/**
 * The event decoder.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { EventDecoder, keyEvent } from "@lockstep/kernel/keyboard";
 *
 * const decoder = new EventDecoder();
 * const q = keyEvent("Q", "Down");
 * assertEquals(decoder.processKeyEvent(q), { kind: "unicode", char: "q" });
 * decoder.changeLayout("Azerty");
 * assertEquals(decoder.processKeyEvent(q), { kind: "unicode", char: "a" });
 * ```
 */
export class EventDecoder {
  /** What it remembers: plain data. */
  readonly state: EventState;

  /**
   * Restores a decoder, or starts one.
   *
   * @param state Restored or fresh state; `Us104Key` when left out.
   */
  constructor(state: EventState = eventState()) {
    this.state = state;
  }

  /**
   * Takes a key event. Presses decode, repeated ones each time; releases and
   * the keyboard's own messages don't.
   *
   * @param event What happened to which key.
   * @returns What the press means; null for anything else.
   */
  processKeyEvent(event: KeyEvent): DecodedKey | null {
    const { code, state } = event;
    const { modifiers } = this.state;
    const held = HELD_KEYS[code];
    if (held !== undefined) {
      if (state === "SingleShot") return null;
      modifiers[held] = state === "Down";
      return state === "Down" ? rawKey(code) : null;
    }
    if (state !== "Down") return null;
    if (code === "CapsLock") {
      modifiers.capslock = !modifiers.capslock;
      return rawKey(code);
    }
    if (code === "NumpadLock") {
      // Pause is the hidden control key, then Num Lock.
      if (modifiers.rctrl2) return rawKey("PauseBreak");
      modifiers.numlock = !modifiers.numlock;
      return rawKey(code);
    }
    return mapKey(code, modifiers, this.state);
  }

  /**
   * Goes on with another layout; what is held stays held.
   *
   * @param layout Which layout.
   */
  changeLayout(layout: LayoutName): void {
    this.state.layout = layout;
  }

  /** What Control does to letters. */
  get control(): HandleControl {
    return this.state.control;
  }

  /** What Control does to letters, from the next press on. */
  set control(control: HandleControl) {
    this.state.control = control;
  }
}
