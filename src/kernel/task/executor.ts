/**
 * The executor that a user would want: a wake is idempotent, the queue cannot
 * overflow, tasks have names and priorities, sleep and are cancelled. All of it
 * is data, and the order of polls is a function of the order of wakes.
 *
 * A task's life:
 *
 * 1. `spawn` takes a slot, gives it to the task and queues it.
 * 2. The oldest task of the highest priority is taken off its queue and polled.
 * 3. While it waits, its number stands where it is waited for, as a waker.
 * 4. `wake` queues it, unless it is queued: back to 2. A wake during its own
 *    poll queues it, too.
 * 5. When it is ready, or cancelled, its slot is free. If it was queued just
 *    then, the slot is free once the queue has come to it.
 *
 * Book: "Async/Await", section "Executor with Waker Support", for what
 * `BookExecutor` does to the letter.
 *
 * @module
 */

import type { Now } from "../../base/alarm.ts";
import { type EventSink, NO_EVENTS } from "../../base/events.ts";
import { HOST_ENV, type SyncEnv } from "../sync/mod.ts";
import {
  DEFAULT_PRIORITY,
  type ExecutorState,
  executorState,
  KIND_GONE,
  NO_SLOT,
  PRIORITIES,
  priorityOf,
  ringOf,
  takeSlot,
  TASK_KIND_SHIFT,
  TASK_QUEUED,
} from "./executor_state.ts";
import { COMBINATORS } from "./combinators.ts";
import type { Context, Future, Kinds, PollFn } from "./future.ts";
import { generatorName } from "./generator_task.ts";
import { type Idle, sleepIfIdle } from "./idle.ts";
import { KindTable } from "./kind_table.ts";
import { PENDING, type Poll, READY } from "./poll.ts";
import {
  bringToFront,
  popRing,
  pushRing,
  type ReadyRingState,
  ringAt,
  ringLength,
} from "./ready_ring.ts";
import { timerKinds } from "./sleep.ts";
import { GENERATIONS_MAX, SLOT_MASK, SLOTS_MAX } from "./slots.ts";
import {
  clearCounts,
  countPoll,
  countQueued,
  countWakes,
  readCounts,
  type TaskCounts,
} from "./task_counts.ts";
import { NO_TIMER, Timers } from "./timers/timers.ts";
import { LaneContext } from "./lane_context.ts";
import type { Waker } from "./waker.ts";

/*
 * The engine folds a module's own constants into its code, and loads imported
 * ones each time: half as much again for a poll.
 */
const pending = PENDING;
const none = NO_SLOT;
const queued = TASK_QUEUED;
const kindShift = TASK_KIND_SHIFT;

/** Polls of one run, unless told otherwise: enough for an hour, and not for ever. */
export const RUN_POLLS_MAX = 0xffff_ffff;

/** How an {@linkcode Executor} meets its surroundings. */
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

/** Polls `KIND_GONE`: not pending, so that the slot is settled. */
const pollGone: PollFn = () => READY;

/**
 * Runs tasks.
 *
 * @example
 * ```ts
 * import { Executor, PENDING, READY } from "@lockstep/kernel/executor";
 * import type { Context } from "@lockstep/kernel/executor";
 * import { assertEquals } from "@std/assert";
 *
 * interface Count {
 *   readonly kind: "count";
 *   readonly name: string;
 *   left: number;
 * }
 * const seen: string[] = [];
 * const executor = new Executor({
 *   count: (task: Count, context: Context) => {
 *     seen.push(task.name + task.left);
 *     if (task.left === 0) return READY;
 *     task.left -= 1;
 *     context.wakeSelf();
 *     return PENDING;
 *   },
 * });
 * const count = (name: string): Count => ({ kind: "count", name, left: 1 });
 * executor.spawn(count("a"));
 * executor.spawn(count("b"));
 * assertEquals(executor.runUntilIdle(), 4);
 * assertEquals(seen, ["a1", "b1", "a0", "b0"]);
 * ```
 */
export class Executor implements Context {
  /** All there is to save. */
  readonly state: ExecutorState;
  /** The timers of tasks that sleep. */
  readonly timers: Timers;
  readonly #kinds: KindTable;
  /** Poll functions by kind: derived from the table, never from the state. */
  readonly #polls: readonly PollFn[];
  readonly #env: SyncEnv;
  readonly #now: Now;
  readonly #events: EventSink;
  /**
   * Whether each step is looked at, by an interrupt at a boundary or a listener.
   * If not, tasks go through the fast lane.
   */
  readonly #watched: boolean;
  /** Bits of a task's word that keep a wake off the fast lane. */
  readonly #slowBits: number;
  readonly #lane: LaneContext;

  /** Polls that this run may still make. */
  #pollsLeft = 0;

  /**
   * Goes on with an executor, or begins.
   *
   * @param kinds The table of kinds; combinators and sleeps are there already.
   * @param options Its surroundings.
   * @param state Where to go on from.
   * @throws {TypeError} If the state was made with other kinds.
   */
  constructor(
    kinds: Kinds,
    options: ExecutorOptions = {},
    state: ExecutorState = executorState(options.statistics),
  ) {
    this.#env = options.env ?? HOST_ENV;
    this.#now = options.now ?? { clk: 0 };
    this.#events = options.events ?? NO_EVENTS;
    this.state = state;
    this.timers = new Timers(state.timers);
    this.#lane = new LaneContext(state, this);
    this.#kinds = new KindTable(
      { gone: pollGone },
      COMBINATORS,
      timerKinds(this.timers, this.#now),
      kinds,
    );
    this.#polls = this.#kinds.polls;
    this.#watched = this.#env !== HOST_ENV || this.#events !== NO_EVENTS;
    this.#slowBits = this.#watched || state.statistics !== null
      ? -1
      : (1 << TASK_KIND_SHIFT) - 1;
    this.#checkKinds();
  }

  /** A state names the kinds that its numbers stand for. */
  #checkKinds(): void {
    const { state } = this;
    const { names } = this.#kinds;
    if (state.kinds.length === 0) state.kinds = [...names];
    if (state.kinds.join() !== names.join()) {
      throw new TypeError(
        `Cannot go on with tasks of kinds ${state.kinds.join(", ")}: ` +
          `the table has ${names.join(", ")}`,
      );
    }
  }

  /** The task that is being polled, or `NO_WAKER`. */
  get waker(): Waker {
    return this.#lane.waker;
  }

  /** Tasks that are neither done nor cancelled. */
  get live(): number {
    return this.state.live;
  }

  /** Whether no task is ready. Sleepers may be due: see {@linkcode tick}. */
  get isIdle(): boolean {
    this.#env.boundary();
    this.#queueNoted();
    const { lane, rings } = this.state;
    return lane.head === lane.tail &&
      rings.every(({ head, tail }) => head === tail);
  }

  /** The clk at which the next sleeper is due, or `NEVER`. */
  get deadline(): number {
    return this.timers.deadline;
  }

  /**
   * Takes a task in and queues it. May allocate.
   *
   * @param future What it does. Its output is ignored.
   * @param options Its name and priority.
   * @returns Its number, which is its waker and never given again.
   * @throws {TypeError} If its kind is not in the table.
   * @throws {RangeError} If there is no such priority, or 2^24 tasks live.
   */
  spawn(future: Future, options: SpawnOptions = {}): Waker {
    const { priority = DEFAULT_PRIORITY, name } = options;
    if (!Number.isInteger(priority) || priority < 0 || priority >= PRIORITIES) {
      throw new RangeError(
        `Cannot spawn with priority ${priority}: give 0 to ${PRIORITIES - 1}`,
      );
    }
    const s = this.state;
    const kind = this.#kinds.numberOf(future);
    if (this.#watched) this.#env.boundary();
    const slot = takeSlot(s, future, kind, priority);
    if (name !== undefined) s.names[slot] = name;
    if (s.statistics !== null) clearCounts(s.statistics, slot);
    const id = this.#idOf(slot);
    if (this.#events.on) this.#events.emit("task-spawn", id);
    this.#queue(slot);
    return id;
  }

  /**
   * Queues a task to be polled. Nothing happens if it is queued already, or no
   * more. Never allocates: interrupt handlers may call it.
   *
   * @param waker The task's number.
   */
  wake(waker: Waker): void {
    if (this.#watched) this.#env.boundary();
    const slot = waker & SLOT_MASK;
    if (waker >= 0 && this.#idOf(slot) === waker) this.#queue(slot);
  }

  /** Queues the task that is being polled, if one is, to be polled again. */
  wakeSelf(): void {
    if (this.#watched) this.#env.boundary();
    if (this.#lane.slot !== NO_SLOT) this.#queue(this.#lane.slot);
  }

  /** Polls a part of the future that is being polled. */
  poll(child: Future): Poll {
    return this.#kinds.poll(child, this);
  }

  /** Gives up a part of the future that is being polled. */
  drop(child: Future): void {
    this.#kinds.drop(child, this);
  }

  /**
   * Ends a task. What it holds or waits for is released; it is not polled
   * again.
   *
   * @param id The task's number.
   * @returns Whether it lived.
   */
  cancel(id: Waker): boolean {
    if (this.#watched) this.#env.boundary();
    const slot = id & SLOT_MASK;
    if (id < 0 || this.#idOf(slot) !== id) return false;
    const future = this.state.futures[slot]!;
    // The slot of a task in its own poll must not be given away meanwhile.
    if (slot === this.#lane.slot) this.#queue(slot);
    this.#end(slot);
    this.#kinds.drop(future, this);
    return true;
  }

  /**
   * Wakes the sleepers that are due. `step` and `runUntilIdle` do so before each
   * poll; a timer's interrupt handler may, too.
   */
  tick(): void {
    if (this.timers.size === 0) return;
    const { clk } = this.#now;
    for (;;) {
      const waker = this.timers.pop(clk);
      if (waker === NO_TIMER) return;
      this.wake(waker);
    }
  }

  /** How many ready tasks {@linkcode step} can choose from. */
  get choices(): number {
    this.#queueNoted();
    const ring = this.#highestRing();
    let tasks = 0;
    for (let i = 0; ring !== null && i < ringLength(ring); i++) {
      if (this.#isTask(ringAt(ring, i))) tasks += 1;
    }
    return tasks;
  }

  /**
   * Polls one task: the oldest of the highest priority.
   *
   * @param nth Polls another one of that priority instead, counted from the
   * oldest: a choice that a search may make.
   * @returns Whether one was ready.
   * @throws {RangeError} If there is no such choice, or inside a poll.
   */
  step(nth = 0): boolean {
    this.#checkOutside();
    this.tick();
    if (nth !== 0) this.#choose(nth);
    return this.#runOne();
  }

  /**
   * Polls until no task is ready.
   *
   * @param pollsMax Polls at most: a task that always wakes itself is always
   * ready.
   * @returns Polls made; `pollsMax` if the limit was reached.
   * @throws {RangeError} Inside a poll. A poll that throws leaves its executor
   * there, as a panic does; another one may go on with the state.
   */
  runUntilIdle(pollsMax: number = RUN_POLLS_MAX): number {
    this.#checkOutside();
    this.#pollsLeft = pollsMax;
    while (this.#pollsLeft > 0) {
      if (!this.#watched) {
        const slot = this.#runLane();
        if (slot !== NO_SLOT) {
          this.#settle(slot);
          continue;
        }
        if (this.#pollsLeft === 0) break;
      }
      this.tick();
      if (!this.#runOne()) break;
      this.#pollsLeft -= 1;
    }
    this.#lane.slot = NO_SLOT;
    return pollsMax - this.#pollsLeft;
  }

  /**
   * Halts the CPU if no task is ready. Sleepers are woken by whoever ends the
   * halt: see {@linkcode tick}.
   *
   * @param idle The CPU.
   */
  sleepIfIdle(idle: Idle): void {
    sleepIfIdle(idle, () => this.isIdle);
  }

  /**
   * One turn of a kernel: polls one task, or halts if there is none to poll.
   *
   * @param idle The CPU.
   */
  turn(idle: Idle): void {
    if (!this.step()) this.sleepIfIdle(idle);
  }

  /**
   * What is known of a task.
   *
   * @param id The task's number.
   * @returns Its statistics, or `null` if it is no more.
   */
  statistics(id: Waker): TaskStatistics | null {
    this.#queueNoted();
    const s = this.state;
    const slot = id & SLOT_MASK;
    if (id < 0 || this.#idOf(slot) !== id) return null;
    const word = s.words[2 * slot]!;
    return {
      name: s.names[slot] ?? "",
      priority: priorityOf(word),
      queued: (word & queued) !== 0,
      ...readCounts(s.statistics, slot),
    };
  }

  /** The numbers of all tasks that live, by slot. */
  tasks(): Waker[] {
    const ids: Waker[] = [];
    this.state.futures.forEach((future, slot) => {
      if (future !== null) ids.push(this.#idOf(slot));
    });
    return ids;
  }

  /**
   * Why a save must be refused, if it must: a generator holds what no state
   * can.
   *
   * @returns The name of such a task, or `null`.
   */
  refuseSave(): string | null {
    for (const future of this.state.futures) {
      const name = future === null ? null : generatorName(future);
      if (name !== null) return name;
    }
    return null;
  }

  #idOf(slot: number): Waker {
    return this.state.words[2 * slot + 1]! * SLOTS_MAX + slot;
  }

  #checkOutside(): void {
    if (this.#lane.slot !== NO_SLOT) {
      throw new RangeError(
        `Cannot run tasks: task ${this.waker} is being polled`,
      );
    }
  }

  /** Queues a task, after the one that has noted that it wants to be. */
  #queue(slot: number): void {
    this.#queueNoted();
    this.#queueSlot(slot);
  }

  #queueNoted(): void {
    for (const lane = this.#lane; lane.again !== 0;) {
      lane.again -= 1;
      this.#queueSlot(lane.slot);
    }
  }

  /** A task goes on the fast lane, unless one of `slowBits` is set. */
  #queueSlot(slot: number): void {
    const { words, lane } = this.state;
    const word = words[2 * slot]!;
    if ((word & this.#slowBits) !== 0) {
      this.#queueSlowly(slot, word);
      return;
    }
    words[2 * slot] = word | TASK_QUEUED;
    pushRing(lane, slot);
  }

  #queueSlowly(slot: number, word: number): void {
    const s = this.state;
    const isQueued = (word & queued) !== 0;
    if (this.#events.on) this.#events.emit("task-wake", this.#idOf(slot));
    if (s.statistics !== null) {
      countWakes(s.statistics, slot, 1);
      if (!isQueued) countQueued(s.statistics, slot, this.#now.clk);
    }
    if (isQueued) return;
    const priority = priorityOf(word);
    if (priority > DEFAULT_PRIORITY) s.urgent += 1;
    s.words[2 * slot] = word | TASK_QUEUED;
    pushRing(ringOf(s, priority), slot);
  }

  /**
   * The loop that everything is fast for. It calls nothing but the poll, and
   * comes back with what is rare.
   *
   * @returns The slot of a task that is not pending any more, or `NO_SLOT`.
   */
  #runLane(): number {
    const s = this.state;
    const { lane } = s;
    const sleepers = s.timers.table;
    const context = this.#lane;
    const polls = this.#polls;
    let left = this.#pollsLeft;
    let ended = none;
    while (
      ended === none && left > 0 && lane.head !== lane.tail &&
      (s.urgent | sleepers.count) === 0
    ) {
      const slot = popRing(lane);
      const word = s.words[2 * slot]!;
      s.words[2 * slot] = word & ~queued;
      if (s.statistics !== null) {
        countPoll(s.statistics, slot, this.#now.clk);
      }
      context.slot = slot;
      context.again = 0;
      left -= 1;
      const poll = polls[word >> kindShift]!;
      if (poll(s.futures[slot]!, context) !== pending) ended = slot;
      if (context.again !== 0) {
        const { words } = s; // Another array, if the poll has spawned.
        const word = words[2 * slot]!;
        if (s.statistics !== null) {
          countWakes(s.statistics, slot, context.again);
          if ((word & queued) === 0) {
            countQueued(s.statistics, slot, this.#now.clk);
          }
        }
        context.again = 0;
        if ((word & queued) === 0) {
          words[2 * slot] = word | queued;
          pushRing(lane, slot);
        }
      }
    }
    this.#pollsLeft = left;
    return ended;
  }

  /** One round of the lane, for all priorities and onlookers. */
  #runOne(): boolean {
    if (this.#watched) this.#env.boundary();
    const s = this.state;
    const ring = this.#highestRing();
    if (ring === null) return false;
    const slot = this.#pop(ring);
    if (s.statistics !== null) {
      countPoll(s.statistics, slot, this.#now.clk);
    }
    this.#lane.slot = slot;
    if (this.#events.on) this.#events.emit("task-poll", this.waker);
    const poll = this.#polls[s.words[2 * slot]! >> TASK_KIND_SHIFT]!;
    if (poll(s.futures[slot]!, this) !== PENDING) this.#settle(slot);
    this.#lane.slot = NO_SLOT;
    return true;
  }

  /** The ring whose oldest is polled next; `null` if none holds a task. */
  #highestRing(): ReadyRingState | null {
    const s = this.state;
    for (let priority = PRIORITIES - 1; priority >= 0; priority--) {
      const ring = ringOf(s, priority);
      while (ring.head !== ring.tail) {
        if (this.#isTask(ring.slots[ring.head]!)) return ring;
        this.#free(this.#pop(ring));
      }
    }
    return null;
  }

  #isTask(slot: number): boolean {
    return this.state.words[2 * slot + 1]! >= 0;
  }

  #pop(ring: ReadyRingState): number {
    const s = this.state;
    const slot = popRing(ring);
    const word = s.words[2 * slot]!;
    s.words[2 * slot] = word & ~TASK_QUEUED;
    if (priorityOf(word) > DEFAULT_PRIORITY) s.urgent -= 1;
    return slot;
  }

  /** Brings the nth task of the highest ring to its front. */
  #choose(nth: number): void {
    const ring = this.#highestRing();
    let tasks = -1;
    for (let i = 0; ring !== null && i < ringLength(ring); i++) {
      if (this.#isTask(ringAt(ring, i))) tasks += 1;
      if (tasks === nth) return bringToFront(ring, i);
    }
    throw new RangeError(
      `Cannot poll ready task ${nth}: there are ${tasks + 1} to choose from`,
    );
  }

  /** Ends a task whose poll was not pending, or frees what is left of one. */
  #settle(slot: number): void {
    const word = this.state.words[2 * slot]!;
    if (this.#isTask(slot)) {
      if (this.#events.on) this.#events.emit("task-ready", this.waker);
      this.#end(slot);
    } else if ((word & TASK_QUEUED) === 0) {
      this.#pollsLeft += 1; // What was taken off the lane was no task any more.
      this.#free(slot);
    } // Else it was cancelled in its own poll, and the queue will come to it.
  }

  /** The task is no more; its slot stays taken while it is queued. */
  #end(slot: number): void {
    const s = this.state;
    const { words } = s;
    const word = words[2 * slot]!;
    s.live -= 1;
    s.futures[slot] = null;
    if (Object.hasOwn(s.names, slot)) delete s.names[slot];
    words[2 * slot + 1] = ~(words[2 * slot + 1]! + 1);
    if ((word & TASK_QUEUED) === 0) this.#free(slot);
    else {
      words[2 * slot] = word & ((1 << TASK_KIND_SHIFT) - 1) |
        KIND_GONE << TASK_KIND_SHIFT;
    }
  }

  #free(slot: number): void {
    const s = this.state;
    const { words } = s;
    ringOf(s, priorityOf(words[2 * slot]!)).members -= 1;
    if (~words[2 * slot + 1]! >= GENERATIONS_MAX) return; // It has no numbers left.
    words[2 * slot] = s.freeSlot;
    s.freeSlot = slot;
  }
}
