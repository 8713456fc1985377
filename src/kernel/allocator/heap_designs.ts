/**
 * The heaps as a kernel chooses among them: each lays a fresh heap over its
 * memory, or goes on with one over a loaded state, without writing memory.
 *
 * Book: "Allocator Designs".
 *
 * @module
 */

import type { WordMemory } from "../../base/word_memory.ts";
import { BuddyHeap } from "./buddy.ts";
import { BumpHeap } from "./bump.ts";
import { FirstFitHeap } from "./first_fit.ts";
import {
  FixedSizeBlockHeap,
  type FixedSizeBlockState,
} from "./fixed_size_block.ts";
import {
  CheckedHeap,
  type CheckedOptions,
  type CheckedState,
} from "./checked.ts";
import type { Heap, HeapCore } from "./heap.ts";
import type { HoleListState } from "./hole_list.ts";
import { IndexedFirstFitHeap } from "./indexed_first_fit.ts";
import { LinkedListHeap } from "./linked_list.ts";
import { TlsfHeap } from "./tlsf.ts";

/** A heap whose state is plain data. */
export interface StatefulHeap extends HeapCore {
  /** All that the heap knows beside its memory. */
  readonly state: object;
}

/**
 * Lays a heap over a memory, or goes on with one whose state is given: that of
 * a heap of the same design, which the machine ensures as it refuses the state
 * of another program.
 */
export type HeapDesign<H extends StatefulHeap = StatefulHeap> = (
  memory: WordMemory,
  state?: object,
) => H;

/** Nothing, or the option that a heap's constructor takes. */
const goOn = <S>(state: object | undefined): { readonly state?: S } =>
  state === undefined ? {} : { state: state as S };

/**
 * The book's bump allocator.
 *
 * @param memory What to manage.
 * @param state A state to go on from.
 * @returns The heap.
 */
export function bumpDesign(memory: WordMemory, state?: object): BumpHeap {
  return new BumpHeap(memory, goOn(state));
}

/**
 * The book's linked list allocator.
 *
 * @param memory What to manage.
 * @param state A state to go on from.
 * @returns The heap.
 */
export function linkedListDesign(
  memory: WordMemory,
  state?: object,
): LinkedListHeap {
  return new LinkedListHeap(memory, goOn(state));
}

/**
 * The heap of the crate linked_list_allocator.
 *
 * @param memory What to manage.
 * @param state A state to go on from.
 * @returns The heap.
 */
export function firstFitDesign(
  memory: WordMemory,
  state?: object,
): FirstFitHeap {
  return new FirstFitHeap(memory, goOn(state));
}

/**
 * The crate's heap with an index.
 *
 * @param memory What to manage.
 * @param state A state to go on from.
 * @returns The heap.
 */
export function indexedFirstFitDesign(
  memory: WordMemory,
  state?: object,
): IndexedFirstFitHeap {
  return new IndexedFirstFitHeap(memory, goOn(state));
}

/**
 * The book's last one: fixed-size blocks over the crate's heap. The kernel's
 * default.
 *
 * @param memory What to manage.
 * @param state A state to go on from.
 * @returns The heap.
 */
export function fixedSizeBlockDesign(
  memory: WordMemory,
  state?: object,
): FixedSizeBlockHeap<HoleListState> {
  const lists = state as FixedSizeBlockState<HoleListState> | undefined;
  const fallback = new FirstFitHeap(memory, goOn(lists?.fallback));
  return new FixedSizeBlockHeap(fallback, goOn(lists));
}

/**
 * Two-level segregated fit: O(1), whatever the sizes.
 *
 * @param memory What to manage.
 * @param state A state to go on from.
 * @returns The heap.
 */
export function tlsfDesign(memory: WordMemory, state?: object): TlsfHeap {
  return new TlsfHeap(memory, goOn(state));
}

/**
 * Buddies: powers of two that merge in pairs.
 *
 * @param memory What to manage.
 * @param state A state to go on from.
 * @returns The heap.
 */
export function buddyDesign(memory: WordMemory, state?: object): BuddyHeap {
  return new BuddyHeap(memory, goOn(state));
}

/**
 * Any of these in a heap that checks: red zones, poison, double frees, wrong
 * layouts, leaks. It takes more room, and each operation reads its block.
 *
 * @param design The heap inside.
 * @param options How it checks; `now` gives the clk of an allocation.
 * @returns The design of the two.
 */
export function checkedDesign(
  design: HeapDesign<Heap>,
  options: Omit<CheckedOptions, "state"> = {},
): HeapDesign<CheckedHeap> {
  return (memory, state) => {
    const known = state as CheckedState | undefined;
    const inner = design(memory, known?.inner);
    return new CheckedHeap(inner, { ...options, ...goOn(known) });
  };
}
