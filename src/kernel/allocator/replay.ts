/**
 * Replay of a trace on a heap, for benchmarks: one function for each heap, so that engines which collect type feedback by
 * function do not mix that of one heap with that of another.
 *
 * @module
 */

import type { HeapCore } from "./heap.ts";
import type { Trace } from "./workloads.ts";

/**
 * Replays a trace once.
 *
 * @param heap the heap, which is left as it was before
 * @param ops the trace's operations
 * @param count how many
 * @param offsets room for an offset per slot
 * @returns a checksum of the offsets, failed allocations (−1) included
 */
export type Replay = (
  heap: HeapCore,
  ops: Int32Array,
  count: number,
  offsets: Int32Array,
) => number;

const BODY = `
  let sum = 0;
  for (let i = 0, at = 0; i < count; i++, at += 4) {
    const slot = ops[at], size = ops[at + 1], align = ops[at + 2];
    if (size !== 0) {
      const block = heap.alloc(size, align);
      const offset = block === null ? -1 : block;
      offsets[slot] = offset;
      sum = (Math.imul(sum, 31) + offset) | 0;
    } else {
      const offset = offsets[slot];
      if (offset >= 0) heap.dealloc(offset, ops[at + 3], align);
    }
  }
  return sum;`;

/**
 * Makes a replay function that shares no type feedback with any other: engines tell functions apart by their text.
 *
 * @param name of the heap; a different one for each heap
 * @returns the function
 */
export function replayOf(name: string): Replay {
  return new Function(
    "heap",
    "ops",
    "count",
    "offsets",
    `// ${JSON.stringify(name)}${BODY}`,
  ) as Replay;
}

/** A heap that does nothing: what a replay costs without one. */
export class NullHeap implements HeapCore {
  /** Bytes asked for so far, so that the calls have an effect. */
  bytes = 0;

  /** Returns offset 0. */
  alloc(size: number, _align: number): number | null {
    this.bytes = (this.bytes + size) | 0;
    return 0;
  }

  /** Frees nothing. */
  dealloc(_offset: number, size: number, _align: number): void {
    this.bytes = (this.bytes - size) | 0;
  }
}

/** A heap under test, with its own replay function. */
export class Contestant {
  readonly #heap: HeapCore;
  readonly #trace: Trace;
  readonly #replay: Replay;
  readonly #offsets: Int32Array;

  /**
   * @param name unique among all contestants of the process
   * @param heap a fresh heap
   * @param trace what to replay
   */
  constructor(readonly name: string, heap: HeapCore, trace: Trace) {
    this.#heap = heap;
    this.#trace = trace;
    this.#replay = replayOf(`${name}, ${trace.name}`);
    this.#offsets = new Int32Array(trace.slots);
  }

  /** Replays once, and returns the checksum. */
  run(): number {
    const { ops, count } = this.#trace;
    return this.#replay(this.#heap, ops, count, this.#offsets);
  }
}
