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
export { BaseHeap, type FreeRegion, type Heap, type HeapCore } from "./heap.ts";
export type { Nodes } from "./nodes.ts";
export { ALIGN_MAX, arrayLayout, type Layout, layout } from "./layout.ts";
