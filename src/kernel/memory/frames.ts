/**
 * Frame allocators: the book's two, and two that free.
 *
 * Each needs a memory map only and loads no machine. What a caller needs beside
 * them, pages, frames and the map's format, is passed on.
 *
 * @module
 */

export { type PhysAddr, physAddr, type VirtAddr } from "../../hw/addr.ts";
export * from "../../hw/memory_map.ts";
export * from "../../hw/page.ts";

export {
  BootInfoFrameAllocator,
  type BootInfoFramesState,
  bootInfoFramesState,
} from "./frames/boot_info_frames.ts";
export type { BitTree } from "./frames/bit_tree.ts";
export {
  BitmapFrameAllocator,
  type BitmapFramesState,
  bitmapFramesState,
} from "./frames/bitmap_frames.ts";
export {
  BUDDY_ORDER_MAX,
  BuddyFrameAllocator,
  type BuddyFramesState,
  buddyFramesState,
} from "./frames/buddy_frames.ts";
export { EmptyFrameAllocator } from "./frames/empty_frames.ts";
export {
  type FrameAllocator,
  type FrameDeallocator,
  type FramePool,
  FrameRefusal,
  type FrameRefusalReason,
  type FrameStats,
} from "./frames/frame_allocator.ts";
export { BaseFramePool, type FramePoolState } from "./frames/frame_pool.ts";
export type { FrameSpaceState } from "./frames/frame_space.ts";
