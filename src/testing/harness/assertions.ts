/**
 * Assertions for code inside a kernel: what fails panics, with Rust's text.
 *
 * A kernel may as well use its host's assertion library, or just throw: the
 * harness makes a panic of what is thrown.
 *
 * Source: texts of Rust 1.73 and later, and of those before.
 *
 * @module
 */

import type { PanicInfo } from "../../kernel/panic.ts";

/** What the assertions compare. */
export type Comparable =
  | number
  | bigint
  | boolean
  | string
  | null
  | readonly Comparable[];

/** Who panics: a `KernelCore`. */
export interface Panics {
  /** Says what is wrong, and ends the run. */
  panic(message: string): never;
}

/** Whose texts: from Rust 1.73 on, or before. */
export type PanicStyle = "1.73" | "1.72";

/** How a text is made. */
export interface AssertTextOptions {
  /** What the author says about it, as the macro's last argument. */
  readonly message?: string;
  /** Whose text; that of 1.73 if absent. */
  readonly style?: PanicStyle;
}

/**
 * A value as `{:?}` prints it: numbers as those of whole types, texts with
 * their control characters escaped.
 *
 * @param value the value
 * @returns for example `0`, `"text"`, `[1, 2]`
 */
export function debugText(value: Comparable): string {
  if (typeof value === "string") return rustText(value);
  if (Array.isArray(value)) return `[${value.map(debugText).join(", ")}]`;
  return value === null ? "None" : String(value);
}

/** A text in quotes: JSON's escapes are Rust's but for control characters. */
function rustText(text: string): string {
  return JSON.stringify(text)
    .replaceAll("\x7f", "\\u{7f}")
    .replaceAll(/\\(?:u([0-9a-f]{4})|.)/g, (escape, code?: string) => {
      if (escape === "\\b") return "\\u{8}";
      if (escape === "\\f") return "\\u{c}";
      if (code === undefined) return escape;
      return code === "0000"
        ? "\\0"
        : `\\u{${parseInt(code, 16).toString(16)}}`;
    });
}

/**
 * What a failed `assert_eq!` or `assert_ne!` says.
 *
 * @param operator `==` or `!=`
 * @param left the first argument
 * @param right the second
 * @param options how
 * @returns three lines
 *
 * @example
 * ```ts
 * import { comparisonText } from "@lockstep/kernel/testing";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   comparisonText("==", 0, 1),
 *   "assertion `left == right` failed\n  left: 0\n right: 1",
 * );
 * ```
 */
export function comparisonText(
  operator: "==" | "!=",
  left: Comparable,
  right: Comparable,
  { message, style = "1.73" }: AssertTextOptions = {},
): string {
  const said = message === undefined ? "" : `: ${message}`;
  const [l, r] = [debugText(left), debugText(right)];
  return style === "1.73"
    ? `assertion \`left ${operator} right\` failed${said}\n  left: ${l}\n right: ${r}`
    : `assertion failed: \`(left ${operator} right)\`\n  left: \`${l}\`,\n right: \`${r}\`${said}`;
}

/**
 * The text of a panic before Rust 1.73; `panicText` of the kernel is that of
 * the versions since.
 *
 * @param info the panic
 * @returns `panicked at 'MESSAGE', PLACE`
 */
export function oldPanicText({ message, place }: PanicInfo): string {
  return `panicked at '${message}', ${place}`;
}

/**
 * `assert!`.
 *
 * @param core panics
 * @param condition what must hold
 * @param text the condition in words, as the macro would quote it
 */
export function assertThat(
  core: Panics,
  condition: boolean,
  text: string,
): asserts condition {
  if (!condition) core.panic(`assertion failed: ${text}`);
}

/**
 * `assert_eq!`.
 *
 * @param core panics
 * @param left the first argument
 * @param right the second
 * @param message what the author says about it
 */
export function assertEq(
  core: Panics,
  left: Comparable,
  right: Comparable,
  message?: string,
): void {
  if (isEqual(left, right)) return;
  core.panic(
    comparisonText("==", left, right, message === undefined ? {} : { message }),
  );
}

/**
 * `assert_ne!`.
 *
 * @param core panics
 * @param left the first argument
 * @param right the second
 * @param message what the author says about it
 */
export function assertNe(
  core: Panics,
  left: Comparable,
  right: Comparable,
  message?: string,
): void {
  if (!isEqual(left, right)) return;
  core.panic(
    comparisonText("!=", left, right, message === undefined ? {} : { message }),
  );
}

/** Equal as in Rust: NaN equals nothing, lists by their elements. */
function isEqual(left: Comparable, right: Comparable): boolean {
  if (!Array.isArray(left) || !Array.isArray(right)) return left === right;
  return left.length === right.length &&
    left.every((value, i) => isEqual(value, right[i]!));
}
