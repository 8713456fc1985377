/**
 * The table of kinds, looked up by name or by number.
 *
 * @module
 */

import type { Context, DropFn, Future, Kinds, PollFn } from "./future.ts";
import type { Poll } from "./poll.ts";

/** Kinds at most: a kind's number has to fit beside other bits. */
export const KINDS_MAX = 65_536;

const nothing = () => {};

/** Kinds in the order in which they were given. Holds no state. */
export class KindTable {
  /** Names, by number. */
  readonly names: readonly string[];
  /** Poll functions, by number. */
  readonly polls: readonly PollFn[];
  readonly #drops: readonly DropFn[];
  readonly #numbers: ReadonlyMap<string, number>;
  /** The name that was looked up last, and its number: derived. */
  #lastName = "";
  #lastNumber = 0;

  /**
   * Makes a table.
   *
   * @param tables Kinds by name; several tables are joined.
   * @throws {TypeError} If two tables have a kind of the same name, or one has
   * no functions.
   * @throws {RangeError} If there are more than {@linkcode KINDS_MAX}.
   */
  constructor(...tables: readonly Kinds[]) {
    const numbers = new Map<string, number>();
    const polls: PollFn[] = [];
    const drops: DropFn[] = [];
    for (
      const [name, kind] of tables.flatMap((kinds) => Object.entries(kinds))
    ) {
      if (numbers.has(name)) {
        throw new TypeError(`Cannot add kind "${name}": it is there already`);
      }
      // The table is keyed by what `never` stands for: the kind of the future.
      const [poll, drop] = typeof kind === "function"
        ? [kind as PollFn, nothing]
        : [kind?.poll as PollFn, kind?.drop as DropFn];
      if (typeof poll !== "function" || typeof drop !== "function") {
        throw new TypeError(
          `Cannot add kind "${name}": give its poll function, or { poll, drop }`,
        );
      }
      numbers.set(name, polls.length);
      polls.push(poll);
      drops.push(drop);
    }
    if (polls.length > KINDS_MAX) {
      throw new RangeError(
        `Cannot hold ${polls.length} kinds: ${KINDS_MAX} are the limit`,
      );
    }
    this.names = [...numbers.keys()];
    this.#lastName = this.names[0] ?? "";
    this.polls = polls;
    this.#drops = drops;
    this.#numbers = numbers;
  }

  /**
   * Finds a kind.
   *
   * @param future What is of that kind.
   * @returns Its number.
   * @throws {TypeError} If there is none of that name.
   */
  numberOf(future: Future): number {
    const { kind } = future;
    if (kind === this.#lastName) return this.#lastNumber;
    const number = this.#numbers.get(kind);
    if (number === undefined) {
      throw new TypeError(
        `Cannot find kind "${future.kind}": ` +
          `the table has ${this.names.join(", ") || "none"}`,
      );
    }
    this.#lastName = kind;
    this.#lastNumber = number;
    return number;
  }

  /** Polls a future, whatever its kind. */
  poll(future: Future, context: Context): Poll {
    const poll = this.polls[this.numberOf(future)]!;
    return poll(future, context);
  }

  /** Gives an unfinished future up. */
  drop(future: Future, context: Context): void {
    const drop = this.#drops[this.numberOf(future)]!;
    drop(future, context);
  }
}
