/**
 * An index over holes sorted by address: which is the first that is big enough, which is the last before an address.
 *
 * The heap's memory is cut into chunks of 1 KiB; a hole belongs to the chunk that it starts in. Of each chunk the index knows
 * the first hole, the last one and the size of the biggest; over the biggest stands a binary tree of maxima. All of it can be
 * made again from the holes: it is never part of a state.
 *
 * @module
 */

import { NONE } from "./nodes.ts";

/** log2 of the bytes of a chunk. */
const CHUNK_SHIFT = 10;

/** First, last and biggest hole by chunk, and the tree of maxima. */
export class HoleIndex {
  /** Chunks, rounded up to a power of two: the leaves of the tree. */
  readonly #leaves: number;
  /** Node 1 is the root, 2n and 2n + 1 are below n, leaves come last; each holds the biggest size below, 0 for no hole. */
  readonly #biggest: Int32Array;
  readonly #first: Int32Array;
  readonly #last: Int32Array;

  /** @param size bytes of the heap's memory */
  constructor(size: number) {
    const chunks = Math.max(1, Math.ceil(size / (1 << CHUNK_SHIFT)));
    this.#leaves = chunks === 1 ? 1 : 1 << (32 - Math.clz32(chunks - 1));
    this.#biggest = new Int32Array(2 * this.#leaves);
    this.#first = new Int32Array(this.#leaves).fill(NONE);
    this.#last = new Int32Array(this.#leaves).fill(NONE);
  }

  /** Bytes that the index takes on the host. */
  get bytes(): number {
    return 16 * this.#leaves;
  }

  /** The number of the chunk that holds an offset. */
  chunkOf(offset: number): number {
    return offset >> CHUNK_SHIFT;
  }

  /** The first hole in a chunk, or −1. */
  first(chunk: number): number {
    return this.#first[chunk]!;
  }

  /**
   * Records the holes of a chunk.
   *
   * @param chunk its number
   * @param first the first hole in it, or −1
   * @param last the last one, or −1
   * @param biggest the size of the biggest, or 0
   */
  set(chunk: number, first: number, last: number, biggest: number): void {
    this.#first[chunk] = first;
    this.#last[chunk] = last;
    const tree = this.#biggest;
    let node = this.#leaves + chunk;
    let value = biggest;
    while (tree[node] !== value) {
      tree[node] = value;
      const other = tree[node ^ 1]!;
      if (other > value) value = other;
      node >>= 1;
      if (node === 0) return;
    }
  }

  /**
   * Finds the first chunk at or after one that holds a hole of at least `size` bytes.
   *
   * @returns its number, or −1
   */
  find(chunk: number, size: number): number {
    const tree = this.#biggest;
    const leaves = this.#leaves;
    if (chunk >= leaves) return NONE;
    let node = chunk === 0 ? 1 : leaves + chunk;
    // Up until this node, or the one to the right, holds such a hole.
    while (tree[node]! < size) {
      while ((node & 1) === 1) node >>= 1; // From a right child: its parent ends where it ends.
      if (node === 0) return NONE;
      node += 1;
    }
    while (node < leaves) {
      node <<= 1;
      if (tree[node]! < size) node += 1;
    }
    return node - leaves;
  }

  /**
   * Finds the last hole in the chunks before one.
   *
   * @returns the hole, or −1
   */
  lastBefore(chunk: number): number {
    const tree = this.#biggest;
    const leaves = this.#leaves;
    let node = leaves + chunk;
    do {
      while ((node & 1) === 0) node >>= 1; // From a left child: its parent starts where it starts.
      if (node === 1) return NONE;
      node -= 1;
    } while (tree[node] === 0);
    while (node < leaves) {
      node = 2 * node + 1;
      if (tree[node] === 0) node -= 1;
    }
    return this.#last[node - leaves]!;
  }
}
