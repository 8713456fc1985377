/**
 * The heaps on the standard workloads, a replay of a whole trace each: divide by the trace's operations. Goals stand in
 * `bench/compare/heaps.ts`, which also has the peers; "floor" is a heap that does nothing.
 */

import { assertEquals } from "@std/assert";
import { FlatMemory } from "../../src/base/word_memory.ts";
import {
  type MakeHeap,
  verifyHeap,
} from "../../src/kernel/allocator/bench_heap.ts";
import {
  BuddyHeap,
  FirstFitHeap,
  FixedSizeBlockHeap,
  IndexedFirstFitHeap,
  TlsfHeap,
} from "../../src/kernel/allocator/mod.ts";
import { Contestant, NullHeap } from "../../src/kernel/allocator/replay.ts";
import { workloads } from "../../src/kernel/allocator/workloads.ts";

const flat = (bytes: number): FlatMemory =>
  new FlatMemory(new ArrayBuffer(bytes));

const HEAPS: Readonly<Record<string, MakeHeap>> = {
  "fixed-size blocks": (bytes) =>
    new FixedSizeBlockHeap(new FirstFitHeap(flat(bytes))),
  "fixed-size blocks + TLSF": (bytes) =>
    new FixedSizeBlockHeap(new TlsfHeap(flat(bytes))),
  "TLSF": (bytes) => new TlsfHeap(flat(bytes)),
  "buddy": (bytes) => new BuddyHeap(flat(bytes)),
  "first fit": (bytes) => new FirstFitHeap(flat(bytes)),
  "indexed first fit": (bytes) => new IndexedFirstFitHeap(flat(bytes)),
};

for (const [workload, trace] of Object.entries(workloads())) {
  const group = `heap ${workload}, ${trace.count} operations`;
  const floor = new Contestant("floor", new NullHeap(), trace);
  Deno.bench(`${workload} floor`, { group }, () => {
    assertEquals(floor.run(), 0);
  });
  for (const [name, make] of Object.entries(HEAPS)) {
    let contestant: Contestant | null = null;
    Deno.bench(`${workload} ${name}`, { group }, () => {
      if (contestant === null) {
        // The first run is the check: no overlap, and the same offsets.
        const { checksum } = verifyHeap(name, make(trace.heapBytes), trace);
        contestant = new Contestant(name, make(trace.heapBytes), trace);
        assertEquals(contestant.run(), checksum);
      } else contestant.run();
    });
  }
}
