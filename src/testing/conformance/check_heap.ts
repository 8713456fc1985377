/**
 * The suite for heaps: random scripts, and after each operation the laws that
 * every heap keeps, and those that this one promises.
 *
 * *Not modelled*: double frees and other wrong calls of `dealloc`. What a design
 * cannot see it trusts; `CheckedHeap` sees it.
 *
 * @module
 */

import fc from "fast-check";
import { formatHex } from "../../hw/format_hex.ts";
import type { Heap, HeapCore } from "../../kernel/allocator/heap.ts";
import { anyHeapScript } from "../arbitraries/heap_script.ts";
import type { HeapCheckOptions, MakeCheckedHeap } from "./heap_laws.ts";
import { HeapRun, memoryOf, type Place, placeAt } from "./heap_run.ts";
import { runSuite, type Transcript } from "./report.ts";

/** Scripts that {@linkcode checkHeap} runs by default. */
export const HEAP_RUNS = 1000;

/** Where a heap lies by default: at a page, and 16 bytes behind one. */
export const HEAP_BASES: readonly number[] = [
  0x4444_4444_0000,
  0x4444_4444_0010,
];

/** Bytes of a heap's memory by default: a power of two, and none. */
export const HEAP_SIZES: readonly number[] = [2048, 1936];

/**
 * Checks a heap.
 *
 * @param make Makes a fresh heap over the memory that it is given; one that has
 * another as its `memory` is tried on that.
 * @param options What it promises; by default it reuses and merges.
 * @returns Scripts that were run.
 * @throws {ConformanceError} If it breaks a law: which one, and the smallest
 * script that shows it.
 *
 * @example
 * ```ts
 * import { checkHeap } from "@lockstep/kernel/testing";
 * import { BumpHeap } from "@lockstep/kernel/heap/bump";
 * import { FirstFitHeap } from "@lockstep/kernel/heap/first-fit";
 *
 * checkHeap((memory) => new FirstFitHeap(memory), { findsGaps: 64, runs: 50 });
 * checkHeap((memory) => new BumpHeap(memory), { reuses: false, runs: 50 });
 * ```
 */
export function checkHeap(
  make: MakeCheckedHeap,
  options: HeapCheckOptions = {},
): number {
  const { sizes = HEAP_SIZES, flat = false } = options;
  const merges = (options.frees ?? true) && (options.merges ?? true);
  const bases = flat ? [0] : options.bases ?? HEAP_BASES;
  const places = sizes.flatMap((bytes) =>
    bases.map((base) => {
      const place = (): Place => placeAt(base, bytes, flat);
      const makeHere = (): HeapCore => make(place().memory);
      const whole = (): number => {
        const here = place();
        return memoryOf(make(here.memory), here).size;
      };
      return { place, biggest: once(makeHere, whole) };
    })
  );
  const scripts = anyHeapScript({
    lengthMax: options.operationsMax ?? 40,
    sizeMax: Math.floor(Math.max(...sizes) / 2),
    alignMax: options.alignMax ?? 256,
    whole: isWhole(make(placeAt(bases[0] ?? 0, sizes[0] ?? 0, flat).memory)),
    wrong: options.checksArguments ?? false,
  });
  return runSuite(
    "checkHeap",
    fc.tuple(scripts, fc.constantFrom(...places)),
    ([script, { place, biggest }], transcript) => {
      // First: a heap over a memory of its own may begin anew in it.
      const whole = merges ? biggest(transcript) : 0;
      const here = place();
      const heap = make(here.memory);
      const { size, base } = memoryOf(heap, here);
      const at = base === 0 ? "" : ` at ${formatHex(base)}`;
      transcript.note(`// ${size} bytes${at}`);
      const run = new HeapRun(heap, here, options, transcript);
      run.script(script);
      run.end(whole);
    },
    options,
    HEAP_RUNS,
  );
}

/** Asks a fresh heap for its biggest block, once. */
function once(
  make: () => HeapCore,
  bytes: () => number,
): (transcript: Transcript) => number {
  let size = -1;
  return (transcript) => {
    if (size < 0) size = biggestBlock(make, bytes(), transcript);
    return size;
  };
}

const isWhole = (heap: HeapCore): heap is Heap =>
  "realloc" in heap && "allocZeroed" in heap;

/** The biggest block that a fresh heap gives; 0 for none. */
function biggestBlock(
  make: () => HeapCore,
  bytes: number,
  transcript: Transcript,
): number {
  // Some sizes just below the whole are refused, as what is left is no hole.
  if (grants(make(), bytes, transcript)) return bytes;
  let [granted, refused] = [0, bytes];
  while (refused - granted > 1) {
    const size = Math.floor((granted + refused) / 2);
    if (grants(make(), size, transcript)) granted = size;
    else refused = size;
  }
  return granted;
}

/** Whether a fresh heap gives a block; if it throws, that is in the script. */
function grants(
  fresh: HeapCore,
  size: number,
  transcript: Transcript,
): boolean {
  try {
    return fresh.alloc(size, 1) !== null;
  } catch (thrown) {
    transcript.note("heap = fresh();");
    transcript.call(`heap.alloc(${size}, 1);`);
    throw thrown;
  }
}
