/**
 * A frame allocator that has none: for mappings that need no page table.
 *
 * Book: "Paging Implementation", section "Creating a new Mapping".
 *
 * @module
 */

import type { FrameAllocator } from "./frame_allocator.ts";

/**
 * Refuses every request.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { EmptyFrameAllocator } from "@lockstep/kernel/frames";
 *
 * assertEquals(new EmptyFrameAllocator().allocateFrame(), null);
 * ```
 */
export class EmptyFrameAllocator implements FrameAllocator {
  /**
   * Takes no frame.
   *
   * @returns Always `null`.
   */
  allocateFrame(): null {
    return null;
  }
}
