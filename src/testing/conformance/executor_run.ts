/**
 * One executor and one script: its tasks tell the model whenever they are polled.
 *
 * @module
 */

import { HOST_ENV, type SyncEnv } from "../../kernel/sync/env.ts";
import type { Context, Future } from "../../kernel/task/future.ts";
import { PENDING, type Poll, READY } from "../../kernel/task/poll.ts";
import type { Waker } from "../../kernel/task/waker.ts";
import { nameOf } from "../arbitraries/steps.ts";
import {
  type TaskAct,
  taskInterruptText,
  type TaskOperation,
  taskOperationText,
  type TaskProgram,
  type TaskScript,
} from "../arbitraries/task_script.ts";
import {
  ExecutorModel,
  IdleModel,
  type ModelTask,
} from "../models/executor_model.ts";
import { expectLaw, LawBroken, type Transcript } from "./report.ts";
import type {
  CheckedExecutor,
  ExecutorCheckOptions,
  MakeCheckedExecutor,
} from "./executor_laws.ts";

/** Polls after which a run without end is given up. */
const POLLS_MAX = 1000;

/** Polls beyond its limit that a run may make before it is stopped. */
const POLLS_OVER = 100;

/** A task of a script. */
interface ScriptedTask {
  readonly model: ModelTask;
  readonly program: TaskProgram;
  /** Its number, once `spawn` has returned. */
  waker: Waker | null;
  /** Polls so far. */
  polls: number;
}

/** A task as the executor has it: plain data. */
interface ScriptedFuture extends Future {
  readonly kind: "scripted";
  /** Its place in the list of all tasks. */
  readonly task: number;
}

/** What a task that another one spawns does: nothing, at once. */
const CHILD: TaskProgram = { polls: [], ends: true };

/** One executor, one script. */
export class ExecutorRun {
  readonly #executor: CheckedExecutor;
  readonly #script: TaskScript;
  readonly #transcript: Transcript;
  readonly #options: Required<Pick<ExecutorCheckOptions, "once" | "onlyWoken">>;
  readonly #model: ExecutorModel;
  readonly #idle: IdleModel;
  /** All tasks; those spawned from outside first by name. */
  readonly #all: ScriptedTask[] = [];
  readonly #outer: ScriptedTask[] = [];
  /** Polls that the run may make; `null` outside of a run. */
  #left: number | null = null;
  #boundaries = 0;
  /** Whether interrupts may come: not in another one, nor in a second look. */
  #open = true;

  constructor(
    make: MakeCheckedExecutor,
    script: TaskScript,
    options: ExecutorCheckOptions,
    transcript: Transcript,
  ) {
    const { inOrder = true, once = true, onlyWoken = true } = options;
    this.#script = script;
    this.#transcript = transcript;
    this.#options = { once, onlyWoken };
    const isInOrder = inOrder && script.interrupts.length === 0;
    this.#model = new ExecutorModel({ inOrder: isInOrder, once, onlyWoken });
    this.#idle = new IdleModel(() => this.#halted());
    const env: SyncEnv = { ...HOST_ENV, boundary: () => this.#boundary() };
    const scripted = (future: ScriptedFuture, context: Context): Poll =>
      this.#poll(this.#all[future.task]!, context);
    this.#executor = make({ scripted }, { env, idle: this.#idle });
  }

  run(): void {
    for (const interrupt of this.#script.interrupts) {
      this.#transcript.note(taskInterruptText(interrupt));
    }
    for (const operation of this.#script.operations) {
      this.#transcript.call(taskOperationText(operation));
      this.#operation(operation);
      this.#count();
    }
    this.#end();
  }

  /** At last everybody can be woken once more, and is polled. */
  #end(): void {
    this.#open = false;
    for (let round = 0; round < 2; round++) {
      this.#transcript.call(`executor.runUntilIdle(${POLLS_MAX});`);
      this.#runUntilIdle(POLLS_MAX);
      this.#count();
      if (round === 1) return;
      for (const [i, task] of this.#outer.entries()) {
        if (!task.model.live) continue;
        this.#transcript.call(`executor.wake(${nameOf(i)});`);
        this.#wake(task);
      }
    }
  }

  #operation(operation: TaskOperation): void {
    switch (operation.op) {
      case "spawn":
        return this.#spawn(nameOf(operation.task), operation.program, true);
      case "wake":
        for (let i = 0; i < operation.times; i++) {
          this.#wake(this.#outer[operation.task]!);
        }
        return;
      case "cancel":
        return this.#cancel(this.#outer[operation.task]!);
      case "wake-nobody":
        return this.#executor.wake(9_999_999);
      case "run":
        return this.#runUntilIdle(operation.polls);
      case "sleep":
        return this.#sleep(operation.at, this.#outer[operation.task]!);
    }
  }

  #spawn(name: string, program: TaskProgram, outer: boolean): void {
    const task: ScriptedTask = {
      model: { name, live: true },
      program,
      waker: null,
      polls: 0,
    };
    const future: ScriptedFuture = { kind: "scripted", task: this.#all.length };
    this.#all.push(task);
    if (outer) this.#outer.push(task);
    this.#model.woken(task.model);
    const waker = this.#executor.spawn(future);
    const other = this.#all.find((t) => t.waker === waker);
    expectLaw(
      other === undefined,
      "each task has a number of its own, for ever",
      () => `tasks ${other!.model.name} and ${name} have number ${waker}`,
    );
    task.waker = waker;
  }

  #wake(task: ScriptedTask | undefined): void {
    if (task === undefined || task.waker === null) return; // Not spawned yet.
    this.#model.woken(task.model);
    this.#executor.wake(task.waker);
  }

  #cancel(task: ScriptedTask | undefined): void {
    if (task === undefined || task.waker === null) return;
    const lived = task.model.live;
    this.#model.ended(task.model);
    const answer = this.#executor.cancel!(task.waker);
    expectLaw(
      answer === lived,
      "cancel tells whether the task lived",
      () => `of task ${task.model.name} it says ${answer}`,
    );
  }

  #poll(task: ScriptedTask, context: Context): Poll {
    this.#polled(task);
    const { model, program } = task;
    expectLaw(
      !this.#options.onlyWoken || task.waker === null ||
        context.waker === task.waker,
      "a task is polled with its own number as waker",
      () => `task ${model.name}, ${task.waker}, gets ${context.waker}`,
    );
    const poll = task.polls;
    task.polls += 1;
    for (const act of program.polls[poll] ?? []) this.#act(act, task, context);
    if (!program.ends || poll < program.polls.length - 1) return PENDING;
    this.#model.ended(model);
    return READY;
  }

  #polled(task: ScriptedTask): void {
    expectLaw(
      this.#left !== null,
      "tasks are polled in a run, and not else",
      () => `task ${task.model.name} is polled`,
    );
    this.#left -= 1;
    expectLaw(
      this.#left > -POLLS_OVER,
      "a run ends at its limit of polls",
      () => `it makes ${POLLS_OVER} polls more, and goes on`,
    );
    const breach = this.#model.polled(task.model);
    if (breach === null) return;
    // An interrupt may wake a task that is just about to be polled.
    const early = this.#script.interrupts.length > 0 && task.model.live;
    if (!early) throw new LawBroken(breach.law, breach.detail);
  }

  #act(act: TaskAct, self: ScriptedTask, context: Context): void {
    if (!("task" in act)) {
      if (act.act === "spawn") {
        return this.#spawn(`${self.model.name}'s child`, CHILD, false);
      }
      this.#model.woken(self.model);
      context.wakeSelf();
    } else {
      const task = this.#outer[act.task];
      if (act.act === "cancel") this.#cancel(task);
      else if (task !== undefined && task.waker !== null) {
        this.#model.woken(task.model);
        context.wake(task.waker);
      }
    }
  }

  #runUntilIdle(polls: number): void {
    this.#runOnce(polls);
    if (this.#script.interrupts.length === 0 || polls < POLLS_MAX) return;
    // What an interrupt woke at the last moment is seen by a second look.
    const open = this.#open;
    this.#open = false;
    this.#runOnce(polls);
    this.#open = open;
    this.#isDone();
  }

  #runOnce(polls: number): void {
    this.#left = polls;
    this.#executor.runUntilIdle(polls);
    const left = this.#left;
    this.#left = null;
    expectLaw(
      left >= 0,
      "a run ends at its limit of polls",
      () => `it made ${polls - left} polls of ${polls}`,
    );
    if (polls === POLLS_MAX && this.#script.interrupts.length === 0) {
      this.#isDone();
    } else if (this.#options.once && left > 0) this.#isDone();
  }

  /** After a run nobody is left who was woken. */
  #isDone(): void {
    if (!this.#options.onlyWoken) return;
    const [task] = this.#model.queue;
    expectLaw(
      task === undefined || this.#script.interrupts.length > 0 && this.#open,
      "a task that was woken is polled: no wake is lost",
      () => `task ${task!.name} was woken, and the run ends without it`,
    );
  }

  #sleep(at: number, task: ScriptedTask): void {
    const idle = this.#idle;
    const isIdle = this.#model.queue.length === 0;
    idle.arm(at, () => this.#wake(task));
    this.#executor.sleepIfIdle!(idle);
    expectLaw(
      idle.interruptsEnabled,
      "interrupts are on after a sleep",
      () => "they are off",
    );
    const quiet = this.#script.interrupts.length === 0;
    // Without `once` a wake of a task that is no more may be waiting.
    const must = isIdle && at === 0 && quiet && this.#options.once;
    expectLaw(
      idle.halts === 1 || !must,
      "the CPU halts if nothing is to be done",
      () => `it halts ${idle.halts} times`,
    );
    idle.settle();
  }

  #halted(): void {
    const [task] = this.#model.queue;
    if (task === undefined) return;
    throw new LawBroken(
      "the CPU doesn't halt while a task is to be polled",
      `it halts, and task ${task.name} was woken`,
    );
  }

  #boundary(): void {
    if (!this.#open || !this.#idle.interruptsEnabled) return;
    this.#boundaries += 1;
    const { interrupts } = this.#script;
    const due = interrupts.filter(({ at }) => at === this.#boundaries);
    this.#open = false;
    for (const { task } of due) this.#wake(this.#outer[task]);
    this.#open = true;
  }

  #count(): void {
    const { live } = this.#executor;
    if (live === undefined) return;
    const expected = this.#all.filter((task) => task.model.live).length;
    expectLaw(
      live === expected,
      "live counts the tasks that are neither ready nor cancelled",
      () => `it is ${live}, and ${expected} live`,
    );
  }
}
