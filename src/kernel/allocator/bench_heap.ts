/**
 * Benchmarks for heaps, anybody's: time per operation on the standard workloads, beside heaps of this project and beside a heap
 * that does nothing, and the part of the memory that a heap can fill.
 *
 * Measured is what the clock of the caller says: interleaved rounds in one process, the median of them. Each heap is verified
 * before it is timed: no overlap, alignment, bounds, and the same offsets again when timed.
 *
 * *Not modelled*: pages that forbid `new Function` (a content security policy); a replay function made of its own text is what
 * keeps one heap's type feedback out of another's figures.
 *
 * @module
 */

import { FlatMemory } from "../../base/word_memory.ts";
import { FirstFitHeap } from "./first_fit.ts";
import { FixedSizeBlockHeap } from "./fixed_size_block.ts";
import type { HeapCore } from "./heap.ts";
import { Contestant, NullHeap } from "./replay.ts";
import { TlsfHeap } from "./tlsf.ts";
import { fillHeap, type Trace, workloads } from "./workloads.ts";

export type { HeapCore } from "./heap.ts";
export {
  fillHeap,
  type LongLivedOptions,
  longLivedTrace,
  pairTrace,
  randomTrace,
  type RandomTraceOptions,
  type Trace,
  workloads,
} from "./workloads.ts";

/** Makes a fresh heap of so many bytes. */
export type MakeHeap = (bytes: number) => HeapCore;

/** The clock of a benchmark. */
export interface BenchClock {
  /** Milliseconds since any moment, as `performance.now()` gives them. */
  readonly now: () => number;
}

/** How to run a benchmark. */
export interface BenchOptions extends BenchClock {
  /** Rounds of which the median counts, 1 or more; 11 by default. */
  readonly rounds?: number;
  /** Workloads; the standard ones by default. */
  readonly traces?: readonly Trace[];
  /** Heaps to measure beside; by default fixed-size blocks, TLSF and first fit. */
  readonly rivals?: Readonly<Record<string, MakeHeap>>;
}

/** A heap on a workload. */
export interface BenchRow {
  /** The workload. */
  readonly workload: string;
  /** The heap. */
  readonly heap: string;
  /** Nanoseconds per operation, the replay's own share included: the median round. */
  readonly ns: number;
  /** What the replay costs with a heap that does nothing. */
  readonly floorNs: number;
  /** Allocations refused in a replay. */
  readonly refused: number;
  /** Checksum of the offsets of the first replay. */
  readonly checksum: number;
}

const flat = (bytes: number): FlatMemory =>
  new FlatMemory(new ArrayBuffer(bytes));

const RIVALS: Readonly<Record<string, MakeHeap>> = {
  "fixed-size blocks": (bytes) =>
    new FixedSizeBlockHeap(new FirstFitHeap(flat(bytes))),
  "TLSF": (bytes) => new TlsfHeap(flat(bytes)),
  "first fit": (bytes) => new FirstFitHeap(flat(bytes)),
};

/** Operations that a timed slice has at least, so that the clock's grain does not show. */
const SLICE_OPS = 100_000;

/**
 * Measures a heap beside others.
 *
 * @param name what to call it, as no rival is called
 * @param make makes a fresh one
 * @param options the clock; rounds, workloads and rivals as wished
 * @returns a row for each workload and heap, the one under test first
 * @throws {RangeError} if a rival has the name, or the number of rounds is below 1
 * @throws {Error} if a heap breaks a law, or does not repeat itself
 * @example
 * ```ts
 * import { benchHeap, workloads } from "@lockstep/kernel/heap/bench";
 * import { BumpHeap, FlatMemory } from "@lockstep/kernel/heap/bump";
 * import { assertEquals } from "@std/assert";
 *
 * const [row] = benchHeap("mine", (bytes) => new BumpHeap(new FlatMemory(new ArrayBuffer(bytes))), {
 *   now: () => performance.now(),
 *   rounds: 1,
 *   traces: [workloads().a],
 * });
 * assertEquals([row!.heap, row!.workload, row!.refused], ["mine", "a", 0]);
 * ```
 */
export function benchHeap(
  name: string,
  make: MakeHeap,
  options: BenchOptions,
): BenchRow[] {
  const rivals = options.rivals ?? RIVALS;
  if (Object.hasOwn(rivals, name)) {
    throw new RangeError(
      `Cannot measure ${JSON.stringify(name)} beside a rival of that name`,
    );
  }
  const heaps = { [name]: make, ...rivals };
  const traces = options.traces ?? Object.values(workloads());
  return traces.flatMap((trace) => benchTrace(heaps, trace, options));
}

function benchTrace(
  heaps: Readonly<Record<string, MakeHeap>>,
  trace: Trace,
  options: BenchOptions,
): BenchRow[] {
  const names = Object.keys(heaps);
  const verified = names.map((name) =>
    verifyHeap(name, heaps[name]!(trace.heapBytes), trace)
  );
  const contestants = names.map((name, i) => {
    const heap = heaps[name]!(trace.heapBytes);
    const contestant = new Contestant(name, heap, trace);
    if (contestant.run() !== verified[i]!.checksum) {
      throw new Error(`${name} does not repeat itself on ${trace.name}`);
    }
    return contestant;
  });
  const floor = new Contestant("floor", new NullHeap(), trace);
  const ns = medianNs([floor, ...contestants], trace.count, options);
  return names.map((heap, i) => ({
    workload: trace.name,
    heap,
    ns: ns[i + 1]!,
    floorNs: ns[0]!,
    ...verified[i]!,
  }));
}

function checkRounds(rounds: number): number {
  if (rounds >= 1) return rounds;
  throw new RangeError(`Cannot measure in ${rounds} rounds: give 1 or more`);
}

/** Something that can be run over and over. */
export interface Runner {
  /** Runs once. */
  run(): unknown;
}

/**
 * Times runners in interleaved rounds.
 *
 * @param runners what to time; each is run once more beforehand
 * @param operations in a run
 * @param options the clock and the number of rounds
 * @returns nanoseconds per operation, the median round of each runner
 * @throws {RangeError} if the number of rounds is below 1
 */
export function medianNs(
  runners: readonly Runner[],
  operations: number,
  options: Pick<BenchOptions, "now" | "rounds">,
): number[] {
  const rounds = checkRounds(options.rounds ?? 11);
  const runs = Math.max(1, Math.round(SLICE_OPS / operations));
  const times: number[][] = runners.map(() => []);
  for (let round = -1; round < rounds; round++) {
    for (const [i, runner] of runners.entries()) {
      const start = options.now();
      for (let run = 0; run < runs; run++) runner.run();
      const ms = options.now() - start;
      if (round >= 0) times[i]!.push(ms * 1e6 / (runs * operations));
    }
  }
  return times.map((list) => list.sort((a, b) => a - b)[list.length >> 1]!);
}

/**
 * Replays a trace once, checking each block by a table of all bytes.
 *
 * @param name of the heap, for messages
 * @param heap a fresh heap
 * @param trace what to replay
 * @returns the checksum of the offsets, and how many allocations were refused
 * @throws {Error} if a block is misaligned, out of bounds, or overlaps another
 */
export function verifyHeap(
  name: string,
  heap: HeapCore,
  trace: Trace,
): { checksum: number; refused: number } {
  const taken = new Uint8Array(trace.heapBytes);
  const offsets = new Int32Array(trace.slots);
  let checksum = 0;
  let refused = 0;
  for (let i = 0; i < trace.count; i++) {
    const [slot, size, align, bytes] = trace.ops.subarray(4 * i, 4 * i + 4);
    if (size! > 0) {
      const block = heap.alloc(size!, align!);
      const offset = block ?? -1;
      if (block === null) refused += 1;
      else {
        const free = taken.subarray(block, block + size!);
        const outside = block < 0 || free.length < size!;
        if (outside || block % align! !== 0 || free.includes(1)) {
          throw new Error(
            `${name} breaks a law on ${trace.name}, operation ${i}: ` +
              `${size} bytes aligned to ${align} at offset ${block}`,
          );
        }
        free.fill(1);
      }
      offsets[slot!] = offset;
      checksum = (Math.imul(checksum, 31) + offset) | 0;
    } else if (offsets[slot!]! >= 0) {
      taken.fill(0, offsets[slot!]!, offsets[slot!]! + bytes!);
      heap.dealloc(offsets[slot!]!, bytes!, align!);
    }
  }
  return { checksum, refused };
}

/** What a measurement of heap efficiency is made from. */
export interface EfficiencyOptions {
  /** Bytes of the heap. */
  readonly heapBytes: number;
  /** No block is bigger than this, bytes. */
  readonly sizeMax: number;
  /** Fresh heaps of which the mean counts, 1 or more; 20 by default. */
  readonly rounds?: number;
  /** Bytes that the heap keeps beside its memory: counted as if they were a part of it. */
  readonly sideBytes?: (heap: HeapCore) => number;
}

/**
 * Measures how full a heap is at the first allocation that it refuses. Five blocks are allocated for one freed at random; sizes
 * and alignments are those of the random workloads, as talc's benchmark has them.
 *
 * @param make makes a fresh heap
 * @param options sizes
 * @returns the bytes in live blocks at that moment, in per cent of the heap's, 0–100
 * @throws {RangeError} if the number of rounds is below 1
 * @throws {Error} if a heap gives out more bytes than it has
 * @example
 * ```ts
 * import { heapEfficiency } from "@lockstep/kernel/heap/bench";
 * import { FlatMemory, TlsfHeap } from "@lockstep/kernel/heap/tlsf";
 * import { assertGreater } from "@std/assert";
 *
 * const make = (bytes: number) => new TlsfHeap(new FlatMemory(new ArrayBuffer(bytes)));
 * const options = { heapBytes: 1 << 20, sizeMax: 10_000, rounds: 3 };
 * assertGreater(heapEfficiency(make, options), 90);
 * ```
 */
export function heapEfficiency(
  make: MakeHeap,
  options: EfficiencyOptions,
): number {
  const { heapBytes, sizeMax, rounds = 20, sideBytes } = options;
  checkRounds(rounds);
  let live = 0;
  let given = 0;
  for (let round = 0; round < rounds; round++) {
    const heap = make(heapBytes);
    live += fillHeap(heap, sizeMax, round + 1, heapBytes);
    given += heapBytes + (sideBytes?.(heap) ?? 0);
  }
  return 100 * live / given;
}
