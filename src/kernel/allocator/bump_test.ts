import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { BumpHeap } from "./bump.ts";
import { checkBadInput, Laws, type Model, script } from "./script_test.ts";
import { AddressedMemory, flat, HEAP_START, thrown } from "./support_test.ts";

/** The end of the last block since nobody lived. */
class Pointer implements Model {
  at = 0n;
  lives = 0;
  constructor(readonly base: bigint, readonly size: bigint) {}
  #start(align: number): bigint {
    const address = this.base + this.at;
    const over = address % BigInt(align);
    return over === 0n ? this.at : this.at + BigInt(align) - over;
  }
  alloc(size: number, align: number): number | null {
    const start = this.#start(align);
    return start + BigInt(size) > this.size ? null : Number(start);
  }
  took(offset: number, size: number): void {
    this.at = BigInt(offset + size);
    this.lives += 1;
  }
  free(): void {
    this.lives -= 1;
    if (this.lives === 0) this.at = 0n;
  }
}

Deno.test("BumpHeap puts blocks where a pointer that moves up does", () => {
  const bases = [HEAP_START, HEAP_START + 4, -(2 ** 47) + 12, 2 ** 32 - 4096];
  for (const base of bases) {
    fc.assert(fc.property(script, (operations) => {
      const memory = new AddressedMemory(base, 16_384);
      const heap = new BumpHeap(memory);
      const model = new Pointer(
        BigInt.asUintN(64, BigInt(base)),
        BigInt(memory.size),
      );
      const laws = new Laws(heap, model);
      laws.run(operations, () => {
        assertEquals(heap.state.next, Number(model.at));
        assertEquals(heap.state.allocations, model.lives);
      });
      laws.freeAll();
      assertEquals(heap.freeRegions(), [{ offset: 0, size: 16_384 }]);
    }));
  }
});

Deno.test("BumpHeap refuses bad input and changes nothing", () => {
  const heap = new BumpHeap(flat(4096));
  checkBadInput(heap, { offset: heap.alloc(64, 8)!, size: 64 });
});

Deno.test("BumpHeap.dealloc() throws when no block is in use", () => {
  const heap = new BumpHeap(flat(64));
  assertEquals(
    thrown(() => heap.dealloc(0, 8, 8)),
    "Cannot free 8 bytes at offset 0x0: no block is in use: " +
      "attempt to subtract with overflow",
  );
});

Deno.test("BumpHeap goes on from a state", () => {
  const memory = flat(64);
  const heap = new BumpHeap(memory);
  heap.alloc(24, 8);
  const copy = new BumpHeap(memory, { state: structuredClone(heap.state) });
  assertEquals([copy.alloc(8, 8), heap.alloc(8, 8)], [24, 24]);
  assert(copy.state !== heap.state);
});
