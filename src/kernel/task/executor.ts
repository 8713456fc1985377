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
import { COMBINATORS } from "./combinators.ts";
import type {
  ExecutorOptions,
  SpawnOptions,
  TaskStatistics,
} from "./executor_options.ts";
import {
  DEFAULT_PRIORITY,
  type ExecutorState,
  executorState,
  NO_SLOT,
  PRIORITIES,
  TASK_KIND_SHIFT,
  TASK_QUEUED,
} from "./executor_state.ts";
import type { Context, Future, Kinds, PollFn } from "./future.ts";
import { generatorName } from "./generator_task.ts";
import { type Idle, sleepIfIdle } from "./idle.ts";
import { KindTable } from "./kind_table.ts";
import { runCountedLane, runLane } from "./lane.ts";
import { LaneContext, NOTE_TAKEN } from "./lane_context.ts";
import { PENDING, type Poll, READY } from "./poll.ts";
import { pushRing } from "./ready_ring.ts";
import { timerKinds } from "./sleep.ts";
import { SLOT_MASK } from "./slots.ts";
import {
  clearCounts,
  countPoll,
  countWake,
  readCounts,
} from "./task_counts.ts";
import {
  chooseReady,
  countReady,
  endTask,
  freeSlot,
  highestRing,
  idOf,
  isNothingReady,
  isTask,
  leavePoll,
  popReady,
  priorityOf,
  pushReady,
  takeSlot,
} from "./task_table.ts";
import { NO_TIMER, Timers } from "./timers/timers.ts";
import type { Waker } from "./waker.ts";

/** Polls of one run, unless told otherwise: enough for an hour, and not for ever. */
export const RUN_POLLS_MAX = 0xffff_ffff;

const NO_OPTIONS: SpawnOptions = Object.freeze({});

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

  /**
   * Goes on with an executor, or begins.
   *
   * @param kinds The table of kinds; combinators, sleeps and `gone`, the kind of
   * a slot whose task has ended, are there already.
   * @param options Its surroundings.
   * @param state Where to go on from.
   * @throws {TypeError} If the state was made with other kinds, or a kind is
   * there twice.
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
    leavePoll(state);
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
    this.#lane.takeNote(this.#now);
    return isNothingReady(this.state);
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
  spawn(future: Future, options: SpawnOptions = NO_OPTIONS): Waker {
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
    if (name !== undefined) {
      s.names[slot] = name;
      s.named += 1;
    }
    if (s.statistics !== null) clearCounts(s.statistics, slot);
    const id = idOf(this.state, slot);
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
    if (waker >= 0 && idOf(this.state, slot) === waker) this.#queue(slot);
  }

  /** Queues the task that is being polled, if one is, to be polled again. */
  wakeSelf(): void {
    if (this.#watched) this.#env.boundary();
    if (this.state.polled !== NO_SLOT) this.#queue(this.state.polled);
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
   * Ends a task. What it holds or waits for is released, after its poll if that
   * is where it is cancelled; it is not polled again.
   *
   * @param id The task's number.
   * @returns Whether it lived.
   */
  cancel(id: Waker): boolean {
    if (this.#watched) this.#env.boundary();
    const slot = id & SLOT_MASK;
    if (id < 0 || idOf(this.state, slot) !== id) return false;
    const future = this.state.futures[slot]!;
    if (slot === this.state.polled) {
      // Its poll goes on: the slot must not be given away meanwhile, and what is
      // dropped now might begin to wait again.
      this.#queue(slot);
      this.#lane.cancelled = future;
      endTask(this.state, slot);
      return true;
    }
    endTask(this.state, slot);
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
    this.#lane.takeNote(this.#now);
    return countReady(this.state);
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
    if (nth !== 0) chooseReady(this.state, nth);
    return this.#runOne();
  }

  /**
   * Polls until no task is ready.
   *
   * @param pollsMax Polls at most: a task that always wakes itself is always
   * ready.
   * @returns Polls made; `pollsMax` if the limit was reached.
   * @throws {RangeError} If `pollsMax` is no whole number, and inside a poll. A
   * poll that throws leaves its executor there, as a panic does; another one may
   * go on with the state.
   */
  runUntilIdle(pollsMax: number = RUN_POLLS_MAX): number {
    this.#checkOutside();
    if (!Number.isSafeInteger(pollsMax) || pollsMax < 0) {
      throw new RangeError(
        `Cannot run ${pollsMax} polls: give a whole number, 0 or more`,
      );
    }
    this.#lane.pollsLeft = pollsMax;
    while (this.#lane.pollsLeft > 0) {
      const slot = this.#runLane();
      if (slot !== NO_SLOT) {
        this.#settle(slot);
        continue;
      }
      if (this.#lane.pollsLeft === 0) break;
      this.tick();
      if (!this.#runOne()) break;
      this.#lane.pollsLeft -= 1;
    }
    return pollsMax - this.#lane.pollsLeft;
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
    this.#lane.takeNote(this.#now);
    const s = this.state;
    const slot = id & SLOT_MASK;
    if (id < 0 || idOf(this.state, slot) !== id) return null;
    const word = s.words[2 * slot]!;
    const queued = (word & TASK_QUEUED) !== 0 && !this.#isUnnoted(slot);
    return {
      name: s.names[slot] ?? "",
      priority: priorityOf(word),
      queued,
      ...readCounts(s.statistics, slot, queued),
    };
  }

  /** The numbers of all tasks that live, by slot. */
  tasks(): Waker[] {
    const ids: Waker[] = [];
    this.state.futures.forEach((future, slot) => {
      if (future !== null) ids.push(idOf(this.state, slot));
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

  #checkOutside(): void {
    if (this.state.polled !== NO_SLOT) {
      throw new RangeError(
        `Cannot run tasks: task ${this.waker} is being polled`,
      );
    }
    // A poll that threw has left them, if the state was replaced since.
    this.#lane.again = NOTE_TAKEN;
    this.#lane.cancelled = null;
  }

  /** Queues a task; what was noted before is first. */
  #queue(slot: number): void {
    this.#lane.takeNote(this.#now);
    this.#queueSlot(slot);
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
    if (this.#isUnnoted(slot)) {
      this.#lane.again = 1;
      return;
    }
    const isQueued = (word & TASK_QUEUED) !== 0;
    if (this.#events.on) this.#events.emit("task-wake", idOf(this.state, slot));
    if (s.statistics !== null) {
      countWake(s.statistics, slot, isQueued, this.#now.clk);
    }
    if (!isQueued) pushReady(s, slot);
  }

  /** Whether a slot's task is polled on the lane and was not woken meanwhile. */
  #isUnnoted(slot: number): boolean {
    return slot === this.state.polled && this.#lane.again === 0;
  }

  #runLane(): number {
    if (this.#watched) return NO_SLOT;
    return this.state.statistics === null
      ? runLane(this.state, this.#lane, this.#polls)
      : runCountedLane(this.state, this.#lane, this.#polls, this.#now);
  }

  /** One round of the lane, for all priorities and onlookers. */
  #runOne(): boolean {
    if (this.#watched) this.#env.boundary();
    const s = this.state;
    const ring = highestRing(s);
    if (ring === null) return false;
    const slot = popReady(s, ring);
    if (s.statistics !== null) {
      countPoll(s.statistics, slot, this.#now.clk);
    }
    this.state.polled = slot;
    if (this.#events.on) this.#events.emit("task-poll", this.waker);
    const poll = this.#polls[s.words[2 * slot]! >> TASK_KIND_SHIFT]!;
    if (poll(s.futures[slot]!, this) !== PENDING) {
      this.#lane.cancelled = null;
      this.#settle(slot);
    } else if (this.#lane.cancelled !== null) this.#settle(slot);
    this.state.polled = NO_SLOT;
    return true;
  }

  /**
   * Ends a task whose poll was not pending, or frees what is left of one, or
   * drops what a task did that has cancelled itself.
   */
  #settle(slot: number): void {
    const word = this.state.words[2 * slot]!;
    if (isTask(this.state, slot)) {
      if (this.#events.on) this.#events.emit("task-ready", this.waker);
      endTask(this.state, slot);
    } else if ((word & TASK_QUEUED) === 0) {
      this.#lane.pollsLeft += 1; // What was taken off the lane was no task any more.
      freeSlot(this.state, slot);
    } else { // Cancelled in its own poll; the queue will come to it.
      const { cancelled } = this.#lane;
      this.#lane.cancelled = null;
      if (cancelled !== null) this.#kinds.drop(cancelled, this);
    }
  }
}
