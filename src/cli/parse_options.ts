/**
 * From words on a command line to option values, by a table that also makes the
 * help text: an option is a row.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { UsageError } from "./usage_error.ts";

/** A row of an option table. */
export interface OptionSpec {
  /** Its name, without dashes. */
  readonly name: string;
  /** What its value is called in the help text; absent for a flag. */
  readonly value?: string;
  /** What it does, a default included. */
  readonly help: string;
}

/** Values as they were written. */
export interface OptionValues {
  /** Options with a value; the last one counts where an option is repeated. */
  readonly values: Readonly<Record<string, string | undefined>>;
  /** Flags that are set. */
  readonly flags: ReadonlySet<string>;
  /** Words that belong to no option, in order. */
  readonly words: readonly string[];
}

/**
 * Reads a command line.
 *
 * @param args the words behind the verb
 * @param specs the table
 * @returns the values
 * @throws {UsageError} for an unknown option, or one that lacks its value
 */
export function parseOptions(
  args: readonly string[],
  specs: readonly OptionSpec[],
): OptionValues {
  const withValue = specs.filter(({ value }) => value !== undefined);
  const flagNames = specs.filter(({ value }) => value === undefined)
    .map(({ name }) => name);
  const parsed = parseArgs(joinValues(args, specs), {
    alias: { help: "h" },
    boolean: flagNames,
    string: [...withValue.map(({ name }) => name), "_"],
    unknown: (arg, key) => {
      if (key !== undefined) throw new UsageError(unknownOption(arg, specs));
    },
  }) as Readonly<Record<string, unknown>>;
  const values: Record<string, string | undefined> = {};
  for (const { name } of withValue) {
    const value = parsed[name];
    if (value !== undefined) values[name] = String(value);
  }
  return {
    values,
    flags: new Set(flagNames.filter((name) => parsed[name] === true)),
    words: (parsed["_"] as readonly unknown[]).map(String),
  };
}

/**
 * The value of an option that needs one which is not empty.
 *
 * @param values what was written
 * @param name the option
 * @returns the value, or `null` if it was not given
 * @throws {UsageError} if it is empty
 */
export function nonEmpty(
  values: OptionValues["values"],
  name: string,
): string | null {
  const value = values[name];
  if (value === "") throw new UsageError(`Cannot use --${name}: it is empty`);
  return value ?? null;
}

/**
 * The value of an option that is a whole number.
 *
 * @param values what was written
 * @param name the option
 * @param min the least
 * @param max the greatest
 * @returns the number, or `null` if it was not given
 * @throws {UsageError} if it is something else
 */
export function integer(
  values: OptionValues["values"],
  name: string,
  min: number,
  max: number,
): number | null {
  const text = values[name];
  if (text === undefined) return null;
  // Digits may be grouped as in source code.
  const number = /^\d+(_\d+)*$/.test(text)
    ? Number(text.replaceAll("_", ""))
    : NaN;
  if (!(number >= min && number <= max)) {
    throw new UsageError(
      `Cannot use --${name} ${text}: give a whole number from ${min} to ${max}`,
    );
  }
  return number;
}

/**
 * `--keys -x` → `--keys=-x`: a value may begin with a dash, which the parser
 * would take for an option, and `--serial -` is a value too.
 */
function joinValues(
  args: readonly string[],
  specs: readonly OptionSpec[],
): string[] {
  const joined: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === "--") return [...joined, ...args.slice(i)];
    const spec = specs.find(({ name, value }) =>
      arg === `--${name}` && value !== undefined
    );
    if (spec === undefined) {
      joined.push(arg);
      continue;
    }
    const value = args[i + 1];
    const isOption = specs.some(({ name }) =>
      value === `--${name}` || value?.startsWith(`--${name}=`)
    );
    if (value === undefined || isOption) {
      throw new UsageError(`Cannot use ${arg}: ${spec.value} is missing`);
    }
    joined.push(`${arg}=${value}`);
    i += 1;
  }
  return joined;
}

function unknownOption(arg: string, specs: readonly OptionSpec[]): string {
  const written = arg.replace(/=.*$/s, "");
  const near = specs.map(({ name }) => `--${name}`)
    .find((option) => isNear(option, written));
  const hint = near === undefined ? "" : `; did you mean ${near}?`;
  return `Cannot use ${written}: there is no such option${hint}`;
}

/** Whether one letter too many, too few or wrong, or an end left out, tells them apart. */
function isNear(a: string, b: string): boolean {
  if (b.length > 3 && a.startsWith(b)) return true;
  if (Math.abs(a.length - b.length) > 1) return false;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (
    end < Math.min(a.length, b.length) - start &&
    a[a.length - 1 - end] === b[b.length - 1 - end]
  ) end += 1;
  return Math.max(a.length, b.length) - start - end <= 1;
}

/** Column at which the help text's right half begins. */
const HELP_COLUMN = 22;
/** Columns of the help text. */
const HELP_WIDTH = 79;

/**
 * The table as text.
 *
 * @param specs the table
 * @returns lines of at most 79 columns
 */
export function optionHelp(specs: readonly OptionSpec[]): string {
  return specs.map(({ name, value, help }) => {
    const left = `  --${name}${value === undefined ? "" : ` ${value}`}`;
    const lines = wrap(help, HELP_WIDTH - HELP_COLUMN);
    // A name that leaves no gap has a line of its own.
    if (left.length >= HELP_COLUMN) lines.unshift("");
    return lines.map((line, i) =>
      `${(i === 0 ? left : "").padEnd(HELP_COLUMN)}${line}`.trimEnd() + "\n"
    ).join("");
  }).join("");
}

/**
 * Breaks a text into lines.
 *
 * @param text words with single spaces between
 * @param width columns of a line
 * @returns the lines
 */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= width) {
      lines[lines.length - 1] = `${line} ${word}`;
    } else lines.push(word);
  }
  return lines;
}
