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
    if (align > PIECE_BYTES) return this.#allocAligned(need, align);
    const index = this.#findClass(need);
    if (index < 0) return this.#allocLast(need);
    const block = s.heads[index]!;
    const blockSize = this.nodes.load(block);
    const marks = this.#marks ??= this.#mark();
    marks.delete(block);
    this.#pop(index, this.nodes.load(block + NEXT));
    if (blockSize > need) {
      // The rest keeps the block's end, and so its mark there.
      marks.add(block + need);
      pushFree(this.nodes, s, block + need, blockSize - need);
    } else marks.delete(block + need - PIECE_BYTES);
    s.used += need;
    return block;
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
    this.#release(marks, offset, bytes);
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
    this.#release(this.#marks ??= this.#mark(), end, by);
  }

  /** The free blocks by class, last freed first. */
  override freeRegions(): FreeRegion[] {
    const regions: FreeRegion[] = [];
    for (const head of this.state.heads) {
      for (
        let block = head;
        block >= 0;
        block = this.nodes.quiet.load(block + NEXT)
      ) {
        this.collect(regions, block, this.nodes.quiet.load(block));
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
   * Finds the first class with a block of which each block has `bytes` or more.
   *
   * @returns its index, or −1
   */
  #findClass(bytes: number): number {
    const s = this.state;
    const pieces = bytes >> PIECE_SHIFT;
    const index = classOf(pieces + (1 << shiftOf(pieces)) - 1);
    let row = index >> STEP_SHIFT;
    let columns = s.classes[row]! & (-1 << index);
    if (columns === 0) {
      const rows = s.rows & (-2 << row);
      if (rows === 0) return NONE;
      row = lowestBit(rows);
      columns = s.classes[row]!;
    }
    return (row << STEP_SHIFT) + lowestBit(columns);
  }

  /** Finds a free block in which an aligned block fits. */
  #findAligned(need: number, align: number): number {
    const { rows, classes, heads, end, bottom } = this.state;
    const sure = need + align - PIECE_BYTES; // Any place will do.
    if (sure <= end - bottom) {
      const index = this.#findClass(sure);
      if (index >= 0) return heads[index]!;
      const block = this.#lastLook(classOf(sure >> PIECE_SHIFT), need, align);
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

  /** `alloc` where no class is sure to fit: a block of the class below may. */
  #allocLast(need: number): number | null {
    const index = classOf(need >> PIECE_SHIFT);
    return this.#carve(this.#lastLook(index, need, 1), need, 1);
  }

  /** `alloc` of a block that may leave a free piece in front. */
  #allocAligned(need: number, align: number): number | null {
    return this.#carve(this.#findAligned(need, align), need, align);
  }

  /** Cuts a block out of a free one, which may lie anywhere in its list; −1 for none. */
  #carve(block: number, need: number, align: number): number | null {
    if (block < 0) return null;
    const marks = this.#marks ??= this.#mark();
    const end = block + this.nodes.load(block);
    const start = alignUp(block, align, this.nodes.baseLow);
    marks.delete(block);
    marks.delete(end - PIECE_BYTES);
    this.#unlink(block, end - block);
    if (start > block) this.#link(marks, block, start - block);
    if (start + need < end) {
      this.#link(marks, start + need, end - start - need);
    }
    this.state.used += need;
    return start;
  }

  /** Puts a block, merged with its free neighbours, on the list of its class. */
  #release(marks: FreeMarks, offset: number, bytes: number): void {
    const { nodes, state } = this;
    const end = offset + bytes;
    const joinsBefore = offset > state.bottom &&
      marks.has(offset - PIECE_BYTES);
    const joinsBehind = end < state.end && marks.has(end);
    let total = bytes;
    if (joinsBehind) {
      marks.delete(end);
      total += nodes.load(end);
    }
    if (joinsBefore) {
      marks.delete(offset - PIECE_BYTES);
      const size = nodes.load(offset - 4);
      const block = offset - size;
      if (joinsBehind) this.#unlink(end, total - bytes);
      this.#move(block, size, block, size + total);
      marks.add(block);
    } else {
      if (joinsBehind) this.#move(end, total - bytes, offset, total);
      else pushFree(nodes, state, offset, total);
      marks.add(offset);
    }
    marks.add(offset + total - PIECE_BYTES);
  }

  /** Gives a free block another start or size, the marks aside. In its list it keeps its place if the class is the same. */
  #move(from: number, fromSize: number, to: number, toSize: number): void {
    const { nodes, state } = this;
    const index = classOf(toSize >> PIECE_SHIFT);
    if (index !== classOf(fromSize >> PIECE_SHIFT)) {
      this.#unlink(from, fromSize);
      pushFree(nodes, state, to, toSize);
      return;
    }
    nodes.store(to + toSize - 4, toSize);
    if (from === to) {
      nodes.store(to, toSize);
      return;
    }
    const next = nodes.load(from + NEXT);
    const previous = nodes.load(from + PREVIOUS);
    nodes.store3(to, toSize, next, previous);
    if (next >= 0) nodes.store(next + PREVIOUS, to);
    if (previous >= 0) nodes.store(previous + NEXT, to);
    else state.heads[index] = to;
  }

  /** Takes the first free block off a list. */
  #pop(index: number, next: number): void {
    const s = this.state;
    s.heads[index] = next;
    if (next >= 0) {
      this.nodes.store(next + PREVIOUS, NONE);
      return;
    }
    const row = index >> STEP_SHIFT;
    const columns = s.classes[row]! & ~(1 << index);
    s.classes[row] = columns;
    if (columns === 0) s.rows &= ~(1 << row);
  }

  /** Puts a free block on its list and marks its ends. */
  #link(marks: FreeMarks, block: number, size: number): void {
    pushFree(this.nodes, this.state, block, size);
    marks.add(block);
    marks.add(block + size - PIECE_BYTES);
  }

  /** Takes a free block off its list. */
  #unlink(block: number, size: number): void {
    const { nodes } = this;
    const next = nodes.load(block + NEXT);
    const previous = nodes.load(block + PREVIOUS);
    if (previous < 0) {
      this.#pop(classOf(size >> PIECE_SHIFT), next);
      return;
    }
    if (next >= 0) nodes.store(next + PREVIOUS, previous);
    nodes.store(previous + NEXT, next);
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
  nodes.store3(block, size, next, NONE);
  nodes.store(block + size - 4, size);
  if (next >= 0) nodes.store(next + PREVIOUS, block);
  state.heads[index] = block;
  state.classes[row]! |= 1 << index;
  state.rows |= 1 << row;
}

/** log2 of the width of a class, in pieces. */
function shiftOf(pieces: number): number {
  return 31 - STEP_SHIFT - Math.clz32(pieces | STEPS);
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
