/**
 * Scripts of lock operations, and of an interrupt's.
 *
 * @module
 */

import fc from "fast-check";
import type { Arbitrary } from "./arbitrary.ts";
import { anySteps } from "./steps.ts";

/** The names of operations, as methods of a lock. */
export const LOCK_OPERATIONS = [
  "tryLock",
  "unlock",
  "lock",
  "withLock",
  "withLockThrows",
  "withLockUnwinds",
  "tryRead",
  "unlockRead",
  "tryUpgradeableRead",
  "unlockUpgradeable",
  "tryUpgrade",
  "downgrade",
] as const;

/** One operation on a lock. */
export type LockOperation = (typeof LOCK_OPERATIONS)[number];

/** What main code does, and what an interrupt does in it. */
export class LockScript {
  /** What main code does, in order. */
  readonly main: readonly LockOperation[];
  /** At which boundary the interrupt comes, from 1; 0 for never. */
  readonly at: number;
  /** What its handler does, in order. */
  readonly handler: readonly LockOperation[];

  /**
   * Makes a script.
   *
   * @param main What main code does.
   * @param at At which boundary the interrupt comes; 0 for never.
   * @param handler What its handler does.
   */
  constructor(
    main: readonly LockOperation[],
    at: number = 0,
    handler: readonly LockOperation[] = [],
  ) {
    this.main = main;
    this.at = at;
    this.handler = handler;
  }

  /** The script as code, for a `lock`. */
  toString(): string {
    return [
      ...lockInterruptText(this),
      ...this.main.map(lockOperationText),
    ].join("\n");
  }
}

/**
 * A script's interrupt, in words.
 *
 * @param script The script.
 * @returns A comment, or no line.
 */
export function lockInterruptText({ at, handler }: LockScript): string[] {
  if (at === 0 || handler.length === 0) return [];
  const calls = handler.map(lockOperationText).join(" ");
  return [`// at boundary ${at} an interrupt: ${calls}`];
}

/**
 * An operation as code.
 *
 * @param operation The operation.
 * @returns A call.
 */
export function lockOperationText(operation: LockOperation): string {
  switch (operation) {
    case "withLock":
      return "lock.withLock(() => {});";
    case "withLockThrows":
      return "lock.withLock(() => { throw panic; });";
    case "withLockUnwinds":
      return "lock.withLock(() => { throw unwinding; });";
    default:
      return `lock.${operation}();`;
  }
}

/** What scripts are drawn. */
export interface LockScriptOptions {
  /** Operations at most; 16 by default. */
  readonly lengthMax?: number;
  /** Which operations; by default all. */
  readonly operations?: readonly LockOperation[];
}

/**
 * Scripts for locks; in two of three an interrupt comes.
 *
 * @param options What is drawn.
 * @returns Scripts.
 */
export function anyLockScript(
  options: LockScriptOptions = {},
): Arbitrary<LockScript> {
  const { lengthMax = 16, operations = LOCK_OPERATIONS } = options;
  const operation = fc.constantFrom(...operations);
  const inHandler = operations.filter((name) =>
    // A handler only tries: what it waits for can never come.
    name.startsWith("try") || name.startsWith("unlock")
  );
  return fc.record({
    main: anySteps(operation, lengthMax),
    at: fc.oneof(
      { weight: 1, arbitrary: fc.constant(0) },
      { weight: 2, arbitrary: fc.integer({ min: 1, max: 12 }) },
    ),
    handler: anySteps(fc.constantFrom(...inHandler), 4),
  }).map(({ main, at, handler }) => new LockScript(main, at, handler));
}
