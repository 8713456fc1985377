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

/** Maps pages by tables that lie wherever a function says. */
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
