/**
 * Numbers that name a slot of a table for as long as its tenant lives: the slot
 * in the low 24 bits, above them how often the slot was given away before. So
 * of all tenants that a slot can have no two have one number, a table never
 * grows beyond what lived at once, and the first tenants of all slots have the
 * small numbers 0, 1, 2, …
 *
 * Whoever keeps such numbers stores a *generation* for each slot: 0 or more for
 * a tenant, `~next` (negative) while the slot is free.
 *
 * @module
 */

/** Slots that a table can have: 16,777,216. */
export const SLOTS_MAX = 0x100_0000;

/** The bits of a number that are the slot. */
export const SLOT_MASK = 0xff_ffff;

/**
 * Tenants that a slot has at most, a power of two: keeps numbers below 2^53.
 * Then a task's slot is given up, a timer's begins again.
 */
export const GENERATIONS_MAX = 0x2000_0000;

/**
 * Finds the size of a table that has to grow.
 *
 * @param slots Slots that it has.
 * @param what What it holds, for the message.
 * @returns Twice as many, at least 16.
 * @throws {RangeError} If it has {@linkcode SLOTS_MAX} already.
 */
export function grownSlots(slots: number, what: string): number {
  if (slots >= SLOTS_MAX) {
    throw new RangeError(`Cannot hold more than ${SLOTS_MAX} ${what}`);
  }
  return Math.max(16, 2 * slots);
}

/**
 * Copies a typed array into a longer one.
 *
 * @param from What it holds at first.
 * @param into The longer one; returned.
 * @param rest What the elements beyond `from` hold.
 * @returns `into`.
 */
export function grown<A extends Int32Array | Float64Array>(
  from: A,
  into: A,
  rest = 0,
): A {
  into.set(from);
  if (rest !== 0) into.fill(rest, from.length);
  return into;
}
