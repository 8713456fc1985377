/**
 * First fit by address, with merging: the heap of the crate linked_list_allocator, which the book's kernel uses first and which
 * its fixed-size blocks fall back to. Both operations walk the list of holes.
 *
 * @module
 */

import { HoleListHeap } from "./hole_list.ts";

export * from "./common.ts";
export {
  type CrateVersion,
  HoleListHeap,
  type HoleListOptions,
  type HoleListState,
} from "./hole_list.ts";

/**
 * The crate's heap. Wastes nothing but rounding, and always merges; O(holes).
 *
 * @example
 * ```ts
 * import { FirstFitHeap, FlatMemory } from "@lockstep/kernel/heap/first-fit";
 * import { assertEquals } from "@std/assert";
 *
 * const heap = new FirstFitHeap(new FlatMemory(new ArrayBuffer(1024)));
 * const a = heap.alloc(100, 8)!;
 * const b = heap.alloc(16, 256)!;
 * assertEquals([a, b, heap.used], [0, 256, 120]);
 * heap.dealloc(a, 100, 8);
 * heap.dealloc(b, 16, 256);
 * assertEquals(heap.freeRegions(), [{ offset: 0, size: 1024 }]);
 * ```
 */
export class FirstFitHeap extends HoleListHeap {}
