/**
 * The hole list of the crate linked_list_allocator: free pieces sorted by address, touching ones merged, each with its size and
 * the link to the next in its first 16 bytes. How a hole is found is left to the heaps built on it.
 *
 * Two versions of the crate differ: 0.9.1 takes sizes as they come; 0.10.5 rounds its bounds to 8, keeps a rest of `extend` for
 * later, and lets holes near the bounds absorb slack that could hold no hole.
 *
 * Where the crate would write a broken list (a freed block that overlaps the hole behind it, or leaves the heap), this one
 * throws, before anything is written.
 *
 * @module
 */

import type { WordMemory } from "../../base/word_memory.ts";
import { BaseHeap, type FreeRegion } from "./heap.ts";
import { alignUp, hex, isBlock, isRequest, refuseRequest } from "./layout.ts";
import { NODE_BYTES as HOLE_BYTES, NONE } from "./nodes.ts";

/** Holes and blocks start at multiples of this. */
export const HOLE_ALIGN = 8;

/** The version of the crate that a heap follows. */
export type CrateVersion = "0.9.1" | "0.10.5";

/** All that a hole list heap knows beside its nodes. */
export interface HoleListState {
  /** Offset of the heap's first byte: 0, or in 0.10.5 what aligning the address skipped. */
  bottom: number;
  /** Bytes from `bottom` that blocks can have. */
  size: number;
  /** Bytes given by `extend` and not usable yet (0.10.5), 0–15. */
  pendingExtend: number;
  /** Bytes in use, sizes rounded. */
  used: number;
  /** Offset of the first hole, or −1. */
  first: number;
  /** Holes in the list. */
  holes: number;
}

/** How to set up a hole list heap. */
export interface HoleListOptions {
  /** Which crate to follow; 0.9.1 by default, the one that the book's kernel resolves to. */
  readonly version?: CrateVersion;
  /** Bytes to begin with; without it all of the memory. The rest is there for `extend`. */
  readonly size?: number;
  /** A state to go on from, over a copy of its memory. */
  readonly state?: HoleListState;
}

/** A heap over an address-ordered hole list. */
export abstract class HoleListHeap extends BaseHeap {
  /** All that the heap knows beside its memory: plain data. */
  readonly state: HoleListState;
  /** The crate followed. */
  readonly version: CrateVersion;
  /** The hole before the one that {@linkcode findHole} returned. */
  protected previous: number = NONE;

  /**
   * Makes a heap of a memory.
   *
   * @param memory what to manage
   * @param options version, size, state
   * @throws {RangeError} if the memory is smaller than `options.size`, or for 0.10.5 too small for a hole
   */
  constructor(memory: WordMemory, options: HoleListOptions = {}) {
    super(memory);
    this.version = options.version ?? "0.9.1";
    this.state = options.state ?? this.#init(options.size ?? memory.size);
  }

  /** Offset behind the last byte that a block can have. */
  override get size(): number {
    return this.state.bottom + this.state.size;
  }

  /** Bytes in use, sizes rounded up. */
  get used(): number {
    return this.state.used;
  }

  /** Bytes not in use. */
  get free(): number {
    return this.state.size - this.state.used;
  }

  /** Offset behind the last byte that belongs to the heap. */
  get top(): number {
    const { bottom, size, pendingExtend } = this.state;
    return bottom + size + pendingExtend;
  }

  /** Takes a block from the hole with the lowest address that fits. See {@linkcode HeapCore.alloc}. */
  override alloc(size: number, align: number): number | null {
    if (!isRequest(size, align)) return refuseRequest(size, align);
    const s = this.state;
    const need = alignSize(size);
    if (need < 0 || need > s.size) return null;
    const hole = this.findHole(need, align);
    if (hole < 0) return null;
    s.used += need;
    return this.#split(hole, need, align);
  }

  /**
   * Makes a block a hole, merged with the holes that it touches. See {@linkcode HeapCore.dealloc}.
   *
   * @throws {RangeError} if the block overlaps a hole: the crate's text ends the message
   */
  override dealloc(offset: number, size: number, align: number): void {
    const s = this.state;
    const end = s.bottom + s.size;
    const mask = (align - 1) | (HOLE_ALIGN - 1);
    const bytes = alignSize(size);
    if (!isBlock(offset, size, align, end, mask, this.nodes.baseLow)) {
      this.refuseBlock(offset, size, align, end, HOLE_ALIGN);
    }
    // Rounded up it may be too long.
    if (offset > end - bytes) this.refuseBlock(offset, bytes, align, end);
    this.#insert(offset, bytes, bytes);
  }

  /**
   * Takes memory behind the heap's end, which the memory must have: a grown `WebAssembly.Memory` is looked at again.
   *
   * @param by bytes; 0.9.1 takes multiples of 8 from 16 on, 0.10.5 keeps what it cannot use yet
   * @throws {RangeError} if the heap is empty, the memory ends before, or 0.9.1 cannot take that many
   */
  extend(by: number): void {
    const s = this.state;
    const fault = this.#extendFault(by);
    if (fault !== null) {
      throw new RangeError(`Cannot extend the heap by ${by} bytes: ${fault}`);
    }
    const pending = s.pendingExtend + by;
    if (pending < HOLE_BYTES) {
      s.pendingExtend = pending;
      return;
    }
    const bytes = pending & -HOLE_ALIGN; // 0.9.1: all of them.
    this.#insert(s.bottom + s.size, bytes, 0);
    s.size += bytes;
    s.pendingExtend = pending - bytes;
  }

  /** The holes, by address. */
  override freeRegions(): FreeRegion[] {
    const regions: FreeRegion[] = [];
    for (let h = this.state.first; h >= 0; h = this.nextHole(h)) {
      this.collect(regions, h, this.holeSize(h));
    }
    return regions;
  }

  /**
   * Finds the first hole that {@linkcode place} accepts, and leaves the one before it in {@linkcode previous}. O(holes).
   *
   * @param need bytes, rounded
   * @param align a power of two
   * @returns the hole, or a negative number
   */
  protected findHole(need: number, align: number): number {
    const { nodes, state } = this;
    const end = state.bottom + state.size;
    let hole = nodes.findFit(state.first, need, end);
    this.previous = nodes.previous;
    while (hole >= 0 && align > HOLE_ALIGN) {
      if (this.place(hole, nodes.load(hole), need, align) >= 0) break;
      this.previous = hole;
      hole = nodes.next(hole);
    }
    return hole;
  }

  /**
   * Finds the last hole at or below an offset. O(holes).
   *
   * @returns the hole, or a negative number
   */
  protected findPlace(offset: number): number {
    return this.nodes.findLast(this.state.first, offset);
  }

  /**
   * Called after a change of the list, at one or two places: what an index is kept by.
   *
   * @param offset where a hole was, is, or changed its size
   * @param hole the first hole at or behind it, or a negative number
   * @param offset2 the second place, behind the first, or −1
   * @param hole2 the first hole at or behind that
   */
  protected reindex(
    _offset: number,
    _hole: number,
    _offset2: number,
    _hole2: number,
  ): void {}

  /** The size of a hole, read as an onlooker. */
  protected holeSize(hole: number): number {
    return this.nodes.quiet.load(hole);
  }

  /** The hole after a hole, or a negative number, read as an onlooker. */
  protected nextHole(hole: number): number {
    return this.nodes.quiet.next(hole);
  }

  /**
   * Where in a hole a block can start: at its front, or far enough behind it for a hole; the rest is 0 or holds one, too.
   *
   * @returns the offset, or −1 if the hole does not fit
   */
  protected place(
    hole: number,
    holeSize: number,
    need: number,
    align: number,
  ): number {
    let start = hole;
    if (align > HOLE_ALIGN) {
      start = alignUp(hole, align, this.nodes.baseLow);
      if (start !== hole) {
        start = alignUp(hole + HOLE_BYTES, align, this.nodes.baseLow);
      }
      if (start < hole) return NONE; // Beyond 2^31.
    }
    const rest = hole + holeSize - start - need;
    return rest === 0 || rest >= HOLE_BYTES ? start : NONE;
  }

  #init(size: number): HoleListState {
    if (!Number.isSafeInteger(size) || size < 0 || size > this.memory.size) {
      throw new RangeError(
        `Cannot make a heap of ${size} bytes: the memory has ${this.memory.size}`,
      );
    }
    const aligned = alignUp(0, HOLE_ALIGN, this.nodes.baseLow);
    const state = {
      bottom: 0,
      size: 0,
      pendingExtend: 0,
      used: 0,
      first: NONE,
      holes: 0,
    };
    let hole = size - aligned;
    if (this.version === "0.10.5") {
      const text = size < HOLE_BYTES ? "hole_size" : "aligned_hole_size";
      state.pendingExtend = hole & (HOLE_ALIGN - 1);
      hole -= state.pendingExtend;
      if (hole < HOLE_BYTES) {
        throw new RangeError(
          `Cannot make a heap of ${size} bytes: ` +
            `assertion failed: ${text} >= size_of::<Hole>()`,
        );
      }
      state.bottom = aligned;
      state.size = hole;
    } else if (hole < HOLE_BYTES) {
      return state; // `Heap::new` makes an empty heap of too few bytes.
    } else {
      state.size = size;
    }
    this.nodes.setNode(aligned, hole, NONE);
    state.first = aligned;
    state.holes = 1;
    return state;
  }

  #extendFault(by: number): string | null {
    const { bottom, size, pendingExtend, first } = this.state;
    const end = bottom + size;
    if (!Number.isSafeInteger(by) || by < 0) return "no number of bytes";
    if (size === 0 && first < 0) return "tried to extend an empty heap";
    if (this.version === "0.9.1") {
      if (by < HOLE_BYTES) return "assertion failed: size >= Self::min_size()";
      if ((by | (end + this.nodes.baseLow)) & (HOLE_ALIGN - 1)) {
        return "this version takes multiples of 8";
      }
    }
    const limit = this.nodes.grow();
    return end + pendingExtend + by > limit
      ? `the memory has ${limit} bytes`
      : null;
  }

  /** Makes `hole` the one after `before`, or the first. */
  #linkAfter(before: number, hole: number): void {
    if (before < 0) this.state.first = hole < 0 ? NONE : hole;
    else this.nodes.setNext(before, hole);
  }

  /** Cuts a block out of a hole that has a place for it; `previous` is the hole before. */
  #split(hole: number, need: number, align: number): number {
    const { nodes, state } = this;
    const size = nodes.load(hole);
    const next = nodes.next(hole);
    const start = align <= HOLE_ALIGN
      ? hole
      : this.place(hole, size, need, align);
    const end = start + need;
    const rest = hole + size - end;
    const after = rest > 0 ? end : next;
    if (rest > 0) nodes.setNode(end, rest, next);
    else state.holes -= 1;
    if (start > hole) {
      nodes.setNode(hole, start - hole, after);
      state.holes += 1;
      this.reindex(hole, hole, rest > 0 ? end : NONE, end);
    } else {
      this.#linkAfter(this.previous, after);
      this.reindex(hole, after, rest > 0 ? end : NONE, end);
    }
    return start;
  }

  /**
   * Makes `[offset, offset + bytes)` a hole, or a part of its neighbours.
   *
   * @param used how many of the bytes were in use
   */
  #insert(offset: number, bytes: number, used: number): void {
    const { nodes, state } = this;
    const before = this.findPlace(offset);
    const next = before < 0 ? state.first : nodes.next(before);
    const end = before < 0 ? NONE : before + nodes.load(before);
    if (end > offset || (next >= 0 && offset + bytes > next)) {
      this.#overlap(offset, bytes, before, next);
    }
    if (state.used < used) {
      this.bug(offset, bytes, "attempt to subtract with overflow");
    }
    state.used -= used;
    // In 0.10.5 holes near the bounds take in slack.
    const low = before < 0 ? this.#slackBefore(offset) : 0;
    const hole = end === offset ? before : offset - low;
    let size = offset + bytes - hole;
    if (offset + bytes === next) {
      const after = nodes.next(next);
      nodes.setNode(hole, size + nodes.load(next), after);
      state.holes -= 1;
      this.#linked(before, hole);
      this.reindex(hole, hole, next, after);
      return;
    }
    if (next < 0) size += this.#slackBehind(hole + size);
    nodes.setNode(hole, size, next);
    this.#linked(before, hole);
    this.reindex(hole, hole, NONE, NONE);
  }

  /** Links a hole behind the one before, unless it is that one. */
  #linked(before: number, hole: number): void {
    if (hole === before) return;
    this.#linkAfter(before, hole);
    this.state.holes += 1;
  }

  /** Bytes between the bottom and the first hole that could hold no hole. */
  #slackBefore(offset: number): number {
    const slack = offset - this.state.bottom;
    return this.version === "0.10.5" && slack < HOLE_BYTES ? slack : 0;
  }

  /** Bytes between the last hole and the top that could hold no hole. */
  #slackBehind(end: number): number {
    const slack = this.state.bottom + this.state.size - end;
    return this.version === "0.10.5" && slack > 0 && slack < HOLE_BYTES
      ? slack
      : 0;
  }

  /** Throws the crate's text for a freed block that overlaps a hole; where the crate sees nothing, ours. */
  #overlap(offset: number, bytes: number, before: number, next: number): never {
    const size = before < 0 ? 0 : this.holeSize(before);
    const end = before + size;
    if (this.version === "0.9.1") {
      this.bug(
        offset,
        bytes,
        end > offset
          ? "invalid deallocation (probably a double free)"
          : `it overlaps the hole at offset ${hex(next)}`,
      );
    }
    if (next >= 0 && offset + bytes > next) {
      this.bug(offset, bytes, "Freed node aliases existing hole! Bad free?");
    }
    if (before === offset) {
      this.bug(offset, bytes, "Hole list out of order?");
    }
    const pointer = (o: number): string =>
      `0x${(this.memory.base + o).toString(16)}`;
    this.bug(
      offset,
      bytes,
      `Freed node (${pointer(offset)}) aliases existing hole ` +
        `(${pointer(before)}[${size}])! Bad free?`,
    );
  }
}

/** `align_layout`: bytes that a block of `size` bytes takes; negative where that is 2^31. */
function alignSize(size: number): number {
  return size < HOLE_BYTES
    ? HOLE_BYTES
    : (size + (HOLE_ALIGN - 1)) & -HOLE_ALIGN;
}
