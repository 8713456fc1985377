import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  benchHeap,
  heapEfficiency,
  medianNs,
  verifyHeap,
  workloads,
} from "./bench_heap.ts";
import { BumpHeap } from "./bump.ts";
import type { HeapCore } from "./heap.ts";
import { Contestant, NullHeap, pack, replayOf } from "./replay.ts";
import { flat } from "./support_test.ts";
import { TlsfHeap } from "./tlsf.ts";
import { pairTrace, randomTrace } from "./workloads.ts";

/** A clock that counts how often it is read. */
const counter = (): () => number => {
  let ms = 0;
  return () => ms++;
};

Deno.test("workloads() are the traces that figures were published with", () => {
  const rows = Object.values(workloads()).map(({ name, count, slots, ops }) => {
    let sum = 0;
    for (const word of ops) sum = (Math.imul(sum, 31) + word) | 0;
    return [name, count, slots, sum];
  });
  assertEquals(rows, [
    ["a", 20_000, 1, 891_927_296],
    ["b1", 40_370, 539, -105_252_886],
    ["b2", 40_104, 160, -1_758_344_668],
    ["b3", 103_364, 3385, -350_132_572],
    ["b4", 40_478, 587, -240_564_713],
    ["c1", 200_002, 2, -1_990_041_973],
    ["c2", 220_000, 10_100, -593_208_020],
  ]);
});

Deno.test("workloads() free what they allocate, with the layout it was allocated with", () => {
  for (const { name, ops, count, slots } of Object.values(workloads())) {
    const live = new Map<number, string>();
    for (let i = 0; i < count; i++) {
      const [slot, size, align, bytes] = ops.subarray(4 * i, 4 * i + 4);
      assert(slot! >= 0 && slot! < slots);
      if (size! > 0) {
        assert(!live.has(slot!), name);
        assertEquals(size, bytes);
        live.set(slot!, `${bytes} ${align}`);
      } else {
        assertEquals(live.get(slot!), `${bytes} ${align}`, name);
        live.delete(slot!);
      }
    }
    assertEquals(live.size, 0, name);
  }
});

Deno.test("pack() keeps each operation in two words", () => {
  const trace = randomTrace("t", {
    actions: 50,
    sizeMax: 16_384,
    liveTarget: 5,
    heapBytes: 1 << 20,
    aligned: true,
  });
  const packed = pack(trace);
  for (let i = 0; i < trace.count; i++) {
    const [slot, size, align, bytes] = trace.ops.subarray(4 * i, 4 * i + 4);
    const [what, layout] = packed.subarray(2 * i, 2 * i + 2);
    assertEquals(
      [what! >> 1, (what! & 1) === 1, layout! >> 4, 1 << (layout! & 15)],
      [slot, size! > 0, bytes, align],
    );
  }
});

Deno.test("pack() refuses what two words do not hold", () => {
  assertThrows(
    () => pack(pairTrace("t", 1, 2 ** 27, 2 ** 30)),
    RangeError,
    "Cannot replay operation 0, 134217728 bytes aligned to 8: ",
  );
  const trace = pairTrace("t", 1, 64, 4096);
  trace.ops[2] = 2 ** 16;
  assertThrows(() => pack(trace), RangeError, "aligned to 65536");
  pack(pairTrace("t", 1, 2 ** 27 - 1, 2 ** 30));
});

Deno.test("randomTrace() refuses to free where nothing may live", () => {
  const options = { actions: 9, sizeMax: 64, liveTarget: 1, heapBytes: 4096 };
  for (const wrong of [{ liveTarget: 0 }, { liveMax: 0 }]) {
    assertThrows(
      () => randomTrace("t", { ...options, ...wrong }),
      RangeError,
      "Cannot make trace t with 0 live blocks",
    );
  }
  assert(randomTrace("t", options).count >= 9);
});

Deno.test("replayOf() makes functions that engines tell apart", () => {
  const [a, b] = [replayOf("a"), replayOf("b\n;")];
  assert(String(a) !== String(b));
  const trace = pairTrace("t", 3, 8, 64);
  const room = new Int32Array(1);
  assertEquals(a(new NullHeap(), pack(trace), trace.count, room), 0);
  const full: HeapCore = { alloc: () => null, dealloc: () => {} };
  for (const end of ["\r", "\u2028", "\u2029"]) replayOf(`a${end}b`);
  const failed = b(full, pack(trace), trace.count, room);
  assertEquals(failed, ((-1 * 31) - 1) * 31 - 1);
});

Deno.test("benchHeap() gives a row for each heap and workload", () => {
  const rows = benchHeap("mine", (bytes) => new BumpHeap(flat(bytes)), {
    now: counter(),
    rounds: 3,
    traces: [pairTrace("pairs", 50_000, 64, 4096)],
  });
  assertEquals(rows.map((row) => row.heap), [
    "mine",
    "fixed-size blocks",
    "TLSF",
    "first fit",
  ]);
  for (const row of rows) {
    assertEquals([row.workload, row.refused], ["pairs", 0]);
    // The clock moves 1 ms in each slice of 100,000 operations.
    assertEquals([row.ns, row.floorNs], [10, 10]);
  }
});

Deno.test("benchHeap() refuses a name that a rival has", () => {
  assertThrows(
    () => benchHeap("TLSF", () => new NullHeap(), { now: counter() }),
    RangeError,
    'Cannot measure "TLSF" beside a rival of that name',
  );
});

Deno.test("medianNs() takes the middle round of each runner", () => {
  const times = [0, 9, 0, 9, 0, 1, 0, 5, 0, 3, 0, 7];
  let i = 0;
  let sum = 0;
  const now = (): number => sum += times[i++]!;
  let runs = 0;
  const runner = { run: () => runs++ };
  assertEquals(medianNs([runner], 1e5, { now, rounds: 5 }), [50]);
  assertEquals(runs, 6);
  assertThrows(
    () => medianNs([runner], 1e5, { now, rounds: 0 }),
    RangeError,
    "Cannot measure in 0 rounds",
  );
});

Deno.test("verifyHeap() throws at a heap that breaks a law", () => {
  const trace = randomTrace("t", {
    actions: 50,
    sizeMax: 100,
    liveTarget: 5,
    heapBytes: 4096,
  });
  assertThrows(
    () => verifyHeap("null", new NullHeap(), trace),
    Error,
    "null breaks a law on t, operation 1: ",
  );
  const below: HeapCore = { alloc: () => -2048, dealloc: () => {} };
  assertThrows(
    () => verifyHeap("below", below, trace),
    Error,
    "below breaks a law on t, operation 0: ",
  );
  const moody = (): HeapCore => {
    const heap = new TlsfHeap(flat(4096));
    const skew = alive++ === 0 ? 0 : 16;
    return {
      alloc: (size, align) => heap.alloc(size + skew, align),
      dealloc: (at, size, align) => heap.dealloc(at, size + skew, align),
    };
  };
  let alive = 0;
  assertThrows(
    () => benchHeap("moody", moody, { now: counter(), traces: [trace] }),
    Error,
    "moody does not repeat itself on t",
  );
});

Deno.test("heapEfficiency() is what was live when the heap refused", () => {
  const bump = (bytes: number): HeapCore => new BumpHeap(flat(bytes));
  const options = { heapBytes: 1 << 16, sizeMax: 1000, rounds: 5 };
  const plain = heapEfficiency(bump, options);
  // One block in six is freed, and a bump heap reuses none of them.
  assert(plain > 70 && plain < 90, `${plain}`);
  const sideBytes = (): number => 1 << 16;
  const halved = heapEfficiency(bump, { ...options, sideBytes });
  assertEquals(halved, plain / 2);
  assertThrows(
    () => heapEfficiency(() => new NullHeap(), options),
    Error,
    "Cannot fill a heap of 65536 bytes: it has given out ",
  );
  assertThrows(
    () => heapEfficiency(bump, { ...options, rounds: 0 }),
    RangeError,
    "Cannot measure in 0 rounds",
  );
});

Deno.test("Contestant replays its trace", () => {
  const { b2 } = workloads();
  const contestant = new Contestant("t", new TlsfHeap(flat(b2.heapBytes)), b2);
  const { checksum } = verifyHeap("t", new TlsfHeap(flat(b2.heapBytes)), b2);
  assertEquals(contestant.run(), checksum);
});
