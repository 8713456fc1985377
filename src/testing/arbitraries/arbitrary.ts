/**
 * The type of what draws, under a name of its own.
 *
 * @module
 */

import type fc from "fast-check";

/**
 * An arbitrary of fast-check, which documents it.
 *
 * @internal
 */
export type Arbitrary<T> = fc.Arbitrary<T>;
