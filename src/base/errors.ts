/**
 * The one kind of error that is ours: a broken invariant. Bad arguments are `RangeError` or `TypeError`, refusals are
 * values, architectural faults are data.
 *
 * @module
 */

/** Thrown when this library finds itself in a state that its own laws exclude. */
export class InvariantError extends Error {
  /** Always `"InvariantError"`. */
  override readonly name = "InvariantError";
}

/**
 * Checks a law of this library.
 *
 * @param law what must be true here
 * @param message the law in words
 * @throws {InvariantError} if `law` is false
 */
export function invariant(law: boolean, message: string): asserts law {
  if (!law) throw new InvariantError(`Invariant broken: ${message}`);
}
