/**
 * The readers-writer lock whose readers may be upgraded.
 *
 * Source: crate spin 0.5.2, `RwLock`. One word: bit 0 a writer, bit 1 an
 * upgradeable reader, the rest counts readers. An upgradeable reader keeps
 * new readers out, and lets those that are in be.
 *
 * @module
 */

import { deadlock, guarded, lockId, type SyncEnv } from "./env.ts";

/** A writer holds the lock. */
export const RW_WRITER = 1;
/** An upgradeable reader holds the lock. */
export const RW_UPGRADED = 2;
/** One reader; the count is a multiple of this. */
export const RW_READER = 4;

const EXCLUSIVE = RW_WRITER | RW_UPGRADED;

/** Who came or left, as events say it. */
const WRITER = 0;
const READER = 1;
const UPGRADEABLE = 2;

/** A readers-writer lock as data. */
export interface RwLockState {
  /** Readers × 4 + upgradeable × 2 + writer. */
  bits: number;
  /** Where the writer or the upgradeable reader got in; empty without one. */
  writer: string;
  /** Where the last reader got in; empty without readers. */
  reader: string;
}

/**
 * Makes the state of a free lock.
 *
 * @returns A state for {@linkcode RwLock}.
 */
export function rwLockState(): RwLockState {
  return { bits: 0, writer: "", reader: "" };
}

/**
 * Many readers, or one writer.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { HOST_ENV, RwLock } from "@lockstep/kernel/sync";
 *
 * const table = new RwLock(HOST_ENV, "TABLE", { rows: 3 });
 * assertEquals(table.read().rows, 3);
 * assertEquals([table.tryRead(), table.tryWrite()], [true, false]);
 * table.unlockRead();
 * table.unlockRead();
 * table.withWrite((data) => data.rows = 4);
 * ```
 */
export class RwLock<T> {
  /** All there is to save, but for the data. */
  readonly state: RwLockState;
  /** Its name in reports. */
  readonly name: string;
  /** What it protects: for those who are in. */
  readonly data: T;
  readonly #env: SyncEnv;

  /**
   * Goes on with a lock, or begins.
   *
   * @param env The CPU that it runs on.
   * @param name Its name in reports.
   * @param data What it protects.
   * @param state Where to go on from.
   */
  constructor(
    env: SyncEnv,
    name: string,
    data: T,
    state: RwLockState = rwLockState(),
  ) {
    this.#env = env;
    this.name = name;
    this.data = data;
    this.state = state;
  }

  /** Readers that are in; upgradeable ones do not count. */
  get readers(): number {
    return Math.floor(this.state.bits / RW_READER);
  }

  /**
   * Gets in as a reader, or stops the run with `deadlock`.
   *
   * @returns The data.
   */
  read(): T {
    if (!this.tryRead()) this.#stuck("read");
    return this.data;
  }

  /**
   * Gets in as a reader unless a writer or an upgradeable reader is in.
   *
   * @returns Whether it got in.
   */
  tryRead(): boolean {
    this.#env.boundary();
    const s = this.state;
    const before = s.bits;
    s.bits += RW_READER;
    if ((before & EXCLUSIVE) === 0) {
      s.reader = this.#env.holder();
      this.#report("lock", READER);
      return true;
    }
    this.#subtractReader(); // The count was too high for one boundary.
    return false;
  }

  /**
   * A reader leaves.
   *
   * @throws {RangeError} If there is none.
   */
  unlockRead(): void {
    this.#expect(this.state.bits >= RW_READER, "unlock", "has no reader");
    this.#leaveRead();
  }

  /**
   * Gets in as the writer, or stops the run with `deadlock`.
   *
   * @returns The data.
   */
  write(): T {
    if (!this.tryWrite()) this.#stuck("write");
    return this.data;
  }

  /**
   * Gets in as the writer if nobody is in.
   *
   * @returns Whether it got in.
   */
  tryWrite(): boolean {
    const isIn = this.#exchange(0, RW_WRITER);
    if (isIn) this.#report("lock", WRITER);
    return isIn;
  }

  /**
   * The writer leaves.
   *
   * @throws {RangeError} If there is none.
   */
  unlockWrite(): void {
    this.#expect(
      (this.state.bits & RW_WRITER) !== 0,
      "unlock",
      "has no writer",
    );
    this.#leaveWrite();
  }

  /**
   * Gets in as the upgradeable reader, or stops the run with `deadlock`.
   *
   * @returns The data.
   */
  upgradeableRead(): T {
    if (!this.tryUpgradeableRead()) this.#stuck("upgradeably read");
    return this.data;
  }

  /**
   * Gets in as the upgradeable reader unless there is one, or a writer.
   *
   * @returns Whether it got in.
   */
  tryUpgradeableRead(): boolean {
    this.#env.boundary();
    const s = this.state;
    const before = s.bits;
    // Left set in vain beside a writer, who clears both bits when leaving.
    s.bits |= RW_UPGRADED;
    if ((before & EXCLUSIVE) !== 0) return false;
    s.writer = this.#env.holder();
    this.#report("lock", UPGRADEABLE);
    return true;
  }

  /**
   * The upgradeable reader leaves.
   *
   * @throws {RangeError} If there is none.
   */
  unlockUpgradeable(): void {
    this.#expectUpgradeable("unlock");
    this.#env.boundary();
    this.state.bits -= RW_UPGRADED;
    this.state.writer = "";
    this.#report("unlock", UPGRADEABLE);
  }

  /**
   * The upgradeable reader becomes the writer, or the run stops with
   * `deadlock`.
   *
   * @returns The data.
   */
  upgrade(): T {
    if (!this.tryUpgrade()) {
      deadlock(
        this.#env,
        `upgrade the reader of ${this.name}`,
        this.name,
        this.state.reader,
      );
    }
    return this.data;
  }

  /**
   * The upgradeable reader becomes the writer if no other reader is in.
   *
   * @returns Whether it did.
   * @throws {RangeError} If there is no upgradeable reader.
   */
  tryUpgrade(): boolean {
    this.#expectUpgradeable("upgrade");
    const isIn = this.#exchange(RW_UPGRADED, RW_WRITER);
    if (isIn) {
      this.#report("unlock", UPGRADEABLE);
      this.#report("lock", WRITER);
    }
    return isIn;
  }

  /**
   * The writer becomes a reader.
   *
   * @returns The data.
   * @throws {RangeError} If there is no writer.
   */
  downgrade(): T {
    this.#expect(
      (this.state.bits & RW_WRITER) !== 0,
      "downgrade",
      "has no writer",
    );
    this.#addReader();
    this.#leaveWrite();
    return this.data;
  }

  /**
   * The upgradeable reader becomes a plain reader.
   *
   * @returns The data.
   * @throws {RangeError} If there is none.
   */
  downgradeUpgradeable(): T {
    this.#expectUpgradeable("downgrade");
    this.#addReader();
    this.unlockUpgradeable();
    return this.data;
  }

  /**
   * Takes a reader away whose guard was forgotten.
   *
   * @throws {RangeError} If there is none.
   */
  forceReadDecrement(): void {
    this.unlockRead();
  }

  /**
   * Takes the writer or the upgradeable reader away.
   *
   * @throws {RangeError} If a reader is in.
   */
  forceWriteUnlock(): void {
    this.#expect(this.readers === 0, "unlock", "has readers");
    const { bits } = this.state;
    this.#clearExclusive();
    if (bits & RW_WRITER) this.#report("unlock", WRITER);
    else if (bits & RW_UPGRADED) this.#report("unlock", UPGRADEABLE);
  }

  /**
   * Calls a function as a reader.
   *
   * @param fn Gets the data.
   * @returns What `fn` returns.
   */
  withRead<R>(fn: (data: T) => R): R {
    this.read();
    return this.#inside(fn, () => this.#leaveRead());
  }

  /**
   * Calls a function as the writer.
   *
   * @param fn Gets the data.
   * @returns What `fn` returns.
   */
  withWrite<R>(fn: (data: T) => R): R {
    this.write();
    return this.#inside(fn, () => this.#leaveWrite());
  }

  /**
   * Gives the data up (crate: `into_inner`).
   *
   * @returns The data.
   */
  intoInner(): T {
    return this.data;
  }

  /**
   * The crate's `Debug` text; reads while it formats.
   *
   * @param format Formats the data.
   * @returns `RwLock { data: 42}`, or `RwLock { <locked> }`.
   */
  debug(format: (data: T) => string = String): string {
    if (!this.tryRead()) return "RwLock { <locked> }";
    return this.#inside(
      (data) => `RwLock { data: ${format(data)}}`,
      () => this.#leaveRead(),
    );
  }

  /** Calls a function for who is in, and leaves. */
  #inside<R>(fn: (data: T) => R, leave: () => void): R {
    const result = guarded(this.#env, () => fn(this.data), leave);
    leave();
    return result;
  }

  #exchange(expected: number, bits: number): boolean {
    this.#env.boundary();
    const s = this.state;
    if (s.bits !== expected) return false;
    s.bits = bits;
    s.writer = this.#env.holder();
    return true;
  }

  #addReader(): void {
    this.#env.boundary();
    this.state.bits += RW_READER;
    this.state.reader = this.#env.holder();
    this.#report("lock", READER);
  }

  #leaveRead(): void {
    this.#subtractReader();
    this.#report("unlock", READER);
  }

  #leaveWrite(): void {
    this.#clearExclusive();
    this.#report("unlock", WRITER);
  }

  #report(kind: "lock" | "unlock", who: number): void {
    const { events } = this.#env;
    if (events?.on) events.emit(kind, lockId(this.name), who);
  }

  #subtractReader(): void {
    this.#env.boundary();
    const s = this.state;
    s.bits -= RW_READER;
    if (s.bits < RW_READER) s.reader = "";
  }

  #clearExclusive(): void {
    this.#env.boundary();
    this.state.bits &= ~EXCLUSIVE;
    this.state.writer = "";
  }

  #expectUpgradeable(act: string): void {
    const is = (this.state.bits & EXCLUSIVE) === RW_UPGRADED;
    this.#expect(is, act, "has no upgradeable reader");
  }

  #expect(law: boolean, act: string, why: string): void {
    if (law) return;
    throw new RangeError(`Cannot ${act} ${this.name}: it ${why}`);
  }

  #stuck(act: string): never {
    const { writer, reader } = this.state;
    return deadlock(
      this.#env,
      `${act} ${this.name}`,
      this.name,
      writer || reader,
    );
  }
}
