/**
 * What a page mapper may promise, and what it is given.
 *
 * @module
 */

import type { Frame } from "../../hw/page.ts";
import type {
  Mapper,
  MapperAllSizes,
} from "../../kernel/memory/mappers/mapper.ts";
import type { PageTableMemory } from "../../kernel/memory/mappers/page_table_memory.ts";
import type { CheckOptions } from "./report.ts";

/** What a mapper promises. */
export interface MapperCheckOptions extends CheckOptions {
  /** Flags that new parents get in any case; none by default. */
  readonly alwaysParentFlags?: number;
  /**
   * Parents have exactly the flags that the crate gives them; by default they
   * do. Else they have those at least.
   */
  readonly exactParents?: boolean;
  /**
   * Upper entries are tested for zero only where flags change or a page is
   * translated, as by the crate's recursive mapper: then nobody asks for that
   * below a large page. By default they are tested.
   */
  readonly trustsParents?: boolean;
  /** Operations of a script at most; 40 by default. */
  readonly operationsMax?: number;
}

/** Where a mapper finds itself: a level 4 table that is empty. */
export interface MapperPlace {
  /** Physical memory, in which only tables may be touched. */
  readonly memory: PageTableMemory;
  /** Virtual memory, under the tables themselves. */
  readonly virtual: PageTableMemory;
  /** The level 4 table. */
  readonly root: Frame;
  /** An entry of the level 4 table that points to itself, if `mapRecursively` is called. */
  readonly recursiveIndex: number;
  /** Makes that entry; what a bootloader does for a recursive mapper. */
  readonly mapRecursively: () => void;
}

/** A mapper: what it has beside `mapTo` and `unmap` is checked, too. */
export type CheckedMapper =
  & Pick<Mapper, "mapTo" | "unmap">
  & Partial<MapperAllSizes>;

/** Makes a mapper. */
export type MakeCheckedMapper = (place: MapperPlace) => CheckedMapper;
