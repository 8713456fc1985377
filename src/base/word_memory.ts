/**
 * Memory as a range of 32-bit words: what a heap asks of the place it manages.
 *
 * Anything can stand behind it: an `ArrayBuffer`, a `SharedArrayBuffer`, a `WebAssembly.Memory`, or simulated RAM seen through an
 * MMU. Offsets count from the start of the range and stay below 2^31, so that they are small integers in every engine.
 *
 * *Not modelled*: torn or unaligned words. An offset is a multiple of 4 from an address that is one.
 *
 * @module
 */

/** A range of memory, read and written by words. */
export interface WordMemory {
  /** The address of offset 0: what a pointer stored in this memory counts from. An integer, negative in the upper half. */
  readonly base: number;
  /** Bytes in the range; at most 2^31. May grow. */
  readonly size: number;
  /**
   * Reads a little-endian word.
   *
   * @param offset bytes from the start; `base + offset` is a multiple of 4
   * @returns the word, signed or unsigned: callers truncate
   */
  load32(offset: number): number;
  /**
   * Reads a word as an onlooker, where reading leaves a trace: for what is derived from memory and may be made anew at any
   * moment. Absent where `load32` leaves none.
   *
   * @param offset as for `load32`
   * @returns the word, signed or unsigned
   */
  peek32?(offset: number): number;
  /**
   * Writes a little-endian word.
   *
   * @param offset bytes from the start; `base + offset` is a multiple of 4
   * @param word its low 32 bits are stored
   */
  store32(offset: number, word: number): void;
  /**
   * Sets bytes.
   *
   * @param offset bytes from the start, any alignment
   * @param length bytes
   * @param byte 0–255
   */
  fill(offset: number, length: number, byte: number): void;
  /**
   * Copies bytes inside the range, which may overlap.
   *
   * @param target offset of the first byte written
   * @param source offset of the first byte read
   * @param length bytes
   */
  copy(target: number, source: number, length: number): void;
}

/** What holds a buffer: a `WebAssembly.Memory`, any typed array, or an object made for it. Read again after growth. */
export interface BufferSource {
  /** The bytes as of this moment. */
  readonly buffer: ArrayBufferLike;
}

/** The greatest end of a flat range, in bytes from the start of the buffer: word indices and offsets stay small integers. */
export const FLAT_END_MAX: number = 2 ** 31;

/**
 * Memory in a host buffer, in the host's byte order (little-endian on every engine that runs this).
 *
 * `base` is the byte in the buffer at which the range starts: 0 for a whole buffer, and for a part of a `WebAssembly.Memory` the
 * address that the wasm code sees.
 *
 * @example
 * ```ts
 * import { FlatMemory } from "@lockstep/kernel/heap/bump";
 * import { assertEquals } from "@std/assert";
 *
 * const memory = new FlatMemory(new ArrayBuffer(64));
 * memory.store32(8, 0x1234);
 * assertEquals([memory.base, memory.size, memory.load32(8)], [0, 64, 0x1234]);
 * ```
 */
export class FlatMemory implements WordMemory {
  readonly base: number;
  /**
   * The range as words, counted from its start. Replaced by {@linkcode refresh}; its length is 0 after the buffer was detached,
   * as growing a `WebAssembly.Memory` does.
   */
  words: Int32Array;
  readonly #source: BufferSource;
  /** Bytes asked for, or null for "to the end, wherever that is". */
  readonly #limit: number | null;
  #bytes: Uint8Array;

  /**
   * Lays a range over a buffer; nothing in it is changed.
   *
   * @param source the buffer, or what holds it and may grow it
   * @param start the byte in the buffer where the range starts; a multiple of 8
   * @param size bytes; without it the range reaches to the end of the buffer and grows with it
   * @throws {RangeError} if the range does not lie inside the buffer, or `start` is no multiple of 8
   */
  constructor(
    source: ArrayBufferLike | BufferSource,
    start: number = 0,
    size?: number,
  ) {
    this.#source = "buffer" in source ? source : { buffer: source };
    // A typed array stands for its own window, not for all of its buffer.
    const window = ArrayBuffer.isView(source) ? source : null;
    const base = start + (window?.byteOffset ?? 0);
    const limit = size ?? (window === null ? null : window.byteLength - start);
    const end = Math.min(this.#source.buffer.byteLength, FLAT_END_MAX);
    if (!Number.isSafeInteger(base) || start < 0 || base % 8 !== 0) {
      throw new RangeError(
        `Cannot lay memory over a buffer from byte ${base}: no multiple of 8`,
      );
    }
    if (
      limit !== null && (!Number.isSafeInteger(limit) || limit < 0) ||
      base + (limit ?? 0) > end
    ) {
      throw new RangeError(
        `Cannot lay ${
          limit ?? "all"
        } bytes of memory over a buffer from byte ` +
          `${base}: its usable part ends at ${end}`,
      );
    }
    this.base = base;
    this.#limit = limit;
    this.words = new Int32Array(0);
    this.#bytes = new Uint8Array(0);
    this.refresh();
  }

  /** Bytes in the range as of this moment. */
  get size(): number {
    if (this.#limit !== null) return this.#limit;
    const end = Math.min(this.#source.buffer.byteLength, FLAT_END_MAX);
    return end - this.base;
  }

  /**
   * Reads the buffer of the source again. Heaps call it when they find their view detached, and before they extend.
   *
   * @returns the words, which are `this.words` from here on
   */
  refresh(): Int32Array {
    const buffer = this.#source.buffer;
    const size = this.size;
    this.words = new Int32Array(buffer, this.base, size >> 2);
    this.#bytes = new Uint8Array(buffer, this.base, size);
    return this.words;
  }

  /** Reads a word, signed; see {@linkcode WordMemory.load32}. */
  load32(offset: number): number {
    const index = this.#index(offset); // May renew the words.
    return this.words[index]!;
  }

  /** Writes a word; see {@linkcode WordMemory.store32}. */
  store32(offset: number, word: number): void {
    const index = this.#index(offset); // May renew the words.
    this.words[index] = word;
  }

  /** Sets bytes; see {@linkcode WordMemory.fill}. */
  fill(offset: number, length: number, byte: number): void {
    this.#checkRange(offset, length);
    this.#bytes.fill(byte, offset, offset + length);
  }

  /** Copies bytes; see {@linkcode WordMemory.copy}. */
  copy(target: number, source: number, length: number): void {
    this.#checkRange(target, length);
    this.#checkRange(source, length);
    this.#bytes.copyWithin(target, source, source + length);
  }

  /**
   * The bytes of a block, to read or write at the host's speed. The view ends its life when the buffer grows.
   *
   * @param offset bytes from the start
   * @param length bytes
   * @returns a view, not a copy
   * @throws {RangeError} if the block does not lie inside the range
   */
  bytes(offset: number, length: number): Uint8Array {
    this.#checkRange(offset, length);
    return this.#bytes.subarray(offset, offset + length);
  }

  #index(offset: number): number {
    const index = offset >> 2;
    if (index >= this.words.length) this.refresh();
    if ((offset & 3) !== 0 || index < 0 || index >= this.words.length) {
      throw new RangeError(
        `Cannot access a word at offset ${offset}: ` +
          `the range has ${this.size} bytes, words lie at multiples of 4`,
      );
    }
    return index;
  }

  #checkRange(offset: number, length: number): void {
    const end = offset + length;
    if (end > this.#bytes.length || this.#bytes.length === 0) this.refresh();
    if (
      !Number.isSafeInteger(offset) || !Number.isSafeInteger(length) ||
      offset < 0 || length < 0 || end > this.#bytes.length
    ) {
      throw new RangeError(
        `Cannot access ${length} bytes at offset ${offset}: ` +
          `the range has ${this.size} bytes`,
      );
    }
  }
}
