/**
 * What each heap's entry point exports beside the heap: memory to put it on, layouts, and the interface.
 *
 * @module
 */

export {
  type BufferSource,
  FLAT_END_MAX,
  FlatMemory,
  type WordMemory,
} from "../../base/word_memory.ts";
export type { FreeRegion, Heap, HeapCore } from "./heap.ts";
export { ALIGN_MAX, arrayLayout, type Layout, layout } from "./layout.ts";
