/**
 * What an interrupt handler hands to a task, byte by byte: a bounded queue and
 * the waker of the task that waits.
 *
 * The handler pushes first and wakes then; the task registers first and looks
 * again then. In any other order a byte that comes in between lies in the queue
 * and nobody is woken for it.
 *
 * Book: "Async/Await", section "Async Keyboard Input".
 *
 * @module
 */

import {
  type ArrayQueue,
  AtomicWaker,
  type AtomicWakerState,
  type SyncEnv,
} from "../sync/mod.ts";
import type { Context } from "./future.ts";
import type { Wake } from "./waker.ts";

/** No byte yet: the task is woken when there is one. */
export const NO_BYTE: number = -1;

/** Both ends of a stream of bytes. */
export class ByteStream {
  readonly #waker: AtomicWaker;

  /**
   * Goes on with a stream.
   *
   * @param env The CPU that it runs on.
   * @param wake Wakes a task.
   * @param state The place of the waker.
   */
  constructor(env: SyncEnv, wake: Wake, state: AtomicWakerState) {
    this.#waker = new AtomicWaker(env, wake, state);
  }

  /**
   * Hands a byte over; called by an interrupt handler.
   *
   * @param queue The queue.
   * @param byte The byte.
   * @returns Whether there was room. If not, the byte is lost and nobody woken.
   */
  add(queue: ArrayQueue<number>, byte: number): boolean {
    if (!queue.push(byte)) return false;
    this.#waker.wake();
    return true;
  }

  /**
   * Takes the next byte (`poll_next`).
   *
   * @param queue The queue.
   * @param context The task's.
   * @returns The byte, or `NO_BYTE`: then the task is woken for the next one.
   */
  poll(queue: ArrayQueue<number>, context: Context): number {
    const byte = queue.pop(); // The fast path leaves the waker alone.
    if (byte !== null) return byte;
    this.#waker.register(context.waker);
    const late = queue.pop();
    if (late === null) return NO_BYTE;
    this.#waker.take();
    return late;
  }
}
