/**
 * A queue of slot numbers that cannot overflow: its owner makes it longer than
 * the slots that it may hold at once, each of which is in it once at most.
 *
 * @module
 */

/** A ring as data. */
export interface ReadyRingState {
  /** Slot numbers; the length is a power of two, or 0 before the first use. */
  slots: Int32Array;
  /** Index of the oldest. */
  head: number;
  /** Index after the newest; equal to `head` if the ring is empty. */
  tail: number;
  /** Slots that may be in it. Its owner counts them, and reserves room. */
  members: number;
}

/**
 * Makes an empty ring without room.
 *
 * @returns A state.
 */
export function readyRingState(): ReadyRingState {
  return { slots: new Int32Array(0), head: 0, tail: 0, members: 0 };
}

/**
 * Makes room. May allocate: call it where that is allowed, not where an
 * interrupt handler pushes.
 *
 * @param ring The ring.
 * @param count Slots that it may hold at once.
 */
export function reserveRing(ring: ReadyRingState, count: number): void {
  const { slots, head } = ring;
  if (count < slots.length) return; // Full would look like empty: one is free.
  let length = Math.max(16, slots.length);
  while (length <= count) length *= 2;
  const longer = new Int32Array(length);
  const held = ringLength(ring);
  for (let i = 0; i < held; i++) {
    longer[i] = slots[(head + i) & (slots.length - 1)]!;
  }
  ring.slots = longer;
  ring.head = 0;
  ring.tail = held;
}

/**
 * Counts what a ring holds.
 *
 * @param ring The ring.
 * @returns Slots in it.
 */
export function ringLength(ring: ReadyRingState): number {
  return (ring.tail - ring.head) & (ring.slots.length - 1);
}

/**
 * Looks at a slot that stays.
 *
 * @param ring The ring.
 * @param nth Which one: 0 is the oldest, less than the ring's length.
 * @returns The slot.
 */
export function ringAt(ring: ReadyRingState, nth: number): number {
  return ring.slots[(ring.head + nth) & (ring.slots.length - 1)]!;
}

/**
 * Appends a slot; its owner has reserved room.
 *
 * @param ring The ring.
 * @param slot The slot.
 */
export function pushRing(ring: ReadyRingState, slot: number): void {
  const { slots, tail } = ring;
  slots[tail] = slot;
  ring.tail = (tail + 1) & (slots.length - 1);
}

/**
 * Takes the oldest slot; the ring is not empty.
 *
 * @param ring The ring.
 * @returns The slot.
 */
export function popRing(ring: ReadyRingState): number {
  const { slots, head } = ring;
  ring.head = (head + 1) & (slots.length - 1);
  return slots[head]!;
}

/**
 * Brings a slot to the front, keeping the order of the others.
 *
 * @param ring The ring.
 * @param nth Which one: 0 is the oldest, less than the ring's length.
 */
export function bringToFront(ring: ReadyRingState, nth: number): void {
  const { slots, head } = ring;
  const mask = slots.length - 1;
  const chosen = slots[(head + nth) & mask]!;
  for (let i = nth; i > 0; i--) {
    slots[(head + i) & mask] = slots[(head + i - 1) & mask]!;
  }
  slots[head] = chosen;
}
