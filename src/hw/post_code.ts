/**
 * Port 0x80: where firmware writes the number of what it is about to do, and where drivers write to let a moment pass.
 *
 * Source: IBM PC AT Technical Reference, "I/O Address Map" (0x80 lies among the DMA page registers and belongs to no
 * channel: what was written reads back).
 *
 * *Not modelled*: the time that such a write takes on a bus; it costs what every instruction costs.
 *
 * @module
 */

import type { PortDevice } from "./io_bus.ts";

/** The port. */
export const POST_CODE_PORT = 0x80;

/** State of port 0x80. */
export interface PostCodeState {
  /** The last byte written, 0 to 255. */
  code: number;
}

/**
 * Makes the power-on state.
 *
 * @returns a state with code 0
 */
export function postCodeState(): PostCodeState {
  return { code: 0 };
}

/** A byte that reads back. */
export class PostCode implements PortDevice {
  /** All there is to save. */
  readonly state: PostCodeState;

  /**
   * Makes the register.
   *
   * @param state fresh by default, or restored
   */
  constructor(state: PostCodeState = postCodeState()) {
    this.state = state;
  }

  /** Back to power-on. */
  reset(): void {
    this.state.code = 0;
  }

  /** Nothing to drive: there is no output line. */
  refreshLines(): void {}

  /** Reads the last code. */
  readPort(_port: number): number {
    return this.state.code;
  }

  /** Takes a code. */
  writePort(_port: number, value: number): void {
    this.state.code = value;
  }
}
