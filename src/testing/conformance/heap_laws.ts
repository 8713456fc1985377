/**
 * What a heap may promise.
 *
 * @module
 */

import type { WordMemory } from "../../base/word_memory.ts";
import type { HeapCore } from "../../kernel/allocator/heap.ts";
import type { CheckOptions } from "./report.ts";

/** What a heap promises, and where it is tried. */
export interface HeapCheckOptions extends CheckOptions {
  /** A freed block can be had again at once. By default it can. */
  readonly reuses?: boolean;
  /**
   * With no block in use, the biggest block of a fresh heap can be had again: by
   * default it can.
   */
  readonly merges?: boolean;
  /**
   * Memory comes back at all, be it when the last block is freed. By default it
   * does; without it neither `reuses` nor `merges` is asked for.
   */
  readonly frees?: boolean;
  /**
   * A request is granted if between two blocks in use there is a gap of its
   * size, its alignment, and so many bytes more. By default nobody promises.
   */
  readonly findsGaps?: number;
  /** A wrong size or alignment throws a `RangeError`. By default nobody asks. */
  readonly checksArguments?: boolean;
  /** Bytes of the memory; by default 2,048 and 1,936. */
  readonly sizes?: readonly number[];
  /** Addresses of the memory; by default a page, and 16 bytes behind one. */
  readonly bases?: readonly number[];
  /** Over a `FlatMemory` at address 0 instead. */
  readonly flat?: boolean;
  /** Operations of a script at most; 40 by default. */
  readonly operationsMax?: number;
  /** The greatest alignment that is asked for; 256 by default. */
  readonly alignMax?: number;
}

/** Makes a heap over a memory that it may write to. */
export type MakeCheckedHeap = (memory: WordMemory) => HeapCore;
