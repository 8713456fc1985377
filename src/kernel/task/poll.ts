/**
 * What a future answers when it is polled.
 *
 * Book: "Async/Await", section "Futures in Rust". Numbers rather than objects,
 * so that a poll allocates nothing; a result is left in the future itself.
 *
 * @module
 */

/** Not yet: the future has arranged to be woken. */
export const PENDING = 0 as const;

/** Done: the result, if there is one, is the future's `output`. */
export const READY = 1 as const;

/** The answer of a poll. */
export type Poll = typeof PENDING | typeof READY;
