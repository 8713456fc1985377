/**
 * What a driver of the 16550 needs of its machine.
 *
 * @module
 */

/** The port instructions; the CPU's `Instructions` have them. */
export interface UartPorts {
  /** IN AL, DX. */
  in8(port: number): number;
  /** OUT DX, AL. */
  out8(port: number, value: number): void;
  /** What a loop does between two looks at the device: PAUSE. Left out, it does nothing. */
  pause?(): void;
}

/** Byte access to memory, for a UART whose registers lie there. */
export interface UartMemory {
  /** Loads a byte. */
  load8(address: number): number;
  /** Stores a byte. */
  store8(address: number, value: number): void;
  /** As in {@linkcode UartPorts}. */
  pause?(): void;
}
