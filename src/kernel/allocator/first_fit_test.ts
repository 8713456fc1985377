// linked_list_allocator's heap, plain and indexed: the crate's own tests, a naive model that scans bytes, a walker over the image.

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { FirstFitHeap } from "./first_fit.ts";
import { IndexedFirstFitHeap } from "./indexed_first_fit.ts";
import {
  address,
  AddressedMemory,
  flat,
  HEAP_START,
  pairs,
  thrown,
  walkNodes,
} from "./support_test.ts";
import {
  assertTiles,
  checkBadInput,
  Laws,
  type Model,
  script,
} from "./script_test.ts";

const VERSIONS = ["0.9.1", "0.10.5"] as const;
const CLASSES = [FirstFitHeap, IndexedFirstFitHeap];

const rounded = (size: number): number => Math.max(16, Math.ceil(size / 8) * 8);

/** First fit by a map of bytes: a hole is a run of free ones. */
class ByteMap implements Model {
  readonly used: Uint8Array;
  constructor(readonly base: number, readonly size: number) {
    this.used = new Uint8Array(size);
  }
  holes(): [number, number][] {
    const holes: [number, number][] = [];
    for (let i = 0; i < this.size;) {
      const start = i;
      while (i < this.size && this.used[i] === 0) i++;
      if (i > start) holes.push([start, i - start]);
      else i++;
    }
    return holes;
  }
  alloc(size: number, align: number): number | null {
    const need = rounded(size);
    for (const [hole, bytes] of this.holes()) {
      // The front is empty or holds a node; so does the rest.
      let start = hole;
      while ((this.base + start) % align !== 0 || start - hole in { 8: 0 }) {
        start += 8;
      }
      const rest = hole + bytes - start - need;
      if (rest === 0 || rest >= 16) return start;
    }
    return null;
  }
  took(offset: number, size: number): void {
    this.used.fill(1, offset, offset + rounded(size));
  }
  free(offset: number, size: number): void {
    this.used.fill(0, offset, offset + rounded(size));
  }
}

for (const Class of CLASSES) {
  for (const version of VERSIONS) {
    Deno.test(`${Class.name} ${version} puts blocks where a byte map does`, () => {
      fc.assert(fc.property(script, (operations) => {
        const size = 8192;
        const memory = new AddressedMemory(HEAP_START, size);
        const heap = new Class(memory, { version });
        const model = new ByteMap(HEAP_START, size);
        const laws = new Laws(heap, model);
        laws.run(operations, (live) => {
          const holes = walkNodes(memory, address(memory, heap.state.first));
          assertEquals(holes, model.holes());
          assertEquals(heap.state.holes, holes.length);
          const blocks = live.map((b) => [b.offset, rounded(b.size)] as const);
          assertTiles([...holes, ...blocks], 0, size);
          assertEquals(
            heap.used,
            blocks.reduce((sum, [, bytes]) => sum + bytes, 0),
          );
        });
        laws.freeAll();
        assertEquals(pairs(heap.freeRegions()), [[0, size]]);
      }));
    });
  }

  Deno.test(`${Class.name} refuses bad input and changes nothing`, () => {
    for (const version of VERSIONS) {
      const heap = new Class(flat(4096), { version });
      const blocks = [1, 2, 3].map(() => heap.alloc(64, 8)!);
      heap.dealloc(blocks[1]!, 64, 8);
      checkBadInput(heap, { offset: blocks[0]!, size: 64 });
    }
  });

  Deno.test(`${Class.name}.dealloc() throws when a block overlaps a hole`, () => {
    const rows: [typeof VERSIONS[number], number, number, string][] = [
      ["0.9.1", 64, 64, "invalid deallocation (probably a double free)"],
      ["0.9.1", 80, 16, "invalid deallocation (probably a double free)"],
      ["0.9.1", 0, 128, "it overlaps the hole at offset 0x40"],
      ["0.10.5", 64, 64, "Hole list out of order?"],
      ["0.10.5", 80, 16, "(0x444444440040[64])! Bad free?"],
      ["0.10.5", 80, 16, "Freed node (0x444444440050) aliases existing hole "],
      ["0.10.5", 0, 128, "Freed node aliases existing hole! Bad free?"],
    ];
    for (const [version, offset, size, text] of rows) {
      const memory = new AddressedMemory(HEAP_START, 4096);
      const heap = new Class(memory, { version });
      const blocks = [1, 2, 3, 4].map(() => heap.alloc(64, 8)!);
      heap.dealloc(blocks[1]!, 64, 8);
      const before = structuredClone([heap.state, memory.view.buffer]);
      assert(thrown(() => heap.dealloc(offset, size, 8)).includes(text), text);
      assertEquals(structuredClone([heap.state, memory.view.buffer]), before);
    }
  });

  Deno.test(`${Class.name}.dealloc() throws when more is freed than is used`, () => {
    const heap = new Class(flat(4096));
    heap.alloc(16, 8);
    assertEquals(
      thrown(() => heap.dealloc(0, 4096, 8)).includes("overlap"),
      true,
    );
    const full = new Class(flat(64));
    full.alloc(64, 8);
    full.state.used = 32; // As a wrong layout freed before would leave it.
    assertEquals(
      thrown(() => full.dealloc(0, 64, 8)),
      "Cannot free 64 bytes at offset 0x0: attempt to subtract with overflow",
    );
  });

  Deno.test(`${Class.name}.extend() takes what each version takes`, () => {
    const text = (heap: FirstFitHeap, by: number): string =>
      thrown(() => heap.extend(by));
    const old = new Class(flat(4096), { size: 1024 });
    assert(text(old, 8).endsWith("size >= Self::min_size()"));
    assert(text(old, 20).endsWith("this version takes multiples of 8"));
    assert(text(old, -16).endsWith("no number of bytes"));
    assert(text(old, 3080).endsWith("the memory has 4096 bytes"));
    old.extend(16);
    assertEquals(old.size, 1040);
    old.extend(3056);
    assertEquals(pairs(old.freeRegions()), [[0, 4096]]);
    const empty = new Class(flat(64), { size: 15 });
    assertEquals(empty.size, 0);
    assert(text(empty, 16).endsWith("tried to extend an empty heap"));
    const next = new Class(flat(64), { size: 17, version: "0.10.5" });
    next.extend(0);
    next.extend(14);
    assertEquals([next.size, next.top], [16, 31]);
    next.extend(1);
    assertEquals([next.size, next.top, next.free], [32, 32, 32]);
    assert(text(next, 33).endsWith("the memory has 64 bytes"));
  });

  // The crate's tests, by name.
  for (const version of VERSIONS) {
    const fresh = (size = 1000): FirstFitHeap =>
      new Class(flat(size), { version });

    Deno.test(`${Class.name} ${version}: empty, oom, allocate_double_usize`, () => {
      if (version === "0.9.1") {
        assertEquals(new Class(flat(0), { version }).alloc(1, 1), null);
      }
      const heap = fresh();
      assertEquals(heap.alloc(1001, 8), null);
      assertEquals(heap.alloc(16, 8), 0);
      assertEquals(pairs(heap.freeRegions()), [[16, 984]]);
    });

    Deno.test(`${Class.name} ${version}: deallocate_right_before, _right_behind, _middle`, () => {
      const orders: [number[], [number, number][][]][] = [
        [[1, 0, 2], [
          [[40, 40], [120, 880]],
          [[0, 80], [120, 880]],
          [[0, 1000]],
        ]],
        [[0, 1, 2], [
          [[0, 40], [120, 880]],
          [[0, 80], [120, 880]],
          [[0, 1000]],
        ]],
        [[0, 2, 1], [
          [[0, 40], [120, 880]],
          [[0, 40], [80, 920]],
          [[0, 1000]],
        ]],
      ];
      for (const [order, holes] of orders) {
        const heap = fresh();
        const blocks = [0, 1, 2].map(() => heap.alloc(40, 1)!);
        order.forEach((block, i) => {
          heap.dealloc(blocks[block]!, 40, 1);
          assertEquals(pairs(heap.freeRegions()), holes[i]);
        });
      }
    });

    Deno.test(`${Class.name} ${version}: allocate_multiple_sizes`, () => {
      const heap = fresh();
      const [x, y, z] = [
        heap.alloc(16, 8)!,
        heap.alloc(56, 8)!,
        heap.alloc(24, 32)!,
      ];
      assertEquals([y, z % 32], [x + 16, 0]);
      heap.dealloc(x, 16, 8);
      const a = heap.alloc(32, 8)!;
      const b = heap.alloc(16, 8)!;
      assertEquals(b, x);
      heap.dealloc(y, 56, 8);
      heap.dealloc(z, 24, 32);
      heap.dealloc(a, 32, 8);
      heap.dealloc(b, 16, 8);
      assertEquals(pairs(heap.freeRegions()), [[0, 1000]]);
    });

    Deno.test(`${Class.name} ${version}: allocate_usize_in_bigger_block`, () => {
      const heap = fresh();
      const [x, y] = [heap.alloc(16, 1)!, heap.alloc(16, 1)!];
      heap.dealloc(x, 16, 1);
      assertEquals(heap.alloc(8, 1), x);
      heap.dealloc(y, 16, 1);
      assertEquals(heap.alloc(8, 1), y);
    });

    Deno.test(`${Class.name} ${version}: allocate_many_size_aligns`, () => {
      for (let size = 1; size <= 512; size += size < 32 ? 1 : 37) {
        for (let align = 1; align <= 512; align *= 2) {
          for (const order of ["up", "down", "odd first", "even first"]) {
            const heap = fresh(64 << 10);
            const blocks: number[] = [];
            for (let i = 0; i < 20; i++) blocks.push(heap.alloc(size, align)!);
            const key = (i: number): number =>
              order === "up"
                ? i
                : order === "down"
                ? -i
                : (order === "odd first") === (i % 2 === 1)
                ? i - 1000
                : i;
            blocks
              .map((block, i) => ({ block, key: key(i) }))
              .sort((a, b) => a.key - b.key)
              .forEach(({ block }) => heap.dealloc(block, size, align));
            assertEquals(pairs(heap.freeRegions()), [[0, 64 << 10]]);
          }
        }
      }
    });

    Deno.test(`${Class.name} ${version}: allocate_multiple_unaligned`, () => {
      for (let skip = 0; skip <= 16; skip++) {
        const memory = new AddressedMemory(HEAP_START + skip, 1016 - skip);
        const heap = new Class(memory, { version });
        const blocks = [0, 1, 2, 3, 4].map(() => heap.alloc(16, 8)!);
        for (const block of blocks) {
          assertEquals((memory.base + block) % 8, 0);
        }
        for (const block of blocks) heap.dealloc(block, 16, 8);
        assertEquals(heap.state.holes, 1);
        assertEquals(heap.free, heap.state.size);
      }
    });

    Deno.test(`${Class.name} ${version}: extend_empty_heap, extend_full_heap, extend_fragmented_heap`, () => {
      const make = (): FirstFitHeap =>
        new Class(flat(4096), { version, size: 1024 });
      const empty = make();
      empty.extend(1024);
      assertEquals(empty.alloc(2048, 1), 0);
      const full = make();
      full.alloc(1024, 1);
      full.extend(1024);
      assertEquals(full.alloc(1024, 1), 1024);
      const fragmented = make();
      const [first] = [
        fragmented.alloc(512, 1)!,
        fragmented.alloc(512, 1)!,
      ];
      fragmented.dealloc(first, 512, 1);
      fragmented.extend(1024);
      assertEquals(fragmented.alloc(1024, 1), 1024);
      assertEquals(fragmented.alloc(512, 1), 0);
    });
  }

  Deno.test(`${Class.name} 0.10.5 aligns its bounds, and panics when too small`, () => {
    const version = "0.10.5";
    const heap = new Class(new AddressedMemory(HEAP_START - 1, 17), {
      version,
    });
    assertEquals([heap.state.bottom, heap.state.size], [1, 16]);
    assertEquals(pairs(heap.freeRegions()), [[1, 16]]);
    const make = (base: number, size: number) => (): FirstFitHeap =>
      new Class(new AddressedMemory(base, size), { version });
    assert(
      thrown(make(HEAP_START, 15)).endsWith(
        "assertion failed: hole_size >= size_of::<Hole>()",
      ),
    );
    assert(
      thrown(make(HEAP_START - 1, 16)).endsWith(
        "assertion failed: aligned_hole_size >= size_of::<Hole>()",
      ),
    );
  });

  Deno.test(`${Class.name} 0.10.5 absorbs slack that could hold no hole`, () => {
    // Frees of blocks 8 bytes short, which 0.9.1 takes as they are.
    const rows = [
      ["0.10.5", 8, 56, [[0, 64]]],
      ["0.9.1", 8, 56, [[8, 56]]],
      ["0.10.5", 0, 56, [[0, 64]]],
      ["0.9.1", 0, 56, [[0, 56]]],
    ] as const;
    for (const [version, offset, size, holes] of rows) {
      const heap = new Class(flat(64), { version });
      heap.alloc(64, 8);
      heap.dealloc(offset, size, 8);
      assertEquals(pairs(heap.freeRegions()), holes.map((h) => [...h]));
    }
  });

  Deno.test(`${Class.name} 0.10.5 merges the next hole where it absorbs slack`, () => {
    // Crate: `check_merge_bottom`, and then `try_merge_next_n`.
    for (const version of VERSIONS) {
      const heap = new Class(flat(64), { version });
      heap.alloc(64, 8);
      heap.dealloc(32, 32, 8);
      heap.dealloc(8, 24, 8);
      const hole = version === "0.10.5" ? [0, 64] : [8, 56];
      assertEquals(pairs(heap.freeRegions()), [hole]);
      assertEquals(heap.state.holes, 1);
    }
  });

  Deno.test(`${Class.name} dealloc() says that the heap ends when a size is rounded up beyond it`, () => {
    const heap = new Class(flat(100));
    heap.alloc(100 - 16, 8);
    assertEquals(
      thrown(() => heap.dealloc(96, 4, 4)),
      "Cannot free 16 bytes at offset 0x60: the heap ends at 0x64",
    );
  });
}

Deno.test("IndexedFirstFitHeap equals FirstFitHeap when there are many holes", () => {
  const property = fc.property(
    fc.array(script, { minLength: 12, maxLength: 20 }),
    fc.constantFrom(...VERSIONS),
    (scripts, version) => {
      const size = 1 << 17;
      const memories = [1, 2].map(() => new AddressedMemory(HEAP_START, size));
      const plain = new FirstFitHeap(memories[0]!, { version });
      const indexed = new IndexedFirstFitHeap(memories[1]!, { version });
      const heaps = [plain, indexed];
      // Holes of 8 to 300 bytes between blocks that stay.
      const comb = Array.from({ length: 300 }, (_, i) => {
        const bytes = 8 + (i * 37) % 293;
        const offsets = heaps.map((heap) => heap.alloc(bytes, 8)!);
        assertEquals(offsets[0], offsets[1]);
        return { offset: offsets[0]!, bytes };
      });
      comb.forEach(({ offset, bytes }, i) => {
        if (i % 2 === 0) {
          heaps.forEach((heap) => heap.dealloc(offset, bytes, 8));
        }
      });
      assert(plain.state.holes > 64);
      const model: Model = {
        alloc: (bytes, align) => plain.alloc(bytes, align),
        free: (offset, bytes, align) => plain.dealloc(offset, bytes, align),
      };
      const laws = new Laws(indexed, model);
      for (const operations of scripts) {
        laws.run(operations);
        laws.alloc(24, 8);
        assert(indexed.indexBytes > 0, "the index was never used");
        indexed.dropIndex(); // Derived: at no moment does it matter.
        assertEquals(indexed.state, plain.state);
        const [a, b] = heaps.map((heap) => pairs(heap.freeRegions()));
        assertEquals(a, b);
      }
    },
  );
  fc.assert(property, { numRuns: 10 });
});
