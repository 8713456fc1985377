/**
 * Pictures of what a kernel does, and what its events tell.
 *
 * @module
 */

export type {
  FreeRegion,
  Heap,
  HeapCore,
  Layout,
  WordMemory,
} from "../kernel/allocator/common.ts";
export {
  fragmentation,
  HEAP_MAP_COLUMNS_MAX,
  HEAP_MAP_ROWS_MAX,
  heapMap,
  type HeapMapOptions,
  type HeapSample,
  sampleHeap,
} from "./heap_map.ts";
export {
  type CompleteLog,
  type LiveBlock,
  type MemoryHazard,
  type MemoryHazardKind,
  memoryHazards,
  type MemoryReport,
} from "./memory_hazards.ts";
export { screenPicture } from "./screen_picture.ts";
export type { VgaState } from "../hw/vga_state.ts";
