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
import { FlatMemory, type WordMemory } from "../../base/word_memory.ts";
import { formatHex } from "../../hw/format_hex.ts";
import type { Heap, HeapCore } from "../../kernel/allocator/heap.ts";
import {
  anyHeapScript,
  type BlockName,
  type HeapOperation,
  heapOperationText,
  type HeapScript,
} from "../arbitraries/heap_script.ts";
import { nameOf } from "../arbitraries/steps.ts";
import {
  type Breach,
  HeapModel,
  type LiveBlock,
} from "../models/heap_model.ts";
import { OLD_BYTE, ProbeMemory } from "../models/probe_memory.ts";
import {
  type CheckOptions,
  expectLaw,
  LawBroken,
  runSuite,
  type Transcript,
} from "./report.ts";

/** Scripts that {@linkcode checkHeap} runs by default. */
export const HEAP_RUNS = 1000;

/** Where a heap lies by default: at a page, and 16 bytes behind one. */
export const HEAP_BASES: readonly number[] = [
  0x4444_4444_0000,
  0x4444_4444_0010,
];

/** Bytes of a heap's memory by default: a power of two, and none. */
export const HEAP_SIZES: readonly number[] = [2048, 1936];

/** What a heap promises, and where it is tried. */
export interface HeapCheckOptions extends CheckOptions {
  /** A freed block can be had again at once. By default it can. */
  readonly reuses?: boolean;
  /**
   * With no block in use, the biggest block of a fresh heap can be had again: by
   * default it can.
   */
  readonly merges?: boolean;
  /**
   * Memory comes back at all, be it when the last block is freed. By default it
   * does; without it neither `reuses` nor `merges` is asked for.
   */
  readonly frees?: boolean;
  /**
   * A request is granted if between two blocks in use there is a gap of its
   * size, its alignment, and so many bytes more. By default nobody promises.
   */
  readonly findsGaps?: number;
  /** A wrong size or alignment throws a `RangeError`. By default nobody asks. */
  readonly checksArguments?: boolean;
  /** Bytes of the memory; by default {@linkcode HEAP_SIZES}. */
  readonly sizes?: readonly number[];
  /** Addresses of the memory; by default {@linkcode HEAP_BASES}. */
  readonly bases?: readonly number[];
  /** Over a `FlatMemory` at address 0 instead. */
  readonly flat?: boolean;
  /** Operations of a script at most; 40 by default. */
  readonly operationsMax?: number;
  /** The greatest alignment that is asked for; 256 by default. */
  readonly alignMax?: number;
}

/** Makes a heap over a memory that it may write to. */
export type MakeCheckedHeap = (memory: WordMemory) => HeapCore;

/** A memory, and its bytes for who looks on. */
interface Place {
  readonly memory: WordMemory;
  readonly bytes: Uint8Array;
  /** Begins the limit of accesses anew. */
  readonly restart: () => void;
}

function placeAt(base: number, bytes: number, flat: boolean): Place {
  if (flat) {
    const view = new Uint8Array(bytes).fill(OLD_BYTE);
    const memory = new FlatMemory(view.buffer);
    return { memory, bytes: view, restart: () => {} };
  }
  const memory = new ProbeMemory(base, bytes);
  const restart = (): void => {
    memory.accesses = 0;
  };
  return { memory, bytes: memory.bytes, restart };
}

/**
 * Checks a heap.
 *
 * @param make Makes a fresh heap over the memory that it is given.
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
  const bases = flat ? [0] : options.bases ?? HEAP_BASES;
  const places = sizes.flatMap((bytes) =>
    bases.map((base) => {
      const place = (): Place => placeAt(base, bytes, flat);
      const makeHere = (): HeapCore => make(place().memory);
      return { base, bytes, place, biggest: once(makeHere, bytes) };
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
    ([script, { base, bytes, place, biggest }], transcript) => {
      const here = place();
      const at = base === 0 ? "" : ` at ${formatHex(base)}`;
      transcript.note(`// ${bytes} bytes${at}`);
      const run = new HeapRun(make(here.memory), here, options, transcript);
      run.script(script);
      run.end(biggest);
    },
    options,
    HEAP_RUNS,
  );
}

/** Asks a fresh heap for its biggest block, once. */
function once(
  make: () => HeapCore,
  bytes: number,
): (transcript: Transcript) => number {
  let size = -1;
  return (transcript) => {
    if (size < 0) size = biggestBlock(make, bytes, transcript);
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

/** One heap, one script. */
class HeapRun {
  readonly #heap: HeapCore;
  readonly #place: Place;
  /** The memory that the heap says it has: what was handed in, as a rule. */
  readonly #memory: WordMemory;
  readonly #options: HeapCheckOptions;
  readonly #transcript: Transcript;
  readonly #model: HeapModel;
  readonly #blocks: Map<BlockName, LiveBlock> = new Map();
  /** What was freed last, if nothing was done since. */
  #freed: LiveBlock | null = null;
  readonly #reuses: boolean;
  readonly #byteAt: (offset: number) => number;

  constructor(
    heap: HeapCore,
    place: Place,
    options: HeapCheckOptions,
    transcript: Transcript,
  ) {
    this.#heap = heap;
    this.#place = place;
    this.#options = options;
    this.#transcript = transcript;
    this.#reuses = (options.frees ?? true) && (options.reuses ?? true);
    const own = (heap as Partial<Heap>).memory;
    const memory = own ?? place.memory;
    this.#memory = memory;
    this.#model = new HeapModel(place.memory.size, memory.base);
    this.#byteAt = memory === place.memory
      ? (offset) => place.bytes[offset]!
      : (offset) => {
        const skew = (memory.base + offset) & 3;
        return memory.load32(offset - skew) >>> 8 * skew & 0xff;
      };
  }

  script(script: HeapScript): void {
    for (const operation of script.operations) {
      const before = this.#freed;
      this.#freed = null;
      this.#place.restart();
      this.#operation(operation, before);
      this.#look();
    }
  }

  /** Frees what is left, and sees what the heap gives then. */
  end(biggest: (transcript: Transcript) => number): void {
    for (const [name, block] of this.#blocks) {
      this.#place.restart();
      this.#free(name, block);
      this.#look();
    }
    const { frees = true, merges = true } = this.#options;
    if (!frees || !merges) return;
    const size = biggest(this.#transcript);
    if (size === 0) return;
    this.#place.restart();
    this.#transcript.call(`heap.alloc(${size}, 1);`);
    const offset = this.#heap.alloc(size, 1);
    this.#transcript.result(offset);
    expectLaw(
      offset !== null,
      "when all is free, the biggest block can be had again (merges)",
      () => `a fresh heap gives ${size} bytes, this one does not`,
    );
    this.#judge(this.#model.judge(offset, size, 1));
  }

  #operation(operation: HeapOperation, freed: LiveBlock | null): void {
    const { op } = operation;
    if (op === "alloc" || op === "zeroed") this.#take(operation, freed);
    else if (op === "churn") this.#churn(operation);
    else if (op === "wrong") this.#wrong(operation);
    else {
      const block = this.#blocks.get(operation.name);
      if (block === undefined) return; // It was refused.
      if ("newSize" in operation) {
        this.#move(operation.name, block, operation.newSize);
      } else this.#free(operation.name, block);
    }
  }

  #take(
    operation: HeapOperation & { op: "alloc" | "zeroed" },
    freed: LiveBlock | null,
  ): void {
    const { op, name, size, align } = operation;
    this.#transcript.call(heapOperationText(operation));
    const offset = op === "alloc"
      ? this.#heap.alloc(size, align)
      : (this.#heap as Heap).allocZeroed(size, align);
    this.#transcript.result(offset);
    if (offset === null) {
      this.#refused(size, align, freed);
      return;
    }
    this.#judge(this.#model.judge(offset, size, align));
    if (op === "zeroed") {
      for (let at = offset; at < offset + size; at++) {
        expectLaw(
          this.#byteAt(at) === 0,
          "allocZeroed gives bytes that are 0",
          () => `byte ${at} is ${this.#byteAt(at)}`,
        );
      }
    }
    this.#keep(name, offset, size, align);
  }

  #keep(name: BlockName, offset: number, size: number, align: number): void {
    const block = this.#model.take(offset, size, align);
    this.#memory.fill(offset, size, block.byte);
    this.#blocks.set(name, block);
  }

  #refused(size: number, align: number, freed: LiveBlock | null): void {
    if (this.#reuses && freed?.size === size && freed.align === align) {
      throw new LawBroken(
        "a freed block can be had again (reuses)",
        `${size} bytes aligned to ${align} were freed and are refused`,
      );
    }
    const { findsGaps } = this.#options;
    if (findsGaps === undefined) return;
    const gap = this.#model.longestGap();
    expectLaw(
      gap.size < size + align + findsGaps,
      "a block is refused only if no gap would do (findsGaps)",
      () =>
        `${size} bytes aligned to ${align} are refused, ` +
        `and ${gap.size} are free from ${gap.offset} on`,
    );
  }

  #free(name: BlockName, block: LiveBlock): void {
    const { offset, size, align } = block;
    this.#transcript.call(
      `heap.dealloc(${nameOf(name)}!, ${size}, ${align});`,
    );
    this.#blocks.delete(name);
    this.#model.give(block);
    this.#heap.dealloc(offset, size, align);
    this.#freed = block;
  }

  #move(name: BlockName, block: LiveBlock, newSize: number): void {
    const { offset, size, align, byte } = block;
    const text = nameOf(name);
    this.#transcript.call(
      `${text} = heap.realloc(${text}!, ${size}, ${align}, ${newSize}) ?? ${text};`,
    );
    const moved = (this.#heap as Heap).realloc(offset, size, align, newSize);
    this.#transcript.result(moved);
    if (moved === null) return;
    this.#model.give(block);
    this.#judge(this.#model.judge(moved, newSize, align));
    for (let i = 0; i < Math.min(size, newSize); i++) {
      expectLaw(
        this.#byteAt(moved + i) === byte,
        "realloc keeps the bytes that both blocks have",
        () => `byte ${i} was ${byte} and is ${this.#byteAt(moved + i)}`,
      );
    }
    this.#keep(name, moved, newSize, align);
  }

  /** Takes a block and frees it, over and over: nothing may be lost. */
  #churn(operation: HeapOperation & { op: "churn" }): void {
    const { size, align, times } = operation;
    this.#transcript.call(heapOperationText(operation));
    const { frees = true } = this.#options;
    const promised = this.#reuses || frees && this.#model.blocks.length === 0;
    for (let i = 0; i < times; i++) {
      this.#place.restart();
      const offset = this.#heap.alloc(size, align);
      if (offset === null) {
        expectLaw(
          i === 0 || !promised,
          "a freed block can be had again (reuses)",
          () =>
            `${size} bytes aligned to ${align} were granted ${i} times, ` +
            "freed each time, and are refused then",
        );
        return;
      }
      this.#judge(this.#model.judge(offset, size, align));
      this.#memory.fill(offset, size, 0xff);
      this.#heap.dealloc(offset, size, align);
    }
  }

  #wrong({ size, align }: HeapOperation): void {
    this.#transcript.call(`heap.alloc(${size}, ${align});`);
    let result: unknown;
    try {
      result = this.#heap.alloc(size, align);
    } catch (thrown) {
      if (thrown instanceof RangeError) return;
      throw thrown;
    }
    throw new LawBroken(
      "a wrong size or alignment throws (checksArguments)",
      `alloc(${size}, ${align}) returned ${result}`,
    );
  }

  /** What must be true at any time. */
  #look(): void {
    this.#judge(this.#model.changedByte(this.#byteAt));
    const { freeRegions } = this.#heap as Partial<Heap>;
    if (freeRegions === undefined) return;
    this.#place.restart();
    this.#judge(this.#model.judgeFree(freeRegions.call(this.#heap)));
  }

  #judge(breach: Breach | null): void {
    if (breach !== null) throw new LawBroken(breach.law, breach.detail);
  }
}
