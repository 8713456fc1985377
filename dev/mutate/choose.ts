/**
 * Which mutants are tried: as many of each kind, drawn by a seed. Whether one
 * is drawn depends on its own line and not on other files, so that a change of
 * the sources draws few new ones.
 *
 * @module
 */

import { Hasher } from "../../src/base/hash.ts";
import { encodeUtf8 } from "../../src/base/utf8.ts";
import type { Mutant, MutantKind } from "./mutants.ts";

const KINDS: readonly MutantKind[] = ["operator", "constant", "condition"];

/**
 * Draws mutants.
 *
 * @param all those to draw from
 * @param count how many; all, if there are no more
 * @param seed decides which; one that is drawn for a count is also drawn for a greater one
 * @returns the drawn ones, kinds in turn
 */
export function choose(
  all: readonly Mutant[],
  count: number,
  seed: number,
): Mutant[] {
  const ranked = ranks(all, seed);
  const queues = KINDS.map((kind) =>
    ranked.filter(({ mutant }) => mutant.kind === kind)
  );
  const chosen: Mutant[] = [];
  for (let i = 0; chosen.length < Math.min(count, all.length); i++) {
    const next = queues[i % queues.length]!.shift();
    if (next !== undefined) chosen.push(next.mutant);
  }
  return chosen;
}

/** Mutants in the order of a hash of what they are; equal ones by their number. */
function ranks(
  all: readonly Mutant[],
  seed: number,
): { mutant: Mutant; rank: string }[] {
  const seen = new Map<string, number>();
  return all.map((mutant) => {
    const { path, text, from, to } = mutant;
    const name = [seed, path, text, from, to].join("\n");
    const number = seen.get(name) ?? 0;
    seen.set(name, number + 1);
    return { mutant, rank: digestOf(`${name}\n${number}`) };
  }).sort((a, b) => a.rank < b.rank ? -1 : 1);
}

/** A digest of a text. */
export function digestOf(text: string): string {
  const hasher = new Hasher();
  for (const byte of encodeUtf8(text)) hasher.word(byte);
  return hasher.digest();
}
