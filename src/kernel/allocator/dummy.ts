/**
 * The allocator that has nothing to give.
 *
 * Book: "Heap Allocation", section "A DummyAllocator".
 *
 * @module
 */

import type { HeapCore } from "./heap.ts";

/**
 * A heap that refuses whatever is asked for (book: `Dummy`).
 *
 * @example
 * ```ts
 * import { Dummy } from "@lockstep/kernel/kernel";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const heap = new Dummy();
 * assertEquals(heap.alloc(8, 8), null);
 * assertThrows(() => heap.dealloc(0, 8, 8), Error, "never called");
 * ```
 */
export class Dummy implements HeapCore {
  /** There is nothing to know. */
  readonly state: object = {};

  /**
   * Refuses.
   *
   * @param _size Not looked at.
   * @param _align Not looked at.
   * @returns `null`.
   */
  alloc(_size: number, _align: number): null {
    return null;
  }

  /**
   * Cannot happen: no block was given out.
   *
   * @param _offset Not looked at.
   * @param _size Not looked at.
   * @param _align Not looked at.
   * @throws {Error} Always.
   */
  dealloc(_offset: number, _size: number, _align: number): never {
    throw new Error("dealloc should be never called");
  }
}
