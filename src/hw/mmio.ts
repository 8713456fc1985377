/**
 * A device that answers at physical addresses instead of ports.
 *
 * @module
 */

/** Bytes of one access; the machine splits a wider one, low half first. */
export type MmioWidth = 1 | 2 | 4;

/** A device as the memory bus sees it. Offsets count bytes from the start of its window; the bus keeps the access inside. */
export interface MmioDevice {
  /**
   * Reads; may have side effects, as on the chip.
   *
   * @param offset first byte, from the start of the window
   * @param bytes width of the access
   * @returns the value, little-endian, unsigned
   */
  readMmio(offset: number, bytes: MmioWidth): number;
  /**
   * Writes.
   *
   * @param offset first byte, from the start of the window
   * @param value its low `bytes` bytes are written, little-endian
   * @param bytes width of the access
   */
  writeMmio(offset: number, value: number, bytes: MmioWidth): void;
}
