/**
 * The book's own tests, as they look at one implementation: what a bug must get
 * past to live.
 *
 * Source: blog_os, `tests/heap_allocation.rs` and the posts' examples. Boxes
 * and vectors ask for memory as Rust's do: a vector has room for four words
 * first, then for twice as many.
 *
 * @module
 */

import { FlatMemory, type WordMemory } from "../../base/word_memory.ts";
import type { HeapCore } from "../../kernel/allocator/heap.ts";

/** Bytes of the book's heap. */
const HEAP_SIZE = 100 * 1024;

/** What a test of the book says when an assertion fails. */
function assertBook(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`assertion failed: ${what}`);
}

/** `Box<u32>` and `Box<u64>`, of which the low word is looked at. */
class Boxes {
  constructor(readonly memory: WordMemory, readonly heap: HeapCore) {}

  make(value: number, size = 8): number {
    const at = this.heap.alloc(size, size);
    assertBook(at !== null, "allocation succeeds");
    this.memory.store32(at, value);
    return at;
  }

  value(at: number): number {
    return this.memory.load32(at) | 0;
  }

  drop(at: number, size = 8): void {
    this.heap.dealloc(at, size, size);
  }
}

function simpleAllocation(boxes: Boxes): void {
  const one = boxes.make(41, 4);
  const two = boxes.make(13, 4);
  assertBook(boxes.value(one) === 41, "*heap_value_1 == 41");
  assertBook(boxes.value(two) === 13, "*heap_value_2 == 13");
  boxes.drop(two, 4);
  boxes.drop(one, 4);
}

function largeVec({ heap, memory }: Boxes): void {
  const n = 1000;
  let [at, capacity] = [-1, 0];
  for (let i = 0; i < n; i++) {
    if (i === capacity) {
      const more = Math.max(4, 2 * capacity);
      const grown = heap.alloc(8 * more, 8);
      assertBook(grown !== null, "the vector grows");
      if (capacity > 0) {
        memory.copy(grown, at, 8 * capacity);
        heap.dealloc(at, 8 * capacity, 8);
      }
      [at, capacity] = [grown, more];
    }
    memory.store32(at + 8 * i, i);
  }
  let sum = 0;
  for (let i = 0; i < n; i++) sum += memory.load32(at + 8 * i) | 0;
  assertBook(sum === (n - 1) * n / 2, "the sum is that of the numbers");
  heap.dealloc(at, 8 * capacity, 8);
}

function manyBoxes(boxes: Boxes): void {
  for (let i = 0; i < HEAP_SIZE; i++) {
    const x = boxes.make(i);
    assertBook(boxes.value(x) === i, "*x == i");
    boxes.drop(x);
  }
}

function manyBoxesLongLived(boxes: Boxes): void {
  const longLived = boxes.make(1);
  manyBoxes(boxes);
  assertBook(boxes.value(longLived) === 1, "*long_lived == 1");
  boxes.drop(longLived);
}

/** The tests of a heap, in the book's order. */
const HEAP_TESTS = [
  simpleAllocation,
  largeVec,
  manyBoxes,
  manyBoxesLongLived,
];

/**
 * Runs `heap_allocation`'s four tests, one after the other on one heap, as the
 * book does.
 *
 * @param make Makes the heap.
 * @returns Whether all pass.
 */
export function passesBookHeap(
  make: (memory: WordMemory) => HeapCore,
): boolean {
  const memory = new FlatMemory(new ArrayBuffer(HEAP_SIZE));
  return passes(() => {
    const boxes = new Boxes(memory, make(memory));
    for (const test of HEAP_TESTS) test(boxes);
  });
}

/** Whether tests end without a throw. */
function passes(tests: () => void): boolean {
  try {
    tests();
    return true;
  } catch {
    return false;
  }
}
