/**
 * The kernel's heap, as the static `ALLOCATOR` has it: a heap behind a spin
 * mutex at a fixed place, empty until its pages are mapped.
 *
 * Book: "Heap Allocation", sections "The GlobalAlloc Trait" and "Creating a
 * Kernel Heap"; "Allocator Designs", section "A Locked Wrapper Type".
 *
 * As in the book, no interrupt handler may allocate or free: it can fall into
 * the lock. `heap-alloc` and `heap-free` events between `irq-delivered` and
 * `iret` show it; the option `refuseInHandlers` makes it a panic at once, and
 * where the lock is held it is a `deadlock`.
 *
 * @module
 */

import { type EventSink, NO_EVENTS } from "../../base/events.ts";
import type { WordMemory } from "../../base/word_memory.ts";
import type { VirtAddr } from "../../hw/addr.ts";
import { formatHex } from "../../hw/format_hex.ts";
import type { Size4KiB } from "../../hw/page.ts";
import type { FrameAllocator } from "../memory/frames/frame_allocator.ts";
import type { PageFlusher } from "../memory/mappers/flush.ts";
import type { Mapper } from "../memory/mappers/mapper.ts";
import type { MapToError } from "../memory/mappers/mapper_errors.ts";
import {
  type SpinMutexState,
  spinMutexState,
  type SyncEnv,
} from "../sync/mod.ts";
import { type AllocErrorText, allocErrorText } from "./alloc_error.ts";
import { CpuMemory, type HeapCpu } from "./cpu_memory.ts";
import type { HeapCore } from "./heap.ts";
import type { HeapDesign, StatefulHeap } from "./heap_designs.ts";
import { HEAP_SIZE, HEAP_START, initHeap } from "./init_heap.ts";
import { Locked } from "./locked.ts";

export { HEAP_SIZE, HEAP_START, initHeap } from "./init_heap.ts";

/** The static `ALLOCATOR` as data. */
export interface KernelHeapState<S extends object = object> {
  /** Its lock. */
  lock: SpinMutexState;
  /** What the heap in it knows beside its memory; `null` until `init`. */
  inner: S | null;
}

/**
 * Makes the state of a heap that is not initialised.
 *
 * @returns A state for {@linkcode KernelHeap}.
 */
export function kernelHeapState<S extends object = object>(): KernelHeapState<
  S
> {
  return { lock: spinMutexState(), inner: null };
}

/** The CPU as the kernel's heap uses it. */
export interface KernelHeapCpu extends HeapCpu, PageFlusher {
  /** Is told of blocks taken and given back. */
  readonly events?: EventSink;
  /** Names of the live host frames, outermost first. */
  frames(): readonly string[];
}

/** The kernel that a heap belongs to; `KernelCore` is one. */
export interface HeapOwner<C extends KernelHeapCpu = KernelHeapCpu> {
  /** The CPU. */
  readonly cpu: C;
  /** What its lock is told. */
  readonly env: SyncEnv;
  /** Ends the run. */
  panic(message: string): never;
}

/** How a {@linkcode KernelHeap} behaves. */
export interface KernelHeapOptions {
  /** The text of the panic when there is no room; `allocErrorText` if absent. */
  readonly allocError?: AllocErrorText;
  /** Whether a handler that allocates or frees panics; no if absent. */
  readonly refuseInHandlers?: boolean;
}

/** What is in the lock: nothing at first, then a heap. */
class Slot<H extends StatefulHeap> implements HeapCore {
  readonly memory: WordMemory;
  readonly #state: KernelHeapState;
  readonly #design: HeapDesign<H>;
  readonly #events: EventSink;
  /** Derived: the heap over `#of`. */
  #heap: H | null = null;
  #of: object | null = null;

  constructor(
    memory: WordMemory,
    state: KernelHeapState,
    design: HeapDesign<H>,
    events: EventSink,
  ) {
    this.memory = memory;
    this.#state = state;
    this.#design = design;
    this.#events = events;
  }

  get heap(): H | null {
    const { inner } = this.#state;
    if (inner !== this.#of) {
      this.#heap = inner === null ? null : this.#design(this.memory, inner);
      this.#of = inner;
    }
    return this.#heap;
  }

  /** The first heap over the memory, which is mapped by then. */
  lay(): void {
    this.#heap = this.#design(this.memory);
    this.#of = this.#state.inner = this.#heap.state;
  }

  alloc(size: number, align: number): number | null {
    const offset = this.heap?.alloc(size, align) ?? null;
    if (offset !== null && this.#events.on) {
      const address = this.memory.base + offset;
      this.#events.emit("heap-alloc", address, size, align);
    }
    return offset;
  }

  dealloc(offset: number, size: number, align: number): void {
    const { heap } = this;
    const address = this.memory.base + offset;
    if (heap === null) {
      throw new RangeError(
        `Cannot free ${size} bytes at ${formatHex(address)}: ` +
          "the heap is not initialised, so it gave nothing out",
      );
    }
    heap.dealloc(offset, size, align);
    if (this.#events.on) {
      this.#events.emit("heap-free", address, size, align);
    }
  }
}

/**
 * The kernel's heap: blocks by address.
 *
 * @example
 * ```ts
 * import { Machine } from "@lockstep/kernel/hw";
 * import {
 *   coreState,
 *   defineKernel,
 *   fixedSizeBlockDesign,
 *   KernelHeap,
 *   kernelHeapState,
 * } from "@lockstep/kernel/kernel";
 * import { BootInfoFrameAllocator, bootInfoFramesState } from "@lockstep/kernel/frames";
 * import { expectOk, initMapper } from "@lockstep/kernel/mappers";
 * import { assertEquals } from "@std/assert";
 *
 * const taken: (number | null)[] = [];
 * const program = defineKernel({
 *   id: "heap",
 *   state: () => ({
 *     ...coreState(),
 *     frames: bootInfoFramesState([]),
 *     heap: kernelHeapState(),
 *   }),
 *   build(core, state) {
 *     const heap = new KernelHeap(core, state.heap, fixedSizeBlockDesign);
 *     const frames = new BootInfoFrameAllocator(state.frames);
 *     return {
 *       boot(info) {
 *         taken.push(heap.alloc(8, 8)); // Too early.
 *         const mapper = initMapper(core.cpu, info.physicalMemoryOffset!);
 *         frames.init(info.memoryMap);
 *         expectOk(heap.init(mapper, frames), "heap initialization failed");
 *         taken.push(heap.alloc(8, 8));
 *       },
 *     };
 *   },
 * });
 * new Machine({ program }).run();
 * assertEquals(taken, [null, 0x4444_4444_0000]);
 * ```
 */
export class KernelHeap<
  H extends StatefulHeap = StatefulHeap,
  C extends KernelHeapCpu = KernelHeapCpu,
> {
  /** All there is to save beside the memory. */
  readonly state: KernelHeapState;
  /** The CPU, whose loads and stores reach the blocks. */
  readonly cpu: C;
  /** First address. */
  readonly start: VirtAddr = HEAP_START;
  /** Bytes. */
  readonly size: number = HEAP_SIZE;
  readonly #owner: HeapOwner<C>;
  readonly #options: KernelHeapOptions;
  readonly #slot: Slot<H>;
  readonly #locked: Locked<Slot<H>>;

  /**
   * Goes on with a heap, or begins; nothing in memory is touched.
   *
   * @param owner The kernel.
   * @param state From {@linkcode kernelHeapState}, or loaded.
   * @param design Lays the heap over its memory.
   * @param options How it behaves.
   */
  constructor(
    owner: HeapOwner<C>,
    state: KernelHeapState,
    design: HeapDesign<H>,
    options: KernelHeapOptions = {},
  ) {
    const { cpu, env } = owner;
    this.state = state;
    this.cpu = cpu;
    this.#owner = owner;
    this.#options = options;
    this.#slot = new Slot(
      new CpuMemory(cpu, HEAP_START, HEAP_SIZE),
      state,
      design,
      cpu.events ?? NO_EVENTS,
    );
    this.#locked = new Locked(env, "ALLOCATOR", this.#slot, state.lock);
  }

  /** The heap, for who looks on; `null` until `init`. Takes no lock. */
  get heap(): H | null {
    return this.#slot.heap;
  }

  /** Whether somebody holds the lock. */
  get isLocked(): boolean {
    return this.state.lock.locked;
  }

  /**
   * Maps the heap's pages and lays the heap over them (book: `init_heap`).
   *
   * @param mapper A mapper of the active tables.
   * @param frames Gives frames for pages and tables: 28 on fresh tables.
   * @returns `null`, or why a page was not mapped: the pages before it are.
   * A second call finds the first page mapped.
   */
  init(
    mapper: Mapper,
    frames: FrameAllocator,
  ): MapToError<Size4KiB> | null {
    const laid = initHeap(this.cpu, mapper, frames, () => {
      this.#locked.mutex.withLock((slot) => slot.lay());
    });
    return laid.reason === null ? null : laid;
  }

  /**
   * Takes a block (book: `GlobalAlloc::alloc`).
   *
   * @param size Bytes, 1 or more.
   * @param align A power of two.
   * @returns Its address, or `null` where there is no room, or no heap yet.
   * @throws {RangeError} If size or alignment is wrong.
   */
  alloc(size: number, align: number): VirtAddr | null {
    this.#checkContext("allocate", size);
    const offset = this.#locked.alloc(size, align);
    return offset === null ? null : this.#address(offset);
  }

  /**
   * Gives a block back (book: `GlobalAlloc::dealloc`).
   *
   * @param address What `alloc` returned.
   * @param size As given to `alloc`.
   * @param align As given to `alloc`.
   * @throws {RangeError} If no such block can be in use here.
   */
  dealloc(address: VirtAddr, size: number, align: number): void {
    this.#checkContext("free", size);
    this.#locked.dealloc(address - this.start, size, align);
  }

  /**
   * Takes a block of zeros (`GlobalAlloc::alloc_zeroed`).
   *
   * @param size Bytes, 1 or more.
   * @param align A power of two.
   * @returns Its address, or `null`.
   */
  allocZeroed(size: number, align: number): VirtAddr | null {
    const address = this.alloc(size, align);
    if (address !== null) this.cpu.fill(address, 0, size);
    return address;
  }

  /**
   * Moves a block: takes the new one, copies, gives the old one back; never in
   * place, and the lock is free in between (`GlobalAlloc::realloc`).
   *
   * @param address The block.
   * @param size Its bytes.
   * @param align Its alignment, which the new one has too.
   * @param newSize Bytes, 1 or more.
   * @returns The new address; `null` where there is no room, and then the old
   * block stays.
   */
  realloc(
    address: VirtAddr,
    size: number,
    align: number,
    newSize: number,
  ): VirtAddr | null {
    const moved = this.alloc(newSize, align);
    if (moved === null) return null;
    this.cpu.copy(moved, address, Math.min(size, newSize));
    this.dealloc(address, size, align);
    return moved;
  }

  /**
   * Ends the run, as there was no room (`handle_alloc_error`).
   *
   * @param size Bytes that were asked for.
   * @param align The alignment that was asked for.
   */
  allocError(size: number, align: number): never {
    const text = this.#options.allocError ?? allocErrorText;
    return this.#owner.panic(text(size, align));
  }

  #address(offset: number): VirtAddr {
    return (this.start + offset) as VirtAddr;
  }

  #checkContext(act: string, size: number): void {
    if (this.#options.refuseInHandlers !== true) return;
    const { env } = this.#owner;
    const handler = this.cpu.frames().find((frame) => env.isHandler?.(frame));
    if (handler === undefined) return;
    this.#owner.panic(
      `Cannot ${act} ${size} bytes: ${handler} is running, and the code that ` +
        "it interrupted may hold ALLOCATOR",
    );
  }
}
