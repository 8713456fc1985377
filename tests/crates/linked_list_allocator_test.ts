/**
 * The tests of the crate linked_list_allocator, 0.9.1 and 0.10.5, that stand
 * nowhere else by name; its other tests are in `first_fit_test.ts`.
 *
 * `cursor` asks a type of the crate's own; here its answers come from the
 * heap's list of holes.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { FlatMemory } from "../../src/base/word_memory.ts";
import {
  type CrateVersion,
  FirstFitHeap,
} from "../../src/kernel/allocator/first_fit.ts";
import { IndexedFirstFitHeap } from "../../src/kernel/allocator/indexed_first_fit.ts";

const DOUBLE = 16; // Two usize.
const USIZE = 8;

for (const Class of [FirstFitHeap, IndexedFirstFitHeap]) {
  const make = (
    size: number,
    version: CrateVersion,
    memory = 4096,
  ): FirstFitHeap =>
    new Class(new FlatMemory(new ArrayBuffer(memory)), { version, size });
  const holes = (heap: FirstFitHeap) =>
    heap.freeRegions().map(({ offset, size }) => [offset, size]);

  for (const version of ["0.9.1", "0.10.5"] as const) {
    const name = `${Class.name} ${version}`;

    Deno.test(`${name}: allocate_and_free_double_usize`, () => {
      const heap = make(1000, version);
      const x = heap.alloc(DOUBLE, USIZE)!;
      heap.memory.store32(x, 0xdeafdead);
      heap.dealloc(x, DOUBLE, USIZE);
      assertEquals(holes(heap), [[0, 1000]]);
      assertEquals(heap.used, 0);
    });

    Deno.test(`${name}: reallocate_double_usize`, () => {
      const heap = make(1000, version);
      const x = heap.alloc(DOUBLE, USIZE)!;
      heap.dealloc(x, DOUBLE, USIZE);
      assertEquals(heap.alloc(DOUBLE, USIZE), x);
    });

    Deno.test(`${name}: allocate_usize`, () => {
      assertEquals(make(1000, version).alloc(USIZE, 1), 0);
    });

    Deno.test(`${name}: align_from_small_to_big`, () => {
      const heap = make(1000, version);
      assertEquals(heap.alloc(28, 4), 0);
      assertEquals(heap.alloc(8, 8), 32);
    });

    Deno.test(`${name}: cursor: the hole is the heap, and one byte more is not in it`, () => {
      const heap = make(1000, version);
      assertEquals(holes(heap), [[0, 1000]]);
      assertEquals(heap.alloc(1001, 1), null);
      assertEquals(heap.alloc(1000, 1), 0);
      assertEquals(holes(heap), []);
      assertEquals(heap.alloc(1, 1), null);
      heap.dealloc(0, 1000, 1);
      assertEquals(holes(heap), [[0, 1000]]);
    });

    Deno.test(`${name}: aff: every size from one byte up to the whole`, () => {
      // A rest of 8 bytes would hold no hole.
      assertEquals(make(1000, version).alloc(985, 1), null);
      for (const size of [1, 15, 16, 17, 500, 984, 993, 1000]) {
        const heap = make(1000, version);
        assertEquals(heap.alloc(size, 1), 0);
        const rounded = Math.max(16, Math.ceil(size / 8) * 8);
        assertEquals(heap.free, 1000 - rounded);
        heap.dealloc(0, size, 1);
        assertEquals(holes(heap), [[0, 1000]]);
      }
    });
  }

  const version = "0.10.5";
  const name = `${Class.name} 0.10.5`;

  Deno.test(`${name}: small_heap_extension`, () => {
    const heap = make(33, version);
    assertEquals([heap.state.size, heap.state.pendingExtend], [32, 1]);
    assertEquals(heap.alloc(32, 8), 0);
    heap.extend(15); // 16 with what is left over.
    assertEquals([heap.state.size, heap.state.pendingExtend], [48, 0]);
    assertEquals(heap.alloc(16, 8), 32);
  });

  Deno.test(`${name}: oddly_sized_heap_extension`, () => {
    const heap = make(16, version);
    heap.extend(17);
    assertEquals([heap.state.size, heap.state.pendingExtend], [32, 1]);
    assertEquals(heap.top, 33);
    heap.extend(15);
    assertEquals([heap.state.size, heap.state.pendingExtend], [48, 0]);
  });

  Deno.test(`${name}: extend_odd_size: what is too small is kept for later`, () => {
    const heap = make(1024, version);
    for (let i = 1; i <= 15; i++) {
      heap.extend(1);
      assertEquals([heap.state.size, heap.state.pendingExtend], [1024, i]);
    }
    heap.extend(1);
    assertEquals([heap.state.size, heap.state.pendingExtend], [1040, 0]);
    assertEquals(holes(heap), [[0, 1040]]);
  });

  Deno.test(`${name}: hole_list_new_min_size, _align, _too_small, extend_empty`, () => {
    assertEquals(holes(make(16, version)), [[0, 16]]);
    for (let rest = 0; rest < 8; rest++) {
      const heap = make(64 + rest, version);
      assertEquals(holes(heap), [[0, 64]]);
      assertEquals(heap.state.pendingExtend, rest);
    }
    assertThrows(() => make(15, version), RangeError);
    const empty = make(0, "0.9.1");
    const { message } = assertThrows(() => empty.extend(16), RangeError);
    assert(message.endsWith("tried to extend an empty heap"), message);
  });
}
