/**
 * A general-purpose heap at O(1): two-level segregated fit without headers.
 *
 * Follows M. Masmano et al., "TLSF: a New Dynamic Memory Allocator for Real-Time Systems": free blocks lie in lists by size
 * class, power of two and 32 steps within, and two levels of bit maps find the first list that has one. Departs from it where
 * the caller gives the layout back: a block in use has no header, and neighbours are known by one bit for each 16 bytes,
 * 0.8 % of the heap, on the host.
 *
 * All sizes are multiples of 16. A free block holds its size in its first and its last word, and in the second and third the
 * offsets of the next and the previous block of its list: one word each, as such nodes mean nothing outside this heap.
 *
 * @module
 */

import type { WordMemory } from "../../base/word_memory.ts";
import { FreeMarks, PIECE_BYTES, PIECE_SHIFT } from "./free_marks.ts";
import { BaseHeap, type FreeRegion } from "./heap.ts";
import { alignUp, isBlock, isRequest, refuseRequest } from "./layout.ts";
import { type Nodes, NONE } from "./nodes.ts";

export * from "./common.ts";

/** log2 of the steps between a power of two and the next. */
const STEP_SHIFT = 5;
const STEPS = 1 << STEP_SHIFT;
/** Powers of two: the first row holds sizes of 0–31 pieces one by one, the last reaches 2^31 bytes. */
const ROWS = 31 - PIECE_SHIFT - STEP_SHIFT + 1;
/** Blocks of the request's own class that are looked at before giving up: some of them may be big enough. */
const LAST_LOOKS = 16;

const NEXT = 4;
const PREVIOUS = 8;

/** All that a TLSF heap knows beside its nodes. */
export interface TlsfState {
  /** Offset of the first usable byte: 0, or what aligning the address to 16 skipped. */
  bottom: number;
  /** Offset behind the last usable byte; `end - bottom` is a multiple of 16. */
  end: number;
  /** Bytes in use, sizes rounded. */
  used: number;
  /** Rows with a free block, a bit each. */
  rows: number;
  /** Classes of each row with a free block, a bit each. */
  classes: Int32Array;
  /** Offset of the first free block of each class, or −1; 32 classes a row. */
  heads: Int32Array;
}

/**
 * The heap to take when lifetimes and sizes are mixed: constant time, always merged, little waste.
 *
 * @example
 * ```ts
 * import { FlatMemory, TlsfHeap } from "@lockstep/kernel/heap/tlsf";
 * import { assertEquals } from "@std/assert";
 *
 * const heap = new TlsfHeap(new FlatMemory(new ArrayBuffer(1 << 20)));
 * const block = heap.alloc(1000, 64)!;
 * assertEquals([block % 64, heap.used], [0, 1008]);
 * heap.dealloc(block, 1000, 64);
 * assertEquals(heap.freeRegions(), [{ offset: 0, size: 1 << 20 }]);
 * ```
 */
export class TlsfHeap extends BaseHeap {
  /** All that the heap knows beside its memory: plain data. */
  readonly state: TlsfState;
  #marks: FreeMarks | null = null;

  /**
   * Makes a heap of a memory.
   *
   * @param memory what to manage
   * @param options `size`: bytes to begin with, the rest is there for `extend`; `state`: a state to go on from
   * @throws {RangeError} if there is no room for one block of 16 bytes, or less memory than `size`
   */
  constructor(
    memory: WordMemory,
    options: { readonly size?: number; readonly state?: TlsfState } = {},
  ) {
    super(memory);
    this.state = options.state ?? this.#init(options.size ?? memory.size);
  }

  /** Offset behind the last byte under management. */
  override get size(): number {
    return this.state.end;
  }

  /** Bytes in use, sizes rounded up. */
  get used(): number {
    return this.state.used;
  }

  /** Bytes that the marks take on the host at this moment. */
  get indexBytes(): number {
    return this.#marks?.bytes ?? 0;
  }

  /** Forgets the marks. To be called after memory and state were changed from outside; at any other time it changes nothing. */
  dropIndex(): void {
    this.#marks = null;
  }

  /** Takes a block out of the first class whose blocks all fit. O(1). See {@linkcode HeapCore.alloc}. */
  override alloc(size: number, align: number): number | null {
    if (!isRequest(size, align)) return refuseRequest(size, align);
    const s = this.state;
    if (size > s.end - s.bottom) return null;
    const need = (size + (PIECE_BYTES - 1)) & -PIECE_BYTES;
    const block = align <= PIECE_BYTES
      ? this.#find(need, need, align)
      : this.#findAligned(need, align);
    if (block < 0) return null;
    const end = block + this.nodes.load(block);
    const start = align <= PIECE_BYTES
      ? block
      : alignUp(block, align, this.nodes.baseLow);
    this.#unlink(block, end - block);
    if (start > block) this.#link(block, start - block);
    if (start + need < end) this.#link(start + need, end - start - need);
    s.used += need;
    return start;
  }

  /**
   * Frees a block and merges it with the free blocks beside it. O(1). See {@linkcode HeapCore.dealloc}.
   *
   * @throws {RangeError} if the block cannot lie here, or begins or ends in a free block's first or last 16 bytes
   */
  override dealloc(offset: number, size: number, align: number): void {
    const s = this.state;
    const mask = (align - 1) | (PIECE_BYTES - 1);
    if (!isBlock(offset, size, align, s.end, mask, this.nodes.baseLow)) {
      this.refuseBlock(offset, size, align, s.end, PIECE_BYTES);
    }
    const bytes = (size + (PIECE_BYTES - 1)) & -PIECE_BYTES;
    const marks = this.#marks ??= this.#mark();
    if (marks.has(offset) || marks.has(offset + bytes - PIECE_BYTES)) {
      this.bug(offset, size, "it is free already");
    }
    this.#release(offset, bytes);
    s.used -= bytes;
  }

  /**
   * Takes memory behind the heap's end, which the memory must have: a grown `WebAssembly.Memory` is looked at again.
   *
   * @param by bytes, a multiple of 16
   * @throws {RangeError} if it is none, or the memory ends before
   */
  extend(by: number): void {
    const { end } = this.state;
    const limit = this.nodes.grow();
    if (!(by > 0) || by % PIECE_BYTES !== 0 || end + by > limit) {
      throw new RangeError(
        `Cannot extend the heap by ${by} bytes: it takes multiples of 16, ` +
          `and the memory has ${limit - end} behind it`,
      );
    }
    this.dropIndex(); // It does not reach the new end.
    this.state.end = end + by;
    this.#release(end, by);
  }

  /** The free blocks by class, last freed first. */
  override freeRegions(): FreeRegion[] {
    const regions: FreeRegion[] = [];
    for (const head of this.state.heads) {
      for (
        let block = head;
        block >= 0;
        block = this.nodes.load(block + NEXT)
      ) {
        regions.push({ offset: block, size: this.nodes.load(block) });
      }
    }
    return regions;
  }

  #init(size: number): TlsfState {
    const bottom = alignUp(0, PIECE_BYTES, this.nodes.baseLow);
    const bytes = Math.floor((size - bottom) / PIECE_BYTES) * PIECE_BYTES;
    if (!(bytes >= PIECE_BYTES) || size > this.memory.size) {
      throw new RangeError(
        `Cannot make a heap of ${size} bytes: it takes 16 at least, ` +
          `and the memory has ${this.memory.size}`,
      );
    }
    const state = {
      bottom,
      end: bottom + bytes,
      used: 0,
      rows: 0,
      classes: new Int32Array(ROWS),
      heads: new Int32Array(ROWS * STEPS).fill(NONE),
    };
    this.#marks = new FreeMarks(state.end);
    pushFree(this.nodes, state, bottom, bytes);
    this.#marks.add(bottom);
    this.#marks.add(state.end - PIECE_BYTES);
    return state;
  }

  /** Makes the marks from the free lists. */
  #mark(): FreeMarks {
    const marks = new FreeMarks(this.state.end);
    for (const { offset, size } of this.freeRegions()) {
      marks.add(offset);
      marks.add(offset + size - PIECE_BYTES);
    }
    return marks;
  }

  /**
   * Finds a free block.
   *
   * @param sure bytes of which any place in the block gives an aligned block
   * @param need bytes of the block itself
   * @returns the free block, or −1
   */
  #find(sure: number, need: number, align: number): number {
    const s = this.state;
    const pieces = sure >> PIECE_SHIFT;
    const shift = shiftOf(pieces);
    // Rounded up to a class: each block in it is big enough.
    const index = classOf(pieces + (1 << shift) - 1);
    let row = index >> STEP_SHIFT;
    let columns = s.classes[row]! & (-1 << index);
    if (columns === 0) {
      const rows = s.rows & (-2 << row);
      if (rows === 0) return this.#lastLook(classOf(pieces), need, align);
      row = lowestBit(rows);
      columns = s.classes[row]!;
    }
    return s.heads[(row << STEP_SHIFT) + lowestBit(columns)]!;
  }

  /** Finds a free block in which an aligned block fits. */
  #findAligned(need: number, align: number): number {
    const { rows, classes, end, bottom } = this.state;
    const sure = need + align - PIECE_BYTES; // Any place will do.
    if (sure <= end - bottom) {
      const block = this.#find(sure, need, align);
      if (block >= 0) return block;
    }
    // The biggest blocks may begin at a good place.
    if (rows === 0) return NONE;
    const row = 31 - Math.clz32(rows);
    const column = 31 - Math.clz32(classes[row]!);
    return this.#lastLook((row << STEP_SHIFT) + column, need, align);
  }

  /** Looks at the first blocks of a class of which only some fit. */
  #lastLook(index: number, need: number, align: number): number {
    const { nodes } = this;
    let block = this.state.heads[index]!;
    for (let looks = 0; block >= 0 && looks < LAST_LOOKS; looks++) {
      const start = alignUp(block, align, this.nodes.baseLow);
      if (start >= block && nodes.load(block) - (start - block) >= need) break;
      block = nodes.load(block + NEXT);
      if (looks === LAST_LOOKS - 1) return NONE;
    }
    return block;
  }

  /** Merges a block with its free neighbours, and puts it on its list. */
  #release(offset: number, bytes: number): void {
    const { nodes, state } = this;
    const marks = this.#marks ??= this.#mark();
    let block = offset;
    let end = offset + bytes;
    if (block > state.bottom && marks.has(block - PIECE_BYTES)) {
      const size = nodes.load(block - 4);
      block -= size;
      this.#unlink(block, size);
    }
    if (end < state.end && marks.has(end)) {
      const size = nodes.load(end);
      this.#unlink(end, size);
      end += size;
    }
    this.#link(block, end - block);
  }

  /** Puts a free block on its list and marks its ends. */
  #link(block: number, size: number): void {
    const marks = this.#marks ??= this.#mark();
    pushFree(this.nodes, this.state, block, size);
    marks.add(block);
    marks.add(block + size - PIECE_BYTES);
  }

  /** Takes a free block off its list and removes its marks. */
  #unlink(block: number, size: number): void {
    const { nodes, state } = this;
    const marks = this.#marks ??= this.#mark();
    marks.delete(block);
    marks.delete(block + size - PIECE_BYTES);
    const next = nodes.load(block + NEXT);
    const previous = nodes.load(block + PREVIOUS);
    if (next >= 0) nodes.store(next + PREVIOUS, previous);
    if (previous >= 0) {
      nodes.store(previous + NEXT, next);
      return;
    }
    const index = classOf(size >> PIECE_SHIFT);
    state.heads[index] = next;
    if (next >= 0) return;
    const row = index >> STEP_SHIFT;
    const columns = state.classes[row]! & ~(1 << index);
    state.classes[row] = columns;
    if (columns === 0) state.rows &= ~(1 << row);
  }
}

/** Writes a free block's words and puts it at the head of its list. */
function pushFree(
  nodes: Nodes,
  state: TlsfState,
  block: number,
  size: number,
): void {
  const index = classOf(size >> PIECE_SHIFT);
  const row = index >> STEP_SHIFT;
  const next = state.heads[index]!;
  nodes.store(block, size);
  nodes.store(block + NEXT, next);
  nodes.store(block + PREVIOUS, NONE);
  nodes.store(block + size - 4, size);
  if (next >= 0) nodes.store(next + PREVIOUS, block);
  state.heads[index] = block;
  state.classes[row]! |= 1 << index;
  state.rows |= 1 << row;
}

/** log2 of the width of a class, in pieces. */
function shiftOf(pieces: number): number {
  const shift = 31 - STEP_SHIFT - Math.clz32(pieces);
  return shift > 0 ? shift : 0;
}

/** The class of a size in pieces: 32 times its row, plus its column. */
function classOf(pieces: number): number {
  const shift = shiftOf(pieces);
  return (shift << STEP_SHIFT) + (pieces >> shift);
}

/** The number of the lowest bit that is set. */
function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}
