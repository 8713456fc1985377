/**
 * Bytes that a serial port receives, as a stream.
 *
 * The same two ends as the keyboard's stream, but the queue is there from the
 * beginning, and what is lost is counted instead of printed: a sender at the
 * other end of the line may be faster than any screen.
 *
 * @module
 */

import {
  ArrayQueue,
  type ArrayQueueState,
  arrayQueueState,
  type AtomicWakerState,
  atomicWakerState,
  type SyncEnv,
} from "../sync/mod.ts";
import { ByteStream } from "./byte_stream.ts";
import type { Context } from "./future.ts";
import type { Wake } from "./waker.ts";

/** Bytes that the queue holds, unless told otherwise. */
export const SERIAL_QUEUE_CAPACITY = 1_024;

/** A {@linkcode SerialStream} as data. */
export interface SerialStreamState {
  /** Bytes received and not read. */
  queue: ArrayQueueState<number>;
  /** The task that waits. */
  waker: AtomicWakerState;
  /** Bytes that found the queue full. */
  lost: number;
}

/**
 * Makes the state of a stream that has received nothing.
 *
 * @param capacity Bytes that the queue holds.
 * @returns A state for {@linkcode SerialStream}.
 */
export function serialStreamState(
  capacity: number = SERIAL_QUEUE_CAPACITY,
): SerialStreamState {
  return {
    queue: arrayQueueState(capacity),
    waker: atomicWakerState(),
    lost: 0,
  };
}

/**
 * Both ends of the stream: `addByte` for the handler, the stream for the task.
 *
 * @example
 * ```ts
 * import {
 *   type Context,
 *   NO_BYTE,
 *   SerialStream,
 *   serialStreamState,
 * } from "@lockstep/kernel/executor";
 * import { HOST_ENV } from "@lockstep/kernel/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const state = serialStreamState(1);
 * const bytes = new SerialStream(HOST_ENV, () => {}, state);
 * assertEquals([bytes.addByte(0x41), bytes.addByte(0x42)], [true, false]);
 * const task = { waker: 5 } as Context;
 * assertEquals([bytes.pollNext(task), bytes.pollNext(task)], [0x41, NO_BYTE]);
 * assertEquals(bytes.lost, 1);
 * ```
 */
export class SerialStream {
  /** All there is to save. */
  readonly state: SerialStreamState;
  readonly #queue: ArrayQueue<number>;
  readonly #stream: ByteStream;

  /**
   * Goes on with a stream, or begins.
   *
   * @param env The CPU that it runs on.
   * @param wake Wakes a task.
   * @param state Where to go on from.
   */
  constructor(
    env: SyncEnv,
    wake: Wake,
    state: SerialStreamState = serialStreamState(),
  ) {
    this.state = state;
    this.#queue = new ArrayQueue(env, "SERIAL_QUEUE", state.queue);
    this.#stream = new ByteStream(env, wake, state.waker);
  }

  /** Bytes that found the queue full. */
  get lost(): number {
    return this.state.lost;
  }

  /**
   * Takes a byte in; called by the port's interrupt handler, for each byte that
   * it reads there.
   *
   * @param byte The byte.
   * @returns Whether there was room; if not, the byte is lost.
   */
  addByte(byte: number): boolean {
    const had = this.#stream.add(this.#queue, byte);
    if (!had) this.state.lost += 1;
    return had;
  }

  /**
   * Takes the next byte; never ends.
   *
   * @param context The task's.
   * @returns The byte, or `NO_BYTE`: then the task is woken for the next one.
   */
  pollNext(context: Context): number {
    return this.#stream.poll(this.#queue, context);
  }
}
