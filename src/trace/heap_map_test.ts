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

/** The runs of pieces in a picture: x, y, width, height and shade, by place. */
function runs(picture: string): (readonly [number[], string])[] {
  return [...picture.matchAll(/<path fill="(#\w+)" d="([^"]*)"/g)]
    .flatMap(([, shade, d]) =>
      [...d!.matchAll(/M([\d.]+) (\d+)h([\d.]+)v(\d+)H([\d.]+)z/g)]
        .map(([, ...n]) => [n.map(Number).slice(0, 4), shade!] as const)
    )
    .sort(([[x, y]], [[x2, y2]]) => y! - y2! || x! - x2!);
}

Deno.test("heapMap() draws a shade for each fill, over what is free", () => {
  const picture = heapMap([
    sample(7, [[0, 256], [512, 128]]),
    sample(8, [[0, 512]]),
  ], { columns: 4 });
  assertEquals(runs(picture), [
    [[224, 44, 128, 200], "#2f5f8a"], // In use.
    [[352, 44, 128, 200], "#94b3cc"], // Half.
    [[480, 44, 128, 200], "#2f5f8a"],
    [[352, 244, 256, 200], "#2f5f8a"],
  ]);
  assert(picture.includes('<rect x="96" y="44" width="512" height="400" '));
  assert(
    picture.includes(">7 clk</text>") && picture.includes(">0x400</text>"),
  );
});

Deno.test("heapMap() draws a pixel of a piece that is almost free or full", () => {
  const almost = (free: [number, number][]): string =>
    runs(heapMap([sample(0, free)], { columns: 1 }))[0]![1];
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
  assert(picture.length < 1_000_000);
  assertEquals(new Set(runs(picture).map(([[, y]]) => y)).size, 400);
});

Deno.test("heapMap() throws when there is nothing to draw", () => {
  assertThrows(() => heapMap([]), RangeError, "no samples");
  for (const columns of [0, -1, 1.5, 513, NaN]) {
    assertThrows(() => heapMap([sample(0, [])], { columns }), RangeError);
  }
});
