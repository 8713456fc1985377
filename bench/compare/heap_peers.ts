/**
 * Whom our heaps are compared with: two heaps from npm, glibc's malloc, and our algorithms in C (`heaps.c`, compiled here if gcc
 * is present), the last three replaying whole traces through FFI.
 *
 * @module
 */

import { MemPool } from "@thi.ng/malloc";
import Allocator from "malloc";
import type { HeapCore } from "../../src/kernel/allocator/heap.ts";
import type { Trace } from "../../src/kernel/allocator/workloads.ts";

/** `npm:@thi.ng/malloc`. */
export class ThingHeap implements HeapCore {
  readonly #pool: MemPool;
  constructor(bytes: number) {
    this.#pool = new MemPool({ buf: new ArrayBuffer(bytes) });
  }
  alloc(size: number, _align: number): number | null {
    const block = this.#pool.malloc(size);
    return block === 0 ? null : block;
  }
  dealloc(offset: number, _size: number, _align: number): void {
    this.#pool.free(offset);
  }
}

/** `npm:malloc`, by codemix. */
export class CodemixHeap implements HeapCore {
  readonly #allocator: {
    alloc(bytes: number): number;
    free(at: number): number;
  };
  constructor(bytes: number) {
    this.#allocator = new Allocator(new ArrayBuffer(bytes));
  }
  alloc(size: number, _align: number): number | null {
    const block = this.#allocator.alloc(size);
    return block === 0 ? null : block;
  }
  dealloc(offset: number, _size: number, _align: number): void {
    this.#allocator.free(offset);
  }
}

/** Replays traces in C. */
export interface NativePeers {
  /** glibc's malloc and free; returns the number of refused allocations. */
  glibc(trace: Trace): () => number;
  /** First fit over a hole list; returns the checksum of the offsets. */
  firstFit(trace: Trace): () => number;
  /** Fixed-size blocks over first fit; returns the checksum of the offsets. */
  fixedSizeBlocks(trace: Trace): () => number;
}

const SYMBOLS = {
  replay_glibc: { parameters: ["buffer", "i32", "buffer"], result: "i32" },
  holes_init: { parameters: ["buffer", "buffer", "i32"], result: "void" },
  replay_holes: {
    parameters: ["buffer", "buffer", "i32", "buffer"],
    result: "i32",
  },
  blocks_init: { parameters: ["buffer", "buffer", "i32"], result: "void" },
  replay_blocks: {
    parameters: ["buffer", "buffer", "i32", "buffer"],
    result: "i32",
  },
} as const;

/**
 * Compiles and loads the native peers.
 *
 * @returns them, or null where there is no gcc
 */
export function nativePeers(): NativePeers | null {
  const source = new URL("heaps.c", import.meta.url).pathname;
  const directory = Deno.makeTempDirSync();
  const library = `${directory}/heaps.so`;
  try {
    const { success, stderr } = new Deno.Command("gcc", {
      args: [
        ...["-O3", "-march=native", "-shared", "-fPIC"],
        ...["-o", library, source],
      ],
    }).outputSync();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  const { symbols: c } = Deno.dlopen(library, SYMBOLS);
  Deno.removeSync(directory, { recursive: true }); // Loaded: the file may go.
  const bytesOf = (ops: Int32Array): Uint8Array<ArrayBuffer> =>
    new Uint8Array(ops.buffer as ArrayBuffer);
  const replay = (
    init: typeof c.holes_init,
    run: typeof c.replay_holes,
    { ops, count, slots, heapBytes }: Trace,
  ): () => number => {
    const heap = new Uint8Array(128);
    const memory = new Uint8Array(heapBytes);
    const offsets = new Uint8Array(4 * slots);
    const operations = bytesOf(ops);
    init(heap, memory, heapBytes);
    // The struct points into the memory, which the closure has to keep alive.
    return () => memory.length > 0 ? run(heap, operations, count, offsets) : 0;
  };
  return {
    glibc({ ops, count, slots }) {
      const blocks = new Uint8Array(8 * slots);
      const operations = bytesOf(ops);
      return () => c.replay_glibc(operations, count, blocks);
    },
    firstFit: (trace) => replay(c.holes_init, c.replay_holes, trace),
    fixedSizeBlocks: (trace) => replay(c.blocks_init, c.replay_blocks, trace),
  };
}
