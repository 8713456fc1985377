/**
 * A heap around a heap that sees what the inner one trusts: writes past a block's ends, use after free, double free, foreign
 * pointers, a wrong layout, and blocks never freed.
 *
 * Around each block lie red zones of a known byte; a fresh block is filled with another, a freed one with a third. A freed block
 * stays with this heap until `quarantine` later ones were freed, and is looked at before it goes back to the inner heap.
 *
 * The three bytes are those of Microsoft's debug heap, which debuggers' users know.
 *
 * Off by default, and not meant to be fast: each operation fills and reads its block.
 *
 * @module
 */

import type { WordMemory } from "../../base/word_memory.ts";
import type { FreeRegion, Heap } from "./heap.ts";
import { hex, isRequest, type Layout, refuseRequest } from "./layout.ts";

export * from "./common.ts";

/** Bytes around blocks, "no man's land". */
const RED = 0xfd;
/** Bytes of a block that nobody has written yet. */
const FRESH = 0xcd;
/** Bytes of a block that was freed. */
const FREED = 0xdd;

/** What is known of a block. */
export interface CheckedBlock {
  /** Bytes asked for. */
  size: number;
  /** Alignment asked for. */
  align: number;
  /** When it was allocated: what the clock given said, or the number of the operation. */
  allocatedAt: number;
  /** When it was freed, or −1. */
  freedAt: number;
}

/** What the wrapper knows, and the inner heap's state. */
export interface CheckedState<S extends object = object> {
  /** Operations so far. */
  operations: number;
  /** Blocks in use, and blocks in quarantine, by offset. */
  blocks: Record<string, CheckedBlock>;
  /** Offsets of the blocks in quarantine, the oldest first. */
  quarantine: number[];
  /** The inner heap's state. */
  inner: S;
}

/** A block that was never freed. */
export interface Leak {
  /** Its offset. */
  readonly offset: number;
  /** Its layout. */
  readonly layout: Layout;
  /** When it was allocated. */
  readonly allocatedAt: number;
}

/** How a checked heap checks. */
export interface CheckedOptions<S extends object = object> {
  /** Bytes of red zone on each side, at least; rounded up to the block's alignment in front. 16 by default. */
  readonly redZone?: number;
  /** Freed blocks that are held back. 64 by default. */
  readonly quarantine?: number;
  /** What time it is: the kernel gives clk. Without it operations are counted. */
  readonly now?: () => number;
  /** A state to go on from; its `inner` is the state of `inner`. */
  readonly state?: CheckedState<S>;
}

/**
 * A heap that throws at the operation that shows a bug.
 *
 * @example
 * ```ts
 * import { CheckedHeap } from "@lockstep/kernel/heap/checked";
 * import { FlatMemory, TlsfHeap } from "@lockstep/kernel/heap/tlsf";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const heap = new CheckedHeap(new TlsfHeap(new FlatMemory(new ArrayBuffer(4096))));
 * const block = heap.alloc(24, 8)!;
 * heap.memory.store32(block + 24, 1); // One word too far.
 * assertThrows(() => heap.dealloc(block, 24, 8), RangeError, "wrote past its end");
 * assertEquals(heap.leaks().length, 1);
 * ```
 */
export class CheckedHeap<S extends object = object> implements Heap {
  /** What the wrapper knows, and the inner heap's state: plain data. */
  readonly state: CheckedState<S>;
  /** The heap inside. */
  readonly inner: Heap & { readonly state: S };
  readonly #redZone: number;
  readonly #quarantine: number;
  readonly #now: (() => number) | null;

  /**
   * Wraps a heap.
   *
   * @param inner the heap that blocks come from; nobody else may use it
   * @param options red zones, quarantine, clock
   * @throws {RangeError} if a length is no number of bytes or blocks
   * @throws {TypeError} if `state.inner` is not the state of `inner`
   */
  constructor(
    inner: Heap & { readonly state: S },
    options: CheckedOptions<S> = {},
  ) {
    const { redZone = 16, quarantine = 64, now = null, state } = options;
    for (const n of [redZone, quarantine]) {
      if (!Number.isSafeInteger(n) || n < 0) {
        throw new RangeError(
          `Cannot check a heap: ${n} is no number of bytes or blocks`,
        );
      }
    }
    if (state !== undefined && state.inner !== inner.state) {
      throw new TypeError(
        "Cannot restore a checked heap: state.inner is not the state of inner",
      );
    }
    this.inner = inner;
    this.#redZone = Math.ceil(redZone / 4) * 4;
    this.#quarantine = quarantine;
    this.#now = now;
    this.state = state ??
      { operations: 0, blocks: {}, quarantine: [], inner: inner.state };
  }

  /** The inner heap's memory. */
  get memory(): WordMemory {
    return this.inner.memory;
  }

  /** The inner heap's bytes. */
  get size(): number {
    return this.inner.size;
  }

  /** Takes a block with a red zone on each side, filled with a byte that shows. See `HeapCore.alloc`. */
  alloc(size: number, align: number): number | null {
    if (!isRequest(size, align)) return refuseRequest(size, align);
    const s = this.state;
    s.operations += 1;
    const front = this.#front(align);
    const bytes = front + size + this.#behind(size);
    let outer = this.inner.alloc(bytes, align);
    while (outer === null && s.quarantine.length > 0) {
      this.#release(s.quarantine[0]!);
      outer = this.inner.alloc(bytes, align);
    }
    if (outer === null) return null;
    const offset = outer + front;
    this.memory.fill(outer, front, RED);
    this.memory.fill(offset, size, FRESH);
    this.memory.fill(offset + size, this.#behind(size), RED);
    const allocatedAt = this.#clock();
    s.blocks[offset] = { size, align, allocatedAt, freedAt: -1 };
    return offset;
  }

  /**
   * Checks a block and puts it into quarantine. See `HeapCore.dealloc`.
   *
   * @throws {RangeError} for a foreign pointer, a double free, another layout, or a red zone written to: nothing is freed then;
   * for a write to the block that has to leave quarantine, which stays there
   */
  dealloc(offset: number, size: number, align: number): void {
    const s = this.state;
    const block = this.#block(offset, size, align);
    s.operations += 1;
    block.freedAt = this.#clock();
    this.memory.fill(offset, size, FREED);
    s.quarantine.push(offset);
    if (s.quarantine.length > this.#quarantine) this.#release(s.quarantine[0]!);
  }

  /** Takes a block of zeros. */
  allocZeroed(size: number, align: number): number | null {
    const offset = this.alloc(size, align);
    if (offset !== null) this.memory.fill(offset, size, 0);
    return offset;
  }

  /** Moves a block, checking it. See `Heap.realloc`. */
  realloc(
    offset: number,
    size: number,
    align: number,
    newSize: number,
  ): number | null {
    this.#block(offset, size, align);
    const moved = this.alloc(newSize, align);
    if (moved === null) return null;
    this.memory.copy(moved, offset, Math.min(size, newSize));
    this.dealloc(offset, size, align);
    return moved;
  }

  /** `alloc` for a layout. */
  allocate(layout: Layout): number | null {
    return this.alloc(layout.size, layout.align);
  }

  /** `dealloc` for a layout. */
  deallocate(offset: number, layout: Layout): void {
    this.dealloc(offset, layout.size, layout.align);
  }

  /** The free pieces of the inner heap. */
  freeRegions(): FreeRegion[] {
    return this.inner.freeRegions();
  }

  /**
   * Checks all blocks, in use and in quarantine.
   *
   * @throws {RangeError} at the first one whose red zones, or freed bytes, were written to
   */
  check(): void {
    for (const [offset, block] of this.#entries()) {
      this.#checkZones(offset, block);
    }
  }

  /**
   * Lists the blocks in use: at the end of a program, its leaks.
   *
   * @returns them, in the order of their addresses
   */
  leaks(): Leak[] {
    return this.#entries()
      .filter(([, block]) => block.freedAt < 0)
      .map(([offset, { size, align, allocatedAt }]) => ({
        offset,
        layout: { size, align },
        allocatedAt,
      }));
  }

  /** Gives all blocks in quarantine back to the inner heap, checking each. */
  flush(): void {
    while (this.state.quarantine.length > 0) {
      this.#release(this.state.quarantine[0]!);
    }
  }

  #entries(): [number, CheckedBlock][] {
    return Object.entries(this.state.blocks)
      .map(([offset, block]): [number, CheckedBlock] => [+offset, block])
      .sort(([a], [b]) => a - b);
  }

  #clock(): number {
    return this.#now?.() ?? this.state.operations;
  }

  #front(align: number): number {
    return Math.ceil(this.#redZone / align) * align;
  }

  /** Bytes of red zone behind a block: what rounds it up to words, too. */
  #behind(size: number): number {
    return this.#redZone + (-size & 3);
  }

  /** The block that a caller gives back, checked. */
  #block(offset: number, size: number, align: number): CheckedBlock {
    const block = this.state.blocks[offset];
    if (block === undefined) {
      bug(offset, size, "no block begins here");
    }
    if (block.freedAt >= 0) {
      bug(offset, size, `a double free, ${history(block)}`);
    }
    if (block.size !== size || block.align !== align) {
      bug(
        offset,
        size,
        `aligned to ${align}, it has another layout: ${block.size} bytes ` +
          `aligned to ${block.align}, ${history(block)}`,
      );
    }
    this.#checkZones(offset, block);
    return block;
  }

  /** Gives the oldest block in quarantine back to the inner heap. */
  #release(offset: number): void {
    const s = this.state;
    const block = s.blocks[offset]!;
    this.#checkZones(offset, block);
    const { size, align } = block;
    const front = this.#front(align);
    this.inner.dealloc(
      offset - front,
      front + size + this.#behind(size),
      align,
    );
    s.quarantine.shift();
    delete s.blocks[offset];
  }

  #checkZones(offset: number, block: CheckedBlock): void {
    const { size, align, freedAt } = block;
    const front = this.#front(align);
    const before = this.#firstOther(offset - front, front, RED);
    if (before >= 0) {
      broken(offset, block, `something wrote before its start, ${at(before)}`);
    }
    const behind = this.#firstOther(offset + size, this.#behind(size), RED);
    if (behind >= 0) {
      broken(offset, block, `something wrote past its end, ${at(behind)}`);
    }
    if (freedAt < 0) return;
    const after = this.#firstOther(offset, size, FREED);
    if (after >= 0) {
      broken(
        offset,
        block,
        `something wrote to it after it was freed, ${at(after)}`,
      );
    }
  }

  /** The first byte of a range that is not `byte`, or −1. */
  #firstOther(from: number, length: number, byte: number): number {
    const { memory } = this;
    for (let offset = from; offset < from + length; offset++) {
      // Words are those of addresses: the base may be odd.
      const skew = (offset + memory.base) & 3;
      const word = memory.load32(offset - skew);
      if (((word >>> (8 * skew)) & 0xff) !== byte) return offset;
    }
    return -1;
  }
}

const at = (offset: number): string => `at offset ${hex(offset)}`;

function history(block: CheckedBlock): string {
  const freed = block.freedAt < 0 ? "" : `, freed at ${block.freedAt}`;
  return `allocated at ${block.allocatedAt}${freed}`;
}

function bug(offset: number, size: number, text: string): never {
  throw new RangeError(
    `Cannot free ${size} bytes at offset ${hex(offset)}: ${text}`,
  );
}

function broken(offset: number, block: CheckedBlock, text: string): never {
  throw new RangeError(
    `Broken block of ${block.size} bytes at offset ${hex(offset)}: ` +
      `${text} (${history(block)})`,
  );
}
