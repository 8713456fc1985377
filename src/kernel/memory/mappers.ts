/**
 * Mappers of pages: over tables that are accessed at an offset, wherever a
 * function says, or through themselves.
 *
 * Each needs memory as words and loads no machine. What a caller needs beside
 * them, addresses, pages and flags, is passed on.
 *
 * @module
 */

export * from "../../hw/addr.ts";
export * from "../../hw/page.ts";
export * from "../../hw/page_range.ts";
export * from "../../hw/page_table.ts";
export type { Word64 } from "../../hw/word64.ts";
export type {
  FrameAllocator,
  FrameDeallocator,
  FrameRefusal,
  FrameRefusalReason,
} from "./frames/frame_allocator.ts";
export * from "./mappers/book.ts";
export {
  FlushLedger,
  type FlushState,
  type FullFlusher,
  MapperFlush,
  MapperFlushAll,
  type PageFlusher,
} from "./mappers/flush.ts";
export {
  type FrameToPointer,
  MappedPageTable,
  mappedPageTableState,
} from "./mappers/mapped_page_table.ts";
export * from "./mappers/mapper.ts";
export * from "./mappers/mapper_errors.ts";
export * from "./mappers/offset_page_table.ts";
export type {
  EntryWords,
  PageTableMemory,
} from "./mappers/page_table_memory.ts";
export { PageTableMapper } from "./mappers/page_table_mapper.ts";
export { PageTable } from "./mappers/page_table_view.ts";
export * from "./mappers/recursive_page_table.ts";
export { SizedMapper } from "./mappers/sized_mapper.ts";
export { type MapperState, Tables } from "./mappers/tables.ts";
export * from "./mappers/translate.ts";
