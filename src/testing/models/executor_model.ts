/**
 * The naive executor: who was woken, in which order, and has not been polled
 * since. It polls nothing; it judges who is polled.
 *
 * @module
 */

import type { Breach } from "./heap_model.ts";

/** A task as the model knows it. */
export interface ModelTask {
  /** Its name. */
  readonly name: string;
  /** Whether it is neither ready nor cancelled. */
  live: boolean;
}

/** How an executor deals with wakes. */
export interface ExecutorLaws {
  /** Tasks are polled in the order of their wakes. */
  readonly inOrder: boolean;
  /** A task that was woken twice is polled once. */
  readonly once: boolean;
  /** Only a task that was woken is polled. */
  readonly onlyWoken: boolean;
}

/** Tasks and their wakes. */
export class ExecutorModel {
  /** Tasks that were woken and not polled since, in order. */
  readonly queue: ModelTask[] = [];
  readonly #laws: ExecutorLaws;

  /**
   * Begins without tasks.
   *
   * @param laws How wakes are dealt with.
   */
  constructor(laws: ExecutorLaws) {
    this.#laws = laws;
  }

  /**
   * Somebody wakes a task, or spawns it.
   *
   * @param task The task.
   */
  woken(task: ModelTask): void {
    if (!task.live) return;
    if (this.#laws.once && this.queue.includes(task)) return;
    this.queue.push(task);
  }

  /**
   * A task is polled.
   *
   * @param task The task.
   * @returns The law that this breaks, or `null`.
   */
  polled(task: ModelTask): Breach | null {
    if (!task.live) {
      return {
        law: "a task that is ready, or cancelled, is not polled again",
        detail: `task ${task.name} is polled`,
      };
    }
    const at = this.queue.indexOf(task);
    if (!this.#laws.onlyWoken) {
      if (at >= 0) this.queue.splice(at, 1);
      return null;
    }
    if (at < 0) {
      return {
        law: this.#laws.once
          ? "a task is polled once after it was woken, and not else"
          : "a task is polled as often as it was woken",
        detail:
          `task ${task.name} is polled, and was not woken since its last poll`,
      };
    }
    if (at > 0 && this.#laws.inOrder) {
      return {
        law: "tasks are polled in the order of their wakes (inOrder)",
        detail: `task ${task.name} is polled, it is the turn of ` +
          this.queue[0]!.name,
      };
    }
    this.queue.splice(at, 1);
    return null;
  }

  /**
   * A task is ready, or cancelled.
   *
   * @param task The task.
   */
  ended(task: ModelTask): void {
    task.live = false;
    for (let i = this.queue.length - 1; i >= 0; i--) {
      if (this.queue[i] === task) this.queue.splice(i, 1);
    }
  }
}

/** A CPU that sleeps, and an interrupt that comes once. */
export class IdleModel {
  /** RFLAGS.IF. */
  interruptsEnabled = true;
  /** Halts so far. */
  halts = 0;
  /** Whether the interrupt has come and waits for IF. */
  #pending = false;
  #instructions = 0;
  #at = 0;
  #handler: () => void = () => {};
  readonly #halted: () => void;

  /**
   * Begins with interrupts on.
   *
   * @param halted Called when the CPU halts and no interrupt waits.
   */
  constructor(halted: () => void) {
    this.#halted = halted;
  }

  /**
   * Places the interrupt.
   *
   * @param at At which instruction from now on, from 1, or when `settle` is
   * called; 0 for never.
   * @param handler What it does.
   */
  arm(at: number, handler: () => void): void {
    this.#instructions = 0;
    this.halts = 0;
    this.#at = at;
    this.#handler = handler;
  }

  /** Lets the interrupt in that has not come. */
  settle(): void {
    if (this.#instructions < this.#at) this.#pending = true;
    this.#at = 0;
    this.#deliver();
  }

  /** CLI. */
  cli(): void {
    this.#boundary();
    this.interruptsEnabled = false;
  }

  /** STI. */
  sti(): void {
    this.#boundary();
    this.interruptsEnabled = true;
  }

  /** STI and HLT at one boundary. */
  enableAndHlt(): void {
    this.#boundary();
    this.halts += 1;
    if (!this.#pending) this.#halted();
    this.interruptsEnabled = true;
    this.#deliver();
  }

  #boundary(): void {
    this.#instructions += 1;
    if (this.#instructions === this.#at) this.#pending = true;
    this.#deliver();
  }

  #deliver(): void {
    if (!this.#pending || !this.interruptsEnabled) return;
    this.#pending = false;
    this.#handler();
  }
}
