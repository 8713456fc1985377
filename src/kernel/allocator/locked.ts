/**
 * A heap behind a spin mutex: what makes it fit for a static.
 *
 * Book: "Allocator Designs", section "A Locked Wrapper Type".
 *
 * *Not modelled*: a lock that masks interrupts. A handler that allocates while
 * interrupted code holds the lock is a `deadlock`, as in the book.
 *
 * @module
 */

import {
  SpinMutex,
  type SpinMutexState,
  spinMutexState,
  type SyncEnv,
} from "../sync/mod.ts";
import type { HeapCore } from "./heap.ts";

/**
 * A heap in a lock (book: `Locked<A>`).
 *
 * @example
 * ```ts
 * import { BumpHeap, FlatMemory } from "@lockstep/kernel/heap/bump";
 * import { HOST_ENV, Locked } from "@lockstep/kernel/kernel";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const heap = new BumpHeap(new FlatMemory(new ArrayBuffer(64)));
 * const allocator = new Locked(HOST_ENV, "ALLOCATOR", heap);
 * assertEquals([allocator.alloc(8, 8), allocator.alloc(64, 8)], [0, null]);
 *
 * allocator.lock(); // By code that a handler interrupts, and that handler:
 * assertThrows(() => allocator.alloc(8, 8), Error, "Cannot lock ALLOCATOR");
 * ```
 */
export class Locked<H extends HeapCore> implements HeapCore {
  /** The lock (book: `inner`). */
  readonly mutex: SpinMutex<H>;

  /**
   * Puts a heap into a lock.
   *
   * @param env The CPU that it runs on.
   * @param name The lock's name in reports.
   * @param inner The heap; from here on used through the lock only.
   * @param state The lock's state; that of a free one if absent.
   */
  constructor(
    env: SyncEnv,
    name: string,
    inner: H,
    state: SpinMutexState = spinMutexState(),
  ) {
    this.mutex = new SpinMutex(env, name, inner, state);
  }

  /**
   * Takes the lock; to be given back by `unlock`.
   *
   * @returns The heap.
   */
  lock(): H {
    return this.mutex.lock();
  }

  /** Gives the lock back. */
  unlock(): void {
    this.mutex.unlock();
  }

  /** Takes a block, with the lock held; see {@linkcode HeapCore.alloc}. */
  alloc(size: number, align: number): number | null {
    return this.mutex.withLock((heap) => heap.alloc(size, align));
  }

  /** Gives a block back, with the lock held; see {@linkcode HeapCore.dealloc}. */
  dealloc(offset: number, size: number, align: number): void {
    this.mutex.withLock((heap) => heap.dealloc(offset, size, align));
  }
}
