// Heaps in a WebAssembly.Memory that wasm code reads: addresses mean the same on both sides, also after growth.

import { assert, assertEquals } from "@std/assert";
import { FlatMemory } from "../../base/word_memory.ts";
import type { Heap } from "./heap.ts";
import { DESIGNS } from "./machine_support_test.ts";

const PAGE = 65_536;
/** Where the heap starts in the memory. */
const START = 1024;

// A module that imports a memory as "j" "m" and exports
// sum(address, words): adds up words with i32.load until none is left.
// deno-fmt-ignore
const MODULE = new Uint8Array([
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
  1, 7, 1, 0x60, 2, 0x7f, 0x7f, 1, 0x7f, // Type: (i32, i32) → i32.
  2, 8, 1, 1, 0x6a, 1, 0x6d, 2, 0, 1, // Import: memory of 1 page or more.
  3, 2, 1, 0,
  7, 7, 1, 3, 0x73, 0x75, 0x6d, 0, 0, // Export: "sum".
  10, 45, 1, 43, 1, 1, 0x7f, // Code, with one local: the sum.
  0x02, 0x40, 0x03, 0x40, // block, loop
  0x20, 1, 0x45, 0x0d, 1, // local.get words, i32.eqz, br_if block
  0x20, 2, 0x20, 0, 0x28, 2, 0, 0x6a, 0x21, 2, // sum += i32.load address
  0x20, 0, 0x41, 4, 0x6a, 0x21, 0, // address += 4
  0x20, 1, 0x41, 1, 0x6b, 0x21, 1, // words -= 1
  0x0c, 0, 0x0b, 0x0b, 0x20, 2, 0x0b, // br loop, end, end, local.get sum, end
]);

interface Growing extends Heap {
  extend(by: number): void;
}

for (const [name, make] of DESIGNS) {
  Deno.test(`wasm sums what a heap wrote into its memory: ${name}`, () => {
    const m = new WebAssembly.Memory({ initial: 2 });
    const module = new WebAssembly.Module(MODULE);
    const { exports } = new WebAssembly.Instance(module, { j: { m } });
    const sum = exports["sum"] as (address: number, words: number) => number;
    const memory = new FlatMemory(m, START);
    const heap = make(memory);
    const blocks: [offset: number, words: number][] = [];
    const fill = (words: number): boolean => {
      const offset = heap.alloc(4 * words, 4);
      if (offset === null) return false;
      for (let i = 0; i < words; i++) {
        memory.store32(offset + 4 * i, offset + i);
      }
      blocks.push([offset, words]);
      return true;
    };
    const check = (): void => {
      for (const [offset, words] of blocks) {
        const expected = words * offset + words * (words - 1) / 2;
        assertEquals(sum(memory.base + offset, words), expected | 0);
      }
    };
    for (let i = 0; i < 200; i++) {
      fill(1 + i * 37 % 250);
      if (i % 3 === 0) {
        const [offset, words] = blocks.splice(i % blocks.length, 1)[0]!;
        heap.dealloc(offset, 4 * words, 4);
      }
    }
    check();
    if (!("extend" in heap)) return;
    while (fill(2_000)); // To the end of the two pages.
    const before = blocks.length;
    m.grow(1);
    (heap as Growing).extend(PAGE);
    assert(fill(8_000) && blocks.length === before + 1);
    check();
  });
}
