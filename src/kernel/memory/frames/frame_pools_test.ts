import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { EventLog } from "../../../base/events.ts";
import { Prng } from "../../../base/prng.ts";
import { cloneState, copyStateInto } from "../../../base/state_tree.ts";
import type { MemoryRegion } from "../../../hw/memory_map.ts";
import type { Frame } from "../../../hw/page.ts";
import { BitmapFrameAllocator } from "./bitmap_frames.ts";
import { BuddyFrameAllocator, type BuddyFramesState } from "./buddy_frames.ts";
import type { FramePool, FrameRefusal } from "./frame_allocator.ts";

type Pool = BitmapFrameAllocator | BuddyFrameAllocator;

const POOLS = { BitmapFrameAllocator, BuddyFrameAllocator };
type PoolName = keyof typeof POOLS;
const NAMES = Object.keys(POOLS) as PoolName[];

const usable = (startFrame: number, endFrame: number): MemoryRegion => ({
  startFrame,
  endFrame,
  type: "Usable",
});

const frame = (number: number): Frame => number * 4096 as Frame;

/** What a refusal says; `null` for none. */
const said = (refusal: FrameRefusal | null): unknown =>
  refusal === null ? null : [refusal.reason, refusal.frame / 4096];

/** The frames that no other region claims, counted one by one. */
function ownFrames(map: readonly MemoryRegion[]): Set<number> {
  const own = new Set<number>();
  for (const { startFrame, endFrame, type } of map) {
    if (type !== "Usable") continue;
    for (let n = startFrame; n < endFrame; n++) own.add(n);
  }
  for (const { startFrame, endFrame, type } of map) {
    if (type === "Usable") continue;
    for (let n = startFrame; n < endFrame; n++) own.delete(n);
  }
  return own;
}

/** Reads a buddy pool's blocks: none overlaps, each is in one region. */
function buddyFree(state: BuddyFramesState): Set<number> {
  const free = new Set<number>();
  const { firsts, counts, bases } = state.space;
  state.blocks.forEach((tree, order) => {
    let any = false;
    const leaf = tree[0]!;
    for (let block = 0; block < leaf.length * 32; block++) {
      if ((leaf[block >> 5]! >> (block & 31) & 1) === 0) continue;
      any = true;
      const bit = block * 2 ** order;
      const region = bases.findLastIndex((base) => base <= bit);
      const first = firsts[region]! + bit - bases[region]!;
      const end = firsts[region]! + counts[region]!;
      assertEquals(first % 2 ** order, 0, "a block is aligned");
      assert(first + 2 ** order <= end, "a block lies in its region");
      const buddy = block ^ 1;
      const buddyIsFree = (leaf[buddy >> 5]! >> (buddy & 31) & 1) !== 0;
      const mergeable = order < 18 && 2 ** (order + 1) <= counts[region]!;
      assert(!(buddyIsFree && mergeable), "free buddies are one block");
      for (let n = first; n < first + 2 ** order; n++) {
        assert(!free.has(n), "a frame lies in one block");
        free.add(n);
      }
    }
    assertEquals((state.orders >> order & 1) === 1, any);
  });
  return free;
}

for (const name of NAMES) {
  const make = (map: MemoryRegion[]): Pool => new POOLS[name](map);

  Deno.test(`${name}: refuses with a reason`, () => {
    const frames = make([usable(16, 24), usable(32, 40)]);
    const rows: [FrameRefusal | null, unknown][] = [
      [frames.deallocateFrame(frame(16)), ["already-free", 16]],
      [frames.deallocateFrame(frame(15)), ["never-owned", 15]],
      [frames.deallocateFrame(frame(24)), ["never-owned", 24]],
      [frames.deallocateFrame(frame(2 ** 40 - 1)), [
        "never-owned",
        2 ** 40 - 1,
      ]],
      [frames.claimRun(frame(18), 2), null],
      [frames.claimRun(frame(17), 3), ["already-allocated", 18]],
      [frames.claimRun(frame(22), 3), ["never-owned", 24]],
      [frames.deallocateRun(frame(18), 3), ["already-free", 20]],
      [frames.deallocateFrame(frame(19)), null],
      [frames.deallocateFrame(frame(19)), ["already-free", 19]],
      [frames.deallocateRun(frame(15), 2), ["never-owned", 15]],
    ];
    rows.forEach(([refusal, expected], i) =>
      assertEquals(said(refusal), expected, `row ${i}`)
    );
    assertEquals(frames.stats(), {
      total: 16,
      free: 15,
      allocated: 1,
      largestRun: 8,
      allocations: 2,
      frees: 1,
      refusals: 9,
    });
  });

  Deno.test(`${name}: says in words what was refused`, () => {
    const frames = make([usable(256, 258)]);
    assertEquals(
      frames.deallocateFrame(frame(256))?.debug(),
      "Cannot free frame 0x10_0000: it is free already",
    );
    assertEquals(
      frames.deallocateFrame(frame(9))?.debug(),
      "Cannot use frame 0x9000: it belongs to no usable region of this pool",
    );
    assertEquals(frames.claimRun(frame(257)), null);
    assertEquals(
      frames.claimRun(frame(257))?.debug(),
      "Cannot claim frame 0x10_1000: it is in use already",
    );
  });

  Deno.test(`${name}: throws at what is no frame or number`, () => {
    const frames = make([usable(0, 8)]);
    const bugs: [() => unknown, string][] = [
      [() => frames.deallocateFrame(0x1001 as Frame), "0x1001"],
      [() => frames.deallocateFrame(-4096 as Frame), "0xffff_ffff_ffff_f000"],
      [() => frames.deallocateFrame(NaN as Frame), "NaN"],
      [() => frames.deallocateFrame(2 ** 52 as Frame), "below 2^52"],
      [() => frames.allocateRun(0), "a run of 0 frames"],
      [() => frames.allocateRun(1.5), "a run of 1.5 frames"],
      [() => frames.allocateRun(2 ** 31), "a run of 2147483648 frames"],
      [() => frames.allocateRun(1, 3), "to 3 frames"],
      [() => frames.claimRun(frame(0), -1), "a run of -1 frames"],
    ];
    // The longest run is none of these: there are just not so many frames.
    assertEquals(frames.allocateRun(2 ** 30), null);
    const before = cloneState(frames.state);
    for (const [bug, text] of bugs) assertThrows(bug, RangeError, text);
    assertEquals(frames.state, before);
  });

  Deno.test(`${name}: refuses a region whose frames are no numbers`, () => {
    const map: [number, number][] = [[1.5, 8], [-1, 8], [NaN, 8], [0, NaN], [
      0,
      2 ** 40 + 1,
    ], [0, -8]];
    for (const [start, end] of map) {
      assertThrows(
        () => make([usable(16, 32), usable(start, end)]),
        RangeError,
        `Cannot manage frames ${start} to ${end}: give whole numbers`,
      );
    }
  });

  Deno.test(`${name}: frames that others claim too are nobody's`, () => {
    const frames = make([
      usable(0, 16),
      { startFrame: 0, endFrame: 2, type: "Reserved" },
      { startFrame: 6, endFrame: 8, type: "Kernel" },
      usable(14, 20),
      usable(20, 24),
    ]);
    assertEquals(frames.stats().total, 20);
    assertEquals(frames.allocateRun(8, 8) as unknown, 8 * 4096);
  });

  Deno.test(`${name}: manages regions a terabyte apart`, () => {
    const far = 2 ** 28 + 5; // Frame number past 1 TiB.
    const frames = make([usable(3, 9), usable(far, far + 600)]);
    const huge = frames.allocateRun(512, 512);
    assertEquals(huge, null); // 600 frames, but none aligned to 2 MiB in it.
    const run = frames.allocateRun(64)!;
    assertEquals(
      run >= frame(far) && run + 64 * 4096 <= frame(far + 600),
      true,
    );
    assertEquals(frames.isAllocated(run), true);
    assertEquals(frames.isAllocated(frame(far + 600)), false);
    assertEquals(frames.deallocateRun(run, 64), null);
    assertEquals(frames.stats().free, 606);
  });

  Deno.test(`${name}: finds frames of every page size`, () => {
    const frames = make([usable(1, 2 ** 19)]);
    assertEquals(frames.allocateRun(2 ** 18, 2 ** 18) as unknown, 2 ** 30);
    assertEquals(frames.allocateRun(512, 512) as unknown, 2 ** 21);
    assertEquals(frames.allocateRun(2 ** 18, 2 ** 18), null);
    assertEquals(frames.allocateRun(2 ** 19), null);
  });

  Deno.test(`${name}: reports runs with their length`, () => {
    const log = new EventLog({ clk: 7 });
    const frames = new POOLS[name]([usable(8, 16)], log);
    frames.allocateFrame(); // The log is off.
    log.on = true;
    const run = frames.allocateRun(2)!;
    frames.deallocateRun(run, 2);
    frames.deallocateRun(run, 2); // Refused.
    assertEquals([...log].map(({ kind, a, b }) => [kind, a, b]), [
      ["frame-alloc", run, 2],
      ["frame-free", run, 2],
    ]);
  });

  Deno.test(`${name}: goes on from a copy of its state`, () => {
    const frames = make([usable(8, 200)]);
    frames.allocateRun(20);
    const copy = new POOLS[name](cloneState(frames.state) as never);
    const other = make([]);
    copyStateInto(other.state, frames.state);
    for (let i = 0; i < 5; i++) {
      const taken = frames.allocateRun(i + 1);
      assertEquals(copy.allocateRun(i + 1), taken);
      assertEquals(other.allocateRun(i + 1), taken);
    }
    assertEquals(other.state as unknown, frames.state);
  });

  Deno.test(`${name}: equals a set of numbers, whatever is asked of it`, () => {
    const region = fc.record({
      startFrame: fc.nat(300),
      count: fc.integer({ min: 0, max: 90 }),
      type: fc.constantFrom("Usable" as const, "Usable", "Reserved"),
    }).map(({ startFrame, count, type }) => ({
      startFrame,
      endFrame: startFrame + count,
      type,
    }));
    fc.assert(fc.property(
      fc.array(region, { minLength: 1, maxLength: 6 }),
      fc.nat(),
      (map, seed) => script(name, map, seed, 120),
    ));
  });
}

/** A random script against a set; throws at the first difference. */
function script(
  name: PoolName,
  map: MemoryRegion[],
  seed: number,
  steps: number,
): void {
  const random = new Prng(seed);
  const pool = new POOLS[name](map);
  const fresh = cloneState(pool.state);
  const own = ownFrames(map);
  const used = new Set<number>();
  const run = (first: number, count: number) =>
    Array.from({ length: count }, (_, i) => first + i);
  const isFree = (n: number) => own.has(n) && !used.has(n);

  for (let i = 0; i < steps; i++) {
    const act = random.below(6);
    const count = act === 0 ? 1 : 1 + random.below(12);
    const align = 2 ** random.below(4);
    if (act < 2) {
      const taken = act === 0
        ? pool.allocateFrame()
        : pool.allocateRun(count, align);
      checkTaken(name, pool, own, used, taken, count, act === 0 ? 1 : align);
    } else {
      const some = random.below(2) === 0 ? [...used] : [...own];
      const first = random.below(8) === 0 || some.length === 0
        ? random.below(420)
        : some[random.below(some.length)]!;
      const length = random.below(2) === 0 ? 1 : count;
      const frames = run(first, length);
      if (act < 5) {
        const bad = frames.find((n) => !used.has(n));
        const refusal = pool.deallocateRun(frame(first), length);
        const foreign = frames.find((n) => !own.has(n));
        const expected = foreign !== undefined
          ? ["never-owned", foreign]
          : bad !== undefined
          ? ["already-free", bad]
          : null;
        assertEquals(said(refusal), expected);
        if (refusal === null) frames.forEach((n) => used.delete(n));
      } else {
        const bad = frames.find((n) => !isFree(n));
        const foreign = frames.find((n) => !own.has(n));
        const refusal = pool.claimRun(frame(first), length);
        const expected = foreign !== undefined
          ? ["never-owned", foreign]
          : bad !== undefined
          ? ["already-allocated", bad]
          : null;
        assertEquals(said(refusal), expected);
        if (refusal === null) frames.forEach((n) => used.add(n));
      }
    }
    assertEquals(pool.state.free, own.size - used.size);
  }
  for (const n of own) assertEquals(pool.isAllocated(frame(n)), used.has(n));
  checkLargest(pool, own, used);
  if (pool instanceof BuddyFrameAllocator) {
    const free = [...own].filter(isFree).sort();
    assertEquals([...buddyFree(pool.state)].sort(), free);
  }
  for (const n of used) assertEquals(pool.deallocateFrame(frame(n)), null);
  // All free: merged as it was at first.
  const { allocations, frees, refusals } = pool.state;
  assertEquals(pool.state as unknown, {
    ...fresh,
    allocations,
    frees,
    refusals,
  });
  assertEquals(allocations, frees);
}

function checkTaken(
  name: PoolName,
  pool: FramePool,
  own: Set<number>,
  used: Set<number>,
  taken: Frame | null,
  count: number,
  align: number,
): void {
  const fits = (first: number) => {
    for (let n = first; n < first + count; n++) {
      if (!own.has(n) || used.has(n)) return false;
    }
    return first % align === 0;
  };
  if (taken === null) {
    if (name === "BitmapFrameAllocator" || (count === 1 && align === 1)) {
      assert(![...own].some(fits), "a run was there");
    }
    return;
  }
  const first = taken / 4096;
  assert(fits(first), "the run was free and aligned");
  if (name === "BitmapFrameAllocator") {
    assertEquals(first, Math.min(...[...own].filter(fits)), "the lowest");
  }
  for (let n = first; n < first + count; n++) {
    used.add(n);
    assert(pool.isAllocated(frame(n)));
  }
}

/** The largest run that is promised is granted, and (bitmap) none larger. */
function checkLargest(
  pool: Pool,
  own: Set<number>,
  used: Set<number>,
): void {
  const { largestRun } = pool.stats();
  const copy = pool instanceof BuddyFrameAllocator
    ? new BuddyFrameAllocator(cloneState(pool.state))
    : new BitmapFrameAllocator(cloneState(pool.state));
  if (largestRun > 0) assert(copy.allocateRun(largestRun) !== null);
  if (pool instanceof BuddyFrameAllocator) return;
  let longest = 0, length = 0;
  for (let n = 0; n < 500; n++) {
    length = own.has(n) && !used.has(n) ? length + 1 : 0;
    longest = Math.max(longest, length);
  }
  assertEquals(largestRun, longest);
}

Deno.test("buddy: the summaries and the order mask hold at 4 GiB", () => {
  const frames = new BuddyFrameAllocator([usable(1, 2 ** 20)]);
  const random = new Prng(4);
  const live: [Frame, number][] = [];
  for (let i = 0; i < 20_000; i++) {
    if (random.below(2) === 0 || live.length === 0) {
      const count = 1 + random.below(64);
      const run = frames.allocateRun(count);
      if (run !== null) live.push([run, count]);
    } else {
      const at = random.below(live.length);
      const [run, count] = live[at]!;
      live[at] = live.at(-1)!;
      live.pop();
      assertEquals(frames.deallocateRun(run, count), null);
    }
  }
  for (const [run, count] of live) frames.deallocateRun(run, count);
  const fresh = new BuddyFrameAllocator([usable(1, 2 ** 20)]);
  assertEquals(frames.state.blocks, fresh.state.blocks);
  assertEquals(frames.state.orders, fresh.state.orders);
});
