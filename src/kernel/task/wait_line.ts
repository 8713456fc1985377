/**
 * Tasks that wait for the same thing, first come, first served. Who has been
 * woken stays at the head until it has been polled, so that nobody overtakes it.
 *
 * @module
 */

import type { Context, Future } from "./future.ts";
import { NO_WAKER, type Wake, type Waker } from "./waker.ts";

/** A place in no line. */
export const NO_TICKET = -1;

/** A line as data: the two lists have one length. */
export interface WaitLineState {
  /** Tickets, in rising order. */
  tickets: number[];
  /** For each ticket: the task to wake. */
  wakers: Waker[];
  /** The next ticket. */
  next: number;
}

/** A future that may stand in a line. */
export interface Waiting extends Future {
  /** Its ticket, or `NO_TICKET`. */
  ticket: number;
}

/**
 * Makes the state of an empty line.
 *
 * @returns A state.
 */
export function waitLineState(): WaitLineState {
  return { tickets: [], wakers: [], next: 0 };
}

/**
 * Whether it is a future's turn: it heads the line, or nobody waits.
 *
 * @param line The line.
 * @param future The future.
 * @returns Whether it may go on, if what it waits for is there.
 */
export function isTurn(line: WaitLineState, future: Waiting): boolean {
  return line.tickets.length === 0 || line.tickets[0] === future.ticket;
}

/**
 * Puts a future at the end, unless it is in the line: then its waker is made
 * the one of this poll.
 *
 * @param line The line.
 * @param future The future.
 * @param context The task's.
 */
export function enter(
  line: WaitLineState,
  future: Waiting,
  context: Context,
): void {
  const at = placeOf(line, future);
  if (at !== -1) {
    line.wakers[at] = context.waker;
    return;
  }
  future.ticket = line.next;
  line.next += 1;
  line.tickets.push(future.ticket);
  line.wakers.push(context.waker);
}

/**
 * Takes a future out, if it is in the line.
 *
 * @param line The line.
 * @param future The future.
 */
export function leave(line: WaitLineState, future: Waiting): void {
  const at = placeOf(line, future);
  future.ticket = NO_TICKET;
  if (at === -1) return;
  line.tickets.splice(at, 1);
  line.wakers.splice(at, 1);
}

/**
 * Wakes the task at the head, which stays there.
 *
 * @param line The line.
 * @param wake Wakes a task.
 */
export function wakeHead(line: WaitLineState, wake: Wake): void {
  const waker = line.wakers[0] ?? NO_WAKER;
  if (waker !== NO_WAKER) wake(waker);
}

/**
 * Wakes all, who stay.
 *
 * @param line The line.
 * @param wake Wakes a task.
 */
export function wakeAll(line: WaitLineState, wake: Wake): void {
  for (const waker of line.wakers) wake(waker);
}

/** Tickets rise, so a place is found by halving. */
function placeOf(line: WaitLineState, { ticket }: Waiting): number {
  const { tickets } = line;
  let low = 0;
  let high = tickets.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (tickets[middle]! < ticket) low = middle + 1;
    else high = middle;
  }
  return tickets[low] === ticket ? low : -1;
}
