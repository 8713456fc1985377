/**
 * A heap over a host buffer as a place for values: `Box`, `Vec` and `Rc`
 * without a kernel.
 *
 * @module
 */

import type { WordMemory } from "../../../base/word_memory.ts";
import type { VirtAddr } from "../../../hw/addr.ts";
import { allocErrorText } from "../alloc_error.ts";
import type { Heap } from "../heap.ts";
import type { ValueCpu, ValueHeap } from "./heap_type.ts";

/** Loads and stores in a memory, as a CPU makes them. */
class MemoryCpu implements ValueCpu {
  high = 0;
  readonly #memory: WordMemory;

  constructor(memory: WordMemory) {
    this.#memory = memory;
  }

  load8(address: VirtAddr): number {
    const shift = 8 * (address & 3);
    return this.load32((address - (address & 3)) as VirtAddr) >>> shift & 0xff;
  }

  load32(address: VirtAddr): number {
    return this.#memory.load32(address - this.#memory.base) >>> 0;
  }

  load64(address: VirtAddr): number {
    this.high = this.load32((address + 4) as VirtAddr);
    return this.load32(address);
  }

  store8(address: VirtAddr, value: number): void {
    this.#memory.fill(address - this.#memory.base, 1, value & 0xff);
  }

  store32(address: VirtAddr, value: number): void {
    this.#memory.store32(address - this.#memory.base, value | 0);
  }

  store64(address: VirtAddr, low: number, high: number): void {
    this.store32(address, low);
    this.store32((address + 4) as VirtAddr, high);
  }
}

/**
 * Blocks of a heap by address: where its memory starts, plus the offset.
 *
 * @example
 * ```ts
 * import { FlatMemory, TlsfHeap } from "@lockstep/kernel/heap/tlsf";
 * import { Box, BufferHeap, I32 } from "@lockstep/kernel/kernel";
 * import { assertEquals } from "@std/assert";
 *
 * const words = new Int32Array(256);
 * const heap = new BufferHeap(new TlsfHeap(new FlatMemory(words)));
 * const box = Box.of(heap, I32, 41);
 * assertEquals([box.get(), words[box.address / 4]], [41, 41]);
 * ```
 */
export class BufferHeap implements ValueHeap {
  /** Reaches the blocks. */
  readonly cpu: ValueCpu;
  /** Gives the blocks. */
  readonly heap: Heap;

  /**
   * Names blocks of a heap by address.
   *
   * @param heap The heap.
   */
  constructor(heap: Heap) {
    this.heap = heap;
    this.cpu = new MemoryCpu(heap.memory);
  }

  /** Takes a block; see {@linkcode ValueHeap.alloc}. */
  alloc(size: number, align: number): VirtAddr | null {
    return this.#address(this.heap.alloc(size, align));
  }

  /** Gives a block back. */
  dealloc(address: VirtAddr, size: number, align: number): void {
    this.heap.dealloc(address - this.heap.memory.base, size, align);
  }

  /** Moves a block; see {@linkcode ValueHeap.realloc}. */
  realloc(
    address: VirtAddr,
    size: number,
    align: number,
    newSize: number,
  ): VirtAddr | null {
    const offset = address - this.heap.memory.base;
    return this.#address(this.heap.realloc(offset, size, align, newSize));
  }

  /**
   * Says that there was no room.
   *
   * @throws {Error} Always, with the text of the kernel's panic.
   */
  allocError(size: number, _align: number): never {
    throw new Error(allocErrorText(size));
  }

  #address(offset: number | null): VirtAddr | null {
    if (offset === null) return null;
    return (this.heap.memory.base + offset) as VirtAddr;
  }
}
