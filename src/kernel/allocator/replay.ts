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
 * @param ops the trace's operations, packed
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
  const end = 2 * count;
  for (let at = 0; at < end; at += 2) {
    const what = ops[at], layout = ops[at + 1];
    const slot = what >> 1, size = layout >> 4, align = 1 << (layout & 15);
    if ((what & 1) !== 0) {
      const block = heap.alloc(size, align);
      if (block === null) {
        offsets[slot] = -1;
        sum = (Math.imul(sum, 31) - 1) | 0;
      } else {
        offsets[slot] = block;
        sum = (Math.imul(sum, 31) + block) | 0;
      }
    } else {
      const offset = offsets[slot];
      if (offset >= 0) heap.dealloc(offset, size, align);
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
    // The two other ends of a line would end the comment.
    `// ${JSON.stringify(name).replaceAll(/[\u2028\u2029]/g, "?")}${BODY}`,
  ) as Replay;
}

/**
 * Packs a trace for replay, two words an operation: fewer loads, and so less of the replay in each figure.
 *
 * @param trace what to replay
 * @returns slot and, in bit 0, whether it allocates; then bytes and, in the low four bits, log2 of the alignment
 * @throws {RangeError} if a block has 2^27 bytes or more, or an alignment above 2^15: they do not fit
 */
export function pack({ ops, count }: Trace): Int32Array {
  const packed = new Int32Array(2 * count);
  for (let i = 0; i < count; i++) {
    const [slot, size, align, bytes] = ops.subarray(4 * i, 4 * i + 4);
    if (bytes! >= 2 ** 27 || align! > 2 ** 15) {
      throw new RangeError(
        `Cannot replay operation ${i}, ${bytes} bytes aligned to ${align}: ` +
          "blocks have less than 2^27 bytes, and alignments up to 2^15",
      );
    }
    packed[2 * i] = slot! << 1 | (size! > 0 ? 1 : 0);
    packed[2 * i + 1] = bytes! << 4 | (31 - Math.clz32(align!));
  }
  return packed;
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
  readonly #ops: Int32Array;
  readonly #count: number;
  readonly #replay: Replay;
  readonly #offsets: Int32Array;

  /**
   * @param name unique among all contestants of the process
   * @param heap a fresh heap
   * @param trace what to replay
   */
  constructor(readonly name: string, heap: HeapCore, trace: Trace) {
    this.#heap = heap;
    this.#ops = pack(trace);
    this.#count = trace.count;
    this.#replay = replayOf(`${name}, ${trace.name}`);
    this.#offsets = new Int32Array(trace.slots);
  }

  /** Replays once, and returns the checksum. */
  run(): number {
    return this.#replay(this.#heap, this.#ops, this.#count, this.#offsets);
  }
}
