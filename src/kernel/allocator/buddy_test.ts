// The buddy heap: the laws under random scripts, a walker over the image, and refusals that a map of bytes predicts.

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { BuddyHeap } from "./buddy.ts";
import { assertTiles, checkBadInput, Laws, script } from "./script_test.ts";
import { AddressedMemory, flat, HEAP_START, thrown } from "./support_test.ts";

const power = (size: number, align: number): number => {
  let bytes = 16;
  while (bytes < Math.max(size, align)) bytes *= 2;
  return bytes;
};

/** The free blocks as the image has them. */
function walk(heap: BuddyHeap, memory: AddressedMemory): [number, number][] {
  const blocks: [number, number][] = [];
  for (const [order, head] of heap.state.heads.entries()) {
    assertEquals((heap.state.orders >>> order & 1) === 1, head >= 0);
    let previous = -1;
    for (let at = head; at >= 0;) {
      assertEquals(memory.view.getInt32(at, true), order, "order");
      assertEquals(memory.view.getInt32(at + 8, true), previous, "back link");
      assertEquals((memory.base + at) % 2 ** order, 0, "not at its multiple");
      blocks.push([at, 2 ** order]);
      previous = at;
      at = memory.view.getInt32(at + 4, true);
    }
  }
  return blocks;
}

Deno.test("BuddyHeap keeps the laws, merged and conserved, after each operation", () => {
  const bases = [HEAP_START, HEAP_START + 8, HEAP_START + 0x120, 2 ** 32 - 64];
  for (const base of bases) {
    fc.assert(fc.property(script, fc.nat({ max: 20 }), (operations, drop) => {
      const memory = new AddressedMemory(base, 20_000);
      const heap = new BuddyHeap(memory);
      const whole = walk(heap, memory).sort(([a], [b]) => a - b);
      const laws = new Laws(heap, {
        // Refused exactly when no free block is big enough.
        alloc: (size, align) =>
          walk(heap, memory).some(([, bytes]) => bytes >= power(size, align))
            ? undefined
            : null,
        free: () => {},
      });
      let count = 0;
      laws.run(operations, (live) => {
        if (count++ % 20 === drop) heap.dropIndex(); // Derived: no matter when.
        const free = walk(heap, memory);
        const starts = new Set(free.map(([at, bytes]) => `${at} ${bytes}`));
        for (const [at, bytes] of free) {
          const odd = Math.floor((base + at) / bytes) % 2 !== 0;
          const buddy = odd ? at - bytes : at + bytes;
          assert(!starts.has(`${buddy} ${bytes}`), "two free buddies");
        }
        const used = live.map((b) =>
          [b.offset, power(b.size, b.align)] as const
        );
        assertTiles([...free, ...used], heap.state.bottom, heap.state.end);
        assertEquals(heap.used, used.reduce((sum, [, n]) => sum + n, 0));
      });
      laws.freeAll();
      assertEquals(walk(heap, memory).sort(([a], [b]) => a - b), whole);
    }));
  }
});

Deno.test("BuddyHeap refuses bad input and changes nothing", () => {
  const heap = new BuddyHeap(flat(4096));
  const blocks = [heap.alloc(64, 8)!, heap.alloc(64, 8)!];
  heap.dealloc(blocks[1]!, 64, 8);
  checkBadInput(heap, { offset: blocks[0]!, size: 64 });
  assertEquals(
    thrown(() => heap.dealloc(blocks[1]!, 64, 8)),
    "Cannot free 64 bytes at offset 0x40: it is free already",
  );
});

Deno.test("BuddyHeap throws when there is no room for a block", () => {
  for (const size of [0, 15]) {
    assert(thrown(() => new BuddyHeap(flat(size))).includes("16 at least"));
  }
});

Deno.test("BuddyHeap begins as the biggest blocks that fit", () => {
  const sizes = (bytes: number): number[] =>
    new BuddyHeap(flat(bytes)).freeRegions().map((region) => region.size);
  assertEquals(sizes(16), [16]);
  assertEquals(sizes(102_400), [4096, 32_768, 65_536]);
  assertEquals(sizes(1 << 20), [1 << 20]);
  assertEquals(sizes(127), [16, 32, 64]);
});
