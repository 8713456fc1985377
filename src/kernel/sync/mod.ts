/**
 * Locks, cells, a queue and a waker for one CPU with interrupts. Each keeps
 * its state as plain data, and each operation is an instruction boundary.
 *
 * @module
 */

export {
  EVENT_KINDS,
  type EventKind,
  type EventSink,
} from "../../base/events.ts";
export * from "./array_queue.ts";
export * from "./atomic_waker.ts";
export { type Deadlock, HOST_ENV, lockId, type SyncEnv } from "./env.ts";
export * from "./lazy.ts";
export {
  Once,
  ONCE_COMPLETE,
  ONCE_INCOMPLETE,
  ONCE_PANICKED,
  ONCE_RUNNING,
  type OnceState,
  onceState,
} from "./once.ts";
export * from "./once_cell.ts";
export * from "./rw_lock.ts";
export * from "./spin_mutex.ts";
export * from "./without_interrupts.ts";
