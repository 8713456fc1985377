/**
 * The wire between the 8042 and a keyboard or mouse: what the controller knows of the device at its other end.
 *
 * @module
 */

/**
 * What a device has for its host: nothing, an answer to the host's last command, or data of its own (scan codes,
 * movement).
 */
export type Ps2Waiting = "nothing" | "reply" | "data";

/** A keyboard or mouse, seen from its plug. */
export interface Ps2Device {
  /** What the next {@linkcode Ps2Device.take} will give. */
  readonly waiting: Ps2Waiting;
  /** Takes the next byte from the device, or `null` if it has none. */
  take(): number | null;
  /** The host sends the device a byte. */
  command(byte: number): void;
}
