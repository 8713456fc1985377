/**
 * From the bytes of a raw terminal to key strokes: UTF-8 text, Control letters,
 * Alt as a leading ESC, and the sequences of arrows and function keys.
 *
 * A lone ESC is the Escape key only if nothing follows at once: the caller waits
 * some 25 ms and calls `flush`. What is no key is swallowed whole: focus and
 * mouse reports, paste marks (the pasted text is typed), operating system and
 * device control strings.
 *
 * *Not modelled*: releases (a terminal reports none; each stroke presses and
 * releases), left and right modifiers, Caps Lock and Num Lock.
 *
 * @module
 */

import { type CharKeys, charKeys } from "./char_keys.ts";
import { type KeyStroke, keyStroke } from "./key_stroke.ts";
import { writeKeyPart } from "./key_syntax.ts";
import type { LayoutName, LayoutVersion } from "./layouts/mod.ts";
import {
  linuxFunctionKey,
  sequenceKey,
  type TerminalKey,
  textKey,
} from "./terminal_sequences.ts";
import {
  TERMINAL_SEQUENCE_MAX,
  type TerminalInput,
  type TerminalState,
  terminalState,
} from "./terminal_state.ts";
import { addUtf8, endUtf8 } from "./utf8.ts";

/**
 * The terminal parser.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { TerminalKeyboard } from "@lockstep/kernel/keyboard";
 *
 * const terminal = new TerminalKeyboard();
 * const { strokes } = terminal.feed([0x61, 0x1b, 0x5b, 0x41]); // a, ESC [ A
 * assertEquals(strokes.map((stroke) => stroke.text), ["a", "{ArrowUp}"]);
 * assertEquals(terminal.feed([0x1b]).strokes, []);
 * assertEquals(terminal.flush().strokes[0]?.text, "{Escape}");
 * ```
 */
export class TerminalKeyboard {
  /** What it remembers: plain data. */
  readonly state: TerminalState;
  /** Derived from the state's layout and version. */
  #keys: { layout: LayoutName; version: LayoutVersion; keys: CharKeys } | null =
    null;
  #strokes: KeyStroke[] = [];
  #untypable: string[] = [];

  /**
   * Restores a parser, or starts one.
   *
   * @param state Restored or fresh state; the book's choice when left out.
   */
  constructor(state: TerminalState = terminalState()) {
    this.state = state;
  }

  /** Whether a sequence is open that `flush` would end: time to start a timer. */
  get pending(): boolean {
    return this.state.mode !== "text";
  }

  /**
   * Takes the next bytes, however they are cut.
   *
   * @param bytes As read from the terminal, 0 to 255 each.
   * @returns What they complete.
   */
  feed(bytes: Iterable<number>): TerminalInput {
    for (const byte of bytes) this.#take(byte);
    return this.#finished();
  }

  /**
   * Ends an open sequence: nothing followed in time. ESC alone is the Escape
   * key, ESC with one character is that character with Alt; a longer piece of a
   * sequence is dropped. A character cut between its UTF-8 bytes waits on.
   *
   * @returns What was open.
   */
  flush(): TerminalInput {
    const s = this.state;
    const { mode, parameters, alt } = s;
    this.#abandon();
    const introducer = mode === "csi" && parameters === ""
      ? "["
      : mode === "ss3" && parameters === ""
      ? "O"
      : mode === "string" && parameters.length === 1
      ? parameters
      : "";
    if (mode === "escape") this.#escapeKey();
    if (alt && (mode === "escape" || introducer !== "")) this.#escapeKey();
    if (introducer !== "") {
      s.alt = true;
      this.#press({ held: [], key: { char: introducer } });
    }
    return this.#finished();
  }

  #finished(): TerminalInput {
    const done = { strokes: this.#strokes, untypable: this.#untypable };
    this.#strokes = [];
    this.#untypable = [];
    return done;
  }

  #take(byte: number): void {
    const s = this.state;
    switch (s.mode) {
      case "text":
        return this.#text(byte);
      case "escape":
        return this.#escape(byte);
      case "csi":
        return this.#control(byte);
      case "ss3":
        if (isDigit(byte)) return this.#parameter(byte);
        return this.#final("O", byte);
      case "linux":
        if (byte === ESC) {
          this.#abandon();
          return this.#take(byte);
        }
        s.mode = "text";
        return this.#press(linuxFunctionKey(String.fromCharCode(byte)));
      case "mouse":
        s.mouseBytes -= 1;
        if (s.mouseBytes === 0) this.#abandon();
        return;
      case "string":
        if (byte === ESC) s.mode = "string-escape";
        else if (byte === BEL) this.#abandon();
        else this.#parameter(byte);
        return;
      case "string-escape":
        this.#abandon();
        if (byte === BACKSLASH) return;
        this.#take(ESC);
        return this.#take(byte);
    }
  }

  /** The byte behind one ESC, or behind two. */
  #escape(byte: number): void {
    const s = this.state;
    const char = String.fromCharCode(byte);
    if (char === "[") s.mode = "csi";
    else if (char === "O") s.mode = "ss3";
    else if ("]P^_X".includes(char)) {
      s.mode = "string";
      s.parameters = char;
    } else if (byte === ESC) {
      if (s.alt) this.#escapeKey(); // A third one; two stay open.
      s.alt = true;
    } else {
      if (s.alt) this.#escapeKey();
      s.alt = true;
      s.mode = "text";
      this.#text(byte);
    }
  }

  /** A byte of a control sequence, `ESC [ …`. */
  #control(byte: number): void {
    const s = this.state;
    const isFirst = s.parameters === "";
    if (byte >= 0x20 && byte < 0x40) {
      this.#parameter(byte);
    } else if (byte === BRACKET && isFirst) {
      s.mode = "linux";
    } else if (byte === CAPITAL_M && isFirst) {
      s.mode = "mouse"; // X10 report: button, column, row.
      s.mouseBytes = 3;
    } else {
      this.#final("[", byte);
    }
  }

  #parameter(byte: number): void {
    const s = this.state; // Invariant: parameters.length <= the limit.
    if (s.parameters.length < TERMINAL_SEQUENCE_MAX) {
      s.parameters += String.fromCharCode(byte);
    }
  }

  /** The last byte of a sequence, or one that can't belong to it. */
  #final(introducer: "[" | "O", byte: number): void {
    const s = this.state;
    const { parameters } = s;
    s.parameters = "";
    s.mode = "text";
    if (byte < 0x40 || byte > 0x7e) {
      this.#abandon();
      return this.#take(byte);
    }
    const isWhole = parameters.length < TERMINAL_SEQUENCE_MAX;
    const final = String.fromCharCode(byte);
    this.#press(isWhole ? sequenceKey(introducer, parameters, final) : null);
  }

  /** Back to text; a character between its bytes waits on. */
  #abandon(): void {
    const s = this.state;
    s.mode = "text";
    s.parameters = "";
    s.alt = false;
    s.mouseBytes = 0;
  }

  /** A byte of text: a control character, ASCII, or part of a UTF-8 one. */
  #text(byte: number): void {
    const { utf8 } = this.state;
    const isEscape = byte === ESC;
    const chars = isEscape ? endUtf8(utf8) : addUtf8(utf8, byte);
    for (const char of chars) this.#press(textKey(char));
    if (isEscape) this.state.mode = "escape";
  }

  #escapeKey(): void {
    this.state.alt = false;
    this.#press({ held: [], key: { code: "Escape" } });
  }

  /** Strokes a key, with Alt if an ESC stood in front. Null is no key. */
  #press(pressed: TerminalKey | null): void {
    const s = this.state;
    const { alt } = s;
    s.alt = false;
    if (pressed === null) return;
    let { held, key } = pressed;
    if (alt) held = ["LAlt", ...held.filter((code) => code !== "LAlt")];
    if ("char" in key && held.length > 0 && /^[A-Z]$/.test(key.char)) {
      held = [...held, "LShift"];
      key = { char: key.char.toLowerCase() };
    }
    const text = writeKeyPart(held, key);
    const target = "code" in key
      ? { code: key.code, held: [] }
      : this.#charKeys().get(key.char);
    if (target === undefined) {
      this.#untypable.push(text);
      return;
    }
    held = [...held, ...target.held];
    this.#strokes.push(keyStroke(text, held, target.code, s.set));
  }

  #charKeys(): CharKeys {
    const { layout, version } = this.state;
    if (this.#keys?.layout !== layout || this.#keys.version !== version) {
      this.#keys = { layout, version, keys: charKeys(layout, version) };
    }
    return this.#keys.keys;
  }
}

const BEL = 0x07;
const ESC = 0x1b;
const CAPITAL_M = 0x4d;
const BRACKET = 0x5b;
const BACKSLASH = 0x5c;

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}
