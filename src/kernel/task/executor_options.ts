/**
 * What an executor is told when it is made and when a task is spawned, and what
 * it tells of a task.
 *
 * @module
 */

import type { Now } from "../../base/alarm.ts";
import type { EventSink } from "../../base/events.ts";
import type { SyncEnv } from "../sync/mod.ts";
import type { TaskCounts } from "./task_counts.ts";

/** How an `Executor` meets its surroundings. */
export interface ExecutorOptions {
  /** The CPU that its queue runs on; by default a host. */
  readonly env?: SyncEnv;
  /** The clock of sleeps and statistics; by default one that stands still. */
  readonly now?: Now;
  /** Who is told of spawns, wakes, polls and ends. */
  readonly events?: EventSink;
  /** Whether statistics are kept for each task; a state that is given decides itself. */
  readonly statistics?: boolean;
}

/** What a task may be given when it is spawned. */
export interface SpawnOptions {
  /** Its name in reports. */
  readonly name?: string;
  /** 0 (last) to 7 (first); `DEFAULT_PRIORITY` is the fastest. */
  readonly priority?: number;
}

/** What is known of a task; the counts are 0 if no statistics are kept. */
export interface TaskStatistics extends TaskCounts {
  /** Its name; empty without one. */
  readonly name: string;
  /** Its priority. */
  readonly priority: number;
  /** Whether it is queued to be polled. */
  readonly queued: boolean;
}
