/**
 * The heaps: the book's three, the crate's with and without an index, and beyond the book TLSF, buddies and a checking wrapper.
 *
 * @module
 */

export * from "./common.ts";
export { BuddyHeap, type BuddyState } from "./buddy.ts";
export { BumpHeap, type BumpState } from "./bump.ts";
export {
  type CheckedBlock,
  CheckedHeap,
  type CheckedOptions,
  type CheckedState,
  type Leak,
} from "./checked.ts";
export { FirstFitHeap } from "./first_fit.ts";
export {
  BLOCK_SIZES,
  type FallbackHeap,
  FixedSizeBlockHeap,
  type FixedSizeBlockState,
} from "./fixed_size_block.ts";
export {
  type CrateVersion,
  HoleListHeap,
  type HoleListOptions,
  type HoleListState,
} from "./hole_list.ts";
export { IndexedFirstFitHeap } from "./indexed_first_fit.ts";
export { LinkedListHeap, type LinkedListState } from "./linked_list.ts";
export { TlsfHeap, type TlsfState } from "./tlsf.ts";
