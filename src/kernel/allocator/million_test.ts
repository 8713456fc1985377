// Long random runs with injected faults on every heap. By default 100,000 operations each; with FC_RUNS=1000 a million.

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { BuddyHeap } from "./buddy.ts";
import { BumpHeap } from "./bump.ts";
import { CheckedHeap } from "./checked.ts";
import { FirstFitHeap } from "./first_fit.ts";
import { FixedSizeBlockHeap } from "./fixed_size_block.ts";
import type { Heap } from "./heap.ts";
import { IndexedFirstFitHeap } from "./indexed_first_fit.ts";
import { LinkedListHeap } from "./linked_list.ts";
import { flat } from "./support_test.ts";
import { TlsfHeap } from "./tlsf.ts";

const HEAP_BYTES = 1 << 18;
const runs = fc.readConfigureGlobal()?.numRuns ?? 100;
const OPERATIONS = 1000 * runs;

/** Whether a heap is one free region again when all is freed. */
const HEAPS: readonly [string, merges: boolean, () => Heap][] = [
  ["BumpHeap", true, () => new BumpHeap(flat(HEAP_BYTES))],
  ["LinkedListHeap", false, () => new LinkedListHeap(flat(HEAP_BYTES))],
  ["FirstFitHeap", true, () => new FirstFitHeap(flat(HEAP_BYTES))],
  [
    "FirstFitHeap 0.10.5",
    true,
    () => new FirstFitHeap(flat(HEAP_BYTES), { version: "0.10.5" }),
  ],
  [
    "IndexedFirstFitHeap",
    true,
    () => new IndexedFirstFitHeap(flat(HEAP_BYTES)),
  ],
  [
    "FixedSizeBlockHeap",
    false,
    () => new FixedSizeBlockHeap(new FirstFitHeap(flat(HEAP_BYTES))),
  ],
  ["TlsfHeap", true, () => new TlsfHeap(flat(HEAP_BYTES))],
  ["BuddyHeap", true, () => new BuddyHeap(flat(HEAP_BYTES))],
  ["CheckedHeap", false, () => new CheckedHeap(new TlsfHeap(flat(HEAP_BYTES)))],
];

/** MINSTD, so that a run is the same everywhere. */
function below(seed: number): (n: number) => number {
  let state = seed;
  return (n) => (state = state * 48_271 % 2_147_483_647) % n;
}

/** A call that a heap has to refuse, by its number. */
function fault(heap: Heap, pick: number): void {
  const calls: readonly (() => unknown)[] = [
    () => heap.alloc(0, 8),
    () => heap.alloc(16, 12),
    () => heap.dealloc(-16, 16, 8),
    () => heap.dealloc(HEAP_BYTES, 16, 8),
    () => heap.dealloc(4, 16, 8),
    () => heap.dealloc(0, -1, 8),
    () => heap.dealloc(HEAP_BYTES - 8, 64, 8),
    () => heap.realloc(NaN, 16, 8, 32),
  ];
  let thrown = false;
  try {
    calls[pick % calls.length]!();
  } catch (error) {
    thrown = error instanceof RangeError;
  }
  assert(thrown, `fault ${pick % calls.length} was taken`);
}

for (const [name, merges, make] of HEAPS) {
  Deno.test(`${name} keeps the laws over ${OPERATIONS} operations with faults`, () => {
    const heap = make();
    const random = below(1 + HEAP_BYTES);
    /** Which block owns each 8 bytes, 0 for none; all sizes are multiples of 8. */
    const owner = new Int32Array(HEAP_BYTES / 8);
    const live: [offset: number, size: number, align: number, id: number][] =
      [];
    const give = (offset: number, size: number, from: number, to: number) => {
      for (let i = offset / 8; i < (offset + size) / 8; i++) {
        if (owner[i] !== from) throw new Error(`${owner[i]} owns ${8 * i}`);
        owner[i] = to;
      }
    };
    const free = (index: number): void => {
      const [offset, size, align, id] = live[index]!;
      live[index] = live.at(-1)!;
      live.pop();
      give(offset, size, id, 0);
      heap.dealloc(offset, size, align);
    };
    for (let id = 1; id <= OPERATIONS; id++) {
      const growing = id % 20_000 < 12_000;
      if (random(50) === 0) fault(heap, random(1000));
      if (live.length > 0 && random(10) >= (growing ? 7 : 3)) {
        free(random(live.length));
        continue;
      }
      const size = 8 * (1 + random(random(12) === 0 ? 500 : 24));
      const align = 1 << random(random(6) === 0 ? 11 : 4);
      const offset = heap.alloc(size, align);
      if (offset !== null) {
        assertEquals(offset % align, 0);
        give(offset, size, 0, id);
        live.push([offset, size, align, id]);
      } else if (name === "BumpHeap") {
        while (live.length > 0) free(0); // It reuses nothing before.
      }
    }
    while (live.length > 0) free(0);
    if (heap instanceof CheckedHeap) heap.flush();
    if (merges) {
      const [region, ...others] = heap.freeRegions();
      assertEquals([region, others], [{ offset: 0, size: HEAP_BYTES }, []]);
    }
  });
}
