/**
 * The heaps as a kernel chooses among them: each lays a fresh heap over its
 * memory, or goes on with one over a loaded state, without writing memory.
 *
 * Book: "Allocator Designs".
 *
 * @module
 */

import type { WordMemory } from "../../base/word_memory.ts";
import { BuddyHeap, type BuddyState } from "./buddy.ts";
import { BumpHeap, type BumpState } from "./bump.ts";
import { FirstFitHeap } from "./first_fit.ts";
import {
  FixedSizeBlockHeap,
  type FixedSizeBlockState,
} from "./fixed_size_block.ts";
import type { HeapCore } from "./heap.ts";
import type { HoleListState } from "./hole_list.ts";
import { IndexedFirstFitHeap } from "./indexed_first_fit.ts";
import { LinkedListHeap, type LinkedListState } from "./linked_list.ts";
import { TlsfHeap, type TlsfState } from "./tlsf.ts";

/** A heap whose state is plain data. */
export interface StatefulHeap extends HeapCore {
  /** All that the heap knows beside its memory. */
  readonly state: object;
}

/** Lays a heap over a memory, or goes on with one whose state is given. */
export type HeapDesign<H extends StatefulHeap> = (
  memory: WordMemory,
  state?: H["state"],
) => H;

/** Nothing, or the option that a heap's constructor takes. */
const goOn = <S>(state: S | undefined): { readonly state?: S } =>
  state === undefined ? {} : { state };

/**
 * The book's bump allocator.
 *
 * @param memory What to manage.
 * @param state A state to go on from.
 * @returns The heap.
 */
export function bumpDesign(memory: WordMemory, state?: BumpState): BumpHeap {
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
  state?: LinkedListState,
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
  state?: HoleListState,
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
  state?: HoleListState,
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
  state?: FixedSizeBlockState<HoleListState>,
): FixedSizeBlockHeap<HoleListState> {
  const fallback = new FirstFitHeap(memory, goOn(state?.fallback));
  return new FixedSizeBlockHeap(fallback, goOn(state));
}

/**
 * Two-level segregated fit: O(1), whatever the sizes.
 *
 * @param memory What to manage.
 * @param state A state to go on from.
 * @returns The heap.
 */
export function tlsfDesign(memory: WordMemory, state?: TlsfState): TlsfHeap {
  return new TlsfHeap(memory, goOn(state));
}

/**
 * Buddies: powers of two that merge in pairs.
 *
 * @param memory What to manage.
 * @param state A state to go on from.
 * @returns The heap.
 */
export function buddyDesign(memory: WordMemory, state?: BuddyState): BuddyHeap {
  return new BuddyHeap(memory, goOn(state));
}
