/**
 * What a lock, cell or queue is told about the CPU that it runs on.
 *
 * JavaScript that calls no instruction lets no interrupt in, so each operation
 * of a primitive calls `boundary` where the real one touches memory: there an
 * interrupt may fall, as it may on the machine.
 *
 * *Not modelled*: a second CPU. Whoever waits here waits for code that it has
 * itself interrupted or called, so a wait can never end and is reported at
 * once.
 *
 * @module
 */

import type { EventSink } from "../../base/events.ts";

/** The stop that a wait without end leads to. */
export interface Deadlock {
  /** Tells it from other stops. */
  readonly reason: "deadlock";
  /** All of it in words, the interrupt in between included. */
  readonly message: string;
  /** Name of the lock, cell or queue. */
  readonly lock: string;
  /** Where its holder took it. */
  readonly holder: string;
  /** Where it is waited for. */
  readonly waiter: string;
}

/** A primitive's surroundings. */
export interface SyncEnv {
  /** One instruction boundary: interrupts that are due run nested in it. */
  boundary(): void;
  /** Ends the run. */
  stop(reason: Deadlock): never;
  /** The place that is running: live frames, outermost first, with ` > `. */
  holder(): string;
  /** Whether interrupts are enabled; costs nothing. */
  interruptsEnabled(): boolean;
  /** Whether a frame of {@linkcode SyncEnv.holder} is an interrupt's. */
  isHandler?(frame: string): boolean;
  /** Whether a thrown value is the machine's own unwinding. */
  isUnwinding?(thrown: unknown): boolean;
  /**
   * Whether a panic unwinds: then a throw frees locks and poisons cells. A
   * kernel built with `panic = "abort"` leaves them as they are, which is what
   * happens when this is absent.
   */
  readonly unwinds?: boolean;
  /** Is told by mutexes and readers-writer locks that they are taken and given back; see {@linkcode lockId}. */
  readonly events?: EventSink;
}

/**
 * The number that stands for a lock in `lock` and `unlock` events: FNV-1a of
 * its name's UTF-16 units, 32 bits; for ASCII that of its bytes.
 *
 * @param name The lock's name, such as `WRITER`.
 * @returns A number from 0 on, the same in every run.
 */
export function lockId(name: string): number {
  let hash = 0x811c_9dc5;
  for (let i = 0; i < name.length; i++) {
    hash = Math.imul(hash ^ name.charCodeAt(i), 0x0100_0193);
  }
  return hash >>> 0;
}

/** Outside of a machine: no interrupts, a deadlock throws, panics unwind. */
export const HOST_ENV: SyncEnv = Object.freeze({
  boundary() {},
  stop(reason: Deadlock): never {
    throw new Error(reason.message);
  },
  holder: () => "",
  interruptsEnabled: () => false,
  unwinds: true,
});

const SEPARATOR = " > ";

/**
 * Joins frames to a place; repeated ones are counted.
 *
 * @param frames Names of live frames, outermost first.
 * @returns For example `boot > fib (9 times) > timer_interrupt_handler`.
 */
export function placeOf(frames: readonly string[]): string {
  if (frames.length === 1) return frames[0]!;
  const parts: string[] = [];
  for (let i = 0; i < frames.length;) {
    const name = frames[i]!;
    const first = i;
    while (i < frames.length && frames[i] === name) i++;
    const count = i - first;
    parts.push(count === 1 ? name : `${name} (${count} times)`);
  }
  return parts.join(SEPARATOR);
}

/**
 * Stops the run, as nobody can end this wait.
 *
 * @param env The surroundings.
 * @param what The act that waits, such as `lock WRITER`.
 * @param name The primitive's name.
 * @param holder Where its holder took it.
 */
export function deadlock(
  env: SyncEnv,
  what: string,
  name: string,
  holder: string,
): never {
  const waiter = env.holder();
  const handler = interruptBetween(env, holder, waiter);
  const between = handler === null
    ? ""
    : `; ${handler} interrupted the holder and must return before it goes on`;
  return env.stop({
    reason: "deadlock",
    message: `Cannot ${what}: held by ${holder || "an unnamed place"}, ` +
      `waited for by ${waiter || "an unnamed place"} with interrupts ` +
      `${env.interruptsEnabled() ? "on" : "off"}${between}`,
    lock: name,
    holder,
    waiter,
  });
}

/** The outermost handler among the waiter's frames that the holder lacks. */
function interruptBetween(
  env: SyncEnv,
  holder: string,
  waiter: string,
): string | null {
  const held = holder.split(SEPARATOR);
  const frames = waiter.split(SEPARATOR);
  let i = 0;
  while (i < held.length && held[i] === frames[i]) i++;
  for (; i < frames.length; i++) {
    const name = frames[i]!.replace(/ \(\d+ times\)$/, "");
    if (env.isHandler?.(name)) return name;
  }
  return null;
}

/**
 * Calls `fn`, and `onPanic` if it panics where panics unwind.
 *
 * @param env The surroundings.
 * @param fn The function.
 * @param onPanic What a guard's destructor does.
 * @returns What `fn` returns.
 */
export function guarded<R>(
  env: SyncEnv,
  fn: () => R,
  onPanic: () => void,
): R {
  try {
    return fn();
  } catch (thrown) {
    if (env.isUnwinding?.(thrown) || env.unwinds !== true) throw thrown;
    onPanic();
    throw thrown;
  }
}
