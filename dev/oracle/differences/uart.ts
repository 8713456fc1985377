import type { Difference } from "../difference.ts";

/** The rows. */
export const UART_DIFFERENCES: readonly Difference[] = [];
