/**
 * The kinds that need nothing but a context.
 *
 * @module
 */

import type { Kinds } from "./future.ts";
import { dropJoin, pollJoin } from "./join.ts";
import { dropSelect, pollSelect } from "./select.ts";
import { pollYieldNow } from "./yield_now.ts";

/** Kinds of {@linkcode yieldNow}, {@linkcode join} and {@linkcode select}. */
export const COMBINATORS: Kinds = Object.freeze({
  "yield-now": pollYieldNow,
  "join": Object.freeze({ poll: pollJoin, drop: dropJoin }),
  "select": Object.freeze({ poll: pollSelect, drop: dropSelect }),
});
