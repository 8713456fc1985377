/**
 * The kernel's heap: its pages are mapped, then a heap is laid over them.
 *
 * Book: "Heap Allocation", section "Creating a Kernel Heap".
 *
 * The heap that comes out has no lock: `KernelHeap` puts it behind one.
 *
 * @module
 */

import type { WordMemory } from "../../base/word_memory.ts";
import { virtAdd, type VirtAddr, virtAddr } from "../../hw/addr.ts";
import { pageContaining, type Size4KiB } from "../../hw/page.ts";
import { pageRangeInclusive } from "../../hw/page_range.ts";
import { PTE_P, PTE_RW } from "../../hw/page_table.ts";
import type { FrameAllocator } from "../memory/frames/frame_allocator.ts";
import type { PageFlusher } from "../memory/mappers/flush.ts";
import type { Mapper } from "../memory/mappers/mapper.ts";
import {
  FRAME_ALLOCATION_FAILED,
  type MapToError,
} from "../memory/mappers/mapper_errors.ts";
import { CpuMemory, type HeapCpu } from "./cpu_memory.ts";

/** First address of the kernel's heap. */
export const HEAP_START: VirtAddr = virtAddr(0x4444_4444_0000);
/** Bytes of the kernel's heap: 100 KiB, 25 pages. */
export const HEAP_SIZE: number = 100 * 1024;

/** The heap, mapped and laid. */
export interface LaidHeap<H> {
  /** No refusal. */
  readonly reason: null;
  /** The heap. */
  readonly heap: H;
}

/**
 * Maps the heap's pages, PRESENT and WRITABLE, each to a frame of its own, and
 * lays a heap over them (book: `init_heap`).
 *
 * A failure midway leaves the pages before it mapped, and the frame that was
 * taken for the failing page is lost, as in the book.
 *
 * @param cpu The CPU: it flushes the pages, and the heap's nodes go through it.
 * @param mapper A mapper of the active tables.
 * @param frames Gives frames for pages and tables: 28 on fresh tables.
 * @param make Lays the heap over its memory; it may write there.
 * @returns The heap, or why a page was not mapped.
 */
export function initHeap<H>(
  cpu: HeapCpu & PageFlusher,
  mapper: Mapper,
  frames: FrameAllocator,
  make: (memory: WordMemory) => H,
): LaidHeap<H> | MapToError<Size4KiB> {
  const pages = pageRangeInclusive(
    pageContaining(HEAP_START),
    pageContaining(virtAdd(HEAP_START, HEAP_SIZE - 1)),
  );
  for (const page of pages) {
    const frame = frames.allocateFrame();
    if (frame === null) return FRAME_ALLOCATION_FAILED;
    const flush = mapper.mapTo(page, frame, PTE_P | PTE_RW, frames);
    if (flush.reason !== null) return flush;
    flush.flush(cpu);
  }
  const heap = make(new CpuMemory(cpu, HEAP_START, HEAP_SIZE));
  return { reason: null, heap };
}
