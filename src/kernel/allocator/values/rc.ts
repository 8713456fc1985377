/**
 * One value with several owners, counted.
 *
 * Book: "Heap Allocation", section "Using an Allocator Crate".
 * Source: crate alloc, `rc`: the block holds the strong count, the weak count
 * (1 for all strong ones together), and the value.
 *
 * *Not modelled*: weak references; unsized values.
 *
 * @module
 */

import type { VirtAddr } from "../../../hw/addr.ts";
import { type HeapType, take, USIZE, type ValueHeap } from "./heap_type.ts";
import { DROPPED, Owned, type PointerState } from "./owned.ts";

const COUNTS_BYTES = 16;
const COUNT_ALIGN = 8;

/**
 * A counted reference (`Rc<T>`).
 *
 * @example
 * ```ts
 * import { FlatMemory, TlsfHeap } from "@lockstep/kernel/heap/tlsf";
 * import { BufferHeap, I32, Rc, Vec, vecOf } from "@lockstep/kernel/kernel";
 * import { assertEquals } from "@std/assert";
 *
 * const memory = new FlatMemory(new ArrayBuffer(8192));
 * const heap = new BufferHeap(new TlsfHeap(memory)); // Or the kernel's.
 * const first = Rc.of(heap, vecOf(I32), Vec.of(heap, I32, [1, 2, 3]));
 * const second = first.clone();
 * assertEquals([...first.get()], [1, 2, 3]);
 * first.drop();
 * assertEquals(second.strongCount(), 1);
 * ```
 */
export class Rc<T> extends Owned<PointerState> {
  /** The type of its value. */
  readonly type: HeapType<T>;

  /**
   * Goes on with a reference, over its saved data.
   *
   * @param heap Where the block lives.
   * @param type The type of the value.
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
   * @returns The one reference to it.
   */
  static of<T>(heap: ValueHeap, type: HeapType<T>, value: T): Rc<T> {
    const { size, align } = blockLayout(type);
    const address = take(heap, size, align);
    const rc = new Rc(heap, type, { address });
    USIZE.store(heap, address, 1);
    USIZE.store(heap, (address + 8) as VirtAddr, 1);
    type.store(heap, rc.valueAddress, value);
    return rc;
  }

  /** For example `Rc<i32>`. */
  override get typeName(): string {
    return `Rc<${this.type.name}>`;
  }

  /** Where the value lies (`Rc::as_ptr`). */
  get valueAddress(): VirtAddr {
    return (this.address + valueOffset(this.type)) as VirtAddr;
  }

  /**
   * Reads the value.
   *
   * @returns It, shared: not to be dropped.
   */
  get(): T {
    return this.type.load(this.heap, this.valueAddress);
  }

  /**
   * Makes another reference to the value.
   *
   * @returns It.
   */
  clone(): Rc<T> {
    const { address } = this;
    this.#count(1);
    return new Rc(this.heap, this.type, { address });
  }

  /**
   * How many references there are (`Rc::strong_count`).
   *
   * @returns 1 or more.
   */
  strongCount(): number {
    return USIZE.load(this.heap, this.address);
  }

  /**
   * Whether two references have the same value (`Rc::ptr_eq`).
   *
   * @param other Another one.
   * @returns Not whether their values are equal.
   */
  ptrEq(other: Rc<T>): boolean {
    return this.address === other.address;
  }

  /** Gives the reference up; the last one drops the value and frees the block. */
  drop(): void {
    const { address, heap, type } = this;
    const { valueAddress } = this;
    const left = this.#count(-1);
    this.state.address = DROPPED;
    if (left > 0) return;
    type.drop?.(heap, valueAddress);
    const { size, align } = blockLayout(type);
    heap.dealloc(address, size, align);
  }

  #count(by: number): number {
    const count = this.strongCount() + by;
    USIZE.store(this.heap, this.address, count);
    return count;
  }
}

function valueOffset({ align }: HeapType<unknown>): number {
  return Math.ceil(COUNTS_BYTES / align) * align;
}

/** The layout of counts and value, as `repr(C)` has it. */
function blockLayout(
  type: HeapType<unknown>,
): { readonly size: number; readonly align: number } {
  const align = Math.max(COUNT_ALIGN, type.align);
  const end = valueOffset(type) + type.size;
  return { size: Math.ceil(end / align) * align, align };
}
