/**
 * The workloads that heaps are compared by: traces of allocations and frees, made from a seed, the same on every machine.
 *
 * a: pairs of one size. b1–b4: random actions over a pool of live blocks, after the benchmark of the crate talc. c1, c2:
 * short-lived boxes beside long-lived blocks.
 *
 * @module
 */

import type { HeapCore } from "./heap.ts";
import { HEAP_BYTES_MAX } from "./nodes.ts";

/** A sequence of operations that leaves the heap empty, so that it can be replayed over and over. */
export interface Trace {
  /** The workload's name. */
  readonly name: string;
  /** Four numbers an operation: slot, bytes to allocate or 0 to free, alignment, bytes of the slot's block. */
  readonly ops: Int32Array;
  /** Operations. */
  readonly count: number;
  /** Slots that the operations name, from 0. */
  readonly slots: number;
  /** The heap that the workload is meant for, bytes. */
  readonly heapBytes: number;
}

/** Marsaglia's xorshift32. Not `base/prng`: these traces are those that published figures were measured with. */
class Xorshift32 {
  #s: number;

  constructor(seed: number) {
    this.#s = seed | 0;
  }

  u32(): number {
    let x = this.#s;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#s = x;
    return x >>> 0;
  }

  below(n: number): number {
    return Math.floor(this.u32() * 2 ** -32 * n);
  }

  range(from: number, to: number): number {
    return from + this.below(to - from);
  }
}

/** A size as talc's benchmarks draw it: small ones more often than a uniform draw would have them. */
function drawSize(random: Xorshift32, sizeMax: number): number {
  const top = random.range(16, sizeMax);
  return random.range(4, Math.max(5, top));
}

/** An alignment of 8 to 2048, each power of two a quarter as often as the one before. */
function drawAlign(random: Xorshift32): number {
  const x = random.u32() & 0xffff;
  const zeros = x === 0 ? 16 : 31 - Math.clz32(x & -x);
  return 8 << (zeros >> 1);
}

function trace(
  name: string,
  ops: readonly number[],
  slots: number,
  heapBytes: number,
): Trace {
  const count = ops.length / 4;
  return { name, ops: Int32Array.from(ops), count, slots, heapBytes };
}

/**
 * Allocates and frees one size, in turn.
 *
 * @param name the trace's name
 * @param count pairs
 * @param size bytes
 * @param heapBytes the heap that it is meant for
 * @returns the trace
 */
export function pairTrace(
  name: string,
  count: number,
  size: number,
  heapBytes: number,
): Trace {
  const ops: number[] = [];
  for (let i = 0; i < count; i++) ops.push(0, size, 8, size, 0, 0, 8, size);
  return trace(name, ops, 1, heapBytes);
}

/** What a random trace is made from. */
export interface RandomTraceOptions {
  /** Actions, before the blocks left over are freed. */
  readonly actions: number;
  /** No block is bigger than this, bytes. */
  readonly sizeMax: number;
  /** Below so many live blocks, 1 or more, it only allocates; above, it allocates and frees equally often. */
  readonly liveTarget: number;
  /** Never more live blocks than this, 1 or more. */
  readonly liveMax?: number;
  /** The heap that it is meant for, bytes. */
  readonly heapBytes: number;
  /** Of the generator, not 0; 1234 by default. */
  readonly seed?: number;
  /** Alignments of 8 to 2048, big ones rare, in place of 8. */
  readonly aligned?: boolean;
}

/**
 * Allocates and frees at random.
 *
 * @param name the trace's name
 * @param options sizes, live blocks, seed
 * @returns the trace
 * @throws {RangeError} if `liveTarget` or `liveMax` is below 1
 * @example
 * ```ts
 * import { randomTrace } from "@lockstep/kernel/heap/bench";
 * import { assertEquals } from "@std/assert";
 *
 * const trace = randomTrace("small", {
 *   actions: 100,
 *   sizeMax: 64,
 *   liveTarget: 10,
 *   heapBytes: 4096,
 * });
 * // Whatever it allocates it frees.
 * const sizes = trace.ops.filter((_, i) => i % 4 === 1);
 * assertEquals(sizes.filter((size) => size > 0).length, trace.count / 2);
 * ```
 */
export function randomTrace(name: string, options: RandomTraceOptions): Trace {
  const { actions, sizeMax, liveTarget, liveMax = 1e9, heapBytes } = options;
  if (!(liveTarget >= 1 && liveMax >= 1)) {
    throw new RangeError(
      `Cannot make trace ${name} with ${Math.min(liveTarget, liveMax)} live ` +
        "blocks: give 1 or more",
    );
  }
  const random = new Xorshift32(options.seed ?? 1234);
  const ops: number[] = [];
  const live: [slot: number, bytes: number, align: number][] = [];
  const freed: number[] = [];
  let slots = 0;
  const release = (): number => {
    const index = random.below(live.length);
    const [slot, bytes, al] = live[index]!;
    live[index] = live[live.length - 1]!;
    live.pop();
    ops.push(slot, 0, al, bytes);
    return slot;
  };
  for (let i = 0; i < actions; i++) {
    const action = random.below(6);
    if ((action < 3 || live.length < liveTarget) && live.length < liveMax) {
      const bytes = drawSize(random, sizeMax);
      const al = options.aligned === true ? drawAlign(random) : 8;
      const slot = freed.pop() ?? slots++;
      live.push([slot, bytes, al]);
      ops.push(slot, bytes, al, bytes);
    } else freed.push(release());
  }
  while (live.length > 0) release();
  return trace(name, ops, slots, heapBytes);
}

/**
 * Fills a heap until it refuses: five blocks allocated for one freed at random, sizes and alignments as in random traces.
 *
 * @param heap a fresh heap
 * @param sizeMax no block is bigger than this, bytes
 * @param seed of the generator, not 0
 * @param heapBytes bytes of the heap; live blocks cannot have more
 * @returns the bytes in live blocks when it refused
 * @throws {Error} if it gives out more bytes than it has, and so may never refuse
 */
export function fillHeap(
  heap: HeapCore,
  sizeMax: number,
  seed: number,
  heapBytes: number = HEAP_BYTES_MAX,
): number {
  const random = new Xorshift32(seed);
  const live: [offset: number, bytes: number, align: number][] = [];
  let liveBytes = 0;
  while (liveBytes <= heapBytes) {
    const action = random.below(10);
    if (action < 5) {
      const bytes = drawSize(random, sizeMax);
      const align = drawAlign(random);
      const offset = heap.alloc(bytes, align);
      if (offset === null) return liveBytes;
      live.push([offset, bytes, align]);
      liveBytes += bytes;
    } else if (action === 5 && live.length > 0) {
      const index = random.below(live.length);
      heap.dealloc(...live[index]!);
      liveBytes -= live[index]![1];
      live[index] = live[live.length - 1]!;
      live.pop();
    }
  }
  throw new Error(
    `Cannot fill a heap of ${heapBytes} bytes: it has given out ${liveBytes}`,
  );
}

/** What a trace of boxes beside long-lived blocks is made from. */
export interface LongLivedOptions {
  /** Blocks of 8–255 bytes that live to the end. */
  readonly longLived: number;
  /** Boxes, freed in order. */
  readonly boxes: number;
  /** Boxes alive at a time, 1 or more. */
  readonly window: number;
  /** Bytes of a box; 0 for 8–127 at random. */
  readonly boxBytes: number;
  /** The heap that it is meant for, bytes. */
  readonly heapBytes: number;
}

/**
 * Allocates blocks that stay, then boxes that come and go behind a window.
 *
 * @param name the trace's name
 * @param options how many, how big
 * @returns the trace
 */
export function longLivedTrace(name: string, options: LongLivedOptions): Trace {
  const { longLived, boxes, window, boxBytes, heapBytes } = options;
  const random = new Xorshift32(99);
  const ops: number[] = [];
  const sizes: number[] = [];
  const alive: [slot: number, bytes: number][] = [];
  for (let i = 0; i < longLived; i++) {
    const bytes = random.range(8, 256);
    sizes.push(bytes);
    ops.push(i, bytes, 8, bytes);
  }
  for (let i = 0; i < boxes; i++) {
    if (alive.length === window) {
      const [slot, bytes] = alive.shift()!;
      ops.push(slot, 0, 8, bytes);
    }
    const bytes = boxBytes > 0 ? boxBytes : random.range(8, 128);
    const slot = longLived + i % window;
    alive.push([slot, bytes]);
    ops.push(slot, bytes, 8, bytes);
  }
  for (const [slot, bytes] of alive) ops.push(slot, 0, 8, bytes);
  for (const [slot, bytes] of sizes.entries()) ops.push(slot, 0, 8, bytes);
  return trace(name, ops, longLived + window, heapBytes);
}

const MIB_8 = 8 << 20;
const KIB_100 = 100 << 10;

/**
 * The standard workloads.
 *
 * @returns a, b1, b2, b3, b4, c1, c2 by name
 * @example
 * ```ts
 * import { workloads } from "@lockstep/kernel/heap/bench";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(workloads().b2.count, 40_104);
 * assertEquals(workloads().b2.heapBytes, 102_400);
 * ```
 */
export function workloads(): Readonly<
  Record<"a" | "b1" | "b2" | "b3" | "b4" | "c1" | "c2", Trace>
> {
  const b1 = {
    actions: 40_000,
    sizeMax: 16_384,
    liveTarget: 300,
    heapBytes: MIB_8,
  };
  return {
    a: pairTrace("a", 10_000, 64, MIB_8),
    b1: randomTrace("b1", b1),
    b2: randomTrace("b2", {
      actions: 40_000,
      sizeMax: 1_024,
      liveTarget: 100,
      liveMax: 160,
      heapBytes: KIB_100,
      seed: 77,
    }),
    b3: randomTrace("b3", {
      actions: 100_000,
      sizeMax: 200,
      liveTarget: 3_000,
      heapBytes: MIB_8,
    }),
    b4: randomTrace("b4", { ...b1, aligned: true }),
    c1: longLivedTrace("c1", {
      longLived: 1,
      boxes: 100_000,
      window: 1,
      boxBytes: 8,
      heapBytes: KIB_100,
    }),
    c2: longLivedTrace("c2", {
      longLived: 10_000,
      boxes: 100_000,
      window: 100,
      boxBytes: 0,
      heapBytes: MIB_8,
    }),
  };
}
