// Random scripts of heap operations, and the laws that hold on any heap after each of them. Shares no code with the heaps.

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Heap } from "./heap.ts";

/** An operation; `pick` chooses among the live blocks, modulo their number. */
export type Operation =
  | { readonly op: "alloc"; readonly size: number; readonly align: number }
  | { readonly op: "free"; readonly pick: number }
  | { readonly op: "realloc"; readonly pick: number; readonly size: number };

/** A block in use. */
export interface Live {
  readonly offset: number;
  readonly size: number;
  readonly align: number;
  /** What all of its bytes hold. */
  readonly byte: number;
}

const size = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 80 }) },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 600 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 5000 }) },
);
const align = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(1, 2, 4, 8) },
  { weight: 2, arbitrary: fc.constantFrom(16, 32, 64, 256, 1024, 4096) },
);
const pick = fc.nat({ max: 63 });

/** Scripts that fill a heap of some KiB now and then. */
export const script: fc.Arbitrary<Operation[]> = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ op: fc.constant("alloc" as const), size, align }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ op: fc.constant("free" as const), pick }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ op: fc.constant("realloc" as const), pick, size }),
    },
  ),
  { maxLength: 80, size: "max" },
);

/** A naive heap that predicts offsets, or only refusals. */
export interface Model {
  /** The offset, or null; undefined where the model cannot tell. */
  alloc(size: number, align: number): number | null | undefined;
  /** Called with what the heap answered, whether or not the model could tell. */
  took?(offset: number, size: number, align: number): void;
  free(offset: number, size: number, align: number): void;
}

/** Replays scripts on a heap and holds it to the laws. */
export class Laws {
  readonly live: Live[] = [];
  #count = 0;

  /**
   * @param heap the subject, with all of its blocks from this replay
   * @param model predicts, if there is one
   */
  constructor(readonly heap: Heap, readonly model: Model | null = null) {}

  /** Runs a script. `after` is called after each operation with the blocks in use. */
  run(
    operations: readonly Operation[],
    after: (live: readonly Live[]) => void = () => {},
  ): void {
    for (const operation of operations) {
      if (operation.op === "alloc") this.alloc(operation.size, operation.align);
      else if (this.live.length > 0) {
        const index = operation.pick % this.live.length;
        if (operation.op === "free") this.free(index);
        else this.realloc(index, operation.size);
      }
      after(this.live);
    }
  }

  /** Allocates, and checks what comes back. */
  alloc(size: number, align: number): void {
    const predicted = this.model?.alloc(size, align);
    const offset = this.heap.alloc(size, align);
    if (predicted !== undefined) assertEquals(offset, predicted);
    if (offset !== null) this.#take(offset, size, align);
  }

  /** Frees a live block, after checking that nobody wrote to it. */
  free(index: number): void {
    const block = this.live[index]!;
    this.checkBytes(block, block.size);
    this.live.splice(index, 1);
    this.heap.dealloc(block.offset, block.size, block.align);
    this.model?.free(block.offset, block.size, block.align);
  }

  /** Moves a live block, and checks that its bytes came along. */
  realloc(index: number, size: number): void {
    const block = this.live[index]!;
    const predicted = this.model?.alloc(size, block.align);
    const offset = this.heap.realloc(
      block.offset,
      block.size,
      block.align,
      size,
    );
    if (predicted !== undefined) assertEquals(offset, predicted);
    if (offset === null) return;
    this.model?.took?.(offset, size, block.align);
    this.model?.free(block.offset, block.size, block.align);
    this.live.splice(index, 1);
    const moved = { ...block, offset };
    this.checkBytes(moved, Math.min(size, block.size));
    this.#place(offset, size, block.align);
  }

  /** Frees all blocks that are left, in an order that is neither. */
  freeAll(): void {
    while (this.live.length > 0) {
      this.free((this.live.length * 7) % this.live.length);
      if (this.live.length > 0) this.free(this.live.length >> 1);
    }
  }

  /** Checks that a block still holds its byte. */
  checkBytes({ offset, byte }: Live, bytes: number): void {
    const { memory } = this.heap;
    for (let i = offset; i < offset + bytes; i++) {
      const skew = (memory.base + i) & 3;
      const found = (memory.load32(i - skew) >>> (8 * skew)) & 0xff;
      if (found !== byte) {
        throw new Error(`byte ${i} of a live block is ${found}, not ${byte}`);
      }
    }
  }

  #take(offset: number, size: number, align: number): void {
    this.model?.took?.(offset, size, align);
    this.#place(offset, size, align);
  }

  #place(offset: number, size: number, align: number): void {
    const { memory } = this.heap;
    assert(offset >= 0 && offset + size <= memory.size, "out of bounds");
    assertEquals((memory.base + offset) % align, 0, "misaligned");
    for (const other of this.live) {
      assert(
        offset + size <= other.offset || other.offset + other.size <= offset,
        `[${offset}, +${size}) overlaps [${other.offset}, +${other.size})`,
      );
    }
    const byte = 1 + this.#count++ % 255;
    memory.fill(offset, size, byte);
    this.live.push({ offset, size, align, byte });
  }
}

/**
 * Checks that free regions and blocks in use, each with its rounded size, tile a range without gap or overlap.
 *
 * @param pieces offset and size
 */
export function assertTiles(
  pieces: readonly (readonly [number, number])[],
  from: number,
  to: number,
): void {
  let at = from;
  for (const [offset, size] of [...pieces].sort(([a], [b]) => a - b)) {
    assertEquals(offset, at, "a gap or an overlap");
    at += size;
  }
  assertEquals(at, to, "bytes lost or made");
}

/** Arguments that no heap takes, and what each has in its message. */
export const WRONG_REQUESTS: readonly [number, number, string][] = [
  [0, 8, "a block has at least one byte"],
  [-1, 8, "-1 is no size in bytes"],
  [1.5, 8, "1.5 is no size in bytes"],
  [NaN, 8, "NaN is no size in bytes"],
  [Infinity, 8, "Infinity is no size in bytes"],
  [8, 0, "alignment 0 is no power of two"],
  [8, 3, "alignment 3 is no power of two"],
  [8, -8, "alignment -8 is no power of two"],
  [8, 1.5, "alignment 1.5 is no power of two"],
  [8, NaN, "alignment NaN is no power of two"],
  [8, 2 ** 32 + 2, "alignment 4294967298 is no power of two"],
];

/** Requests that are right and too big. */
export const HUGE_REQUESTS: readonly [number, number][] = [
  [2 ** 31 - 1, 1],
  [2 ** 31 - 8, 8],
  [2 ** 31, 8],
  [2 ** 40, 8],
  [Number.MAX_SAFE_INTEGER, 8],
  [2 ** 31 - 1, 2 ** 30],
  [8, 2 ** 31],
  [8, 2 ** 52],
];

/**
 * Holds a heap to what it owes to bad arguments: an error or null, and nothing changed.
 *
 * @param heap a heap, some blocks in use
 * @param block one of them
 */
export function checkBadInput(
  heap: Heap,
  block: { readonly offset: number; readonly size: number },
): void {
  const image = (): unknown => [
    structuredClone(heap.state),
    Array.from(
      { length: heap.memory.size >> 2 },
      (_, i) => heap.memory.load32(4 * i) | 0,
    ),
  ];
  const before = image();
  const refuses = (call: () => unknown, text: string): void => {
    try {
      call();
    } catch (error) {
      assert(error instanceof RangeError, String(error));
      assert(
        error.message.includes(text),
        `"${error.message}" does not say "${text}"`,
      );
      return;
    }
    throw new Error(`nothing was thrown: ${text}`);
  };
  for (const [size, align, text] of WRONG_REQUESTS) {
    refuses(() => heap.alloc(size, align), text);
    refuses(() => heap.dealloc(block.offset, size, align), text);
    refuses(() => heap.realloc(block.offset, size, align, 8), text);
  }
  for (const [size, align] of HUGE_REQUESTS) {
    assertEquals(heap.alloc(size, align), null, `${size} aligned to ${align}`);
  }
  const { size } = heap;
  for (const offset of [-8, -1, 0.5, NaN, size, size - 8, 2 ** 31, 2 ** 40]) {
    refuses(() => heap.dealloc(offset, 16, 8), "Cannot free 16 bytes");
    refuses(() => heap.realloc(offset, 16, 8, 32), "Cannot free 16 bytes");
  }
  refuses(() => heap.dealloc(block.offset + 4, 16, 8), "no multiple of");
  refuses(() => heap.dealloc(block.offset, 2 ** 31 - 1, 1), "Cannot free");
  refuses(() => heap.dealloc(block.offset, 2 ** 40, 8), "Cannot free");
  assertEquals(image(), before, "something changed");
}
