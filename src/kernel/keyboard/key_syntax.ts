/**
 * How text names keys: characters stand for themselves, braces for keys.
 *
 *     hello{Enter}     {F1} {PgUp} {AltGr}     a key by name
 *     {Ctrl+c}         {Shift+Tab} {Ctrl++}    keys held around another one
 *     {{               {}}                     a brace; outside, } is itself
 *
 * A line end (LF, CR, or CR and LF) is one U+000A, the Enter key.
 *
 * @module
 */

import type { KeyCode } from "./key_code.ts";
import { keyNamed, modifierNamed } from "./key_names.ts";

/** Why a text can't be typed. */
export type TextRefusalReason =
  | "no-key"
  | "unknown-name"
  | "not-a-modifier"
  | "unclosed-brace"
  | "empty-braces";

/** The first place in a text that can't be typed. */
export interface TextRefusal {
  /** Tells a refusal from what was asked for. */
  readonly kind: "refused";
  /** What is wrong. */
  readonly reason: TextRefusalReason;
  /** Where, as an index into the string, from 0. */
  readonly position: number;
  /** The character or the name that is wrong. */
  readonly part: string;
  /** A sentence to show. */
  readonly message: string;
}

/** A part of a text that is typed with one stroke. */
export interface KeyPart {
  /** Tells a part from a refusal. */
  readonly kind: "part";
  /** As written, braces included; a line end as U+000A. */
  readonly text: string;
  /** Where it starts, as an index into the string. */
  readonly position: number;
  /** Where the next part starts. */
  readonly end: number;
  /** Modifier keys that are named, in order. */
  readonly held: readonly KeyCode[];
  /** A key by name, or a character to look up in the layout. */
  readonly key: { readonly code: KeyCode } | { readonly char: string };
}

/**
 * Reads the part of a text that starts at a position.
 *
 * @param text The text.
 * @param position An index into it, below its length.
 * @param braces False when braces stand for themselves.
 * @returns The part, or what is wrong with it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readKeyPart } from "@lockstep/kernel/keyboard";
 *
 * const part = readKeyPart("{Ctrl+c}", 0, true);
 * assertEquals(part.kind === "part" && part.held, ["LControl"]);
 * ```
 */
export function readKeyPart(
  text: string,
  position: number,
  braces: boolean,
): KeyPart | TextRefusal {
  const char = String.fromCodePoint(text.codePointAt(position) ?? 0);
  if (char === "{" && braces && text[position + 1] !== "{") {
    return readBraces(text, position);
  }
  const isPair = (char === "{" && braces) ||
    (char === "\r" && text[position + 1] === "\n");
  const typed = char === "\r" ? "\n" : char;
  return {
    kind: "part",
    text: typed,
    position,
    end: position + char.length + (isPair ? 1 : 0),
    held: [],
    key: { char: typed },
  };
}

function readBraces(text: string, position: number): KeyPart | TextRefusal {
  const refuse = (
    reason: TextRefusalReason,
    part: string,
    why: string,
  ): TextRefusal => refusal(reason, position, part, why);
  const close = closingBrace(text, position);
  if (close < 0) {
    const rest = text.slice(position);
    return refuse("unclosed-brace", rest, "no } closes it; {{ types a brace");
  }
  const whole = text.slice(position, close + 1);
  const content = whole.slice(1, -1);
  if (content === "") {
    return refuse("empty-braces", whole, "they name no key; {{ types a brace");
  }
  const { names, last } = splitAtPlus(content);
  const held: KeyCode[] = [];
  for (const name of names) {
    const code = modifierNamed(name);
    if (code === null) {
      const why = `${quoted(name)} is no key that is held with others`;
      return refuse("not-a-modifier", whole, why);
    }
    held.push(code);
  }
  const key = isOneCharacter(last) ? { char: last } : codeNamed(last);
  if (key === null) {
    const why = `no key is called ${quoted(last)}`;
    return refuse("unknown-name", whole, why);
  }
  return { kind: "part", text: whole, position, end: close + 1, held, key };
}

/**
 * Index of the brace that closes the one at `open`, or -1. In `{}}` and
 * `{Ctrl+}}` the first closing brace is the key.
 */
function closingBrace(text: string, open: number): number {
  const first = text.indexOf("}", open + 1);
  if (first < 0 || text[first + 1] !== "}") return first;
  const content = text.slice(open + 1, first);
  const expectsKey = content === "" || /[^+]\+$/.test(content);
  return expectsKey ? first + 1 : first;
}

/** `Ctrl+Shift+x` → [Ctrl, Shift] and x; the key may itself be a plus. */
function splitAtPlus(content: string): { names: string[]; last: string } {
  if (content === "+") return { names: [], last: "+" };
  if (content.endsWith("++")) {
    return { names: content.slice(0, -2).split("+"), last: "+" };
  }
  const names = content.split("+");
  return { last: names.pop() ?? "", names };
}

function codeNamed(name: string): { code: KeyCode } | null {
  const code = keyNamed(name);
  return code === null ? null : { code };
}

function isOneCharacter(text: string): boolean {
  return [...text].length === 1;
}

/** The names that stand in braces for the left modifiers. */
const WRITTEN: { readonly [K in KeyCode]?: string } = {
  LShift: "Shift",
  LControl: "Ctrl",
  LAlt: "Alt",
  LWin: "Win",
};

/**
 * How a stroke is written so that `readKeyPart` reads it back.
 *
 * @param held Modifier keys.
 * @param key A key by name, or a character.
 * @returns For example `a`, `{{`, `{F1}` or `{Ctrl+c}`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { writeKeyPart } from "@lockstep/kernel/keyboard";
 *
 * assertEquals(writeKeyPart(["LControl"], { char: "c" }), "{Ctrl+c}");
 * ```
 */
export function writeKeyPart(
  held: readonly KeyCode[],
  key: KeyPart["key"],
): string {
  if (held.length === 0 && "char" in key) {
    return key.char === "{" ? "{{" : key.char;
  }
  const names = held.map((code) => WRITTEN[code] ?? code);
  names.push("char" in key ? key.char : key.code);
  return `{${names.join("+")}}`;
}

/** A refusal with its sentence. */
export function refusal(
  reason: TextRefusalReason,
  position: number,
  part: string,
  why: string,
): TextRefusal {
  const message = `Cannot type ${quoted(part)} at position ${position}: ${why}`;
  return { kind: "refused", reason, position, part, message };
}

/** In quotes, control characters and lone surrogates as escapes. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
