/**
 * One value in a block of its own.
 *
 * Book: "Heap Allocation", section "Using an Allocator Crate".
 * Source: crate alloc, `boxed`.
 *
 * *Not modelled*: values of no size, which need no block; unsized ones.
 *
 * @module
 */

import { type HeapType, take, type ValueHeap } from "./heap_type.ts";
import { DROPPED, Owned, type PointerState } from "./owned.ts";

/**
 * A value that lives on the heap (`Box<T>`).
 *
 * @example
 * ```ts
 * import { FlatMemory, TlsfHeap } from "@lockstep/kernel/heap/tlsf";
 * import { Box, BufferHeap, I32 } from "@lockstep/kernel/kernel";
 * import { assertEquals } from "@std/assert";
 *
 * const memory = new FlatMemory(new ArrayBuffer(8192));
 * const heap = new BufferHeap(new TlsfHeap(memory)); // Or the kernel's.
 * const heapValue = Box.of(heap, I32, 41);
 * heapValue.set(heapValue.get() + 1);
 * assertEquals(heapValue.intoInner(), 42);
 * ```
 */
export class Box<T> extends Owned<PointerState> {
  /** The type of its value. */
  readonly type: HeapType<T>;

  /**
   * Goes on with a box, over its saved data.
   *
   * @param heap Where its block lives.
   * @param type The type of its value.
   * @param state Its data.
   */
  constructor(heap: ValueHeap, type: HeapType<T>, state: PointerState) {
    super(heap, state);
    this.type = type;
  }

  /**
   * Takes a block and moves a value there; no room ends the run.
   *
   * @param heap Gives the block.
   * @param type The value's type.
   * @param value The value.
   * @returns The box.
   */
  static of<T>(heap: ValueHeap, type: HeapType<T>, value: T): Box<T> {
    const address = take(heap, type.size, type.align);
    type.store(heap, address, value);
    return new Box(heap, type, { address });
  }

  /** For example `Box<i32>`. */
  override get typeName(): string {
    return `Box<${this.type.name}>`;
  }

  /**
   * Reads the value (`*b`).
   *
   * @returns It.
   */
  get(): T {
    return this.type.load(this.heap, this.address);
  }

  /**
   * Replaces the value (`*b = value`), dropping the old one.
   *
   * @param value The new one.
   */
  set(value: T): void {
    const { address, heap, type } = this;
    type.drop?.(heap, address);
    type.store(heap, address, value);
  }

  /**
   * Moves the value out and frees the block.
   *
   * @returns The value.
   */
  intoInner(): T {
    const value = this.get();
    this.#free();
    return value;
  }

  /** Drops the value and frees the block. */
  drop(): void {
    this.type.drop?.(this.heap, this.address);
    this.#free();
  }

  #free(): void {
    const { address, heap, type } = this;
    this.state.address = DROPPED;
    heap.dealloc(address, type.size, type.align);
  }
}
