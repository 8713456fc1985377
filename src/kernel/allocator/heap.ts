/**
 * What every heap can do, and the parts that all of them do alike.
 *
 * A block is named by its offset from the start of the heap's memory. The caller keeps size and alignment and gives them back
 * when freeing, as Rust's `GlobalAlloc` has it: so a block in use needs no header. Refusal is `null`, for which no object is
 * made; a wrong argument throws and changes nothing.
 *
 * *Not modelled*: threads. A heap over a `SharedArrayBuffer` belongs to one agent at a time.
 *
 * @module
 */

import type { WordMemory } from "../../base/word_memory.ts";
import { hex, isBlock, type Layout, requestFault } from "./layout.ts";
import { endlessList, type Nodes, nodesOf } from "./nodes.ts";

/** The part of a heap that an author must write; benchmarks and suites ask for no more. */
export interface HeapCore {
  /**
   * Takes a block.
   *
   * @param size bytes, 1 or more
   * @param align a power of two: the block's address, base + offset, is a multiple of it
   * @returns the block's offset, or null if the heap has no room for it
   * @throws {RangeError} if size or alignment is wrong
   */
  alloc(size: number, align: number): number | null;
  /**
   * Gives a block back.
   *
   * @param offset what `alloc` returned
   * @param size as given to `alloc`
   * @param align as given to `alloc`
   * @throws {RangeError} if no such block can be in use here; what a design cannot see it trusts, as the original does:
   * `CheckedHeap` sees it
   */
  dealloc(offset: number, size: number, align: number): void;
}

/** A free piece of a heap's memory. */
export interface FreeRegion {
  /** Bytes from the start of the heap's memory. */
  readonly offset: number;
  /** Bytes. */
  readonly size: number;
}

/** Bytes of the smallest free piece that any heap here keeps: a link. */
const REGION_BYTES_MIN = 8;

/** A heap over a range of memory. */
export interface Heap extends HeapCore {
  /** All that the heap knows beside its memory: plain data. Copying both copies the heap. */
  readonly state: object;
  /** The memory that it manages. */
  readonly memory: WordMemory;
  /** Bytes under management: no block reaches beyond this offset. */
  readonly size: number;
  /** Takes a block and sets its bytes to zero; see {@linkcode HeapCore.alloc}. */
  allocZeroed(size: number, align: number): number | null;
  /**
   * Moves a block to one of another size, keeping the bytes that both have: takes the new one, copies, frees the old one.
   *
   * @param offset the block's offset
   * @param size its size
   * @param align its alignment, which the new one has too
   * @param newSize bytes, 1 or more
   * @returns the new block's offset; null if there is no room, and then the old one stays as it is
   * @throws {RangeError} as `alloc` and `dealloc` do
   */
  realloc(
    offset: number,
    size: number,
    align: number,
    newSize: number,
  ): number | null;
  /** `alloc` for a {@linkcode Layout}. */
  allocate(layout: Layout): number | null;
  /** `dealloc` for a {@linkcode Layout}. */
  deallocate(offset: number, layout: Layout): void;
  /** The free pieces, in the order in which the heap keeps them. Walks the heap: for tests and pictures. */
  freeRegions(): FreeRegion[];
}

/** What heaps share: access to memory, checks of arguments, and the methods that come down to `alloc` and `dealloc`. */
export abstract class BaseHeap implements Heap {
  abstract readonly state: object;
  abstract readonly size: number;
  readonly memory: WordMemory;
  /** Access to the nodes in memory. */
  protected readonly nodes: Nodes;

  /**
   * Lays access over a memory.
   *
   * @param memory what to manage
   */
  constructor(memory: WordMemory) {
    this.memory = memory;
    this.nodes = nodesOf(memory);
  }

  abstract alloc(size: number, align: number): number | null;
  abstract dealloc(offset: number, size: number, align: number): void;
  abstract freeRegions(): FreeRegion[];

  allocZeroed(size: number, align: number): number | null {
    const offset = this.alloc(size, align);
    if (offset !== null) this.memory.fill(offset, size, 0);
    return offset;
  }

  realloc(
    offset: number,
    size: number,
    align: number,
    newSize: number,
  ): number | null {
    this.checkBlock(offset, size, align, this.size);
    const moved = this.alloc(newSize, align);
    if (moved === null) return null;
    this.memory.copy(moved, offset, Math.min(size, newSize));
    this.dealloc(offset, size, align);
    return moved;
  }

  allocate(layout: Layout): number | null {
    return this.alloc(layout.size, layout.align);
  }

  deallocate(offset: number, layout: Layout): void {
    this.dealloc(offset, layout.size, layout.align);
  }

  /**
   * Adds a region to those found so far.
   *
   * @throws {InvariantError} if the memory has no room for so many: the list that is walked has no end
   */
  protected collect(regions: FreeRegion[], offset: number, size: number): void {
    if (regions.length * REGION_BYTES_MIN >= this.size) endlessList();
    regions.push({ offset, size });
  }

  /**
   * Checks that a block can lie below `end`: layout, bounds, alignment.
   *
   * @param grain blocks of this heap are aligned to it, whatever was asked for; a power of two
   * @throws {RangeError} if it cannot
   */
  protected checkBlock(
    offset: number,
    size: number,
    align: number,
    end: number,
    grain: number = 1,
  ): void {
    const mask = (align - 1) | (grain - 1);
    if (!isBlock(offset, size, align, end, mask, this.nodes.baseLow)) {
      this.refuseBlock(offset, size, align, end, grain);
    }
  }

  /** Throws what is wrong with a block that {@linkcode checkBlock} found fault with. */
  protected refuseBlock(
    offset: number,
    size: number,
    align: number,
    end: number,
    grain: number = 1,
  ): never {
    const fault = requestFault(size, align) ?? (
      Number.isSafeInteger(offset) && offset >= 0 && offset + size <= end
        ? `its address is no multiple of ${Math.max(align, grain)}`
        : `the heap ends at ${hex(end)}`
    );
    this.bug(offset, size, fault);
  }

  /** Throws a bug in a call of `dealloc`. */
  protected bug(offset: number, size: number, text: string): never {
    throw new RangeError(
      `Cannot free ${size} bytes at offset ${hex(offset)}: ${text}`,
    );
  }
}
