import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  fragmentation,
  heapMap,
  type HeapSample,
  sampleHeap,
} from "./heap_map.ts";
import { FlatMemory, LinkedListHeap } from "../kernel/allocator/linked_list.ts";

const sample = (at: number, free: [number, number][]): HeapSample => ({
  at,
  size: 1024,
  free: free.map(([offset, size]) => ({ offset, size })),
});

Deno.test("fragmentation() is the part of the free bytes outside the biggest region", () => {
  const rows: [[number, number][], number][] = [
    [[], 0],
    [[[0, 1024]], 0],
    [[[0, 256], [512, 256]], 0.5],
    [[[512, 256], [768, 256]], 0], // Touching: one region.
    [[[0, 32], [64, 32], [128, 32], [256, 32]], 0.75],
  ];
  for (const [free, expected] of rows) {
    assertEquals(fragmentation(sample(0, free)), expected);
  }
});

Deno.test("heapMap() draws a shade for each fill", () => {
  const picture = heapMap([sample(7, [[0, 256], [512, 128]])], { columns: 4 });
  const shades = [...picture.matchAll(/<rect x="(\d+)"[^>]*fill="(#\w+)"/g)]
    .map(([, x, shade]) => [Number(x), shade]);
  assertEquals(shades, [
    [96, "#eef3f7"], // Free.
    [224, "#2f5f8a"], // In use.
    [352, "#94b3cc"], // Half.
    [480, "#2f5f8a"],
  ]);
  assert(
    picture.includes(">7 clk</text>") && picture.includes(">0x400</text>"),
  );
});

Deno.test("heapMap() draws a pixel of a piece that is almost free or full", () => {
  const almost = (free: [number, number][]): string =>
    heapMap([sample(0, free)], { columns: 1 }).match(/fill="(#[^f]\w+)"/)![1]!;
  assertEquals(almost([[0, 1023]]), "#c6d6e3");
  assertEquals(almost([[0, 1]]), "#5d89ae");
});

Deno.test("heapMap() is the same for the same samples, and bounded", () => {
  const heap = new LinkedListHeap(new FlatMemory(new ArrayBuffer(1 << 16)));
  const samples: HeapSample[] = [];
  for (let i = 0; i < 3000; i++) {
    const block = heap.alloc(16 + i % 512, 8);
    if (block !== null && i % 3 > 0) heap.dealloc(block, 16 + i % 512, 8);
    samples.push(sampleHeap(heap, i));
  }
  const picture = heapMap(samples, { title: "a < b & c", unit: "operations" });
  assertEquals(
    picture,
    heapMap(structuredClone(samples), {
      title: "a < b & c",
      unit: "operations",
    }),
  );
  assert(picture.includes("a &lt; b &amp; c"));
  assert(picture.length < 4_000_000);
  const rows = new Set(
    [...picture.matchAll(/ y="(\d+)" width/g)].map((m) => m[1]),
  );
  assert(rows.size <= 402);
});

Deno.test("heapMap() throws when there is nothing to draw", () => {
  assertThrows(() => heapMap([]), RangeError, "no samples");
  for (const columns of [0, -1, 1.5, 513, NaN]) {
    assertThrows(() => heapMap([sample(0, [])], { columns }), RangeError);
  }
});
