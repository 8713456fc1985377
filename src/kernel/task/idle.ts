/**
 * Waiting for an interrupt without losing the wake-up that comes just before.
 *
 * Book: "Async/Await", section "Sleep If Idle".
 *
 * @module
 */

/** How a CPU waits. With nothing to wait on there is nothing to do. */
export interface Idle {
  /** Disables interrupts. */
  cli(): void;
  /** Enables interrupts. */
  sti(): void;
  /** Enables interrupts and halts, with no boundary between that an interrupt could fall into. */
  enableAndHlt(): void;
}

/** A host has no interrupts to wait for: all acts do nothing. */
export const NO_IDLE: Idle = Object.freeze({
  cli() {},
  sti() {},
  enableAndHlt() {},
});

/**
 * Halts if nothing is to be done. Interrupts are off while that is decided, so
 * what an interrupt brings either is seen, or comes after the CPU has halted and
 * ends the halt. Afterwards interrupts are on, whatever they were before.
 *
 * @param idle The CPU.
 * @param isIdle Whether nothing is to be done.
 */
export function sleepIfIdle(idle: Idle, isIdle: () => boolean): void {
  idle.cli();
  if (isIdle()) idle.enableAndHlt();
  else idle.sti();
}
