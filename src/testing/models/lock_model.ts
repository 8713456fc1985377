/**
 * The naive lock: who is in, and what each operation does to that in one step.
 *
 * @module
 */

/** Who is in. */
export interface LockState {
  /** A writer, or whoever holds a mutex. */
  readonly writer: boolean;
  /** A reader that may become the writer. */
  readonly upgradeable: boolean;
  /** Other readers. */
  readonly readers: number;
}

/** What an operation that takes one step comes to. */
export type LockResult = boolean | "done" | "throws" | "deadlock";

/** Nobody is in. */
export const LOCK_FREE: LockState = Object.freeze({
  writer: false,
  upgradeable: false,
  readers: 0,
});

/** Operations of one step. */
export type LockStep =
  | "tryLock"
  | "unlock"
  | "lock"
  | "tryRead"
  | "unlockRead"
  | "tryUpgradeableRead"
  | "unlockUpgradeable"
  | "tryUpgrade"
  | "downgrade";

/**
 * Does a step.
 *
 * @param state Who is in before.
 * @param step The step.
 * @returns Who is in afterwards, and what it comes to.
 */
export function lockStep(
  state: LockState,
  step: LockStep,
): readonly [LockState, LockResult] {
  const { writer, upgradeable, readers } = state;
  const isFree = !writer && !upgradeable && readers === 0;
  const mayRead = !writer && !upgradeable;
  switch (step) {
    case "tryLock":
      return isFree ? [{ ...state, writer: true }, true] : [state, false];
    case "lock":
      return isFree
        ? [{ ...state, writer: true }, "done"]
        : [state, "deadlock"];
    case "unlock":
      return writer ? [{ ...state, writer: false }, "done"] : [state, "throws"];
    case "tryRead":
      return mayRead
        ? [{ ...state, readers: readers + 1 }, true]
        : [state, false];
    case "unlockRead":
      return readers > 0
        ? [{ ...state, readers: readers - 1 }, "done"]
        : [state, "throws"];
    case "tryUpgradeableRead":
      return mayRead ? [{ ...state, upgradeable: true }, true] : [state, false];
    case "unlockUpgradeable":
      return upgradeable
        ? [{ ...state, upgradeable: false }, "done"]
        : [state, "throws"];
    case "tryUpgrade":
      if (!upgradeable) return [state, "throws"];
      return readers === 0
        ? [{ ...state, upgradeable: false, writer: true }, true]
        : [state, false];
    case "downgrade":
      return writer
        ? [{ ...state, writer: false, readers: readers + 1 }, "done"]
        : [state, "throws"];
  }
}

/** A step and what it came to. */
export type LockTrace = readonly (readonly [LockStep, LockResult])[];

/**
 * Follows steps.
 *
 * @param state Who is in at first.
 * @param trace The steps and what they came to.
 * @returns Who is in at last, or `null` if they could not come to that.
 */
export function followTrace(
  state: LockState,
  trace: LockTrace,
): LockState | null {
  let at = state;
  for (const [step, result] of trace) {
    const [next, expected] = lockStep(at, step);
    if (expected !== result) return null;
    at = next;
  }
  return at;
}

/**
 * Who may be in after steps that an interrupt's fell into: before all of them,
 * after all, or between two.
 *
 * @param states Who may be in at first.
 * @param main The steps of the interrupted operation.
 * @param handler The steps of the interrupt.
 * @returns Who may be in at last; none if no order explains what was seen.
 */
export function interleave(
  states: readonly LockState[],
  main: LockTrace,
  handler: LockTrace,
): LockState[] {
  const found = new Map<string, LockState>();
  for (const state of states) {
    for (let i = 0; i <= main.length; i++) {
      const order = [...main.slice(0, i), ...handler, ...main.slice(i)];
      const end = followTrace(state, order);
      if (end !== null) found.set(JSON.stringify(end), end);
      if (handler.length === 0) break;
    }
  }
  return [...found.values()];
}
