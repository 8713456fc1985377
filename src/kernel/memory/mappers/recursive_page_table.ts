/**
 * A mapper that reaches the tables through one entry of the level 4 table that
 * points to that table itself: an address that follows it n times ends n levels
 * early, at a table instead of a page.
 *
 * Book: "Paging Implementation", section "Recursive Page Tables".
 * Source: crate x86_64 0.15.4, `RecursivePageTable`.
 *
 * Surprises of the original, kept: new parents get PRESENT and WRITABLE in any
 * case; changing flags, translating a page and `translate` test upper entries for
 * zero only, so that below a large page the memory in it is taken for a table,
 * and below an entry without PRESENT the access faults; a table that is freed
 * and made anew at the same place may still be reached through a stale TLB
 * entry of its recursive address.
 *
 * @module
 */

import { type EventSink, NO_EVENTS } from "../../../base/events.ts";
import {
  p1Index,
  p2Index,
  p3Index,
  p4Index,
  type VirtAddr,
} from "../../../hw/addr.ts";
import type { Frame } from "../../../hw/page.ts";
import {
  pageTableIndex,
  PTE_P,
  PTE_RW,
  pteFrame,
} from "../../../hw/page_table.ts";
import { flushState } from "./flush.ts";
import { PlainRefusal } from "./mapper_errors.ts";
import { entryWords, type PageTableMemory } from "./page_table_memory.ts";
import { PageTableMapper } from "./page_table_mapper.ts";
import { type MapperState, Tables } from "./tables.ts";

/** The mapper as data. */
export interface RecursivePageTableState extends MapperState {
  /** The level 4 entry that points to its own table. */
  recursiveIndex: number;
}

/** The table is not at an address that follows one entry four times. */
export type NotRecursive = PlainRefusal<"not-recursive">;
/** The table is not the one that CR3 points to. */
export type NotActive = PlainRefusal<"not-active">;
/** Why a table was not taken (crate: `InvalidPageTable`). */
export type InvalidPageTable = NotRecursive | NotActive;

/** The one value of {@linkcode NotRecursive}. */
export const NOT_RECURSIVE: NotRecursive = new PlainRefusal(
  "not-recursive",
  "NotRecursive",
);
/** The one value of {@linkcode NotActive}. */
export const NOT_ACTIVE: NotActive = new PlainRefusal(
  "not-active",
  "NotActive",
);

/**
 * A refusal as the crate prints it with `{}`.
 *
 * @param refusal Why a table was not taken.
 * @returns For example `given page table address is not recursive`.
 */
export function invalidPageTableText(refusal: InvalidPageTable): string {
  return refusal.reason === "not-recursive"
    ? "given page table address is not recursive"
    : "given page table is not active on the CPU";
}

/**
 * Makes the state of a mapper.
 *
 * @param recursiveIndex The level 4 entry that points to its own table.
 * @param level4Frame The level 4 table, as CR3 has it; only events name it.
 * @returns A state for {@linkcode RecursivePageTable}.
 * @throws {RangeError} If the index is above 511.
 */
export function recursivePageTableState(
  recursiveIndex: number,
  level4Frame: Frame,
): RecursivePageTableState {
  pageTableIndex(recursiveIndex);
  return { level4Frame, recursiveIndex, ...flushState() };
}

/** By level: the index repeated as often as the entry is followed, as a factor. */
const REPEATED: readonly number[] = Object.freeze([
  0,
  2 ** 27,
  2 ** 27 + 2 ** 18,
  2 ** 27 + 2 ** 18 + 2 ** 9,
  2 ** 27 + 2 ** 18 + 2 ** 9 + 1,
]);
const TWO_48 = 2 ** 48;

class RecursiveTables extends Tables<RecursivePageTableState> {
  override readonly whole = true;
  override readonly parentLow: number = PTE_P | PTE_RW;

  override get skippedIndex(): number {
    return this.state.recursiveIndex;
  }

  /** The address's indices move down by one place for each time it follows. */
  override tableAt(_frame: number, address: number, level: number): number {
    const ordinal = address < 0 ? address + TWO_48 : address;
    const moved = Math.floor(ordinal / 2 ** (12 + 9 * level));
    const page = this.state.recursiveIndex * REPEATED[level]! + moved;
    const start = page * 4096;
    return start >= TWO_48 / 2 ? start - TWO_48 : start;
  }
}

/**
 * Maps pages by tables that map themselves.
 *
 * @example
 * ```ts
 * import { Machine } from "@lockstep/kernel/hw";
 * import { coreState, defineKernel } from "@lockstep/kernel/kernel";
 * import {
 *   activeLevel4Frame,
 *   pageFromIndices,
 *   PTE_P,
 *   PTE_RW,
 *   RecursivePageTable,
 *   virtAdd,
 * } from "@lockstep/kernel/mappers";
 * import { assertEquals } from "@std/assert";
 *
 * const seen: unknown[] = [];
 * const program = defineKernel({
 *   id: "recursive",
 *   state: coreState,
 *   build: ({ cpu }) => ({
 *     boot(info) {
 *       const root = activeLevel4Frame(cpu);
 *       // What a bootloader does for such a kernel: entry 300 points to its table.
 *       const entry = virtAdd(info.physicalMemoryOffset!, root + 8 * 300);
 *       cpu.store64(entry, root | PTE_P | PTE_RW, 0);
 *       const table = pageFromIndices(300, 300, 300, 300);
 *       const mapper = RecursivePageTable.tryNew(cpu, table, root);
 *       if ("reason" in mapper) throw new Error(mapper.debug());
 *       seen.push(mapper.translateAddr(table) === root);
 *     },
 *   }),
 * });
 * new Machine({ program }).run();
 * assertEquals(seen, [true]);
 * ```
 */
export class RecursivePageTable
  extends PageTableMapper<RecursivePageTableState> {
  /**
   * Makes a mapper without a test (crate: `new_unchecked`); nothing in memory
   * is touched.
   *
   * @param memory Virtual memory, under the tables themselves.
   * @param state From {@linkcode recursivePageTableState}, or restored.
   * @param events Is told of each change.
   */
  constructor(
    memory: PageTableMemory,
    state: RecursivePageTableState,
    events: EventSink = NO_EVENTS,
  ) {
    super(new RecursiveTables(memory, state, events));
  }

  /**
   * Makes a mapper of a level 4 table that maps itself (crate: `new`).
   *
   * @param memory Virtual memory, under the tables themselves.
   * @param table Address of the level 4 table: its own index four times.
   * @param cr3 The frame in CR3.
   * @param events Is told of each change.
   * @returns The mapper, or why the table was not taken.
   */
  static tryNew(
    memory: PageTableMemory,
    table: VirtAddr,
    cr3: Frame,
    events: EventSink = NO_EVENTS,
  ): RecursivePageTable | InvalidPageTable {
    const index = p4Index(table);
    if (
      p3Index(table) !== index || p2Index(table) !== index ||
      p1Index(table) !== index
    ) return NOT_RECURSIVE;
    const words = entryWords(memory);
    const low = words.load(table + 8 * index), high = words.high;
    if (pteFrame(low, high) !== cr3) return NOT_ACTIVE;
    return new this(memory, recursivePageTableState(index, cr3), events);
  }
}
