/**
 * The book's mapper: all of physical memory can be accessed at an offset.
 *
 * Book: "Paging Implementation", section "Using OffsetPageTable".
 * Source: crate x86_64 0.15.4, `OffsetPageTable`.
 *
 * @module
 */

import { type EventSink, NO_EVENTS } from "../../../base/events.ts";
import { virtAdd, type VirtAddr } from "../../../hw/addr.ts";
import type { Frame } from "../../../hw/page.ts";
import { flushState } from "./flush.ts";
import type { PageTableMemory } from "./page_table_memory.ts";
import { PageTableMapper } from "./page_table_mapper.ts";
import { type MapperState, Tables } from "./tables.ts";

/** The mapper as data. */
export interface OffsetPageTableState extends MapperState {
  /** Where physical address 0 is accessed. */
  physOffset: number;
}

/**
 * Makes the state of a mapper.
 *
 * @param level4Frame The level 4 table, as CR3 has it.
 * @param physOffset Where physical address 0 is accessed; 0 by default, for a
 * memory whose addresses are physical.
 * @returns A state for {@linkcode OffsetPageTable}.
 */
export function offsetPageTableState(
  level4Frame: Frame,
  physOffset: VirtAddr = 0 as VirtAddr,
): OffsetPageTableState {
  return { level4Frame, physOffset, ...flushState() };
}

class OffsetTables extends Tables<OffsetPageTableState> {
  override readonly whole = false;
  override readonly parentLow = 0;
  override readonly skippedIndex = -1;

  override tableAt(frame: number): number {
    return virtAdd(this.state.physOffset as VirtAddr, frame);
  }
}

/**
 * Maps pages by tables that are accessed at an offset.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import {
 *   expectOk,
 *   frameContaining,
 *   OffsetPageTable,
 *   offsetPageTableState,
 *   pageContaining,
 *   physAddr,
 *   PTE_P,
 *   PTE_RW,
 *   virtAddr,
 * } from "@lockstep/kernel/mappers";
 *
 * // 64 KiB of physical memory: the level 4 table at 0x1000, free from 0x2000.
 * const ram = new Int32Array(0x4000);
 * const memory = {
 *   load32: (address: number) => ram[address / 4]!,
 *   store32: (address: number, word: number) => void (ram[address / 4] = word),
 * };
 * let free = 0x2000;
 * const frames = {
 *   allocateFrame: () => frameContaining(physAddr((free += 0x1000) - 0x1000)),
 * };
 * const root = frameContaining(physAddr(0x1000));
 * const mapper = new OffsetPageTable(memory, offsetPageTableState(root));
 *
 * const page = pageContaining(virtAddr(0x4444_4444_0000));
 * const frame = frameContaining(physAddr(0xb8000));
 * const flush = mapper.mapTo(page, frame, PTE_P | PTE_RW, frames);
 * expectOk(flush, "map_to failed").ignore();
 * const address = mapper.translateAddr(virtAddr(0x4444_4444_0abc));
 * assertEquals([address as number | null, free], [0xb8abc, 0x5000]);
 * ```
 */
export class OffsetPageTable extends PageTableMapper<OffsetPageTableState> {
  /**
   * Makes a mapper; nothing in memory is touched.
   *
   * @param memory Where the tables lie.
   * @param state From {@linkcode offsetPageTableState}, or restored.
   * @param events Is told of each change.
   */
  constructor(
    memory: PageTableMemory,
    state: OffsetPageTableState,
    events: EventSink = NO_EVENTS,
  ) {
    super(new OffsetTables(memory, state, events));
  }

  /** Where physical address 0 is accessed (crate: `phys_offset`). */
  get physOffset(): VirtAddr {
    return this.state.physOffset as VirtAddr;
  }
}
