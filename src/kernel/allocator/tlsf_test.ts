// TLSF: the laws under random scripts, and a walker that reads lists and blocks from the image.

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { assertTiles, checkBadInput, Laws, script } from "./script_test.ts";
import {
  AddressedMemory,
  flat,
  HEAP_START,
  pairs,
  thrown,
} from "./support_test.ts";
import { TlsfHeap } from "./tlsf.ts";

const up16 = (n: number): number => Math.ceil(n / 16) * 16;

/** The free blocks as the image has them: words first, last, next, previous of each list. */
function walk(heap: TlsfHeap, memory: AddressedMemory): [number, number][] {
  const blocks: [number, number][] = [];
  for (const [index, head] of heap.state.heads.entries()) {
    const [row, column] = [index >> 5, index & 31];
    assertEquals(
      (heap.state.classes[row]! >>> column & 1) === 1,
      head >= 0,
      "class bit",
    );
    let previous = -1;
    for (let at = head; at >= 0;) {
      const size = memory.view.getInt32(at, true);
      assertEquals(memory.view.getInt32(at + size - 4, true), size, "footer");
      assertEquals(memory.view.getInt32(at + 8, true), previous, "back link");
      // Sizes of a class: 32 steps between two powers of two, in pieces.
      const pieces = size / 16;
      const power = Math.max(0, row - 1);
      const least = row === 0 ? column : (32 + column) * 2 ** power;
      assert(pieces >= least && pieces < least + 2 ** power, "class");
      blocks.push([at, size]);
      previous = at;
      at = memory.view.getInt32(at + 4, true);
    }
  }
  for (const [row, classes] of heap.state.classes.entries()) {
    assertEquals((heap.state.rows >>> row & 1) === 1, classes !== 0, "row bit");
  }
  return blocks.sort(([a], [b]) => a - b);
}

/** Walks, and holds the blocks to what merging and conservation ask. */
function checkHeap(heap: TlsfHeap, laws: Laws, memory: AddressedMemory): void {
  const free = walk(heap, memory);
  for (const [i, [offset, size]] of free.entries()) {
    assert(free[i + 1]?.[0] !== offset + size, "two free neighbours");
  }
  const used = laws.live.map((b) => [b.offset, up16(b.size)] as const);
  assertTiles([...free, ...used], heap.state.bottom, heap.state.end);
  assertEquals(heap.used, used.reduce((sum, [, size]) => sum + size, 0));
}

Deno.test("TlsfHeap keeps the laws, merged and conserved, after each operation", () => {
  for (const base of [HEAP_START, HEAP_START + 8, 2 ** 32 - 4104]) {
    fc.assert(fc.property(script, fc.nat({ max: 20 }), (operations, drop) => {
      const memory = new AddressedMemory(base, 16_380);
      const heap = new TlsfHeap(memory);
      const laws = new Laws(heap);
      let count = 0;
      laws.run(operations, () => {
        if (count++ % 20 === drop) heap.dropIndex(); // Derived: no matter when.
        checkHeap(heap, laws, memory);
      });
      laws.freeAll();
      const { bottom, end } = heap.state;
      assertEquals(walk(heap, memory), [[bottom, end - bottom]]);
    }));
  }
});

Deno.test("TlsfHeap refuses only when no class sure to fit has a block", () => {
  fc.assert(fc.property(script, (operations) => {
    const heap = new TlsfHeap(flat(8192));
    const laws = new Laws(heap, {
      alloc: (size, align) => {
        // A class is a 32nd wide: so much more than asked is sure to be found.
        const sure = (up16(size) + Math.max(0, align - 16)) * 33 / 32 + 16;
        const biggest = Math.max(0, ...heap.freeRegions().map((r) => r.size));
        if (biggest >= sure) {
          const offset = heap.alloc(size, align);
          assert(offset !== null, `${size} of ${biggest} refused`);
          heap.dealloc(offset, size, align);
        }
        return undefined;
      },
      free: () => {},
    });
    laws.run(operations);
  }));
});

Deno.test("TlsfHeap finds the whole heap for a block that fills it", () => {
  for (const size of [16, 32, 4096, 102_400, 1 << 20]) {
    const heap = new TlsfHeap(flat(size));
    assertEquals(heap.alloc(size, 8), 0, `${size}`);
    assertEquals(heap.alloc(1, 1), null);
    heap.dealloc(0, size, 8);
    assertEquals(heap.alloc(size - 15, 4096), 0, "aligned where it lies");
  }
});

Deno.test("TlsfHeap refuses bad input and changes nothing", () => {
  const heap = new TlsfHeap(flat(4096));
  const blocks = [heap.alloc(64, 8)!, heap.alloc(64, 8)!, heap.alloc(64, 8)!];
  heap.dealloc(blocks[1]!, 64, 8);
  checkBadInput(heap, { offset: blocks[0]!, size: 64 });
  assertEquals(
    thrown(() => heap.dealloc(blocks[1]!, 64, 8)),
    "Cannot free 64 bytes at offset 0x40: it is free already",
  );
});

Deno.test("TlsfHeap throws when there is no room for a block", () => {
  for (const size of [0, 15]) {
    assert(thrown(() => new TlsfHeap(flat(size))).includes("16 at least"));
  }
  assert(
    thrown(() => new TlsfHeap(flat(64), { size: 128 })).includes("has 64"),
  );
});

Deno.test("TlsfHeap.extend() joins what follows", () => {
  const heap = new TlsfHeap(flat(4096), { size: 1024 });
  assertEquals(heap.alloc(2048, 8), null);
  const block = heap.alloc(16, 8)!;
  heap.extend(3072);
  assertEquals(pairs(heap.freeRegions()), [[16, 4080]]);
  for (const by of [0, -16, 8, 16, NaN]) {
    assert(thrown(() => heap.extend(by)).startsWith("Cannot extend the heap"));
  }
  heap.dealloc(block, 16, 8);
  assertEquals(heap.alloc(4096, 8), 0);
});
