import { assertEquals, assertThrows } from "@std/assert";
import { InvariantError } from "../../base/errors.ts";
import { FlatMemory, type WordMemory } from "../../base/word_memory.ts";
import { FirstFitHeap } from "./first_fit.ts";
import { nodesOf, NONE } from "./nodes.ts";
import { AddressedMemory, flat, HEAP_START, thrown } from "./support_test.ts";
import { TlsfHeap } from "./tlsf.ts";

Deno.test("Nodes.setLink() stores base and offset in two little-endian words", () => {
  const rows: [number, number, bigint][] = [
    [HEAP_START, 0x20, 0x4444_4444_0020n],
    [HEAP_START, NONE, 0n],
    [0, 0x20, 0x20n],
    [0, 0, 0n],
    [0, NONE, 0xffff_ffff_ffff_ffffn],
    [0x1_ffff_fff0, 0x20, 0x2_0000_0010n], // A carry.
    [-0x7fff_f000_0000, 0x20, 0xffff_8000_1000_0020n], // The upper half.
    [0xffff_ffe0, 0x20, 0x1_0000_0000n], // The low word of null, yet none.
  ];
  for (const [base, target, word] of rows) {
    const memory = new AddressedMemory(base, 64);
    const nodes = nodesOf(memory);
    nodes.setLink(8, target);
    assertEquals(memory.load64(8), word);
    assertEquals(nodes.link(8), target);
  }
});

Deno.test("Nodes over a buffer hold offsets, wherever the heap starts", () => {
  const buffer = new ArrayBuffer(256);
  const nodes = nodesOf(new FlatMemory(buffer, 64, 128));
  const view = new DataView(buffer);
  for (const target of [0, 40, NONE]) {
    const word = BigInt(target);
    nodes.setLink(8, target);
    assertEquals(view.getBigInt64(64 + 8, true), word);
    nodes.setNext(16, target);
    assertEquals(view.getBigInt64(64 + 24, true), word);
    assertEquals([nodes.link(8), nodes.next(16)], [target, target]);
  }
});

Deno.test("nodesOf() throws when a memory is too big", () => {
  for (const size of [2 ** 31, -8, 1.5]) {
    const memory: WordMemory = {
      base: 0,
      size,
      load32: () => 0,
      store32: () => {},
      fill: () => {},
      copy: () => {},
    };
    assertEquals(
      thrown(() => nodesOf(memory)),
      `Cannot make a heap over ${size} bytes: it has 2147483632 at most`,
    );
  }
});

Deno.test("heaps go on when a WebAssembly.Memory grew, and extend into it", () => {
  const wasm = new WebAssembly.Memory({ initial: 1 });
  const start = 1024;
  const memory = new FlatMemory(wasm, start);
  for (const Heap of [FirstFitHeap, TlsfHeap]) {
    wasm.grow(1);
    const before = memory.size;
    const heap = new Heap(memory);
    const a = heap.alloc(100, 8)!;
    new Uint8Array(wasm.buffer).fill(7, start + a, start + a + 100);
    wasm.grow(1); // Detaches the buffer.
    heap.dealloc(a, 100, 8);
    assertEquals(heap.alloc(before, 8), 0);
    heap.extend(65_536);
    const b = heap.alloc(65_536, 8)!;
    assertEquals(b, before);
    memory.bytes(b, 65_536).fill(9);
    assertEquals(new Uint8Array(wasm.buffer).at(-1), 9);
  }
});

Deno.test("heaps run over a SharedArrayBuffer", () => {
  const shared = new SharedArrayBuffer(4096);
  const heap = new TlsfHeap(new FlatMemory(shared));
  const block = heap.allocZeroed(64, 64)!;
  heap.dealloc(block, 64, 64);
  assertEquals(heap.freeRegions(), [{ offset: 0, size: 4096 }]);
});

Deno.test("heaps throw when a freed block was overwritten with a link to nowhere", () => {
  const heap = new FirstFitHeap(flat(4096));
  const a = heap.alloc(16, 8)!;
  heap.alloc(16, 8);
  heap.dealloc(a, 16, 8);
  heap.memory.store32(a + 8, 0x7fff_0000);
  assertThrows(
    () => heap.alloc(64, 8),
    InvariantError,
    "a freed block was written to",
  );
});
