/**
 * Stand-in for `jsr:@std/testing/time`, for machines that reach npm but not JSR.
 *
 * @module
 */

import { mock } from "node:test";

/** Holds the host's timers and `Date` still, until disposed of. */
export class FakeTime implements Disposable {
  /** @param now Where `Date` stands at first, in milliseconds. */
  constructor(now: number = 0) {
    mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now });
  }

  /** Lets `ms` milliseconds pass; what falls due in them runs. */
  tick(ms: number = 0): void {
    mock.timers.tick(ms);
  }

  /** Gives the host its time back. */
  restore(): void {
    mock.timers.reset();
  }

  /** As {@linkcode restore}. */
  [Symbol.dispose](): void {
    this.restore();
  }
}
