import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { CheckedHeap } from "./checked.ts";
import { FirstFitHeap } from "./first_fit.ts";
import type { Heap } from "./heap.ts";
import { LinkedListHeap } from "./linked_list.ts";
import { Laws, script, WRONG_REQUESTS } from "./script_test.ts";
import { AddressedMemory, flat, HEAP_START, thrown } from "./support_test.ts";
import { TlsfHeap } from "./tlsf.ts";

const checked = (quarantine = 64): CheckedHeap =>
  new CheckedHeap<object>(new FirstFitHeap(flat(4096)), { quarantine });

Deno.test("CheckedHeap is silent when a program is right", () => {
  const inners: (() => Heap)[] = [
    () => new FirstFitHeap(new AddressedMemory(HEAP_START, 32_768)),
    () => new TlsfHeap(flat(32_768)),
    () => new LinkedListHeap(flat(32_768)),
  ];
  for (const inner of inners) {
    fc.assert(
      fc.property(script, fc.nat({ max: 5 }), (operations, quarantine) => {
        const heap = new CheckedHeap(inner(), { quarantine, redZone: 7 });
        const laws = new Laws(heap);
        laws.run(operations, () => heap.check());
        assertEquals(
          heap.leaks().map((leak) => leak.offset),
          laws.live.map((b) => b.offset).sort((a, b) => a - b),
        );
        laws.freeAll();
        heap.flush();
        assertEquals([heap.leaks(), heap.state.blocks], [[], {}]);
      }),
      { numRuns: 30 },
    );
  }
});

Deno.test("CheckedHeap throws when the program is wrong, and frees nothing", () => {
  const rows: [string, (heap: CheckedHeap, block: number) => void][] = [
    [
      "no block begins here",
      (heap, block) => heap.dealloc(block + 8, 24, 8),
    ],
    [
      "aligned to 8, it has another layout: 24 bytes aligned to 8, allocated at 1",
      (heap, block) => heap.dealloc(block, 25, 8),
    ],
    [
      "aligned to 16, it has another layout",
      (heap, block) => heap.dealloc(block, 24, 16),
    ],
    ["something wrote past its end, at offset", (heap, block) => {
      heap.memory.fill(block + 24, 1, 0);
      heap.dealloc(block, 24, 8);
    }],
    ["something wrote before its start, at offset 0x0", (heap, block) => {
      heap.memory.fill(0, 1, 0);
      heap.dealloc(block, 24, 8);
    }],
    ["something wrote before its start, at offset 0xf", (heap, block) => {
      heap.memory.fill(block - 1, 1, 0);
      heap.realloc(block, 24, 8, 48);
    }],
  ];
  for (const [text, wrong] of rows) {
    const heap = checked();
    const block = heap.alloc(24, 8)!;
    assert(thrown(() => wrong(heap, block)).includes(text), text);
    assertEquals(heap.leaks(), [
      { offset: block, layout: { size: 24, align: 8 }, allocatedAt: 1 },
    ]);
  }
});

Deno.test("CheckedHeap tells a double free and a use after free, with times", () => {
  let clk = 1000;
  const heap = new CheckedHeap(new TlsfHeap(flat(4096)), { now: () => clk++ });
  const block = heap.alloc(24, 8)!;
  heap.dealloc(block, 24, 8);
  assertEquals(
    thrown(() => heap.dealloc(block, 24, 8)),
    "Cannot free 24 bytes at offset 0x10: a double free, " +
      "allocated at 1000, freed at 1001",
  );
  heap.check();
  heap.memory.store32(block + 4, 7);
  const text =
    "Broken block of 24 bytes at offset 0x10: something wrote to it " +
    "after it was freed, at offset 0x14 (allocated at 1000, freed at 1001)";
  assertEquals(thrown(() => heap.check()), text);
  assertEquals(thrown(() => heap.flush()), text);
});

Deno.test("CheckedHeap hands quarantined blocks back when memory is short", () => {
  const heap = checked(1000);
  let count = 0;
  for (; count < 500; count++) {
    const block = heap.alloc(256, 8);
    assert(block !== null, "quarantine starved the heap");
    heap.dealloc(block, 256, 8);
  }
  assertEquals(heap.alloc(8000, 8), null);
  assertEquals(heap.state.quarantine, []);
});

Deno.test("CheckedHeap goes on from a state", () => {
  const inner = new TlsfHeap(flat(4096));
  const heap = new CheckedHeap(inner);
  const block = heap.alloc(24, 8)!;
  const state = structuredClone(heap.state);
  const restored = new CheckedHeap(
    new TlsfHeap(inner.memory, { state: state.inner }),
    { state },
  );
  assertEquals(restored.leaks(), heap.leaks());
  restored.dealloc(block, 24, 8);
  assertEquals(restored.leaks(), []);
  assertThrows(() => new CheckedHeap(inner, { state }), TypeError);
});

Deno.test("CheckedHeap refuses bad input", () => {
  const heap = checked();
  for (const [size, align, text] of WRONG_REQUESTS) {
    assert(thrown(() => heap.alloc(size, align)).includes(text));
  }
  assert(thrown(() => checked(-1)).includes("no number of bytes or blocks"));
});
