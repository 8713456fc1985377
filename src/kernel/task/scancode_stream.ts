/**
 * The keyboard's bytes as a stream.
 *
 * Book: "Async/Await", section "Async Keyboard Input". Source: blog_os,
 * `task/keyboard.rs`: the statics `SCANCODE_QUEUE` (a once-cell with a queue of
 * 100) and `WAKER`. The queue is made by the first stream, not by the handler,
 * which must not allocate; bytes that come before are lost, with a warning.
 *
 * @module
 */

import {
  ArrayQueue,
  type ArrayQueueState,
  arrayQueueState,
  type AtomicWakerState,
  atomicWakerState,
  OnceCell,
  type OnceState,
  onceState,
  type SyncEnv,
} from "../sync/mod.ts";
import { throwPanic } from "./book_executor.ts";
import { ByteStream } from "./byte_stream.ts";
import type { Context } from "./future.ts";
import type { Wake } from "./waker.ts";

/** Bytes that the queue holds. */
export const SCANCODE_QUEUE_CAPACITY = 100;

/** Said for each byte that comes before there is a queue. */
export const QUEUE_UNINITIALIZED = "WARNING: scancode queue uninitialized";

/** Said for each byte that finds the queue full; the byte is lost. */
export const QUEUE_FULL =
  "WARNING: scancode queue full; dropping keyboard input";

/** The statics as data. */
export interface ScancodeStreamState {
  /** `SCANCODE_QUEUE`. */
  queue: OnceState<ArrayQueueState<number>>;
  /** `WAKER`. */
  waker: AtomicWakerState;
}

/**
 * Makes the state of statics that nobody has used.
 *
 * @returns A state for {@linkcode ScancodeStream}.
 */
export function scancodeStreamState(): ScancodeStreamState {
  return { queue: onceState(), waker: atomicWakerState() };
}

/** How a {@linkcode ScancodeStream} meets its surroundings. */
export interface ScancodeStreamOptions {
  /** The CPU that it runs on. */
  readonly env: SyncEnv;
  /** Wakes a task. */
  readonly wake: Wake;
  /** Prints a warning (`println!`); called by the interrupt handler. */
  readonly println: (text: string) => void;
  /** Ends the run with the book's text; by default a `RangeError`. */
  readonly panic?: (message: string) => never;
}

/**
 * Both ends: `add_scancode` for the handler, the stream for the task.
 *
 * @example
 * ```ts
 * import { NO_BYTE, NO_WAKER, ScancodeStream } from "@lockstep/kernel/executor";
 * import type { Context } from "@lockstep/kernel/executor";
 * import { HOST_ENV } from "@lockstep/kernel/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const woken: number[] = [];
 * const scancodes = new ScancodeStream({
 *   env: HOST_ENV,
 *   wake: (task) => woken.push(task),
 *   println: () => {},
 * });
 * scancodes.open();
 * const task = { waker: 5 } as Context;
 * assertEquals(scancodes.pollNext(task), NO_BYTE);
 * scancodes.addScancode(0x1e);
 * assertEquals(woken, [5]);
 * assertEquals(scancodes.pollNext(task), 0x1e);
 * ```
 */
export class ScancodeStream {
  /** All there is to save. */
  readonly state: ScancodeStreamState;
  readonly #options: ScancodeStreamOptions;
  readonly #cell: OnceCell<ArrayQueueState<number>>;
  readonly #stream: ByteStream;

  /**
   * Goes on with the statics, or begins.
   *
   * @param options Its surroundings.
   * @param state Where to go on from.
   */
  constructor(
    options: ScancodeStreamOptions,
    state: ScancodeStreamState = scancodeStreamState(),
  ) {
    const { env, wake } = options;
    this.#options = options;
    this.state = state;
    this.#cell = new OnceCell(env, "SCANCODE_QUEUE", state.queue);
    this.#stream = new ByteStream(env, wake, state.waker);
  }

  /**
   * Takes a byte in; called by the keyboard's interrupt handler
   * (`add_scancode`). It must neither block nor allocate.
   *
   * @param byte The byte.
   */
  addScancode(byte: number): void {
    const got = this.#cell.tryGet();
    if (!("value" in got)) this.#options.println(QUEUE_UNINITIALIZED);
    else if (!this.#stream.add(this.#queue(got.value), byte)) {
      this.#options.println(QUEUE_FULL);
    }
  }

  /**
   * Makes the queue (`ScancodeStream::new`); called by the task that reads.
   *
   * @throws The panic `ScancodeStream::new should only be called once:
   * AlreadyInit`.
   */
  open(): void {
    const refusal = this.#cell.tryInitOnce(() =>
      arrayQueueState(SCANCODE_QUEUE_CAPACITY)
    );
    if (refusal === null) return;
    this.#panic(
      `ScancodeStream::new should only be called once: ${refusal.debug()}`,
    );
  }

  /**
   * Takes the next byte; never ends (`poll_next`).
   *
   * @param context The task's.
   * @returns The byte, or `NO_BYTE`: then the task is woken for the next one.
   * @throws The panic `scancode queue not initialized`, before `open`.
   */
  pollNext(context: Context): number {
    const got = this.#cell.tryGet();
    if (!("value" in got)) return this.#panic("scancode queue not initialized");
    return this.#stream.poll(this.#queue(got.value), context);
  }

  #queue(state: ArrayQueueState<number>): ArrayQueue<number> {
    return new ArrayQueue(this.#options.env, "SCANCODE_QUEUE", state);
  }

  #panic(message: string): never {
    return (this.#options.panic ?? throwPanic)(message);
  }
}
