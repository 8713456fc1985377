/**
 * The tasks of the book's kernel, as kinds.
 *
 * Book: "Async/Await", sections "Simple Executor" (`example_task`) and "Async
 * Keyboard Input" (`print_keypresses`). Source: blog_os, `main.rs` and
 * `task/keyboard.rs`.
 *
 * @module
 */

import { NO_BYTE } from "./byte_stream.ts";
import type { Context, Future, Kinds } from "./future.ts";
import { PENDING, type Poll, READY } from "./poll.ts";
import type { ScancodeStream } from "./scancode_stream.ts";

/** `print_keypresses` as data. */
export interface PrintKeypresses extends Future {
  /** Names its entry in the table of kinds. */
  readonly kind: "print-keypresses";
  /** Whether it has made its stream, which it does in its first poll. */
  opened: boolean;
}

/** What the tasks need. */
export interface BookTasksOptions {
  /** Prints (`print!`). */
  readonly print: (text: string) => void;
  /** The keyboard's bytes. */
  readonly scancodes: ScancodeStream;
  /**
   * Decodes a byte, as set 1 on a US layout, control ignored.
   *
   * @returns What to print: a character, or the name of a key; `null` for
   * errors, and bytes that end nothing.
   */
  readonly decode: (byte: number) => string | null;
}

/** `async_number`, which `example_task` awaits. */
export function asyncNumber(): number {
  return 42;
}

/**
 * Makes `example_task()`: it prints a number.
 *
 * @returns The future.
 */
export function exampleTask(): Future {
  return { kind: "example-task" };
}

/**
 * Makes `keyboard::print_keypresses()`: it prints what is typed, and never ends.
 *
 * @returns The future.
 */
export function printKeypresses(): PrintKeypresses {
  return { kind: "print-keypresses", opened: false };
}

/**
 * Makes the kinds of both.
 *
 * @param options What they need.
 * @returns The kinds.
 */
export function bookTasks(options: BookTasksOptions): Kinds {
  const { print, scancodes, decode } = options;
  return {
    "example-task": (): Poll => {
      print(`async number: ${asyncNumber()}\n`);
      return READY;
    },
    "print-keypresses": (task: PrintKeypresses, context: Context): Poll => {
      if (!task.opened) scancodes.open();
      task.opened = true;
      for (;;) {
        const byte = scancodes.pollNext(context);
        if (byte === NO_BYTE) return PENDING;
        const text = decode(byte);
        if (text !== null) print(text);
      }
    },
  };
}
