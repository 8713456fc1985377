/**
 * The memory of the kernel's heap: each word is a load or store that the CPU
 * executes, through the MMU, with its clk and its page faults.
 *
 * @module
 */

import type { WordMemory } from "../../base/word_memory.ts";
import { virtAdd, type VirtAddr } from "../../hw/addr.ts";

/** What executes the loads and stores: the CPU as kernel code sees it. */
export interface HeapCpu {
  /** Loads 32 bits. */
  load32(address: VirtAddr): number;
  /** Loads 32 bits as an onlooker; `null` where nothing is mapped. */
  peek32?(address: VirtAddr): number | null;
  /** Stores 32 bits. */
  store32(address: VirtAddr, value: number): void;
  /** Fills bytes (REP STOSB). */
  fill(address: VirtAddr, value: number, bytes: number): void;
  /** Copies bytes that may overlap (REP MOVSB). */
  copy(target: VirtAddr, source: VirtAddr, bytes: number): void;
}

/** A range of virtual addresses as the memory of a heap. */
export class CpuMemory implements WordMemory {
  /** The virtual address of offset 0. */
  readonly base: VirtAddr;
  /** Bytes in the range. */
  readonly size: number;
  readonly #cpu: HeapCpu;

  /**
   * Names the range; nothing in it is touched.
   *
   * @param cpu The CPU.
   * @param base First address, a multiple of 8.
   * @param size Bytes.
   * @throws {RangeError} If the range has no such start or leaves its half.
   */
  constructor(cpu: HeapCpu, base: VirtAddr, size: number) {
    if (base % 8 !== 0) {
      throw new RangeError(`Cannot lay a heap at ${base}: no multiple of 8`);
    }
    if (size > 0) virtAdd(base, size - 1);
    this.#cpu = cpu;
    this.base = base;
    this.size = size;
  }

  /** Reads a word; see {@linkcode WordMemory.load32}. */
  load32(offset: number): number {
    return this.#cpu.load32((this.base + offset) as VirtAddr);
  }

  /** Reads a word without executing anything; see {@linkcode WordMemory.peek32}. */
  peek32(offset: number): number {
    const address = (this.base + offset) as VirtAddr;
    const cpu = this.#cpu;
    return cpu.peek32 ? cpu.peek32(address) ?? 0 : cpu.load32(address);
  }

  /** Writes a word; see {@linkcode WordMemory.store32}. */
  store32(offset: number, word: number): void {
    this.#cpu.store32((this.base + offset) as VirtAddr, word);
  }

  /** Sets bytes, by one instruction. */
  fill(offset: number, length: number, byte: number): void {
    this.#cpu.fill((this.base + offset) as VirtAddr, byte, length);
  }

  /** Copies bytes, by one instruction. */
  copy(target: number, source: number, length: number): void {
    const { base } = this;
    this.#cpu.copy(
      (base + target) as VirtAddr,
      (base + source) as VirtAddr,
      length,
    );
  }
}
