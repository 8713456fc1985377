/**
 * What the book writes itself before it uses the crate's mapper, and around it.
 *
 * Book: "Paging Implementation".
 *
 * @module
 */

import { type EventSink, NO_EVENTS } from "../../../base/events.ts";
import {
  pageOffset,
  type PhysAddr,
  physAddr,
  type VirtAddr,
} from "../../../hw/addr.ts";
import { type Frame, frameContaining, type Page } from "../../../hw/page.ts";
import { PTE_P, PTE_RW, pteAddr, pteFrame } from "../../../hw/page_table.ts";
import type { FrameAllocator } from "../frames/frame_allocator.ts";
import type { PageFlusher } from "./flush.ts";
import type { Mapper } from "./mapper.ts";
import { expectOk } from "./mapper_errors.ts";
import { OffsetPageTable, offsetPageTableState } from "./offset_page_table.ts";
import { entryWords, type PageTableMemory } from "./page_table_memory.ts";
import { highBits, indexAt } from "./entry_math.ts";

/** The frame of the VGA text buffer. */
export const VGA_FRAME: Frame = frameContaining(physAddr(0xb8000));

/** What tells which level 4 table is active: the CPU as kernel code sees it. */
export interface Cr3Reader {
  /** High word of what `readCr3` returned last. */
  readonly high: number;
  /**
   * MOV from CR3.
   *
   * @returns The low word; the high one is in `high`.
   */
  readCr3(): number;
}

/**
 * The frame of the active level 4 table (book: `active_level_4_table`).
 *
 * @param cpu The CPU.
 * @returns The frame in CR3, without its flags.
 */
export function activeLevel4Frame(cpu: Cr3Reader): Frame {
  const low = cpu.readCr3();
  return frameContaining(pteAddr(low, cpu.high));
}

/**
 * Makes the kernel's mapper (book: `memory::init`).
 *
 * Called once: two mappers of one table don't know of each other's changes.
 *
 * @param cpu The CPU, whose loads and stores reach the tables.
 * @param physicalMemoryOffset Where physical address 0 is mapped.
 * @param events Is told of each change.
 * @returns A mapper of the active tables.
 */
export function initMapper(
  cpu: PageTableMemory & Cr3Reader,
  physicalMemoryOffset: VirtAddr,
  events: EventSink = NO_EVENTS,
): OffsetPageTable {
  const frame = activeLevel4Frame(cpu);
  const state = offsetPageTableState(frame, physicalMemoryOffset);
  return new OffsetPageTable(cpu, state, events);
}

/**
 * Translates an address by hand (book: `translate_addr`).
 *
 * @param memory Where the tables lie.
 * @param address Any address.
 * @param level4Frame The level 4 table.
 * @param physicalMemoryOffset Where physical address 0 is accessed.
 * @returns The physical address, or `null` where an entry is not PRESENT.
 * @throws {RangeError} If an entry maps a large page: not supported here.
 */
export function translateByHand(
  memory: PageTableMemory,
  address: VirtAddr,
  level4Frame: Frame,
  physicalMemoryOffset: number,
): PhysAddr | null {
  const words = entryWords(memory);
  let frame = level4Frame;
  for (let level = 4; level >= 1; level--) {
    const at = physicalMemoryOffset + frame +
      8 * indexAt(address | 0, highBits(address), level);
    const low = words.load(at);
    const next = pteFrame(low, words.high);
    if (next === "frame-not-present") return null;
    if (next === "huge-frame") {
      throw new RangeError("huge pages not supported");
    }
    frame = next;
  }
  return frame + pageOffset(address) as PhysAddr;
}

/**
 * Maps a page to the VGA text buffer, which is mapped already: an alias
 * (book: `create_example_mapping`).
 *
 * @param page The page.
 * @param mapper A mapper for 4 KiB pages.
 * @param frames Gives frames for tables.
 * @param tlb Flushes the page.
 * @throws {Error} `map_to failed: `, and why the page was not mapped.
 */
export function createExampleMapping(
  page: Page,
  mapper: Mapper,
  frames: FrameAllocator,
  tlb: PageFlusher,
): void {
  const flush = mapper.mapTo(page, VGA_FRAME, PTE_P | PTE_RW, frames);
  expectOk(flush, "map_to failed").flush(tlb);
}
