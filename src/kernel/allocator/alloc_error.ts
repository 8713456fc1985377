/**
 * What a kernel says when its heap has no room.
 *
 * Source: crate alloc, the default handler, which the book's kernel has. In
 * earlier editions "Heap Allocation" had a section "The alloc_error_handler
 * Attribute", whose handler printed the layout.
 *
 * @module
 */

/** Makes the text of a panic out of a layout that could not be served. */
export type AllocErrorText = (size: number, align: number) => string;

/**
 * The text of the default handler.
 *
 * @param size Bytes that were asked for.
 * @returns For example `memory allocation of 4096 bytes failed`.
 *
 * @example
 * ```ts
 * import { allocErrorText } from "@lockstep/kernel/kernel";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(allocErrorText(8), "memory allocation of 8 bytes failed");
 * ```
 */
export function allocErrorText(size: number): string {
  return `memory allocation of ${size} bytes failed`;
}

/**
 * The text of the book's own handler (`alloc_error_handler`).
 *
 * @param size Bytes that were asked for.
 * @param align The alignment that was asked for.
 * @returns For example `allocation error: Layout { size_: 8, align_: 8 }`.
 *
 * @example
 * ```ts
 * import { allocErrorLayoutText } from "@lockstep/kernel/kernel";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   allocErrorLayoutText(8, 8),
 *   "allocation error: Layout { size_: 8, align_: 8 }",
 * );
 * ```
 */
export function allocErrorLayoutText(size: number, align: number): string {
  return `allocation error: Layout { size_: ${size}, align_: ${align} }`;
}
