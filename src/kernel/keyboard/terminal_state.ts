/**
 * What the terminal parser remembers, takes at its start, and gives back.
 *
 * @module
 */

import type { KeyStroke } from "./key_stroke.ts";
import type { LayoutName, LayoutVersion } from "./layouts/mod.ts";
import type { ScancodeSetNumber } from "./scancodes.ts";
import { type Utf8State, utf8State } from "./utf8.ts";

/** Longest control sequence that is kept; what follows is swallowed. */
export const TERMINAL_SEQUENCE_MAX = 64;

/** Where in a sequence the parser stands. */
export type TerminalMode =
  | "text"
  | "escape"
  | "csi"
  | "ss3"
  | "linux"
  | "mouse"
  | "string"
  | "string-escape";

/** All that the parser remembers: plain data. */
export interface TerminalState {
  /** Where in a sequence it stands. */
  mode: TerminalMode;
  /** An ESC stood in front of this sequence: Alt is held. */
  alt: boolean;
  /** Parameters of the control sequence in progress. */
  parameters: string;
  /** The UTF-8 character in progress. */
  utf8: Utf8State;
  /** Bytes of a mouse report that are missing, 0 to 3. */
  mouseBytes: number;
  /** The layout that will decode the strokes. */
  layout: LayoutName;
  /** Which crate's tables. */
  version: LayoutVersion;
  /** Scancode set of the strokes' bytes. */
  set: ScancodeSetNumber;
}

/** How a terminal parser starts. What is left out is as in the book. */
export interface TerminalOptions {
  /** Layout of the decoder behind the strokes; `Us104Key`. */
  readonly layout?: LayoutName;
  /** Which crate's tables; `0.7.0`. */
  readonly version?: LayoutVersion;
  /** Scancode set of the bytes; 1. */
  readonly set?: ScancodeSetNumber;
}

/** What a piece of input amounts to. */
export interface TerminalInput {
  /** Strokes in order. */
  readonly strokes: readonly KeyStroke[];
  /** Characters that the layout has no key for, in order. */
  readonly untypable: readonly string[];
}

/**
 * The state of a parser that has seen nothing.
 *
 * @param options How it starts.
 * @returns Plain data.
 */
export function terminalState(options: TerminalOptions = {}): TerminalState {
  return {
    mode: "text",
    alt: false,
    parameters: "",
    utf8: utf8State(),
    mouseBytes: 0,
    layout: options.layout ?? "Us104Key",
    version: options.version ?? "0.7.0",
    set: options.set ?? 1,
  };
}
