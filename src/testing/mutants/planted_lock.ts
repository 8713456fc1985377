/**
 * A lock for one writer or many readers, and one bug of choice.
 *
 * @module
 */

import { deadlock, guarded, type SyncEnv } from "../../kernel/sync/env.ts";
import type { CheckedLock } from "../conformance/check_lock.ts";

/** What can be wrong with a {@linkcode PlantedLock}. */
export const LOCK_BUGS = [
  "looks, lets an interrupt in, and takes the lock then",
  "tryLock frees the lock where it fails",
  "tryLock gets in beside a reader",
  "tryLock gets in again where it was taken",
  "tryLock says no after it was refused once",
  "unlock takes no notice of who is not in",
  "unlock throws, and frees the readers",
  "unlock keeps the lock if somebody was refused meanwhile",
  "lock returns without the lock",
  "lock tells no holder",
  "withLock frees the lock before it calls",
  "withLock keeps the lock after a panic",
  "withLock frees the lock when the machine unwinds",
  "withLock keeps a panic to itself",
  "a reader gets in beside a writer",
  "a reader gets in beside an upgradeable one",
  "a reader that is refused is counted",
  "two readers count as one",
  "counts readers by read, boundary, write",
  "the last reader to leave takes the upgradeable one along",
  "a reader leaves that is not there",
  "two upgradeable readers get in",
  "upgrades beside readers",
  "a refused upgrade leaves",
  "upgrading keeps the upgradeable reader",
  "downgrading lets the writer out and nobody in",
  "downgrading keeps the writer",
  "no interrupt can come in unlock",
] as const;

/** One of them. */
export type LockBug = (typeof LOCK_BUGS)[number];

/** A lock that is healthy, or has one bug. */
export class PlantedLock implements CheckedLock {
  readonly #env: SyncEnv;
  readonly #bug: LockBug | null;
  #writer = false;
  #upgradeable = false;
  #readers = 0;
  #holder = "";
  #refused = 0;

  /**
   * Makes a free lock.
   *
   * @param env The CPU.
   * @param bug What is wrong; `null` for nothing.
   */
  constructor(env: SyncEnv, bug: LockBug | null = null) {
    this.#env = env;
    this.#bug = bug;
  }

  tryLock(): boolean {
    const late = this.#has(
      "looks, lets an interrupt in, and takes the lock then",
    );
    if (!late) this.#env.boundary();
    const beside = this.#has("tryLock gets in beside a reader");
    const again = this.#has("tryLock gets in again where it was taken") &&
      this.#holder === this.#env.holder();
    const isFree = (!this.#writer || again) && !this.#upgradeable &&
      (this.#readers === 0 || beside);
    const sour = this.#has("tryLock says no after it was refused once") &&
      this.#refused > 0;
    if (late) this.#env.boundary();
    if (!isFree || sour) {
      this.#refused += 1;
      if (this.#has("tryLock frees the lock where it fails")) {
        this.#writer = false;
      }
      return false;
    }
    this.#enter();
    return true;
  }

  unlock(): void {
    if (!this.#writer) {
      if (this.#has("unlock throws, and frees the readers")) this.#readers = 0;
      if (this.#has("unlock takes no notice of who is not in")) {
        this.#env.boundary();
        return;
      }
      throw new RangeError("Cannot unlock: it is not locked");
    }
    if (!this.#has("no interrupt can come in unlock")) this.#env.boundary();
    const keeps = this.#refused > 1 &&
      this.#has("unlock keeps the lock if somebody was refused meanwhile");
    this.#refused = 0;
    if (!keeps) this.#leave();
  }

  lock(): void {
    if (this.tryLock()) return;
    if (this.#has("lock returns without the lock")) return;
    const holder = this.#has("lock tells no holder") ? "" : this.#holder;
    deadlock(this.#env, "lock", "PLANTED", holder);
  }

  withLock<R>(fn: () => R): R {
    this.lock();
    const early = this.#has("withLock frees the lock before it calls");
    if (early) this.#leave();
    let result: R;
    try {
      result = guarded(this.#env, fn, () => {
        if (!this.#has("withLock keeps the lock after a panic")) this.#leave();
      });
    } catch (thrown) {
      if (this.#has("withLock frees the lock when the machine unwinds")) {
        this.#leave();
      }
      if (this.#has("withLock keeps a panic to itself")) return null as R;
      throw thrown;
    }
    this.#env.boundary();
    this.#leave();
    return result;
  }

  tryRead(): boolean {
    this.#env.boundary();
    const refused =
      this.#writer && !this.#has("a reader gets in beside a writer") ||
      this.#upgradeable &&
        !this.#has("a reader gets in beside an upgradeable one");
    if (refused) {
      if (this.#has("a reader that is refused is counted")) this.#readers += 1;
      return false;
    }
    const before = this.#readers;
    if (this.#has("counts readers by read, boundary, write")) {
      this.#env.boundary();
    }
    this.#readers = this.#has("two readers count as one") ? 1 : before + 1;
    if (!this.#writer) this.#holder = this.#env.holder();
    return true;
  }

  unlockRead(): void {
    if (this.#readers === 0) {
      if (this.#has("a reader leaves that is not there")) {
        this.#readers = -1;
        return this.#env.boundary();
      }
      throw new RangeError("Cannot unlock: it has no reader");
    }
    this.#env.boundary();
    this.#readers -= 1;
    if (
      this.#readers === 0 &&
      this.#has("the last reader to leave takes the upgradeable one along")
    ) this.#upgradeable = false;
  }

  tryUpgradeableRead(): boolean {
    this.#env.boundary();
    const two = this.#has("two upgradeable readers get in");
    if (this.#writer || this.#upgradeable && !two) return false;
    this.#upgradeable = true;
    this.#holder = this.#env.holder();
    return true;
  }

  unlockUpgradeable(): void {
    if (!this.#upgradeable) {
      throw new RangeError("Cannot unlock: it has no upgradeable reader");
    }
    this.#env.boundary();
    this.#upgradeable = false;
  }

  tryUpgrade(): boolean {
    if (!this.#upgradeable) {
      throw new RangeError("Cannot upgrade: it has no upgradeable reader");
    }
    this.#env.boundary();
    if (this.#readers > 0 && !this.#has("upgrades beside readers")) {
      if (this.#has("a refused upgrade leaves")) this.#upgradeable = false;
      return false;
    }
    this.#upgradeable = this.#has("upgrading keeps the upgradeable reader");
    this.#enter();
    return true;
  }

  downgrade(): void {
    if (!this.#writer) throw new RangeError("Cannot downgrade: no writer");
    this.#env.boundary();
    if (!this.#has("downgrading keeps the writer")) this.#writer = false;
    if (!this.#has("downgrading lets the writer out and nobody in")) {
      this.#readers += 1;
    }
  }

  #has(bug: LockBug): boolean {
    return this.#bug === bug;
  }

  #enter(): void {
    this.#writer = true;
    this.#holder = this.#env.holder();
  }

  #leave(): void {
    this.#writer = false;
  }
}
