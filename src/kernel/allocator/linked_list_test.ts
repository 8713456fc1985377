import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvariantError } from "../../base/errors.ts";
import { LinkedListHeap } from "./linked_list.ts";
import { checkBadInput, Laws, type Model, script } from "./script_test.ts";
import {
  address,
  AddressedMemory,
  flat,
  HEAP_START,
  pairs,
  thrown,
  walkNodes,
} from "./support_test.ts";

/** The book's list as an array, newest region first. */
class RegionArray implements Model {
  regions: [number, number][];
  constructor(readonly base: number, size: number) {
    this.regions = [[0, size]];
  }
  static bytes(size: number, align: number): number {
    const step = Math.max(align, 8);
    return Math.max(16, Math.ceil(size / step) * step);
  }
  #fit(size: number, align: number): [number, number] | null {
    const bytes = RegionArray.bytes(size, align);
    for (const [i, [at, length]] of this.regions.entries()) {
      let start = at;
      while ((this.base + start) % align !== 0) start += 1;
      const rest = at + length - (start + bytes);
      if (rest === 0 || rest >= 16) return [i, start];
    }
    return null;
  }
  alloc(size: number, align: number): number | null {
    return this.#fit(size, align)?.[1] ?? null;
  }
  took(offset: number, size: number, align: number): void {
    const [i, start] = this.#fit(size, align)!;
    assertEquals(start, offset);
    const [at, length] = this.regions[i]!;
    const end = start + RegionArray.bytes(size, align);
    this.regions.splice(i, 1);
    if (end < at + length) this.regions.unshift([end, at + length - end]);
  }
  free(offset: number, size: number, align: number): void {
    this.regions.unshift([offset, RegionArray.bytes(size, align)]);
  }
}

Deno.test("LinkedListHeap puts blocks where a list in an array does", () => {
  fc.assert(fc.property(script, (operations) => {
    const size = 16_384;
    const memory = new AddressedMemory(HEAP_START, size);
    const heap = new LinkedListHeap(memory);
    const model = new RegionArray(HEAP_START, size);
    const laws = new Laws(heap, model);
    let lost = 0;
    laws.run(operations, (live) => {
      const regions = walkNodes(memory, address(memory, heap.state.head));
      assertEquals(regions, model.regions);
      assertEquals(pairs(heap.freeRegions()), regions);
      // Conserved but for the gaps, which only grow: the book's leak.
      const used = live.reduce(
        (sum, block) => sum + RegionArray.bytes(block.size, block.align),
        0,
      );
      const free = regions.reduce((sum, [, bytes]) => sum + bytes, 0);
      assert(size - used - free >= lost);
      lost = size - used - free;
    });
  }));
});

Deno.test("LinkedListHeap loses the gap before an aligned block", () => {
  const heap = new LinkedListHeap(flat(8192));
  const [a, b] = [heap.alloc(16, 8)!, heap.alloc(64, 4096)!];
  heap.dealloc(a, 16, 8);
  heap.dealloc(b, 64, 4096);
  assertEquals(pairs(heap.freeRegions()), [[4096, 4096], [0, 16]]);
});

Deno.test("LinkedListHeap refuses bad input and changes nothing", () => {
  const heap = new LinkedListHeap(flat(4096));
  checkBadInput(heap, { offset: heap.alloc(64, 8)!, size: 64 });
});

Deno.test("LinkedListHeap throws when the memory holds no node", () => {
  const odd = new AddressedMemory(HEAP_START + 4, 64);
  assert(thrown(() => new LinkedListHeap(odd)).includes("no multiple of 8"));
  assertEquals(
    thrown(() => new LinkedListHeap(flat(8))),
    "Cannot make a heap of 8 bytes: " +
      "assertion failed: size >= mem::size_of::<ListNode>()",
  );
});

Deno.test("LinkedListHeap throws when a block that was freed twice ends its list nowhere", () => {
  for (const size of [64, 4096]) {
    const heap = new LinkedListHeap(flat(size));
    const [a, b] = [heap.alloc(16, 8)!, heap.alloc(16, 8)!];
    for (const block of [a, b, a]) heap.dealloc(block, 16, 8);
    const text = "a block was freed twice";
    assertThrows(() => heap.alloc(size - 32, 8), InvariantError, text);
    assertThrows(() => heap.freeRegions(), InvariantError, text);
  }
});

Deno.test("LinkedListHeap.alloc() walks to the last of as many regions as there can be", () => {
  const heap = new LinkedListHeap(flat(160));
  const blocks = Array.from({ length: 10 }, () => heap.alloc(16, 8)!);
  for (const block of blocks) heap.dealloc(block, 16, 8);
  assertEquals([heap.freeRegions().length, heap.alloc(32, 8)], [10, null]);
});

Deno.test("LinkedListHeap goes on from a copy of memory and state", () => {
  const heap = new LinkedListHeap(flat(256));
  const a = heap.alloc(16, 8)!;
  heap.alloc(16, 8);
  heap.dealloc(a, 16, 8);
  const memory = flat(256);
  for (let i = 0; i < 256; i += 4) memory.store32(i, heap.memory.load32(i));
  const state = structuredClone(heap.state);
  const copy = new LinkedListHeap(memory, { state });
  assertEquals(copy.freeRegions(), heap.freeRegions());
  assertEquals(copy.alloc(16, 8), heap.alloc(16, 8));
});
