/**
 * A mapper that is told where each frame can be accessed.
 *
 * Source: crate x86_64 0.15.4, `MappedPageTable` and `PageTableFrameMapping`.
 *
 * @module
 */

import { type EventSink, NO_EVENTS } from "../../../base/events.ts";
import type { Frame } from "../../../hw/page.ts";
import { flushState } from "./flush.ts";
import type { PageTableMemory } from "./page_table_memory.ts";
import { PageTableMapper } from "./page_table_mapper.ts";
import { type MapperState, Tables } from "./tables.ts";

/**
 * Where a table's frame is accessed (crate: `PageTableFrameMapping`).
 *
 * @param frame The frame of a table.
 * @returns An address for the mapper's memory.
 */
export type FrameToPointer = (frame: Frame) => number;

/**
 * Makes the state of a mapper.
 *
 * @param level4Frame The level 4 table, as CR3 has it.
 * @returns A state for {@linkcode MappedPageTable}.
 */
export function mappedPageTableState(level4Frame: Frame): MapperState {
  return { level4Frame, ...flushState() };
}

class MappedTables extends Tables {
  override readonly whole = false;
  override readonly parentLow = 0;
  override readonly skippedIndex = -1;
  readonly #frameToPointer: FrameToPointer;

  constructor(
    memory: PageTableMemory,
    frameToPointer: FrameToPointer,
    state: MapperState,
    events: EventSink,
  ) {
    super(memory, state, events);
    this.#frameToPointer = frameToPointer;
  }

  override tableAt(frame: number): number {
    return this.#frameToPointer(frame as Frame);
  }
}

/**
 * Maps pages by tables that lie wherever a function says.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import {
 *   expectOk,
 *   type Frame,
 *   frameContaining,
 *   MappedPageTable,
 *   mappedPageTableState,
 *   pageContaining,
 *   physAddr,
 *   PTE_P,
 *   virtAddr,
 * } from "@lockstep/kernel/mappers";
 *
 * // Each table's frame has a place in a buffer: the n-th frame the n-th page.
 * const words = new Int32Array(4 * 1024);
 * const memory = {
 *   load32: (at: number) => words[at / 4]!,
 *   store32: (at: number, word: number) => void (words[at / 4] = word),
 * };
 * const frames: Frame[] = [];
 * const allocator = {
 *   allocateFrame(): Frame {
 *     const far = 0x1_0000_0000 + 0x7_0000 * frames.length;
 *     frames.push(frameContaining(physAddr(far)));
 *     return frames.at(-1)!;
 *   },
 * };
 * const root = allocator.allocateFrame();
 * const pointer = (frame: Frame) => 4096 * frames.indexOf(frame);
 * const mapper = new MappedPageTable(memory, pointer, mappedPageTableState(root));
 *
 * const page = pageContaining(virtAddr(0xdea_dbea_f000));
 * const vga = frameContaining(physAddr(0xb8000));
 * expectOk(mapper.mapTo(page, vga, PTE_P, allocator), "map_to failed").ignore();
 * assertEquals([mapper.translatePage(page) as unknown, frames.length], [vga, 4]);
 * ```
 */
export class MappedPageTable extends PageTableMapper<MapperState> {
  /**
   * Makes a mapper; nothing in memory is touched.
   *
   * @param memory Where the tables lie.
   * @param frameToPointer Where each of them is accessed.
   * @param state From {@linkcode mappedPageTableState}, or restored.
   * @param events Is told of each change.
   */
  constructor(
    memory: PageTableMemory,
    frameToPointer: FrameToPointer,
    state: MapperState,
    events: EventSink = NO_EVENTS,
  ) {
    super(new MappedTables(memory, frameToPointer, state, events));
  }
}
