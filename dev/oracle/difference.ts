/**
 * A row of the table of differences.
 *
 * @module
 */

import type { Operation } from "./program.ts";

/** What a read gave on each side. */
export interface Answer {
  /** Our device's byte. */
  readonly ours: number;
  /** QEMU's. */
  readonly theirs: number;
}

/**
 * Follows one program, operation by operation.
 *
 * @returns for a read the bits in which both sides may differ, 0 for none; for other operations nothing that counts
 */
export type Watch = (operation: Operation, answer: Answer | null) => number;

/** One difference. */
export interface Difference {
  /** The register, as the data sheet calls it. */
  readonly register: string;
  /** The bits, as the data sheet numbers them. */
  readonly bits: string;
  /** What the data sheet says, and what QEMU does. */
  readonly reason: string;
  /** Starts to follow a program. */
  watch(): Watch;
  /** Whether the states part with the difference, so that the rest of the program cannot be compared. */
  readonly parts?: boolean;
}

/**
 * A row for certain reads, whatever happened before.
 *
 * @param port where
 * @param mask the bits
 */
export function always(port: number, mask: number): () => Watch {
  return () => (operation) =>
    operation.kind === "in" && operation.port === port ? mask : 0;
}
