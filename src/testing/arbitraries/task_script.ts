/**
 * Programs of tasks, and what happens to them from outside.
 *
 * @module
 */

import fc from "fast-check";
import type { Arbitrary } from "./arbitrary.ts";
import { anySteps, nameOf } from "./steps.ts";

/** Something that a task does while it is polled. */
export type TaskAct =
  | {
    /** Wakes itself; or spawns a task that is ready at once. */
    readonly act: "wake-self" | "spawn";
  }
  | {
    /** Wakes, or cancels, a task: itself perhaps, or one that is no more. */
    readonly act: "wake" | "cancel";
    /** Its number among the tasks spawned from outside. */
    readonly task: number;
  };

/** What a task does in each of its polls. */
export interface TaskProgram {
  /** The acts of each poll. All but the last poll are pending. */
  readonly polls: readonly (readonly TaskAct[])[];
  /** Whether the last poll, and one more if there is one, is ready. */
  readonly ends: boolean;
}

/** One thing that happens from outside. */
export type TaskOperation =
  | {
    /** A task is spawned. */
    readonly op: "spawn";
    /** Its number. */
    readonly task: number;
    /** What it does. */
    readonly program: TaskProgram;
  }
  | {
    /** A task is woken, so often. */
    readonly op: "wake";
    /** Its number. */
    readonly task: number;
    /** How often. */
    readonly times: number;
  }
  | {
    /** A task is cancelled. */
    readonly op: "cancel";
    /** Its number. */
    readonly task: number;
  }
  | {
    /** A task that never was is woken. */
    readonly op: "wake-nobody";
  }
  | {
    /** Tasks run, as many polls as there are or as many as this. */
    readonly op: "run";
    /** Polls at most. */
    readonly polls: number;
  }
  | {
    /** The CPU sleeps if nothing is to be done; an interrupt may wake a task. */
    readonly op: "sleep";
    /** The task. */
    readonly task: number;
    /** At which of the CPU's instructions, from 1, or after the last one; 0 for no interrupt. */
    readonly at: number;
  };

/** An interrupt that wakes a task. */
export interface TaskInterrupt {
  /** At which boundary, from 1. */
  readonly at: number;
  /** The task. */
  readonly task: number;
}

/** What happens to an executor. */
export class TaskScript {
  /** What happens, in order. */
  readonly operations: readonly TaskOperation[];
  /** Interrupts at boundaries of the executor's surroundings. */
  readonly interrupts: readonly TaskInterrupt[];

  /**
   * Makes a script.
   *
   * @param operations What happens, in order.
   * @param interrupts Interrupts at boundaries.
   */
  constructor(
    operations: readonly TaskOperation[],
    interrupts: readonly TaskInterrupt[] = [],
  ) {
    this.operations = operations;
    this.interrupts = interrupts;
  }

  /** The script as code, for a function `task` that makes a future. */
  toString(): string {
    return [
      ...this.interrupts.map(taskInterruptText),
      ...this.operations.map(taskOperationText),
    ].join("\n");
  }
}

/**
 * An interrupt in words.
 *
 * @param interrupt The interrupt.
 * @returns A comment.
 */
export function taskInterruptText({ at, task }: TaskInterrupt): string {
  return `// at boundary ${at} an interrupt calls executor.wake(${
    nameOf(task)
  })`;
}

function actText(act: TaskAct): string {
  return "task" in act ? `"${act.act} ${nameOf(act.task)}"` : `"${act.act}"`;
}

/**
 * An operation as code.
 *
 * @param operation The operation.
 * @returns A line.
 */
export function taskOperationText(operation: TaskOperation): string {
  switch (operation.op) {
    case "spawn": {
      const { task, program } = operation;
      const polls = program.polls.map((acts) =>
        `[${acts.map(actText).join(", ")}]`
      );
      const end = program.ends ? "ready" : "pending";
      return `const ${nameOf(task)} = executor.spawn(task([${
        polls.join(", ")
      }], "${end}"));`;
    }
    case "wake": {
      const call = `executor.wake(${nameOf(operation.task)});`;
      return operation.times === 1
        ? call
        : `for (let i = 0; i < ${operation.times}; i++) ${call}`;
    }
    case "cancel":
      return `executor.cancel(${nameOf(operation.task)});`;
    case "wake-nobody":
      return "executor.wake(9_999_999);";
    case "run":
      return `executor.runUntilIdle(${operation.polls});`;
    case "sleep": {
      const call = "executor.sleepIfIdle(cpu);";
      if (operation.at === 0) return call;
      return `${call} // at its instruction ${operation.at}, or after the last, ` +
        `an interrupt wakes ${nameOf(operation.task)}`;
    }
  }
}

/** What scripts are drawn. */
export interface TaskScriptOptions {
  /** Operations at most; 25 by default. */
  readonly lengthMax?: number;
  /** Whether tasks are cancelled; by default they are. */
  readonly cancels?: boolean;
  /** Whether the CPU sleeps; by default it does. */
  readonly sleeps?: boolean;
  /** Whether interrupts come at boundaries, in half of the scripts; by default not. */
  readonly interrupts?: boolean;
}

/** An operation whose tasks are counted from the one spawned last. */
type Draft =
  | { readonly op: "spawn"; readonly program: TaskProgram }
  | {
    readonly op: "wake" | "cancel";
    readonly ago: number;
    readonly times: number;
  }
  | { readonly op: "wake-nobody" }
  | { readonly op: "run"; readonly polls: number }
  | { readonly op: "sleep"; readonly ago: number; readonly at: number };

function named(drafts: readonly Draft[]): TaskOperation[] {
  const operations: TaskOperation[] = [];
  let tasks = 0;
  for (const draft of drafts) {
    if (draft.op === "spawn") {
      operations.push({ op: "spawn", task: tasks++, program: draft.program });
    } else if ("ago" in draft) {
      if (tasks === 0) continue;
      const { ago, ...rest } = draft;
      const task = tasks - 1 - ago % tasks;
      operations.push({ ...rest, task } as TaskOperation);
    } else operations.push(draft);
  }
  return operations;
}

/**
 * Programs of tasks.
 *
 * @param cancels Whether they cancel tasks.
 * @returns Programs of up to 4 polls.
 */
export function anyTaskProgram(
  cancels: boolean = true,
): Arbitrary<TaskProgram> {
  const task = fc.nat(5);
  const act = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({ act: fc.constant("wake-self" as const) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ act: fc.constant("wake" as const), task }),
    },
    { weight: 1, arbitrary: fc.record({ act: fc.constant("spawn" as const) }) },
    ...(cancels
      ? [{
        weight: 1,
        arbitrary: fc.record({ act: fc.constant("cancel" as const), task }),
      }]
      : []),
  );
  return fc.record({
    polls: fc.array(fc.array(act, { maxLength: 3 }), { maxLength: 4 }),
    ends: fc.boolean(),
  });
}

/**
 * Scripts for executors.
 *
 * @param options What is drawn.
 * @returns Scripts.
 */
export function anyTaskScript(
  options: TaskScriptOptions = {},
): Arbitrary<TaskScript> {
  const { lengthMax = 25, cancels = true, sleeps = true } = options;
  const ago = fc.nat(8);
  const steps: fc.WeightedArbitrary<Draft>[] = [
    {
      weight: 5,
      arbitrary: fc.record({
        op: fc.constant("spawn" as const),
        program: anyTaskProgram(cancels),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        op: fc.constant("wake" as const),
        ago,
        times: fc.integer({ min: 1, max: 3 }),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        op: fc.constant("run" as const),
        polls: fc.oneof(fc.constant(1000), fc.nat(6)),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ op: fc.constant("wake-nobody" as const) }),
    },
  ];
  if (cancels) {
    steps.push({
      weight: 1,
      arbitrary: fc.record({
        op: fc.constant("cancel" as const),
        ago,
        times: fc.constant(1),
      }),
    });
  }
  if (sleeps) {
    steps.push({
      weight: 2,
      arbitrary: fc.record({
        op: fc.constant("sleep" as const),
        ago,
        at: fc.nat(3),
      }),
    });
  }
  const interrupt = fc.record({
    at: fc.integer({ min: 1, max: 40 }),
    task: fc.nat(5),
  });
  return fc.tuple(
    anySteps(fc.oneof(...steps), lengthMax),
    options.interrupts
      ? fc.oneof(fc.constant([]), anySteps(interrupt, 3))
      : fc.constant([]),
  ).map(([drafts, interrupts]) => new TaskScript(named(drafts), interrupts));
}
