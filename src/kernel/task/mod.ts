/**
 * Cooperating tasks: executors, futures as data, combinators, streams and
 * timers. Needs no machine: an executor is deterministic wherever it runs, and
 * its state can be copied at any time.
 *
 * @module
 */

export type { Now } from "../../base/alarm.ts";
export {
  EVENT_KINDS,
  type EventKind,
  type EventSink,
} from "../../base/events.ts";
export type {
  ArrayQueueState,
  AtomicWakerState,
  Deadlock,
  OnceState,
  SyncEnv,
} from "../sync/mod.ts";
export {
  BookExecutor,
  type BookExecutorOptions,
  type BookExecutorState,
  bookExecutorState,
  READY_STEPS_MAX,
  TASK_QUEUE_CAPACITY,
} from "./book_executor.ts";
export * from "./book_tasks.ts";
export { NO_BYTE } from "./byte_stream.ts";
export * from "./channel.ts";
export * from "./combinators.ts";
export * from "./executor.ts";
export * from "./executor_options.ts";
export {
  DEFAULT_PRIORITY,
  type ExecutorState,
  executorState,
  PRIORITIES,
} from "./executor_state.ts";
export * from "./future.ts";
export * from "./generator_task.ts";
export * from "./idle.ts";
export { type Join, join } from "./join.ts";
export * from "./kind_table.ts";
export * from "./poll.ts";
export type { ReadyRingState } from "./ready_ring.ts";
export * from "./scancode_stream.ts";
export { type Select, select } from "./select.ts";
export * from "./serial_stream.ts";
export * from "./signal.ts";
export * from "./simple_executor.ts";
export * from "./sleep.ts";
export * from "./task.ts";
export type { TaskCounts } from "./task_counts.ts";
export * from "./task_mutex.ts";
export * from "./tick_stream.ts";
export type { TimerHeapState } from "./timers/heap.ts";
export type { LinearState } from "./timers/linear.ts";
export type { TimerTableState } from "./timers/timer_table.ts";
export * from "./timers/timers.ts";
export type { WheelState } from "./timers/wheel.ts";
export type { Waiting, WaitLineState } from "./wait_line.ts";
export * from "./waker.ts";
export { type YieldNow, yieldNow } from "./yield_now.ts";
