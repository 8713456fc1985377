import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvariantError } from "../../base/errors.ts";
import { BuddyHeap } from "./buddy.ts";
import { FirstFitHeap } from "./first_fit.ts";
import {
  BLOCK_SIZES,
  FixedSizeBlockHeap,
  FlatMemory,
} from "./fixed_size_block.ts";
import { checkBadInput, Laws, type Model, script } from "./script_test.ts";
import {
  address,
  AddressedMemory,
  flat,
  HEAP_START,
  thrown,
  walkLinks,
} from "./support_test.ts";
import { TlsfHeap } from "./tlsf.ts";

/** Stacks of blocks over a real heap of its own. */
class Stacks implements Model {
  readonly stacks: number[][] = BLOCK_SIZES.map(() => []);
  readonly below: FirstFitHeap;
  constructor(base: number, size: number) {
    this.below = new FirstFitHeap(new AddressedMemory(base, size));
  }
  static index(size: number, align: number): number {
    return BLOCK_SIZES.findIndex((block) => block >= Math.max(size, align));
  }
  alloc(size: number, align: number): number | null {
    const index = Stacks.index(size, align);
    if (index < 0) return this.below.alloc(size, align);
    const bytes = BLOCK_SIZES[index]!;
    return this.stacks[index]!.pop() ?? this.below.alloc(bytes, bytes);
  }
  free(offset: number, size: number, align: number): void {
    const index = Stacks.index(size, align);
    if (index < 0) this.below.dealloc(offset, size, align);
    else this.stacks[index]!.push(offset);
  }
}

Deno.test("FixedSizeBlockHeap puts blocks where stacks over first fit do", () => {
  fc.assert(fc.property(script, (operations) => {
    const memory = new AddressedMemory(HEAP_START, 32_768);
    const heap = new FixedSizeBlockHeap(new FirstFitHeap(memory));
    const model = new Stacks(HEAP_START, memory.size);
    const laws = new Laws(heap, model);
    laws.run(operations, () => {
      const lists = [...heap.state.heads].map((head) =>
        walkLinks(memory, address(memory, head))
      );
      assertEquals(lists, model.stacks.map((stack) => stack.toReversed()));
    });
    laws.freeAll();
    // What was cut stays cut: blocks and fallback tile the heap.
    const regions = heap.freeRegions();
    const bytes = regions.reduce((sum, { size }) => sum + size, 0);
    const small = regions.filter(({ size }) => size === 8).length;
    assert(bytes <= memory.size && bytes >= memory.size - 8 * small);
  }));
});

Deno.test("FixedSizeBlockHeap in a buffer gives the offsets that it gives at an address", () => {
  fc.assert(fc.property(script, (operations) => {
    const heap = new FixedSizeBlockHeap(new FirstFitHeap(flat(32_768)));
    const laws = new Laws(heap, new Stacks(0, 32_768));
    laws.run(operations);
    laws.freeAll();
  }));
});

Deno.test("FixedSizeBlockHeap goes on in a buffer that was grown", () => {
  for (const shared of [false, true]) {
    const wasm = new WebAssembly.Memory({ initial: 1, maximum: 4, shared });
    const fallback = new TlsfHeap(new FlatMemory(wasm));
    const heap = new FixedSizeBlockHeap(fallback);
    const words = () => new Int32Array(wasm.buffer);
    const [a, b, c] = [1, 2, 3].map(() => heap.alloc(64, 8)!);
    heap.dealloc(a!, 64, 8);
    wasm.grow(1); // What is not shared is detached.
    heap.dealloc(b!, 64, 8);
    assertEquals(words()[b! / 4], a, "pushed onto the list in the new buffer");
    wasm.grow(1);
    assertEquals([heap.alloc(64, 8), heap.alloc(64, 8)], [b, a]);
    fallback.extend(2 * 65_536);
    const far = Array.from({ length: 80 }, () => heap.alloc(2048, 8)!);
    assert(Math.max(...far) > 2 * 65_536);
    for (const block of far) heap.dealloc(block, 2048, 8);
    assertEquals(words()[far[79]! / 4], far[78]);
    assertEquals(heap.alloc(2048, 8), far[79]);
    heap.dealloc(c!, 64, 8);
  }
});

for (const Fallback of [TlsfHeap, BuddyHeap]) {
  Deno.test(`FixedSizeBlockHeap keeps the laws over ${Fallback.name}`, () => {
    fc.assert(fc.property(script, (operations) => {
      const heap = new FixedSizeBlockHeap<object>(new Fallback(flat(32_768)));
      const laws = new Laws(heap);
      laws.run(operations);
      laws.freeAll();
    }));
  });
}

Deno.test("FixedSizeBlockHeap refuses bad input and changes nothing", () => {
  const heap = new FixedSizeBlockHeap(new FirstFitHeap(flat(4096)));
  const blocks = [heap.alloc(64, 8)!, heap.alloc(64, 8)!];
  heap.dealloc(blocks[1]!, 64, 8);
  checkBadInput(heap, { offset: blocks[0]!, size: 64 });
  assertEquals(
    thrown(() => heap.dealloc(8, 64, 8)),
    "Cannot free 64 bytes at offset 0x8: its address is no multiple of 64",
  );
});

Deno.test("FixedSizeBlockHeap takes blocks of an extended fallback", () => {
  const fallback = new FirstFitHeap(flat(4096), { size: 1024 });
  const heap = new FixedSizeBlockHeap(fallback);
  assert(thrown(() => heap.dealloc(2048, 64, 8)).includes("ends at 0x400"));
  fallback.extend(3072);
  const blocks = Array.from({ length: 4 }, () => heap.alloc(1024, 8)!);
  for (const block of blocks) heap.dealloc(block, 1024, 8);
  assertEquals([heap.size, heap.alloc(1024, 8)], [4096, 3072]);
});

Deno.test("FixedSizeBlockHeap.freeRegions() throws when a block was freed twice", () => {
  const heap = new FixedSizeBlockHeap(new FirstFitHeap(flat(1024)));
  const [a, b] = [heap.alloc(8, 8)!, heap.alloc(8, 8)!];
  for (const block of [a, b, a]) heap.dealloc(block, 8, 8);
  assertThrows(
    () => heap.freeRegions(),
    InvariantError,
    "a block was freed twice",
  );
});

Deno.test("FixedSizeBlockHeap goes on from a state, its fallback's inside", () => {
  const heap = new FixedSizeBlockHeap(new FirstFitHeap(flat(1024)));
  heap.dealloc(heap.alloc(32, 8)!, 32, 8);
  const { memory, state } = heap;
  assert(memory instanceof FlatMemory);
  const copy = structuredClone(state);
  const fallback = new FirstFitHeap(memory, { state: copy.fallback });
  const restored = new FixedSizeBlockHeap(fallback, { state: copy });
  assertEquals(restored.freeRegions(), heap.freeRegions());
  assertThrows(
    () => new FixedSizeBlockHeap(new FirstFitHeap(flat(64)), { state: copy }),
    TypeError,
    "state.fallback is not the state of its fallback",
  );
});

Deno.test("FixedSizeBlockHeap.dealloc() refuses a block whose end lies beyond the heap's", () => {
  for (const size of [8, 16, 64, 256, 2048]) {
    // The heap ends 8 bytes before the second block of this size does.
    const heap = new FixedSizeBlockHeap(
      new FirstFitHeap(flat(4096), { size: Math.max(16, 2 * size - 8) }),
    );
    if (size > 8) {
      assert(thrown(() => heap.dealloc(size, size, 8)) !== "", `${size}`);
    }
    heap.dealloc(0, size, 8);
    assertEquals(heap.alloc(size, 8), 0);
  }
});
