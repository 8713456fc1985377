/**
 * Running with interrupts off.
 *
 * Source: book, "Hardware Interrupts", section "Deadlocks"; crate x86_64,
 * `interrupts::without_interrupts`.
 *
 * @module
 */

/** The part of the CPU that this needs. */
export interface InterruptFlag {
  /** RFLAGS.IF. */
  interruptsEnabled(): boolean;
  /** CLI. */
  cli(): void;
  /** STI. */
  sti(): void;
}

/**
 * Calls a function with interrupts off, then puts RFLAGS.IF back as it was, so
 * that it nests. A throw leaves interrupts off, as a panic that aborts does.
 *
 * @param cpu The CPU.
 * @param fn The function.
 * @returns What `fn` returns.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { withoutInterrupts } from "@lockstep/kernel/sync";
 *
 * let enabled = true;
 * const cpu = {
 *   interruptsEnabled: () => enabled,
 *   cli: () => void (enabled = false),
 *   sti: () => void (enabled = true),
 * };
 * assertEquals(withoutInterrupts(cpu, () => enabled), false);
 * assertEquals(enabled, true);
 * ```
 */
export function withoutInterrupts<R>(cpu: InterruptFlag, fn: () => R): R {
  const enabled = cpu.interruptsEnabled();
  if (enabled) cpu.cli();
  const result = fn();
  if (enabled) cpu.sti();
  return result;
}
