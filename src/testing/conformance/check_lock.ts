/**
 * The suite for locks: what one CPU does to a lock, with an interrupt at any of
 * its boundaries. Each operation must look as if it happened at one moment.
 *
 * @module
 */

import type { Deadlock, SyncEnv } from "../../kernel/sync/env.ts";
import {
  anyLockScript,
  lockInterruptText,
  type LockOperation,
  lockOperationText,
  type LockScript,
} from "../arbitraries/lock_script.ts";
import {
  interleave,
  LOCK_FREE,
  type LockResult,
  type LockState,
  type LockStep,
} from "../models/lock_model.ts";
import {
  type CheckOptions,
  expectLaw,
  LawBroken,
  runSuite,
  type Transcript,
} from "./report.ts";

/** Scripts that {@linkcode checkLock} runs by default. */
export const LOCK_RUNS = 2000;

/** What a lock promises. */
export interface LockCheckOptions extends CheckOptions {
  /**
   * Leaving without having got in throws a `RangeError`. By default it does;
   * else nobody tries.
   */
  readonly checksUnlock?: boolean;
  /**
   * Each operation calls the boundary that it was given, so that interrupts can
   * fall into it. By default it does.
   */
  readonly hasBoundaries?: boolean;
  /** Operations of a script at most; 16 by default. */
  readonly operationsMax?: number;
}

/**
 * A lock: what it has beside the first two is checked, too. A mutex has
 * `tryLock`, `unlock`, `lock` and `withLock`; a readers-writer lock has its
 * writer's methods under these names.
 */
export interface CheckedLock {
  /** Gets in if nobody is in. */
  tryLock(): boolean;
  /** Leaves. */
  unlock(): void;
  /** Gets in, or stops the run with `deadlock`. */
  lock?(): unknown;
  /** Calls a function with the lock held. */
  withLock?<R>(fn: () => R): R;
  /** Gets in as a reader. */
  tryRead?(): boolean;
  /** A reader leaves. */
  unlockRead?(): void;
  /** Gets in as the reader that may become the writer. */
  tryUpgradeableRead?(): boolean;
  /** That reader leaves. */
  unlockUpgradeable?(): void;
  /** That reader becomes the writer, if no other reader is in. */
  tryUpgrade?(): boolean;
  /** The writer becomes a reader. */
  downgrade?(): unknown;
}

/** Makes a free lock on a CPU. */
export type MakeCheckedLock = (env: SyncEnv) => CheckedLock;

/** What ends a run in a deadlock. */
class DeadlockSignal extends Error {
  constructor(readonly reason: Deadlock) {
    super(reason.message);
  }
}

/** What a function under the lock throws: a panic, or the machine's token. */
class Thrown extends Error {}
const PANIC = new Thrown("explicit panic");
const UNWINDING = new Thrown("unwinding");

/**
 * Checks a lock.
 *
 * @param make Makes a free one.
 * @param options What it promises.
 * @returns Scripts that were run.
 * @throws {ConformanceError} If it breaks a law.
 *
 * @example
 * ```ts
 * import { checkLock } from "@lockstep/kernel/testing";
 * import { RwLock, SpinMutex } from "@lockstep/kernel/sync";
 *
 * checkLock((env) => new SpinMutex(env, "COUNTER", 0), { runs: 50 });
 * checkLock((env) => {
 *   const table = new RwLock(env, "TABLE", 0);
 *   return {
 *     tryLock: () => table.tryWrite(),
 *     unlock: () => table.unlockWrite(),
 *     tryRead: () => table.tryRead(),
 *     unlockRead: () => table.unlockRead(),
 *   };
 * }, { runs: 50 });
 * ```
 */
export function checkLock(
  make: MakeCheckedLock,
  options: LockCheckOptions = {},
): number {
  const probe = make(new LockEnv(() => {}));
  const scripts = anyLockScript({
    lengthMax: options.operationsMax ?? 16,
    operations: operationsOf(probe),
  });
  return runSuite(
    "checkLock",
    scripts,
    (script, transcript) =>
      new LockRun(make, script, options, transcript).run(),
    options,
    LOCK_RUNS,
  );
}

/** Which operations a lock has. */
function operationsOf(lock: CheckedLock): LockOperation[] {
  const all: readonly (readonly [keyof CheckedLock, LockOperation[]])[] = [
    ["tryLock", ["tryLock", "unlock"]],
    ["lock", ["lock"]],
    ["withLock", ["withLock", "withLockThrows", "withLockUnwinds"]],
    ["tryRead", ["tryRead", "unlockRead"]],
    ["tryUpgradeableRead", ["tryUpgradeableRead", "unlockUpgradeable"]],
    ["tryUpgrade", ["tryUpgrade"]],
    ["downgrade", ["downgrade"]],
  ];
  return all.filter(([method]) => lock[method] !== undefined)
    .flatMap(([, operations]) => operations);
}

/** A CPU of boundaries. */
class LockEnv implements SyncEnv {
  readonly unwinds = true;
  /** Boundaries so far. */
  count = 0;
  /** Whether the handler runs. */
  inHandler = false;
  readonly #interrupt: (boundary: number) => void;

  constructor(interrupt: (boundary: number) => void) {
    this.#interrupt = interrupt;
  }

  boundary(): void {
    this.count += 1;
    if (this.inHandler) return;
    this.inHandler = true;
    this.#interrupt(this.count);
    this.inHandler = false;
  }
  stop(reason: Deadlock): never {
    throw new DeadlockSignal(reason);
  }
  holder(): string {
    return this.inHandler ? "main > handler" : "main";
  }
  interruptsEnabled(): boolean {
    return !this.inHandler;
  }
  isHandler(frame: string): boolean {
    return frame === "handler";
  }
  isUnwinding(thrown: unknown): boolean {
    return thrown === UNWINDING;
  }
}

type Trace = (readonly [LockStep, LockResult])[];

/** What ends what another operation began. */
const ENDS: Readonly<Partial<Record<LockStep, LockStep>>> = {
  unlock: "tryLock",
  unlockRead: "tryRead",
  unlockUpgradeable: "tryUpgradeableRead",
  tryUpgrade: "tryUpgradeableRead",
};

/** The law that an operation breaks where its result is wrong. */
const LAWS: Readonly<Record<LockOperation, string>> = {
  tryLock: "tryLock gets in if nobody is in, and not else",
  unlock: "unlock lets others in, and throws if nobody was in",
  lock: "lock gets in, or tells of the deadlock",
  withLock: "withLock holds the lock while it calls, and no longer",
  withLockThrows: "withLock frees the lock when the function panics",
  withLockUnwinds: "withLock leaves the lock when the machine unwinds",
  tryRead: "a reader gets in unless a writer, or one to be, is in",
  unlockRead: "unlockRead lets one reader out, and throws if there is none",
  tryUpgradeableRead:
    "an upgradeable reader gets in unless a writer, or another one, is in",
  unlockUpgradeable:
    "unlockUpgradeable lets that reader out, and throws if there is none",
  tryUpgrade: "an upgradeable reader becomes the writer if alone",
  downgrade: "downgrade makes the writer a reader, and throws without one",
};

/** One lock, one script. */
class LockRun {
  readonly #lock: CheckedLock;
  readonly #env: LockEnv;
  readonly #script: LockScript;
  readonly #options: LockCheckOptions;
  readonly #transcript: Transcript;
  /** Who may be in, as far as one can tell from the results. */
  #states: LockState[] = [LOCK_FREE];
  /** What the handler did in this operation. */
  #handled: Trace = [];

  constructor(
    make: MakeCheckedLock,
    script: LockScript,
    options: LockCheckOptions,
    transcript: Transcript,
  ) {
    this.#script = script;
    this.#options = options;
    this.#transcript = transcript;
    this.#env = new LockEnv((boundary) => {
      if (boundary === script.at) this.#handle();
    });
    this.#lock = make(this.#env);
  }

  run(): void {
    for (const line of lockInterruptText(this.#script)) {
      this.#transcript.note(line);
    }
    for (const operation of this.#script.main) {
      if (!this.#isAsked(operation)) continue;
      this.#transcript.call(lockOperationText(operation));
      this.#operation(operation);
    }
    // Whoever is in by now, the lock answers accordingly.
    this.#transcript.call("lock.tryLock();");
    this.#operation("tryLock");
  }

  /** Whether main code does this: without checks only what it may. */
  #isAsked(operation: LockOperation): boolean {
    if (this.#options.checksUnlock ?? true) return true;
    if (!/^(unlock|tryUpgrade$|downgrade)/.test(operation)) return true;
    const step: Trace = [[operation as LockStep, "throws"]];
    return interleave(this.#states, step, []).length === 0;
  }

  #operation(operation: LockOperation): void {
    const before = this.#env.count;
    this.#handled = [];
    const main = this.#steps(operation);
    const last = main.at(-1);
    this.#transcript.result(main.map(([, result]) => result).join(", "));
    const states = interleave(this.#states, main, this.#handled);
    const handled = this.#handled.map(([step, result]) => `${step} ${result}`);
    if (states.length === 0) {
      const alone = handled.length === 0;
      throw new LawBroken(
        alone
          ? LAWS[operation]
          : "with an interrupt in it, an operation happens at one moment",
        `${main.map(([step, result]) => `${step} ${result}`).join(", ")}` +
          (alone ? "" : `, and in the interrupt ${handled.join(", ")}`) +
          `; in are ${this.#states.map(stateText).join(" or ")}`,
      );
    }
    this.#states = states;
    const must = (this.#options.hasBoundaries ?? true) &&
      last?.[1] !== "throws";
    expectLaw(
      !must || this.#env.count > before,
      "interrupts can fall into each operation (hasBoundaries)",
      () => `${operation} calls no boundary`,
    );
  }

  /** Does an operation; says which steps it took and what they came to. */
  #steps(operation: LockOperation): Trace {
    if (!operation.startsWith("withLock")) {
      const step = operation as LockStep;
      return [[step, this.#step(step)]];
    }
    const thrown = operation === "withLockThrows"
      ? PANIC
      : operation === "withLockUnwinds"
      ? UNWINDING
      : null;
    let inside: boolean | null = null;
    const came = this.#guarded(() => {
      this.#lock.withLock!(() => {
        inside = this.#lock.tryLock();
        if (thrown !== null) throw thrown;
      });
    }, thrown);
    if (inside === null) return [["lock", came]];
    const steps: Trace = [["lock", "done"], ["tryLock", inside]];
    if (thrown !== UNWINDING) steps.push(["unlock", came]);
    return steps;
  }

  #step(step: LockStep): LockResult {
    let result: unknown;
    const came = this.#guarded(() => {
      result = this.#lock[step]!();
    }, null);
    if (came !== "done" || !step.startsWith("try")) return came;
    expectLaw(
      typeof result === "boolean",
      "who tries is told true or false",
      () => `${step} returns ${String(result)}`,
    );
    return result;
  }

  /** Calls; what is thrown is a result, if it may be. */
  #guarded(call: () => void, expected: Thrown | null): LockResult {
    try {
      call();
    } catch (thrown) {
      if (thrown === expected && expected !== null) return "done";
      if (thrown instanceof DeadlockSignal) {
        this.#told(thrown.reason);
        return "deadlock";
      }
      if (thrown instanceof RangeError) return "throws";
      throw thrown;
    }
    expectLaw(
      expected === null,
      "withLock throws what its function throws",
      () => "it returns",
    );
    return "done";
  }

  #told({ lock, holder }: Deadlock): void {
    expectLaw(
      lock !== "" && holder.startsWith("main"),
      "a deadlock names the lock, and where its holder took it",
      () => `lock "${lock}", holder "${holder}"`,
    );
  }

  /** The interrupt: it ends only what it began. */
  #handle(): void {
    const got: LockStep[] = [];
    for (const operation of this.#script.handler) {
      const step = operation as LockStep;
      const begin = ENDS[step];
      const at = begin === undefined ? -1 : got.lastIndexOf(begin);
      if (begin !== undefined && at < 0) continue;
      const result = this.#step(step);
      this.#handled.push([step, result]);
      if (result === false) continue;
      if (at >= 0) got.splice(at, 1);
      if (result === true) got.push(begin === undefined ? step : "tryLock");
    }
  }
}

function stateText({ writer, upgradeable, readers }: LockState): string {
  if (writer) return "a writer";
  const one = upgradeable ? "an upgradeable reader and " : "";
  return `${one}${readers} readers`;
}
