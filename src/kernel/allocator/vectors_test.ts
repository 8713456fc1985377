// The measured vectors of the book's three allocators and of both versions of linked_list_allocator, whole, over flat memory and
// over memory at the book's heap start.

import { assertEquals } from "@std/assert";
import type { WordMemory } from "../../base/word_memory.ts";
import { BumpHeap } from "./bump.ts";
import { FirstFitHeap } from "./first_fit.ts";
import { FixedSizeBlockHeap } from "./fixed_size_block.ts";
import type { Heap } from "./heap.ts";
import type { CrateVersion } from "./hole_list.ts";
import { IndexedFirstFitHeap } from "./indexed_first_fit.ts";
import { LinkedListHeap } from "./linked_list.ts";
import {
  address,
  AddressedMemory,
  flat,
  HEAP_START,
  pairs,
  replay,
  type Step,
  thrown,
  walkLinks,
  walkNodes,
} from "./support_test.ts";
import book from "../../../vectors/blog_os-allocators.json" with {
  type: "json",
};
import crate09 from "../../../vectors/linked_list_allocator-0.9.1.json" with {
  type: "json",
};
import crate10 from "../../../vectors/linked_list_allocator-0.10.5.json" with {
  type: "json",
};

interface Case {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
  readonly initial?: readonly unknown[];
  readonly steps?: readonly Step[];
  readonly init_panic?: string;
}

interface Dumped {
  readonly heap: Heap;
  /** The state as the vectors write it, partly read from the memory image where there is one. */
  readonly state: () => unknown[];
}

const memories: readonly [string, (size: number) => WordMemory][] = [
  ["flat memory", flat],
  ["addressed memory", (size) => new AddressedMemory(HEAP_START, size)],
];

/** Runs the cases of one key, and returns how many it ran. */
function runCases(
  cases: readonly Case[],
  make: (memory: WordMemory) => Dumped,
  memory: (size: number) => WordMemory,
): number {
  for (const { size, offset, initial, steps, init_panic } of cases) {
    assertEquals(offset, 0); // All cases start at the base.
    // Room for what extend adds.
    const extra = (steps ?? []).reduce(
      (sum, step) => sum + (step[0] === "extend" ? step[1] as number : 0),
      0,
    );
    const room = memory(size + extra);
    if (init_panic !== undefined) {
      assertEquals(thrown(() => make(room)).endsWith(init_panic), true);
      continue;
    }
    const { heap, state } = make(
      extra > 0 ? Object.assign(room, { initial: size }) : room,
    );
    assertEquals(state(), initial);
    replay(heap, steps!, state);
  }
  return cases.length;
}

/** Bytes that a heap begins with; `runCases` leaves room behind for `extend`. */
const initialSize = (memory: WordMemory): number =>
  (memory as { initial?: number }).initial ?? memory.size;

const bump = (memory: WordMemory): Dumped => {
  const heap = new BumpHeap(memory);
  return { heap, state: () => [heap.state.next, heap.state.allocations] };
};

const linkedList = (memory: WordMemory): Dumped => {
  const heap = new LinkedListHeap(memory);
  const image = (): [number, number][] =>
    memory instanceof AddressedMemory
      ? walkNodes(memory, address(memory, heap.state.head))
      : pairs(heap.freeRegions());
  return { heap, state: () => [image()] };
};

const holes = (memory: WordMemory, heap: FirstFitHeap): [number, number][] =>
  memory instanceof AddressedMemory
    ? walkNodes(memory, address(memory, heap.state.first))
    : pairs(heap.freeRegions());

const fixedSizeBlock = (memory: WordMemory): Dumped => {
  const fallback = new FirstFitHeap(memory);
  const heap = new FixedSizeBlockHeap(fallback);
  const lists = (): number[][] => {
    if (memory instanceof AddressedMemory) {
      return [...heap.state.heads].map((head) =>
        walkLinks(memory, address(memory, head))
      );
    }
    const free = heap.freeRegions().slice(
      0,
      -fallback.state.holes || undefined,
    );
    return book.block_sizes.map((size, i) => {
      const list: number[] = [];
      if (heap.state.heads[i]! < 0) return list;
      const from = free.findIndex((r) => r.offset === heap.state.heads[i]);
      for (let k = from; free[k]?.size === size; k++) {
        list.push(free[k]!.offset);
      }
      return list;
    });
  };
  return {
    heap,
    state: () => [lists(), fallback.used, holes(memory, fallback)],
  };
};

type FirstFitClass = typeof FirstFitHeap | typeof IndexedFirstFitHeap;

const firstFit =
  (Class: FirstFitClass, version: CrateVersion) =>
  (memory: WordMemory): Dumped => {
    const heap = new Class(memory, { version, size: initialSize(memory) });
    return {
      heap,
      state: () => [
        heap.used,
        heap.free,
        holes(memory, heap),
        ...(version === "0.10.5" ? [heap.state.pendingExtend] : []),
      ],
    };
  };

for (const [name, memory] of memories) {
  Deno.test(`book allocators give the measured offsets over ${name}`, () => {
    assertEquals({
      bump: runCases(book.bump as Case[], bump, memory),
      linked_list: runCases(book.linked_list as Case[], linkedList, memory),
      fixed_size_block: runCases(
        book.fixed_size_block as Case[],
        fixedSizeBlock,
        memory,
      ),
    }, { bump: 8, linked_list: 9, fixed_size_block: 8 });
  });

  for (const Class of [FirstFitHeap, IndexedFirstFitHeap]) {
    Deno.test(`${Class.name} gives the measured holes over ${name}`, () => {
      assertEquals(
        runCases(crate09.cases as Case[], firstFit(Class, "0.9.1"), memory),
        16,
      );
      assertEquals(
        runCases(crate10.cases as Case[], firstFit(Class, "0.10.5"), memory),
        17,
      );
    });
  }
}

/** The book's heap tests, and two fills, as sequences of layouts on a heap of 100 KiB. */
function heapTests(make: () => Heap): unknown {
  const HEAP_SIZE = 102_400;
  const boxes = (heap: Heap): [ok: number, seen: Set<number>, last: number] => {
    const seen = new Set<number>();
    let last = -1;
    for (let i = 0; i < HEAP_SIZE; i++) {
      const box = heap.alloc(8, 8);
      if (box === null) return [i, seen, last];
      seen.add(last = box);
      heap.dealloc(box, 8, 8);
    }
    return [HEAP_SIZE, seen, last];
  };
  const fill = (size: number): unknown => {
    const heap = make();
    const blocks: number[] = [];
    for (;;) {
      const block = heap.alloc(size, 8);
      if (block === null) break;
      blocks.push(block);
    }
    for (const block of blocks) heap.dealloc(block, size, 8);
    return {
      count: blocks.length,
      after_freeing_all_4096_byte_alloc_succeeds: heap.alloc(4096, 8) !== null,
    };
  };
  const [iterations_ok, seen] = boxes(make());
  const heap = make();
  const long_lived_offset = heap.alloc(4, 4);
  const [long_ok, long_seen, last_ok_offset] = boxes(heap);
  return {
    many_boxes: { iterations_ok, of: HEAP_SIZE, distinct_addresses: seen.size },
    many_boxes_long_lived: {
      long_lived_offset,
      iterations_ok: long_ok,
      of: HEAP_SIZE,
      distinct_addresses: long_seen.size,
      last_ok_offset,
    },
    fill_with_8_byte_blocks: fill(8),
    fill_with_1024_byte_blocks: fill(1024),
  };
}

Deno.test("heap tests of the book end as measured on each heap", () => {
  const memory = (): WordMemory => flat(102_400);
  assertEquals({
    bump: heapTests(() => new BumpHeap(memory())),
    linked_list: heapTests(() => new LinkedListHeap(memory())),
    fixed_size_block: heapTests(() =>
      new FixedSizeBlockHeap(new FirstFitHeap(memory()))
    ),
    "linked_list_allocator_0.9.1": heapTests(() => new FirstFitHeap(memory())),
    "linked_list_allocator_0.10.5": heapTests(() =>
      new FirstFitHeap(memory(), { version: "0.10.5" })
    ),
  }, book.heap_tests);
});

Deno.test("vector files hold no key that these tests leave out", () => {
  const prose = ["source", "provenance", "format"];
  assertEquals(
    Object.keys(book).sort(),
    [
      ...prose,
      "base", // HEAP_START.
      "block_sizes", // Read by the walker of the lists.
      "bump",
      "fixed_size_block",
      "heap_tests",
      "linked_list",
    ].sort(),
  );
  // rules: min_block, size_rounding and order in words; the cases show them.
  assertEquals(
    Object.keys(crate09).sort(),
    [...prose, "base", "cases", "rules"].sort(),
  );
  assertEquals(
    Object.keys(crate10).sort(),
    [...prose, "base", "cases"].sort(),
  );
  for (const { base } of [book, crate09, crate10]) {
    assertEquals(Number(base), HEAP_START);
  }
});
