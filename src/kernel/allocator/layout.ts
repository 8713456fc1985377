/**
 * What a block must be: so many bytes, at a multiple of so many bytes. Follows `core::alloc::Layout`.
 *
 * @module
 */

/** The size and alignment of a block. */
export interface Layout {
  /** Bytes. */
  readonly size: number;
  /** A power of two: the block's address is a multiple of it. */
  readonly align: number;
}

/** The greatest alignment that a heap looks for, 1 GiB; a request beyond it is refused, as no heap here could hold it. */
export const ALIGN_MAX: number = 2 ** 30;

function isPowerOfTwo(n: number): boolean {
  if (!Number.isSafeInteger(n) || n <= 0) return false;
  while (n > ALIGN_MAX) n /= 2; // Exact: only the exponent changes.
  return (n | 0) === n && (n & (n - 1)) === 0;
}

/**
 * Makes a layout.
 *
 * @param size bytes, 0 or more
 * @param align a power of two
 * @returns both, checked
 * @throws {RangeError} if they are no size or no alignment
 * @example
 * ```ts
 * import { layout } from "@lockstep/kernel/heap/bump";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(layout(12, 4), { size: 12, align: 4 });
 * assertThrows(() => layout(12, 3), RangeError);
 * ```
 */
export function layout(size: number, align: number = 8): Layout {
  const fault = layoutFault(size, align);
  if (fault !== null) throw new RangeError(`Cannot make a layout: ${fault}`);
  return { size, align };
}

/**
 * The layout of `count` equal items in a row, as a vector stores them.
 *
 * @param item the layout of one
 * @param count how many, 0 or more
 * @returns their common layout; each item is padded to its alignment
 * @throws {RangeError} if `count` is no count, or the size is no safe integer
 * @example
 * ```ts
 * import { arrayLayout, layout } from "@lockstep/kernel/heap/bump";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(arrayLayout(layout(12, 8), 3), { size: 48, align: 8 });
 * ```
 */
export function arrayLayout(item: Layout, count: number): Layout {
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new RangeError(`Cannot make a layout of ${count} items`);
  }
  const { size, align } = item;
  return layout(Math.ceil(size / align) * align * count, align);
}

function layoutFault(size: number, align: number): string | null {
  if (!Number.isSafeInteger(size) || size < 0) {
    return `${size} is no size in bytes`;
  }
  if (!isPowerOfTwo(align)) return `alignment ${align} is no power of two`;
  return null;
}

/**
 * Tells whether a request can be looked at with 32-bit arithmetic: a size from 1 byte, an alignment up to
 * {@linkcode ALIGN_MAX}. The first thing that `alloc` and `dealloc` of each heap ask.
 */
export function isRequest(size: number, align: number): boolean {
  // One branch: a sign bit is set by what is below 1, or no power of two.
  return (size | 0) === size && (align | 0) === align &&
    (size | align | (size - 1) | (align - 1) | -(align & (align - 1))) >= 0;
}

/**
 * Tells whether a block can lie in a heap: what `dealloc` of a heap asks first. A function of numbers, for engines that learn
 * from a function's arguments and would mix what they learn from several heaps.
 *
 * @param end no block reaches beyond this offset
 * @param mask the bits that have to be 0 in the block's address
 * @param baseLow the low word of the address of offset 0
 */
export function isBlock(
  offset: number,
  size: number,
  align: number,
  end: number,
  mask: number,
  baseLow: number,
): boolean {
  return isRequest(size, align) && (offset | 0) === offset && offset >= 0 &&
    offset <= end - size && ((offset + baseLow) & mask) === 0;
}

/**
 * Rounds an offset up so that its address is a multiple of `align`.
 *
 * @param baseLow the low word of the address of offset 0
 * @returns the offset, or a number below the one given if there is none below 2^31
 */
export function alignUp(
  offset: number,
  align: number,
  baseLow: number,
): number {
  return ((((offset + baseLow) | 0) + (align - 1)) & -align) - baseLow | 0;
}

/**
 * What `alloc` answers when {@linkcode isRequest} says no: too big a request is refused, a wrong one is a bug.
 *
 * @returns null
 * @throws {RangeError} if size or alignment is wrong
 */
export function refuseRequest(size: number, align: number): null {
  const fault = requestFault(size, align);
  if (fault !== null) {
    throw new RangeError(`Cannot allocate ${size} bytes: ${fault}`);
  }
  return null;
}

/** What is wrong with a request, or null if it is only too big. */
export function requestFault(size: number, align: number): string | null {
  return size === 0
    ? "a block has at least one byte"
    : layoutFault(size, align);
}

/** An offset or address for a message, in groups of four digits. */
export function hex(n: number): string {
  const digits = Math.abs(n).toString(16);
  const grouped = digits.replace(/\B(?=(?:[0-9a-f]{4})+$)/g, "_");
  return `${n < 0 ? "-" : ""}0x${grouped}`;
}
