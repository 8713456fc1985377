/**
 * What every runtime has to do alike: a name and a run that ends in a digest.
 *
 * Scenarios import the package by its name, so that the same text runs from the
 * source, from the npm tarball and from a bundle in a browser.
 *
 * @module
 */

import { Hasher, hashState, type StateTree } from "@lockstep/kernel/hw";

/** One thing to do. */
export interface Scenario {
  /** What is done. */
  readonly name: string;
  /** Does it from nothing; returns 16 hex digits. */
  readonly run: () => string;
}

/**
 * The digest of plain data.
 *
 * @param tree any state
 * @returns 16 hex digits
 */
export function digestOf(tree: StateTree): string {
  const hasher = new Hasher();
  hashState(tree, hasher);
  return hasher.digest();
}
