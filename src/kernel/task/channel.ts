/**
 * A bounded channel between tasks, of many senders and receivers. Values arrive
 * in the order in which they were sent, and who waits longest is served first.
 *
 * A channel is named, and so are its kinds of futures: a future that waits at it
 * is data.
 *
 * *Not modelled*: an unbounded channel. What has no bound fails later, and
 * elsewhere.
 *
 * @module
 */

import type { SyncEnv } from "../sync/mod.ts";
import type { Context, Kinds } from "./future.ts";
import { PENDING, type Poll, READY } from "./poll.ts";
import {
  enter,
  isTurn,
  leave,
  NO_TICKET,
  type Waiting,
  type WaitLineState,
  waitLineState,
  wakeAll,
  wakeHead,
} from "./wait_line.ts";
import type { Wake } from "./waker.ts";

/** A channel as data. */
export interface ChannelState<T> {
  /** Values sent and not received, oldest first. */
  values: T[];
  /** Values that fit. */
  readonly capacity: number;
  /** Whether nothing more is sent. */
  closed: boolean;
  /** Tasks that wait for room. */
  senders: WaitLineState;
  /** Tasks that wait for a value. */
  receivers: WaitLineState;
}

/**
 * Makes the state of an empty channel.
 *
 * @param capacity Values that fit.
 * @returns A state for {@linkcode Channel}.
 * @throws {RangeError} If that is no whole number from 1 on.
 */
export function channelState<T>(capacity: number): ChannelState<T> {
  if (!Number.isSafeInteger(capacity) || capacity < 1) {
    throw new RangeError(
      `Cannot make a channel of ${capacity}: give a whole number from 1 on`,
    );
  }
  return {
    values: [],
    capacity,
    closed: false,
    senders: waitLineState(),
    receivers: waitLineState(),
  };
}

/** Ready when its value is sent, or the channel closed: plain data. */
export interface Send<T> extends Waiting {
  /** The value; `null` once it is sent. */
  value: T | null;
  /** Whether it was sent; `false` if the channel was closed. */
  output?: boolean;
}

/** Ready when there is a value, or there will be none: plain data. */
export interface Receive<T> extends Waiting {
  /** The value; `null` if the channel is closed and empty. */
  output?: T | null;
}

/**
 * A channel. Values are plain data other than `null`.
 *
 * @example
 * ```ts
 * import { Channel, channelState, Executor, join } from "@lockstep/kernel/executor";
 * import { HOST_ENV } from "@lockstep/kernel/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const lines: Channel<string> = new Channel(
 *   "lines",
 *   HOST_ENV,
 *   (task) => executor.wake(task),
 *   channelState(1),
 * );
 * const executor = new Executor(lines.kinds);
 * const both = join([lines.receive(), lines.send("a"), lines.receive()]);
 * executor.spawn(both);
 * executor.runUntilIdle();
 * assertEquals(executor.live, 1);
 * assertEquals(lines.trySend("b"), true);
 * executor.runUntilIdle();
 * assertEquals(both.output, ["a", true, "b"]);
 * ```
 */
export class Channel<T> {
  /** All there is to save. */
  readonly state: ChannelState<T>;
  /** Its name, which its kinds begin with. */
  readonly name: string;
  /** The kinds to add to an executor's table. */
  readonly kinds: Kinds;
  readonly #env: SyncEnv;
  readonly #wake: Wake;

  /**
   * Goes on with a channel.
   *
   * @param name Its name.
   * @param env The CPU that it runs on.
   * @param wake Wakes a task.
   * @param state Where to go on from.
   */
  constructor(
    name: string,
    env: SyncEnv,
    wake: Wake,
    state: ChannelState<T>,
  ) {
    this.name = name;
    this.#env = env;
    this.#wake = wake;
    this.state = state;
    this.kinds = {
      [`${name}.send`]: {
        poll: (future: Send<T>, context: Context) =>
          this.#pollSend(future, context),
        drop: (future: Send<T>) => this.#dropSend(future),
      },
      [`${name}.receive`]: {
        poll: (future: Receive<T>, context: Context) =>
          this.#pollReceive(future, context),
        drop: (future: Receive<T>) => this.#dropReceive(future),
      },
    };
  }

  /** Values sent and not received. */
  get length(): number {
    return this.state.values.length;
  }

  /**
   * Makes a future that sends a value, and waits for room.
   *
   * @param value The value; it belongs to the channel from here on.
   * @returns The future.
   * @throws {TypeError} If there is no value.
   */
  send(value: T): Send<T> {
    this.#checkValue(value);
    return { kind: `${this.name}.send`, value, ticket: NO_TICKET };
  }

  /**
   * Makes a future that receives a value, and waits for one.
   *
   * @returns The future.
   */
  receive(): Receive<T> {
    return { kind: `${this.name}.receive`, ticket: NO_TICKET };
  }

  /**
   * Sends a value if there is room and nobody waits for it; interrupt handlers
   * may.
   *
   * @param value The value.
   * @returns Whether it was sent.
   * @throws {TypeError} If there is no value.
   */
  trySend(value: T): boolean {
    this.#checkValue(value);
    this.#env.boundary();
    const s = this.state;
    if (s.closed || s.senders.tickets.length > 0) return false;
    if (s.values.length >= s.capacity) return false;
    s.values.push(value);
    wakeHead(s.receivers, this.#wake);
    return true;
  }

  /**
   * Receives a value if there is one and nobody waits for it.
   *
   * @returns The value, or `null`.
   */
  tryReceive(): T | null {
    this.#env.boundary();
    const s = this.state;
    if (s.receivers.tickets.length > 0) return null;
    const value = s.values.shift() ?? null;
    if (value !== null) wakeHead(s.senders, this.#wake);
    return value;
  }

  /** Ends sending: values that were sent can be received, then `null`. */
  close(): void {
    this.#env.boundary();
    const s = this.state;
    s.closed = true;
    wakeAll(s.senders, this.#wake);
    wakeAll(s.receivers, this.#wake);
  }

  /** `null` is how a receiver is told that there is no value. */
  #checkValue(value: T): void {
    if (value !== null && value !== undefined) return;
    throw new TypeError(
      `Cannot send ${value} over ${this.name}: give a value`,
    );
  }

  #pollSend(future: Send<T>, context: Context): Poll {
    this.#env.boundary();
    const s = this.state;
    const room = s.values.length < s.capacity && isTurn(s.senders, future);
    if (!s.closed && !room) {
      enter(s.senders, future, context);
      return PENDING;
    }
    leave(s.senders, future);
    if (!s.closed) s.values.push(future.value!);
    future.value = null; // It is reached once in a state.
    future.output = !s.closed;
    wakeHead(s.receivers, this.#wake);
    this.#passOnRoom();
    return READY;
  }

  #pollReceive(future: Receive<T>, context: Context): Poll {
    this.#env.boundary();
    const s = this.state;
    const { values } = s;
    const has = values.length > 0 && isTurn(s.receivers, future);
    if (!has && !(s.closed && values.length === 0)) {
      enter(s.receivers, future, context);
      return PENDING;
    }
    leave(s.receivers, future);
    future.output = values.shift() ?? null;
    wakeHead(s.senders, this.#wake);
    this.#passOnValue();
    return READY;
  }

  #dropSend(future: Send<T>): void {
    leave(this.state.senders, future);
    this.#passOnRoom(); // It may have been woken for room that is still there.
  }

  #dropReceive(future: Receive<T>): void {
    leave(this.state.receivers, future);
    this.#passOnValue();
  }

  #passOnRoom(): void {
    const s = this.state;
    if (s.values.length < s.capacity) wakeHead(s.senders, this.#wake);
  }

  #passOnValue(): void {
    const s = this.state;
    if (s.values.length > 0) wakeHead(s.receivers, this.#wake);
  }
}
