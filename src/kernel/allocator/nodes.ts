/**
 * How heaps read and write their nodes, which live inside the memory that they manage.
 *
 * A link is two little-endian words. In memory at an address it is an address, base + offset, as a kernel stores it; in a host
 * buffer it is the offset. Code sees offsets, and {@linkcode NONE} for no link. Heaps call both ways through by one interface, so
 * each algorithm is written once, and with two shapes at most its call sites stay fast; only the two walks along a list are
 * written for each.
 *
 * @module
 */

import { InvariantError } from "../../base/errors.ts";
import { FlatMemory, type WordMemory } from "../../base/word_memory.ts";

/** The offset that means "no node". */
export const NONE = -1;

/** Bytes of the greatest heap: offsets and rounded sizes stay below 2^31. */
export const HEAP_BYTES_MAX: number = 2 ** 31 - 16;

/** Bytes of a node with size and link: what is left of a piece must hold one. */
export const NODE_BYTES = 16;

/** Access to nodes by byte offset from the start of the heap. */
export interface Nodes {
  /** The low word of the base: alignment is that of addresses, not of offsets. */
  readonly baseLow: number;
  /** The same nodes, read without a trace: for what is derived from them. */
  readonly quiet: Nodes;
  /** Takes up growth of the memory, and returns the bytes that a heap can have of it. */
  grow(): number;
  /** Reads a word, signed. */
  load(offset: number): number;
  /** Writes a word. */
  store(offset: number, word: number): void;
  /** Writes three words in a row. */
  store3(offset: number, first: number, second: number, third: number): void;
  /** Reads a link: an offset, or a negative number for none. */
  link(offset: number): number;
  /** Writes a link of two words. */
  setLink(offset: number, target: number): void;
  /** Reads the link in the second 8 bytes of a node: an offset, or a negative number for none. */
  next(node: number): number;
  /** Writes the link in the second 8 bytes of a node. */
  setNext(node: number, target: number): void;
  /** Writes a node: a size in its first 8 bytes, a link in the second. */
  setNode(node: number, size: number, target: number): void;
  /** The node before the one that {@linkcode findFit} returned, or −1. */
  readonly previous: number;
  /**
   * Walks a list of nodes, sorted by offset, to the first one of which a piece can be cut: all of it, or so that a node remains.
   *
   * @param first the first node, or −1
   * @param need bytes of the piece
   * @param end no node lies beyond this offset
   * @returns the node, or −1
   * @throws {InvariantError} if a link leads beyond `end`
   */
  findFit(first: number, need: number, end: number): number;
  /**
   * Walks a list of nodes, sorted by offset, to the last one at or below an offset.
   *
   * @returns the node, or −1
   */
  findLast(first: number, offset: number): number;
}

/**
 * Chooses the way through.
 *
 * @param memory the memory of a heap
 * @returns access to its words
 * @throws {RangeError} if its size is no integer from 0 to {@linkcode HEAP_BYTES_MAX}
 */
export function nodesOf(memory: WordMemory): Nodes {
  const { size } = memory;
  if (!Number.isSafeInteger(size) || size < 0 || size > HEAP_BYTES_MAX) {
    throw new RangeError(
      `Cannot make a heap over ${size} bytes: it has ${HEAP_BYTES_MAX} at most`,
    );
  }
  return memory instanceof FlatMemory
    ? new FlatNodes(memory)
    : new AddressedNodes(memory);
}

/**
 * Nodes in a host buffer. A link is the offset itself, wherever in the buffer the heap starts, and no link is all ones: offset 0,
 * a good one, already has the pattern of a null pointer.
 *
 * A buffer that was replaced by growth is noticed where it costs nothing: a word of the old one is undefined, which optimised
 * code knows from the bounds check that it makes anyway. Each method is small enough to be inlined with its callers.
 *
 * A walk waits for one link after the other, so there each cycle shows: its views take byte offsets, without a shift, and the one
 * of links starts 8 bytes later, without an addition. They throw where a buffer is gone, so a walk looks first.
 */
class FlatNodes implements Nodes {
  readonly baseLow: number;
  readonly quiet: Nodes = this;
  previous: number = NONE;
  readonly #memory: FlatMemory;
  #words: Int32Array;
  #sizes: DataView;
  #links: DataView;

  constructor(memory: FlatMemory) {
    this.#memory = memory;
    this.baseLow = memory.base | 0;
    this.#words = memory.refresh();
    this.#sizes = viewFrom(this.#words, 0);
    this.#links = viewFrom(this.#words, 8);
  }

  grow(): number {
    this.#words = this.#memory.refresh();
    this.#sizes = viewFrom(this.#words, 0);
    this.#links = viewFrom(this.#words, 8);
    return Math.min(this.#memory.size, HEAP_BYTES_MAX);
  }

  load(offset: number): number {
    const word = this.#words[offset >> 2];
    return word === undefined ? this.#again(offset) : word;
  }

  store(offset: number, word: number): void {
    const i = offset >> 2;
    if (this.#words[i] === undefined) this.#again(offset);
    this.#words[i] = word;
  }

  store3(offset: number, first: number, second: number, third: number): void {
    const i = offset >> 2;
    if (this.#words[i] === undefined) this.#again(offset);
    this.#words[i] = first;
    this.#words[i + 1] = second;
    this.#words[i + 2] = third;
  }

  link(offset: number): number {
    const word = this.#words[offset >> 2];
    return word === undefined ? this.#again(offset) : word;
  }

  setLink(offset: number, target: number): void {
    const i = offset >> 2;
    if (this.#words[i] === undefined) this.#again(offset);
    this.#words[i] = target;
    this.#words[i + 1] = target >> 31;
  }

  next(node: number): number {
    return this.link(node + 8);
  }

  setNext(node: number, target: number): void {
    this.setLink(node + 8, target);
  }

  setNode(node: number, size: number, target: number): void {
    const i = node >> 2;
    if (this.#words[i] === undefined) this.#again(node);
    this.#words[i] = size;
    this.#words[i + 1] = 0;
    this.#words[i + 2] = target;
    this.#words[i + 3] = target >> 31;
  }

  findFit(first: number, need: number, end: number): number {
    if (this.#words.length === 0) this.grow();
    let previous = NONE;
    let node = first;
    while ((node >>> 0) < end) { // Unsigned, no node is beyond the end, too.
      const rest = this.#sizes.getInt32(node, true) - need;
      if (rest === 0 || rest >= NODE_BYTES) break;
      previous = node;
      node = this.#links.getInt32(node, true);
    }
    this.previous = previous;
    return node < end ? node : lostLink(node);
  }

  findLast(first: number, offset: number): number {
    if (this.#words.length === 0) this.grow();
    let last = NONE;
    let node = first;
    while ((node >>> 0) <= offset) { // Unsigned, no node is beyond it, too.
      last = node;
      node = this.#links.getInt32(node, true);
    }
    return last;
  }

  /** Takes up the buffer as it is, and reads a word that the one before did not have. */
  #again(offset: number): number {
    this.grow();
    const word = this.#words[offset >> 2];
    return word ?? lostLink(offset);
  }
}

/** Throws: a node was overwritten. */
export function lostLink(offset: number): never {
  throw new InvariantError(
    "Invariant broken: no link leads out of the heap's memory, as one to " +
      `offset ${offset} does: a freed block was written to, or the memory shrank`,
  );
}

/** Throws: a list of free blocks has no end. */
export function endlessList(): never {
  throw new InvariantError(
    "Invariant broken: no list of free blocks leads back into itself, as one " +
      "does: a block was freed twice, or written to after it was freed",
  );
}

/** A view that starts so many bytes behind the words, or as far as there are any. */
function viewFrom(words: Int32Array, bytes: number): DataView {
  const skip = Math.min(bytes, words.byteLength);
  return new DataView(
    words.buffer,
    words.byteOffset + skip,
    words.byteLength - skip,
  );
}

/** A memory whose loads are another one's peeks; nothing writes through it. */
function onlooker(memory: WordMemory): WordMemory {
  return {
    base: memory.base,
    size: memory.size,
    load32: (offset) => memory.peek32!(offset),
    store32: (offset, word) => memory.store32(offset, word),
    fill: (offset, length, byte) => memory.fill(offset, length, byte),
    copy: (target, source, length) => memory.copy(target, source, length),
  };
}

/** Nodes behind any {@linkcode WordMemory}. No link is a null pointer, as in Rust; all ones if the base itself is 0. */
class AddressedNodes implements Nodes {
  readonly baseLow: number;
  readonly quiet: Nodes;
  previous: number = NONE;
  readonly #memory: WordMemory;
  readonly #baseHigh: number;
  readonly #null: number;

  constructor(memory: WordMemory) {
    this.#memory = memory;
    this.baseLow = memory.base | 0;
    this.#baseHigh = Math.floor(memory.base / 2 ** 32) | 0;
    this.#null = memory.base === 0 ? -1 : 0;
    this.quiet = memory.peek32 ? new AddressedNodes(onlooker(memory)) : this;
  }

  grow(): number {
    return Math.min(this.#memory.size, HEAP_BYTES_MAX);
  }

  load(offset: number): number {
    return this.#memory.load32(offset) | 0;
  }

  store(offset: number, word: number): void {
    this.#memory.store32(offset, word);
  }

  store3(offset: number, first: number, second: number, third: number): void {
    this.#memory.store32(offset, first);
    this.#memory.store32(offset + 4, second);
    this.#memory.store32(offset + 8, third);
  }

  link(offset: number): number {
    const low = this.#memory.load32(offset) | 0;
    // The low word of a pointer may look like null; then the high one tells.
    if (
      low === this.#null &&
      (this.#memory.load32(offset + 4) | 0) === this.#null
    ) {
      return NONE;
    }
    return (low - this.baseLow) | 0;
  }

  setLink(offset: number, target: number): void {
    if (target < 0) {
      this.#memory.store32(offset, this.#null);
      this.#memory.store32(offset + 4, this.#null);
      return;
    }
    const low = (this.baseLow + target) | 0;
    const carry = low >>> 0 < this.baseLow >>> 0 ? 1 : 0;
    this.#memory.store32(offset, low);
    this.#memory.store32(offset + 4, this.#baseHigh + carry);
  }

  next(node: number): number {
    return this.link(node + 8);
  }

  setNext(node: number, target: number): void {
    this.setLink(node + 8, target);
  }

  setNode(node: number, size: number, target: number): void {
    this.#memory.store32(node, size);
    this.#memory.store32(node + 4, 0);
    this.setLink(node + 8, target);
  }

  findFit(first: number, need: number, end: number): number {
    const memory = this.#memory;
    let previous = NONE;
    let node = first;
    while ((node >>> 0) < end) {
      const rest = (memory.load32(node) | 0) - need;
      if (rest === 0 || rest >= NODE_BYTES) break;
      previous = node;
      const low = memory.load32(node + 8) | 0;
      node = low === this.#null
        ? this.link(node + 8)
        : (low - this.baseLow) | 0;
    }
    this.previous = previous;
    return node < end ? node : lostLink(node);
  }

  findLast(first: number, offset: number): number {
    const memory = this.#memory;
    let last = NONE;
    let node = first;
    while ((node >>> 0) <= offset) {
      last = node;
      const low = memory.load32(node + 8) | 0;
      node = low === this.#null
        ? this.link(node + 8)
        : (low - this.baseLow) | 0;
    }
    return last;
  }
}
