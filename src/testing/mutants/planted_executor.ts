/**
 * An executor of a map and a queue, and one bug of choice.
 *
 * @module
 */

import type { SyncEnv } from "../../kernel/sync/env.ts";
import type { Context, Future, Kinds } from "../../kernel/task/future.ts";
import type { Idle } from "../../kernel/task/idle.ts";
import { KindTable } from "../../kernel/task/kind_table.ts";
import { type Poll, READY } from "../../kernel/task/poll.ts";
import type { Waker } from "../../kernel/task/waker.ts";
import type { CheckedExecutor } from "../conformance/executor_laws.ts";

/** What can be wrong with a {@linkcode PlantedExecutor}. */
export const EXECUTOR_BUGS = [
  "loses a wake that comes during the task's own poll",
  "loses a wake that comes while five tasks are queued",
  "loses a wake that an interrupt brings during another wake",
  "loses tasks that are spawned during a poll",
  "polls a task once for each wake",
  "polls a task again that was ready",
  "polls its neighbour, too",
  "polls the task first that was woken last",
  "polls a task that wakes itself before the others",
  "runs the tasks that are ready at first, and no others",
  "takes no notice of its limit",
  "makes one poll more than its limit",
  "gives the number of a task that has ended to the next one",
  "throws when a task is woken that has ended",
  "throws when nobody is woken",
  "a cancelled task stays in the queue",
  "a task that cancels itself comes back",
  "cancel says yes of a task that is no more",
  "counts a task that was cancelled in its own poll",
  "keeps a task that is ready in its first poll",
  "gives a task the waker of the one before",
  "wakeSelf wakes the task that was spawned last",
  "halts without looking",
  "looks, and turns interrupts off afterwards",
  "turns interrupts on, and halts at the next instruction",
  "leaves interrupts off where there is something to do",
  "never halts",
] as const;

/** One of them. */
export type ExecutorBug = (typeof EXECUTOR_BUGS)[number];

/** An executor that is healthy, or has one bug. */
export class PlantedExecutor implements CheckedExecutor, Context {
  waker: Waker = -1;
  readonly #kinds: KindTable;
  readonly #env: SyncEnv;
  readonly #bug: ExecutorBug | null;
  readonly #tasks: Map<Waker, Future> = new Map();
  readonly #queue: Waker[] = [];
  #next = 0;
  #last = -1;
  #before = -1;
  #cancelled = false;
  #extra = 0;
  #waking = false;

  /**
   * Makes an executor without tasks.
   *
   * @param kinds The table of kinds.
   * @param env The CPU.
   * @param bug What is wrong; `null` for nothing.
   */
  constructor(kinds: Kinds, env: SyncEnv, bug: ExecutorBug | null = null) {
    this.#kinds = new KindTable(kinds);
    this.#env = env;
    this.#bug = bug;
  }

  get live(): number {
    return this.#tasks.size + this.#extra;
  }

  spawn(future: Future): Waker {
    const again = this.#tasks.size === 0 && this.#next > 0 &&
      this.#has("gives the number of a task that has ended to the next one");
    const id = again ? this.#next - 1 : this.#next++;
    this.#tasks.set(id, future);
    this.#last = id;
    const loses = this.waker >= 0 &&
      this.#has("loses tasks that are spawned during a poll");
    if (!loses) this.#queue.push(id);
    return id;
  }

  wake(waker: Waker): void {
    if (!this.#tasks.has(waker)) {
      if (waker < this.#next) {
        if (this.#has("throws when a task is woken that has ended")) {
          throw new RangeError(`Cannot wake task ${waker}: it has ended`);
        }
      } else if (this.#has("throws when nobody is woken")) {
        throw new RangeError(`Cannot wake task ${waker}: there is none`);
      }
      return;
    }
    const nested = this.#waking &&
      this.#has("loses a wake that an interrupt brings during another wake");
    this.#waking = true;
    this.#env.boundary();
    this.#waking = false;
    if (nested) return;
    const own = waker === this.waker &&
      this.#has("loses a wake that comes during the task's own poll");
    const full = this.#queue.length >= 5 &&
      this.#has("loses a wake that comes while five tasks are queued");
    if (own || full) return;
    if (
      this.#queue.includes(waker) &&
      !this.#has("polls a task once for each wake")
    ) return;
    const first = this.#has("polls the task first that was woken last") ||
      waker === this.waker &&
        this.#has("polls a task that wakes itself before the others");
    if (first) this.#queue.unshift(waker);
    else this.#queue.push(waker);
  }

  wakeSelf(): void {
    this.wake(
      this.#has("wakeSelf wakes the task that was spawned last")
        ? this.#last
        : this.waker,
    );
  }

  poll(child: Future): Poll {
    return this.#kinds.poll(child, this);
  }

  drop(child: Future): void {
    this.#kinds.drop(child, this);
  }

  cancel(waker: Waker): boolean {
    const lived = this.#tasks.delete(waker);
    if (waker === this.waker) this.#cancelled = true;
    if (
      lived && waker === this.waker &&
      this.#has("counts a task that was cancelled in its own poll")
    ) this.#extra += 1;
    return lived ||
      this.#has("cancel says yes of a task that is no more") &&
        waker < this.#next;
  }

  runUntilIdle(pollsMax: number): void {
    let max = pollsMax;
    if (this.#has("makes one poll more than its limit")) max += 1;
    if (this.#has("takes no notice of its limit")) max = Infinity;
    if (this.#has("runs the tasks that are ready at first, and no others")) {
      max = Math.min(max, this.#queue.length);
    }
    for (let polls = 0; polls < max;) {
      this.#env.boundary();
      const id = this.#queue.shift();
      if (id === undefined) return;
      if (this.#pollTask(id)) polls += 1;
    }
  }

  sleepIfIdle(idle: Idle): void {
    if (this.#has("never halts")) return;
    const late = this.#has("looks, and turns interrupts off afterwards");
    if (!late) idle.cli();
    const isIdle = this.#isIdle() || this.#has("halts without looking");
    if (late) idle.cli();
    if (!isIdle) {
      const stays = this.#has(
        "leaves interrupts off where there is something to do",
      );
      if (!stays) idle.sti();
      return;
    }
    if (this.#has("turns interrupts on, and halts at the next instruction")) {
      idle.sti();
    }
    idle.enableAndHlt();
  }

  #has(bug: ExecutorBug): boolean {
    return this.#bug === bug;
  }

  /** Whether the queue names no task that lives. */
  #isIdle(): boolean {
    return !this.#queue.some((id) => this.#tasks.has(id));
  }

  /** Whether there was a task of that number. */
  #pollTask(id: Waker): boolean {
    const future = this.#tasks.get(id);
    const stale = future === undefined &&
      this.#has("a cancelled task stays in the queue");
    if (future === undefined && !stale) return false;
    const task = future ?? this.#dead.get(id);
    if (task === undefined) return false;
    this.#dead.set(id, task);
    const before = this.#has("gives a task the waker of the one before") &&
      this.#before >= 0;
    this.waker = before ? this.#before : id;
    this.#cancelled = false;
    const poll = this.poll(task);
    this.waker = -1;
    this.#before = id;
    if (poll === READY) this.#ready(id);
    else if (
      this.#cancelled && this.#has("a task that cancels itself comes back")
    ) this.#tasks.set(id, task);
    if (this.#has("polls its neighbour, too")) {
      const next = this.#tasks.get(id + 1);
      if (next !== undefined) this.poll(next);
    }
    return true;
  }

  /** Tasks that were polled: only a bug remembers them. */
  readonly #dead: Map<Waker, Future> = new Map();
  readonly #polled: Set<Waker> = new Set();

  #ready(id: Waker): void {
    const first = !this.#polled.has(id);
    this.#polled.add(id);
    if (this.#has("polls a task again that was ready")) return;
    if (first && this.#has("keeps a task that is ready in its first poll")) {
      this.#extra += 1;
    }
    this.#tasks.delete(id);
  }
}
