/**
 * A wire between two chips. The board (the machine) makes the wires; a chip knows its own end only.
 *
 * @module
 */

/** The driving end of a wire. */
export interface Line {
  /** Drives the wire high (`true`) or low (`false`). Driving the level that it has is allowed and changes nothing. */
  set(level: boolean): void;
}

/** A wire that leads nowhere: for a chip that is used alone. */
export const UNCONNECTED: Line = Object.freeze({ set(_level: boolean) {} });
