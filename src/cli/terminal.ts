/**
 * The terminal while it belongs to the live screen, and its way back: whatever
 * ends the run, the terminal is left as it was found.
 *
 * @module
 */

import type { HostSignal, Terminal } from "./host.ts";
import { ENTER_SCREEN, LEAVE_SCREEN } from "./live_screen.ts";

/** A terminal taken over. */
export class TerminalSession {
  readonly #terminal: Terminal;
  #unlisten: () => void = () => {};
  #entered = false;
  #signal: HostSignal | null = null;
  #resumed = false;

  /**
   * A session that has not begun.
   *
   * @param terminal the terminal
   */
  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** The signal that asks for an end, or `null`. */
  get signal(): HostSignal | null {
    return this.#signal;
  }

  /** Takes the terminal over: raw keys, alternate screen. */
  enter(): void {
    this.#unlisten = this.#terminal.listen({
      end: (signal) => this.#signal ??= signal,
      resume: () => {
        this.#resumed = true;
      },
      fatal: () => this.leave(),
    });
    this.#entered = true;
    this.#takeOver();
  }

  /** Gives the terminal back; does nothing the second time. */
  leave(): void {
    if (!this.#entered) return;
    this.#entered = false;
    this.#terminal.write(LEAVE_SCREEN);
    this.#setRaw(false);
    this.#unlisten();
  }

  /**
   * Whether the program was stopped and goes on: then the terminal has just been
   * taken over again and shows nothing.
   */
  resumed(): boolean {
    if (!this.#resumed) return false;
    this.#resumed = false;
    this.#takeOver();
    return true;
  }

  #takeOver(): void {
    this.#setRaw(true);
    this.#terminal.write(ENTER_SCREEN);
  }

  #setRaw(on: boolean): void {
    try {
      this.#terminal.setRaw(on);
    } catch {
      // A terminal that has hung up has no mode any more; reading it says so.
    }
  }
}
