// Long random runs with injected faults on every heap, more than a million operations in all. With FC_RUNS=1000 it is a million
// for each. Now and then a walker reads the free blocks from the memory image alone: they overlap nothing and no byte is lost.

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { BuddyHeap } from "./buddy.ts";
import { BumpHeap } from "./bump.ts";
import { CheckedHeap } from "./checked.ts";
import { FlatMemory } from "../../base/word_memory.ts";
import { FirstFitHeap } from "./first_fit.ts";
import { FixedSizeBlockHeap } from "./fixed_size_block.ts";
import type { Heap } from "./heap.ts";
import { IndexedFirstFitHeap } from "./indexed_first_fit.ts";
import { LinkedListHeap } from "./linked_list.ts";
import { flat } from "./support_test.ts";
import { TlsfHeap } from "./tlsf.ts";

const HEAP_BYTES = 1 << 18;
const runs = fc.readConfigureGlobal()?.numRuns ?? 100;
/** The linked list grows as long as its leaks are many: a tenth of them must do. */
const operationsOf = (name: string): number =>
  (name === "LinkedListHeap" && runs < 1000 ? 200 : 2_000) *
  Math.min(runs, 500);

/** Free blocks as the image has them. */
type Walker = (heap: Heap, view: DataView) => [offset: number, size: number][];

/** A list, by where a node has its link. */
function list(
  view: DataView,
  head: number,
  link: number,
  size: (node: number) => number,
): [number, number][] {
  const blocks: [number, number][] = [];
  for (let at = head; at >= 0; at = view.getInt32(at + link, true)) {
    blocks.push([at, size(at)]);
    if (blocks.length > HEAP_BYTES) throw new Error("the list does not end");
  }
  return blocks;
}

const sorted: Walker = (heap, view) =>
  list(view, stateOf(heap).first, 8, (at) => view.getInt32(at, true));

/** What the walkers read of a state: the heads of lists. */
function stateOf(heap: Heap): {
  readonly first: number;
  readonly head: number;
  readonly heads: Int32Array;
  readonly next: number;
} {
  return heap.state as ReturnType<typeof stateOf>;
}

const upTo = (step: number) => (size: number): number =>
  Math.ceil(size / step) * step;
const power = (size: number, align: number): number =>
  2 ** Math.ceil(Math.log2(Math.max(16, size, align)));

interface Subject {
  readonly make: () => Heap;
  /** Whether it is one free region again when all is freed. */
  readonly merges: boolean;
  readonly walk?: Walker;
  /** Bytes that a block takes. Absent where they depend on what was before. */
  readonly rounded?: (size: number, align: number) => number;
}

const firstFit = (make: () => Heap): Subject => ({
  make,
  merges: true,
  walk: sorted,
  rounded: (size) => Math.max(16, upTo(8)(size)),
});

const HEAPS: Readonly<Record<string, Subject>> = {
  BumpHeap: {
    make: () => new BumpHeap(flat(HEAP_BYTES)),
    merges: true,
    walk: (heap) => [[stateOf(heap).next, HEAP_BYTES - stateOf(heap).next]],
  },
  LinkedListHeap: {
    make: () => new LinkedListHeap(flat(HEAP_BYTES)),
    merges: false,
    walk: (heap, view) =>
      list(view, stateOf(heap).head, 8, (at) => view.getInt32(at, true)),
  },
  FirstFitHeap: firstFit(() => new FirstFitHeap(flat(HEAP_BYTES))),
  "FirstFitHeap 0.10.5": firstFit(() =>
    new FirstFitHeap(flat(HEAP_BYTES), { version: "0.10.5" })
  ),
  IndexedFirstFitHeap: firstFit(() =>
    new IndexedFirstFitHeap(flat(HEAP_BYTES))
  ),
  FixedSizeBlockHeap: {
    make: () => new FixedSizeBlockHeap(new FirstFitHeap(flat(HEAP_BYTES))),
    merges: false,
    walk: (heap, view) => [
      ...[...stateOf(heap).heads].flatMap((head, i) =>
        list(view, head, 0, () => 8 << i)
      ),
      ...sorted((heap as FixedSizeBlockHeap).fallback, view),
    ],
  },
  TlsfHeap: {
    make: () => new TlsfHeap(flat(HEAP_BYTES)),
    merges: true,
    walk: (heap, view) =>
      [...stateOf(heap).heads].flatMap((head) =>
        list(view, head, 4, (at) => view.getInt32(at, true))
      ),
    rounded: upTo(16),
  },
  BuddyHeap: {
    make: () => new BuddyHeap(flat(HEAP_BYTES)),
    merges: true,
    walk: (heap, view) =>
      [...stateOf(heap).heads].flatMap((head) =>
        list(view, head, 4, (at) => 2 ** view.getInt32(at, true))
      ),
    rounded: power,
  },
  CheckedHeap: {
    make: () => new CheckedHeap(new TlsfHeap(flat(HEAP_BYTES))),
    merges: false,
  },
};

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

for (const [name, subject] of Object.entries(HEAPS)) {
  const operations = operationsOf(name);
  Deno.test(`${name} keeps the laws over ${operations} operations with faults`, () => {
    const heap = subject.make();
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
    /** Holds the image to the owners: what is free is nobody's, and once only. */
    const walk = (): void => {
      const { memory } = heap;
      assert(memory instanceof FlatMemory);
      const view = new DataView(memory.words.buffer);
      const seen = new Uint8Array(HEAP_BYTES / 8);
      let bytes = 0;
      for (const [offset, size] of subject.walk!(heap, view)) {
        for (let i = offset / 8; i < (offset + size) / 8; i++) {
          if (owner[i] !== 0) throw new Error(`${8 * i} is free and in use`);
          if (seen[i] !== 0) throw new Error(`${8 * i} is free twice`);
          seen[i] = 1;
        }
        bytes += size;
      }
      const { rounded } = subject;
      if (rounded === undefined) return;
      const used = live.reduce(
        (sum, [, n, align]) => sum + rounded(n, align),
        0,
      );
      assertEquals(bytes + used, HEAP_BYTES, "bytes lost or made");
    };
    for (let id = 1; id <= operations; id++) {
      if (subject.walk && id % 5_000 === 0) walk();
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
    subject.walk && walk();
    if (subject.merges) {
      const [region, ...others] = heap.freeRegions();
      assertEquals([region, others], [{ offset: 0, size: HEAP_BYTES }, []]);
    }
  });
}
