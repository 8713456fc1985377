/**
 * The whole keyboard decoder: bits or bytes in, characters and raw keys out.
 * "Hardware Interrupts", "Interpreting the Scancodes"; after the pc-keyboard
 * crate, `Keyboard` (`PS2Keyboard` in 0.9.0).
 *
 * *Not modelled*: scancode set 3, USB HID reports.
 *
 * @module
 */

import type { DecodedKey } from "./decoded_key.ts";
import { EventDecoder, type EventState, eventState } from "./event_decoder.ts";
import { KeyboardError } from "./keyboard_error.ts";
import type { KeyEvent } from "./key_event.ts";
import type { LayoutName, LayoutVersion } from "./layouts/mod.ts";
import type { HandleControl } from "./map_key.ts";
import { Ps2Decoder, type Ps2State } from "./ps2_decoder.ts";
import { ScancodeSet1 } from "./scancode_set1.ts";
import { ScancodeSet2 } from "./scancode_set2.ts";
import type { ScancodeState } from "./scancode_set.ts";
import type { ScancodeSetNumber } from "./scancodes.ts";

/** All that a keyboard decoder remembers: plain data. */
export interface KeyboardState {
  /** Bits of the frame in progress. */
  ps2: Ps2State;
  /** Which scancode set the bytes are of. */
  set: ScancodeSetNumber;
  /** Prefix bytes of the key in progress. */
  scancodes: ScancodeState;
  /** Layout, control handling, modifiers. */
  events: EventState;
}

/** How a keyboard decoder starts. What is left out is as in the book. */
export interface KeyboardOptions {
  /** Scancode set; 1, as the 8042 translates. */
  readonly set?: ScancodeSetNumber;
  /** Layout; `Us104Key`. */
  readonly layout?: LayoutName;
  /** What Control does to letters; `Ignore`. */
  readonly control?: HandleControl;
  /** Which crate's tables and rules; `0.7.0`. */
  readonly version?: LayoutVersion;
}

/**
 * The state of a keyboard decoder that has seen nothing.
 *
 * @param options How it starts.
 * @returns Plain data.
 */
export function keyboardState(options: KeyboardOptions = {}): KeyboardState {
  return {
    ps2: { register: 0, bits: 0 },
    set: options.set ?? 1,
    scancodes: { prefix: "start" },
    events: eventState(options.layout, options.control, options.version),
  };
}

/**
 * The keyboard decoder.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Keyboard } from "@lockstep/kernel/keyboard";
 *
 * const keyboard = new Keyboard();
 * const typed = [0x2a, 0x23, 0xa3, 0xaa, 0x17, 0x97]
 *   .map((byte) => keyboard.typed(byte))
 *   .filter((key) => key !== null)
 *   .map((key) => key.kind === "unicode" ? key.char : key.code);
 * assertEquals(typed, ["LShift", "H", "i"]);
 * ```
 */
export class Keyboard {
  /** What it remembers: plain data. */
  readonly state: KeyboardState;
  readonly #ps2: Ps2Decoder;
  readonly #set1: ScancodeSet1;
  readonly #set2: ScancodeSet2;
  readonly #events: EventDecoder;

  /**
   * Restores a decoder, or starts one.
   *
   * @param state Restored or fresh state; the book's choice when left out.
   */
  constructor(state: KeyboardState = keyboardState()) {
    this.state = state;
    this.#ps2 = new Ps2Decoder(state.ps2);
    this.#set1 = new ScancodeSet1(state.scancodes);
    this.#set2 = new ScancodeSet2(state.scancodes);
    this.#events = new EventDecoder(state.events);
  }

  /** Forgets the bits of the frame in progress. */
  clear(): void {
    this.#ps2.clear();
  }

  /**
   * Takes the next bit of the wire.
   *
   * @param bit The level of the data line.
   * @returns A key event; null while one is in progress; or a refusal.
   */
  addBit(bit: boolean): KeyEvent | KeyboardError | null {
    const byte = this.#ps2.addBit(bit);
    return typeof byte === "number" ? this.addByte(byte) : byte;
  }

  /**
   * Takes a whole 11-bit frame.
   *
   * @param word The first bit in bit 0.
   * @returns A key event; null while one is in progress; or a refusal.
   */
  addWord(word: number): KeyEvent | KeyboardError | null {
    const byte = this.#ps2.addWord(word);
    return typeof byte === "number" ? this.addByte(byte) : byte;
  }

  /**
   * Takes a byte, as port 0x60 gives it.
   *
   * @param byte 0 to 255.
   * @returns A key event; null after a prefix byte; or a refusal.
   */
  addByte(byte: number): KeyEvent | KeyboardError | null {
    return (this.state.set === 1 ? this.#set1 : this.#set2).advance(byte);
  }

  /**
   * Takes a key event.
   *
   * @param event What happened to which key.
   * @returns What the press means; null for anything but a press.
   */
  processKeyEvent(event: KeyEvent): DecodedKey | null {
    return this.#events.processKeyEvent(event);
  }

  /**
   * Takes a byte and decodes what it completes: the two calls of the book's
   * handler in one. Refused bytes mean nothing, as there.
   *
   * @param byte 0 to 255.
   * @returns What was typed, or null.
   */
  typed(byte: number): DecodedKey | null {
    const event = this.addByte(byte);
    if (event === null || event instanceof KeyboardError) return null;
    return this.processKeyEvent(event);
  }

  /**
   * Goes on with another layout; what is held stays held.
   *
   * @param layout Which layout.
   */
  changeLayout(layout: LayoutName): void {
    this.#events.changeLayout(layout);
  }

  /** What Control does to letters. */
  get control(): HandleControl {
    return this.#events.control;
  }

  /** What Control does to letters, from the next press on. */
  set control(control: HandleControl) {
    this.#events.control = control;
  }
}
