/**
 * Wakers. A waker is the number of the task that it wakes, so it can be stored,
 * saved and compared as data, costs no memory, and nothing is freed when it is
 * forgotten, in an interrupt handler either.
 *
 * Book: "Async/Await", sections "Wakers" and "Waker Support".
 *
 * *Not modelled*: the vtable and the reference count of `RawWaker`.
 *
 * @module
 */

/** Names the task that shall be polled again. */
export type Waker = number;

/** No waker: the place where one might be kept is empty. */
export const NO_WAKER: Waker = -1;

/** Wakes a task; may be called in an interrupt handler, and for a task that is no more. */
export type Wake = (waker: Waker) => void;
