/**
 * Heaps with a planted bug.
 *
 * @module
 */

import type { WordMemory } from "../../base/word_memory.ts";
import type { HeapCore } from "../../kernel/allocator/heap.ts";
import { checkHeap } from "../conformance/check_heap.ts";
import type { HeapCheckOptions } from "../conformance/heap_laws.ts";
import type { Mutant } from "./mutant.ts";
import { BLOCKS_BUGS, PlantedBlocks } from "./planted_blocks.ts";
import { FIRST_FIT_BUGS, PlantedFirstFit } from "./planted_first_fit.ts";

/** A heap with one bug. */
export interface HeapMutant extends Mutant {
  /** Makes it. */
  readonly make: (memory: WordMemory) => HeapCore;
}

const FIRST_FIT: HeapCheckOptions = { findsGaps: 64 };
const BLOCKS: HeapCheckOptions = { merges: false };

/** All of them. */
export const HEAP_MUTANTS: readonly HeapMutant[] = [
  ...FIRST_FIT_BUGS.map((bug) =>
    mutant(bug, (memory) => new PlantedFirstFit(memory, bug), FIRST_FIT)
  ),
  ...BLOCKS_BUGS.map((bug) =>
    mutant(bug, (memory) => new PlantedBlocks(memory, bug), BLOCKS)
  ),
];

function mutant(
  name: string,
  make: (memory: WordMemory) => HeapCore,
  options: HeapCheckOptions,
): HeapMutant {
  return { name, make, check: () => checkHeap(make, options) };
}
