/**
 * The debug console at port 0xe9: each byte written comes out at the other end.
 *
 * Source: Bochs, "port_e9_hack"; QEMU, "isa-debugcon": a read gives 0xe9, by which a guest finds it.
 *
 * @module
 */

import type { PortDevice } from "./io_bus.ts";

/** The port, and the byte that it reads as. */
export const DEBUG_CONSOLE_PORT = 0xe9;

/** State of the debug console. */
export interface DebugConsoleState {
  /** Bytes written since power-on. */
  written: number;
}

/**
 * Makes the power-on state.
 *
 * @returns a state in which nothing was written
 */
export function debugConsoleState(): DebugConsoleState {
  return { written: 0 };
}

/** The console. */
export class DebugConsole implements PortDevice {
  /** All there is to save. */
  readonly state: DebugConsoleState;
  readonly #output: { byte(value: number): void };

  /**
   * Plugs the console in.
   *
   * @param wires `output` takes each byte
   * @param state fresh by default, or restored
   */
  constructor(
    wires: { readonly output: { byte(value: number): void } },
    state: DebugConsoleState = debugConsoleState(),
  ) {
    this.#output = wires.output;
    this.state = state;
  }

  /** Back to power-on. */
  reset(): void {
    this.state.written = 0;
  }

  /** Nothing to drive: there is no output line. */
  refreshLines(): void {}

  /** Reads 0xe9. */
  readPort(_port: number): number {
    return DEBUG_CONSOLE_PORT;
  }

  /** Takes a byte. */
  writePort(_port: number, value: number): void {
    this.state.written += 1;
    this.#output.byte(value);
  }
}
