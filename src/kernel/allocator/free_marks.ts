/**
 * One bit for each 16 bytes of a heap: does a free block begin or end here?
 *
 * With it a block in use needs no header. Free neighbours are always merged, so beside a block in use a marked piece is the near
 * end of a free block. The marks can be made again from the free lists: they are never part of a state.
 *
 * @module
 */

/** Bytes of a piece, and so the unit of the heaps that use marks. */
export const PIECE_BYTES = 16;
/** log2 of {@linkcode PIECE_BYTES}. */
export const PIECE_SHIFT = 4;

/** The marks of one heap. */
export class FreeMarks {
  readonly #bits: Int32Array;

  /** @param size bytes of the heap */
  constructor(size: number) {
    this.#bits = new Int32Array((size >>> (PIECE_SHIFT + 5)) + 1);
  }

  /** Bytes that the marks take on the host. */
  get bytes(): number {
    return this.#bits.byteLength;
  }

  /** Tells whether the piece that holds an offset is marked. */
  has(offset: number): boolean {
    const piece = offset >>> PIECE_SHIFT;
    return (this.#bits[piece >>> 5]! & (1 << piece)) !== 0;
  }

  /** Marks a piece. */
  add(offset: number): void {
    const piece = offset >>> PIECE_SHIFT;
    this.#bits[piece >>> 5]! |= 1 << piece;
  }

  /** Removes the mark of a piece. */
  delete(offset: number): void {
    const piece = offset >>> PIECE_SHIFT;
    this.#bits[piece >>> 5]! &= ~(1 << piece);
  }
}
