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
import { virtAddr } from "../../hw/addr.ts";
import type { MemoryRegion } from "../../hw/memory_map.ts";
import { type Frame, type Page, pageContaining } from "../../hw/page.ts";
import { PTE_P, PTE_RW } from "../../hw/page_table.ts";
import type { HeapCore } from "../../kernel/allocator/heap.ts";
import type { FrameAllocator } from "../../kernel/memory/frames/frame_allocator.ts";
import { createExampleMapping } from "../../kernel/memory/mappers/book.ts";
import type { Mapper } from "../../kernel/memory/mappers/mapper.ts";
import {
  OffsetPageTable,
  offsetPageTableState,
} from "../../kernel/memory/mappers/offset_page_table.ts";
import { HOST_ENV } from "../../kernel/sync/env.ts";
import type { Context, Future } from "../../kernel/task/future.ts";
import { PENDING, type Poll, READY } from "../../kernel/task/poll.ts";
import type { Waker } from "../../kernel/task/waker.ts";
import type { MakeCheckedExecutor } from "../conformance/executor_laws.ts";
import type { MakeCheckedFrames } from "../conformance/check_frame_allocator.ts";
import type { MakeCheckedLock } from "../conformance/check_lock.ts";
import type { MakeCheckedMapper } from "../conformance/mapper_laws.ts";
import { IdleModel } from "../models/executor_model.ts";
import { ModelTlb, TableMemory, walkTables } from "../models/paging_model.ts";

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

const ROOT = 0x1000 as Frame;

/** Physical memory of frames that anybody may hand out. */
class OpenMemory extends TableMemory {
  /** Makes a frame a table, full of zeros, as fresh memory is. */
  open(frame: Frame): void {
    if (!this.tables.has(frame)) this.tables.set(frame, new Uint32Array(1024));
  }
}

/** A mapper, frames for its tables, and what the processor sees. */
interface Paging {
  readonly memory: OpenMemory;
  readonly mapper: Pick<Mapper, "mapTo" | "unmap">;
  readonly frames: FrameAllocator;
}

/**
 * The example of "Paging Implementation", and the heap of "Heap Allocation": one
 * page mapped to the screen, then 25 pages to fresh frames.
 */
function pagingExamples({ memory, mapper, frames }: Paging): void {
  const tlb = new ModelTlb(memory);
  const page = pageContaining(virtAddr(0xdeadbeaf000));
  createExampleMapping(page, mapper as Mapper, frames, tlb);
  const screen = walkTables(memory, page + 0x900);
  assertBook(screen?.frame === 0xb8000, "the page shows the screen");
  const heap = 0x4444_4444_0000;
  const seen = new Set<number>();
  for (let at = heap; at < heap + HEAP_SIZE; at += 4096) {
    const frame = frames.allocateFrame();
    assertBook(frame !== null, "a frame for the heap");
    const result = mapper.mapTo(at as Page, frame, PTE_P | PTE_RW, frames);
    assertBook(result.reason === null, "map_to succeeds");
    result.flush(tlb);
    const found = walkTables(memory, at);
    assertBook(found?.frame === frame && found.writable, "the heap is there");
    seen.add(found.frame);
  }
  assertBook(seen.size === HEAP_SIZE / 4096, "each page has its own frame");
}

/** A memory map as the bootloader leaves it on a machine of 64 MiB. */
const BOOK_MAP: readonly MemoryRegion[] = [
  { startFrame: 0, endFrame: 1, type: "FrameZero" },
  { startFrame: 1, endFrame: 5, type: "PageTable" },
  { startFrame: 5, endFrame: 0x9f, type: "Usable" },
  { startFrame: 0x9f, endFrame: 0xa0, type: "Reserved" },
  { startFrame: 0xf0, endFrame: 0x100, type: "Reserved" },
  { startFrame: 0x100, endFrame: 0x400, type: "Kernel" },
  { startFrame: 0x400, endFrame: 0x3fe0, type: "Usable" },
  { startFrame: 0x3fe0, endFrame: 0x4000, type: "Reserved" },
];

/**
 * Runs the book's examples of paging with a frame allocator.
 *
 * @param make Makes the allocator.
 * @returns Whether all pass.
 */
export function passesBookFrames(make: MakeCheckedFrames): boolean {
  return passes(() => {
    const memory = new OpenMemory(ROOT);
    const inner = make(BOOK_MAP);
    const frames: FrameAllocator = {
      allocateFrame() {
        const frame = inner.allocateFrame();
        if (frame !== null) memory.open(frame);
        return frame;
      },
    };
    const mapper = new OffsetPageTable(memory, offsetPageTableState(ROOT));
    pagingExamples({ memory, mapper, frames });
  });
}

/**
 * Runs the book's examples of paging with a mapper.
 *
 * @param make Makes the mapper.
 * @returns Whether all pass.
 */
export function passesBookMapper(make: MakeCheckedMapper): boolean {
  return passes(() => {
    const memory = new OpenMemory(ROOT);
    let next = 0x5000;
    const frames: FrameAllocator = {
      allocateFrame() {
        const frame = next as Frame;
        next += 4096;
        memory.open(frame);
        return frame;
      },
    };
    const mapper = make({
      memory,
      virtual: memory,
      root: ROOT,
      recursiveIndex: 0,
      mapRecursively() {},
    });
    pagingExamples({ memory, mapper, frames });
  });
}

/** A task that prints what an interrupt brings, for ever. */
interface Keypresses extends Future {
  readonly kind: "keypresses";
}

/**
 * Runs the tasks of "Async/Await": one that is ready at once, and one that an
 * interrupt wakes for each key.
 *
 * @param make Makes the executor.
 * @returns Whether all that should be printed is, and nothing else.
 */
export function passesBookExecutor(make: MakeCheckedExecutor): boolean {
  return passes(() => {
    const printed: string[] = [];
    const keys: string[] = [];
    let waiting: Waker | null = null;
    const kinds = {
      example: (): Poll => {
        printed.push("async number: 42");
        return READY;
      },
      keypresses: (_task: Keypresses, context: Context): Poll => {
        for (const key of keys.splice(0)) printed.push(key);
        waiting = context.waker;
        return PENDING;
      },
    };
    const idle = new IdleModel(() => {});
    const executor = make(kinds, { env: HOST_ENV, idle });
    executor.spawn({ kind: "example" });
    executor.spawn({ kind: "keypresses" });
    executor.runUntilIdle(1000);
    for (const key of ["h", "e", "y"]) {
      idle.arm(3, () => {
        keys.push(key);
        if (waiting !== null) executor.wake(waiting);
      });
      executor.sleepIfIdle?.(idle);
      idle.settle();
      executor.runUntilIdle(1000);
    }
    assertBook(
      printed.join(" ") === "async number: 42 h e y",
      "what is printed",
    );
  });
}

/**
 * Uses a lock as the book's kernel uses `WRITER`: two hundred lines, each under
 * the lock, and the assertion of `test_println_output` after them.
 *
 * @param make Makes the lock.
 * @returns Whether all pass.
 */
export function passesBookLock(make: MakeCheckedLock): boolean {
  return passes(() => {
    const lock = make(HOST_ENV);
    const lines: string[] = [];
    const println = (text: string): void => {
      if (lock.lock === undefined) lock.tryLock();
      else lock.lock();
      lines.push(text);
      lock.unlock();
    };
    println("test_println_simple output");
    for (let i = 0; i < 200; i++) println("test_println_many output");
    const text = "Some test string that fits on a single line";
    if (lock.withLock === undefined) println(text);
    else lock.withLock(() => void lines.push(text));
    assertBook(
      lines.length === 202 && lines.at(-1) === text,
      "the line is there",
    );
  });
}
