/**
 * System control port A: the fast way to gate address line 20 and to reset the processor.
 *
 * Source: IBM PS/2 Technical Reference, "System Control Port A (Hex 0092)".
 *
 * Port: 0x92. Outputs: A20 while bit 1 is set; a pulse on the reset line when bit 0 goes from 0 to 1.
 *
 * *Not modelled*: the watchdog (bit 4 reads 0), the password lock (bit 3) and the lamp (bits 6 and 7) are kept and do
 * nothing.
 *
 * @module
 */

import type { Line } from "../base/line.ts";
import type { PortDevice } from "./io_bus.ts";

/** The port. */
export const SYSTEM_CONTROL_A_PORT = 0x92;

/** Bit 0: alternate hot reset, on its rise. */
export const FAST_RESET = 0x01;

/** Bit 1: alternate gate A20. */
export const FAST_A20 = 0x02;

/** State of the port. */
export interface SystemControlAState {
  /** The bits written, without bit 4. */
  value: number;
}

/**
 * Makes the power-on state.
 *
 * @returns A20 open, as a boot loader leaves it that enters long mode
 */
export function systemControlAState(): SystemControlAState {
  return { value: FAST_A20 };
}

/** The register and its two lines. */
export class SystemControlA implements PortDevice {
  /** All there is to save. */
  readonly state: SystemControlAState;
  readonly #a20: Line;
  readonly #reset: Line;

  /**
   * Solders the register in.
   *
   * @param wires `a20` is high while address line 20 is let through; `reset` is pulsed
   * @param state fresh by default, or restored
   */
  constructor(
    wires: { readonly a20: Line; readonly reset: Line },
    state: SystemControlAState = systemControlAState(),
  ) {
    this.#a20 = wires.a20;
    this.#reset = wires.reset;
    this.state = state;
  }

  /** Back to power-on. */
  reset(): void {
    this.state.value = systemControlAState().value;
    this.refreshLines();
  }

  /** Drives A20 as the state says. */
  refreshLines(): void {
    this.#a20.set((this.state.value & FAST_A20) !== 0);
  }

  /** Reads the bits back. */
  readPort(_port: number): number {
    return this.state.value;
  }

  /** Takes the bits. */
  writePort(_port: number, value: number): void {
    const s = this.state;
    const rises = (value & ~s.value & FAST_RESET) !== 0;
    s.value = value & 0xef;
    this.refreshLines();
    if (!rises) return;
    this.#reset.set(true);
    this.#reset.set(false);
  }
}
