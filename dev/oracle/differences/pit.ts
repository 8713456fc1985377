import type { Difference } from "../difference.ts";

/** The rows. */
export const PIT_DIFFERENCES: readonly Difference[] = [];
