/**
 * The static `PICS`: the driver of both 8259A in a spin mutex.
 *
 * Book: "Hardware Interrupts", section "The 8259 PIC". The lock is taken with
 * interrupts as they are: handlers run with interrupts off, and `initialize`
 * comes before the first STI.
 *
 * @module
 */

import type { Instructions } from "../hw/instructions.ts";
import { ChainedPics } from "./pic8259.ts";
import {
  SpinMutex,
  type SpinMutexState,
  spinMutexState,
  type SyncEnv,
} from "./sync/mod.ts";

/** Vector of the primary PIC's line 0. */
export const PIC_1_OFFSET = 32;
/** Vector of the secondary PIC's line 0. */
export const PIC_2_OFFSET = 40;
/** Vector of the timer. */
export const TIMER_VECTOR = PIC_1_OFFSET;
/** Vector of the keyboard. */
export const KEYBOARD_VECTOR: number = PIC_1_OFFSET + 1;

/** The static. */
export class Pics {
  /** All there is to save; the chips remember the rest. */
  readonly state: SpinMutexState;
  readonly #pics: SpinMutex<ChainedPics>;

  /**
   * Goes on with the static, or begins.
   *
   * @param cpu The CPU.
   * @param env What its lock is told.
   * @param state Where to go on from.
   */
  constructor(
    cpu: Pick<Instructions, "in8" | "out8">,
    env: SyncEnv,
    state: SpinMutexState = spinMutexState(),
  ) {
    const pics = new ChainedPics(cpu, PIC_1_OFFSET, PIC_2_OFFSET);
    this.#pics = new SpinMutex(env, "PICS", pics, state);
    this.state = state;
  }

  /** Moves both PICs to their vectors; keeps the masks. */
  initialize(): void {
    this.#pics.withLock((pics) => pics.initialize());
  }

  /**
   * Ends an interrupt.
   *
   * @param vector The vector that was served.
   */
  endOfInterrupt(vector: number): void {
    this.#pics.withLock((pics) => pics.notifyEndOfInterrupt(vector));
  }
}
