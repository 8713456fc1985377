/**
 * Values in a row, which grows.
 *
 * Book: "Heap Allocation", section "Using an Allocator Crate": the
 * demonstration prints where a grown one lies.
 * Source: crate alloc, `vec` and `raw_vec`: the first block holds 4 values (8
 * of one byte), each later one twice as many, moved by `realloc`.
 *
 * *Not modelled*: values of no size; values beyond 1,024 bytes, of which the
 * first block would hold one.
 *
 * @module
 */

import type { VirtAddr } from "../../../hw/addr.ts";
import {
  type HeapType,
  pointerText,
  take,
  USIZE,
  type ValueHeap,
} from "./heap_type.ts";

/** A vector as data. */
export interface VecState {
  /** Where its values lie; its type's alignment while it has no block. */
  address: number;
  /** Values that the block holds; −1 once the vector was dropped. */
  capacity: number;
  /** Values in it. */
  length: number;
}

/** Bytes of a vector's own three words: capacity, pointer, length. */
const HEADER_BYTES = 24;

/**
 * A growing row of values (`Vec<T>`).
 *
 * @example
 * ```ts
 * import { FlatMemory, TlsfHeap } from "@lockstep/kernel/heap/tlsf";
 * import { BufferHeap, I32, Vec } from "@lockstep/kernel/kernel";
 * import { assertEquals } from "@std/assert";
 *
 * const memory = new FlatMemory(new ArrayBuffer(8192));
 * const heap = new BufferHeap(new TlsfHeap(memory)); // Or the kernel's.
 * const vec = Vec.empty(heap, I32);
 * for (let i = 0; i < 500; i++) vec.push(i);
 * assertEquals([vec.length, vec.capacity, vec.at(499)], [500, 512, 499]);
 * vec.drop();
 * ```
 */
export class Vec<T> {
  /** All there is to save beside the memory: plain data. */
  readonly state: VecState;
  /** Where its block comes from and goes back to. */
  readonly heap: ValueHeap;
  /** The type of its values. */
  readonly type: HeapType<T>;

  /**
   * Goes on with a vector, over its saved data.
   *
   * @param heap Where its block lives.
   * @param type The type of its values.
   * @param state Its data.
   */
  constructor(heap: ValueHeap, type: HeapType<T>, state: VecState) {
    this.heap = heap;
    this.type = type;
    this.state = state;
  }

  /**
   * Makes an empty vector, which has no block.
   *
   * @param heap Gives blocks later.
   * @param type The type of its values.
   * @returns The vector.
   */
  static empty<T>(heap: ValueHeap, type: HeapType<T>): Vec<T> {
    return Vec.withCapacity(heap, type, 0);
  }

  /**
   * Makes an empty vector with room.
   *
   * @param heap Gives the block; no room in it ends the run.
   * @param type The type of its values.
   * @param capacity Values that it has room for.
   * @returns The vector.
   * @throws {RangeError} If `capacity` is no whole number from 0 on.
   */
  static withCapacity<T>(
    heap: ValueHeap,
    type: HeapType<T>,
    capacity: number,
  ): Vec<T> {
    if (!Number.isSafeInteger(capacity) || capacity < 0) {
      throw new RangeError(
        `Cannot make a Vec<${type.name}> of ${capacity} values: ` +
          "give a whole number from 0 on",
      );
    }
    const bytes = blockBytes(type, capacity);
    const address = bytes === 0 ? type.align : take(heap, bytes, type.align);
    return new Vec(heap, type, { address, capacity, length: 0 });
  }

  /**
   * Makes a vector that holds just these (`vec![…]`).
   *
   * @param heap Gives the block; no room in it ends the run.
   * @param type The type of the values.
   * @param values The values.
   * @returns The vector.
   */
  static of<T>(
    heap: ValueHeap,
    type: HeapType<T>,
    values: readonly T[],
  ): Vec<T> {
    const vec = Vec.withCapacity(heap, type, values.length);
    for (const value of values) vec.push(value);
    return vec;
  }

  /** What it is, for messages. */
  get typeName(): string {
    return `Vec<${this.type.name}>`;
  }

  /** Values in it. */
  get length(): number {
    return this.#alive().length;
  }

  /** Values that it has room for. */
  get capacity(): number {
    return this.#alive().capacity;
  }

  /** Whether it was dropped. */
  get isDropped(): boolean {
    return this.state.capacity < 0;
  }

  /** Where its values lie (`as_ptr`); dangling while it has no block. */
  get address(): VirtAddr {
    return this.#alive().address as VirtAddr;
  }

  /**
   * The address as Rust prints it with `{:p}`.
   *
   * @returns For example `0x444444440800`.
   */
  pointer(): string {
    return pointerText(this.address);
  }

  /**
   * Appends a value; no room for a bigger block ends the run.
   *
   * @param value The value.
   */
  push(value: T): void {
    this.reserve(1);
    const s = this.state;
    this.type.store(this.heap, this.#at(s.length), value);
    s.length += 1;
  }

  /**
   * Moves the last value out.
   *
   * @returns It, or `null` where there is none.
   */
  pop(): T | null {
    const s = this.#alive();
    if (s.length === 0) return null;
    s.length -= 1;
    return this.type.load(this.heap, this.#at(s.length));
  }

  /**
   * Reads a value (`v.get(i)`).
   *
   * @param index From 0.
   * @returns It, or `null` past the last one.
   */
  get(index: number): T | null {
    return this.#holds(index)
      ? this.type.load(this.heap, this.#at(index))
      : null;
  }

  /**
   * Reads a value (`v[i]`).
   *
   * @param index From 0.
   * @returns It.
   * @throws {RangeError} Past the last one, with Rust's text.
   */
  at(index: number): T {
    if (!this.#holds(index)) this.#outOfBounds(index);
    return this.type.load(this.heap, this.#at(index));
  }

  /**
   * Replaces a value (`v[i] = value`), dropping the old one.
   *
   * @param index From 0.
   * @param value The new one.
   * @throws {RangeError} Past the last one, with Rust's text.
   */
  set(index: number, value: T): void {
    if (!this.#holds(index)) this.#outOfBounds(index);
    const address = this.#at(index);
    this.type.drop?.(this.heap, address);
    this.type.store(this.heap, address, value);
  }

  /**
   * Makes room (`reserve`): at least twice as much as before, if it grows.
   *
   * @param additional Values beyond those in it.
   */
  reserve(additional: number): void {
    const s = this.#alive();
    const needed = s.length + additional;
    if (needed <= s.capacity) return;
    const least = this.type.size === 1 ? 8 : 4;
    this.#grow(Math.max(2 * s.capacity, needed, least));
  }

  /** Drops all values and keeps the block. */
  clear(): void {
    const { heap, type } = this;
    const s = this.#alive();
    const { length } = s;
    s.length = 0;
    if (type.drop === undefined) return;
    for (let i = 0; i < length; i++) type.drop(heap, this.#at(i));
  }

  /** Drops all values and frees the block. */
  drop(): void {
    this.clear();
    const { address, capacity } = this.state;
    this.state.capacity = -1;
    freeBlock(this.heap, this.type, address, capacity);
  }

  /** The values from the first on, each loaded when it is asked for. */
  *[Symbol.iterator](): Generator<T, void, void> {
    for (let i = 0; i < this.length; i++) yield this.at(i);
  }

  #alive(): VecState {
    if (this.isDropped) {
      throw new TypeError(`Cannot use a ${this.typeName}: it was dropped`);
    }
    return this.state;
  }

  #holds(index: number): boolean {
    return Number.isInteger(index) && index >= 0 && index < this.length;
  }

  #outOfBounds(index: number): never {
    throw new RangeError(
      `index out of bounds: the len is ${this.length} but the index is ${index}`,
    );
  }

  #at(index: number): VirtAddr {
    return (this.state.address + index * this.type.size) as VirtAddr;
  }

  #grow(capacity: number): void {
    const { heap, state: s, type } = this;
    const { align } = type;
    const [old, bytes] = [s.capacity, capacity].map((n) => blockBytes(type, n));
    const moved = old === 0
      ? heap.alloc(bytes!, align)
      : heap.realloc(s.address as VirtAddr, old!, align, bytes!);
    s.address = moved ?? heap.allocError(bytes!, align);
    s.capacity = capacity;
  }
}

function blockBytes(type: HeapType<unknown>, capacity: number): number {
  return type.size * capacity;
}

function freeBlock(
  heap: ValueHeap,
  type: HeapType<unknown>,
  address: number,
  capacity: number,
): void {
  if (capacity === 0) return;
  const bytes = blockBytes(type, capacity);
  heap.dealloc(address as VirtAddr, bytes, type.align);
}

/**
 * The type of vectors that live in memory themselves, as in `Rc<Vec<i32>>`:
 * three words, capacity, pointer and length, in an order that Rust leaves open.
 *
 * A vector that was stored has moved: what is loaded is a copy to read from.
 *
 * @param type The type of their values.
 * @returns The type.
 */
export function vecOf<T>(type: HeapType<T>): HeapType<Vec<T>> {
  const words = (heap: ValueHeap, address: VirtAddr): VecState => ({
    capacity: USIZE.load(heap, address),
    address: USIZE.load(heap, (address + 8) as VirtAddr),
    length: USIZE.load(heap, (address + 16) as VirtAddr),
  });
  return {
    name: `Vec<${type.name}>`,
    size: HEADER_BYTES,
    align: 8,
    load: (heap, address) => new Vec(heap, type, words(heap, address)),
    store(heap, address, vec) {
      const { capacity, length } = vec;
      USIZE.store(heap, address, capacity);
      USIZE.store(heap, (address + 8) as VirtAddr, vec.address);
      USIZE.store(heap, (address + 16) as VirtAddr, length);
      vec.state.capacity = -1; // Moved.
    },
    drop: (heap, address) => new Vec(heap, type, words(heap, address)).drop(),
  };
}
