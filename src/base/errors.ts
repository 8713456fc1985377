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
