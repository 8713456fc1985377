/**
 * What the final kernel does with memory before its first task: a mapper over
 * the tables that the bootloader left, a frame allocator over its memory map,
 * and the heap of fixed-size blocks over the pages that both map.
 *
 * Book: "Paging Implementation" to "Allocator Designs", `kernel_main`. There
 * mapper and frame allocator are locals of a function that never returns; here
 * they can be reached, and saved.
 *
 * @module
 */

import type { BootInfo } from "../hw/boot_info.ts";
import { formatHex } from "../hw/format_hex.ts";
import type { Instructions } from "../hw/instructions.ts";
import type { FixedSizeBlockHeap } from "./allocator/fixed_size_block.ts";
import {
  fixedSizeBlockDesign,
  type HeapDesign,
  type StatefulHeap,
} from "./allocator/heap_designs.ts";
import type { HoleListState } from "./allocator/hole_list.ts";
import {
  KernelHeap,
  type KernelHeapState,
  kernelHeapState,
} from "./allocator/kernel_heap.ts";
import type { KernelCore } from "./core.ts";
import {
  BootInfoFrameAllocator,
  type BootInfoFramesState,
  bootInfoFramesState,
} from "./memory/frames/boot_info_frames.ts";
import { initMapper } from "./memory/mappers/book.ts";
import {
  OffsetPageTable,
  type OffsetPageTableState,
} from "./memory/mappers/offset_page_table.ts";

/** The heap of the book's last chapters. */
export type BookHeap = FixedSizeBlockHeap<HoleListState>;

/** Mapper, frame allocator and heap as data. */
export interface KernelMemoryState {
  /** The mapper; `null` until it is made. */
  mapper: OffsetPageTableState | null;
  /** The frame allocator. */
  frames: BootInfoFramesState;
  /** `ALLOCATOR`; its nodes lie in the heap itself. */
  heap: KernelHeapState;
}

/**
 * Makes the state of a kernel that has set up nothing.
 *
 * @returns A state for {@linkcode KernelMemory}.
 */
export function kernelMemoryState(): KernelMemoryState {
  return {
    mapper: null,
    frames: bootInfoFramesState([]),
    heap: kernelHeapState(),
  };
}

/**
 * The kernel's memory.
 *
 * @example
 * ```ts
 * import { Machine } from "@lockstep/kernel/hw";
 * import {
 *   coreState,
 *   defineKernel,
 *   KernelMemory,
 *   kernelMemoryState,
 * } from "@lockstep/kernel/kernel";
 * import { assertEquals } from "@std/assert";
 *
 * const taken: unknown[] = [];
 * const program = defineKernel({
 *   id: "memory",
 *   state: () => ({ ...coreState(), memory: kernelMemoryState() }),
 *   build(core, state) {
 *     const memory = new KernelMemory(core, state.memory);
 *     return {
 *       boot(info) {
 *         memory.init(info);
 *         taken.push(memory.heap.alloc(8, 8), memory.frames.state.next);
 *       },
 *     };
 *   },
 * });
 * new Machine({ program }).run();
 * assertEquals(taken, [0x4444_4444_0000, 28]);
 * ```
 */
export class KernelMemory<H extends StatefulHeap = BookHeap> {
  /** All there is to save. */
  readonly state: KernelMemoryState;
  /** Gives frames; none until `init`. */
  readonly frames: BootInfoFrameAllocator;
  /** `ALLOCATOR`: empty until `init`. */
  readonly heap: KernelHeap<H, Instructions>;
  readonly #core: KernelCore;
  #mapper: OffsetPageTable | null = null;

  /**
   * Goes on with the kernel's memory, or begins; touches none.
   *
   * @param core Loads, stores and panics.
   * @param state Where to go on from.
   * @param design Another heap than the book's.
   */
  constructor(
    core: KernelCore,
    state: KernelMemoryState = kernelMemoryState(),
    design: HeapDesign<H> = fixedSizeBlockDesign as unknown as HeapDesign<H>,
  ) {
    const { cpu } = core;
    this.#core = core;
    this.state = state;
    this.frames = new BootInfoFrameAllocator(state.frames, cpu.events);
    this.heap = new KernelHeap(core, state.heap, design);
    if (state.mapper !== null) {
      this.#mapper = new OffsetPageTable(cpu, state.mapper, cpu.events);
    }
  }

  /** The mapper; `null` until `init`. */
  get mapper(): OffsetPageTable | null {
    return this.#mapper;
  }

  /**
   * Sets all of it up (`memory::init`, `BootInfoFrameAllocator::init`,
   * `init_heap`).
   *
   * @param info From the bootloader.
   * @throws The panic `heap initialization failed: `, and why. A second call
   * panics, too: the level 4 table would have two owners.
   */
  init(info: BootInfo): void {
    const { cpu } = this.#core;
    if (this.#mapper !== null) {
      const { level4Frame } = this.#mapper.state;
      this.#core.panic(
        `Cannot set up memory twice: the level 4 table at ` +
          `${formatHex(level4Frame)} has an owner`,
      );
    }
    const mapper = initMapper(cpu, info.physicalMemoryOffset, cpu.events);
    this.#mapper = mapper;
    this.state.mapper = mapper.state;
    this.frames.init(info.memoryMap);
    const refusal = this.heap.init(mapper, this.frames);
    if (refusal !== null) {
      this.#core.panic(`heap initialization failed: ${refusal.debug()}`);
    }
  }
}
