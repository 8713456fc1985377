/**
 * Memory that looks at who uses it: full of old bytes, as memory is, exact
 * about its bounds, and with a limit for the accesses of one operation, so that
 * a list that bites its own tail ends in a message.
 *
 * @module
 */

import type { WordMemory } from "../../base/word_memory.ts";
import { formatHex } from "../../hw/format_hex.ts";

/** Words that one operation may touch. */
export const ACCESSES_MAX = 100_000;

/** What the bytes hold before anybody has written them. */
export const OLD_BYTE = 0x5a;

/** The memory broke a law of its own: what its user did, in words. */
export class MemoryFault extends Error {}

/** A range of words at an address. */
export class ProbeMemory implements WordMemory {
  readonly base: number;
  readonly size: number;
  /** All bytes: for who looks on. */
  readonly bytes: Uint8Array;
  /** Words touched since this was set to 0. */
  accesses = 0;
  readonly #view: DataView;

  /**
   * Makes a memory of old bytes.
   *
   * @param base Address of its first byte.
   * @param size Bytes.
   */
  constructor(base: number, size: number) {
    this.base = base;
    this.size = size;
    this.bytes = new Uint8Array(size).fill(OLD_BYTE);
    this.#view = new DataView(this.bytes.buffer);
  }

  load32(offset: number): number {
    this.#check("load a word", offset, 4, 4);
    return this.#view.getUint32(offset, true);
  }

  store32(offset: number, word: number): void {
    this.#check("store a word", offset, 4, 4);
    this.#view.setUint32(offset, word >>> 0, true);
  }

  fill(offset: number, length: number, byte: number): void {
    this.#check("fill", offset, length, 1);
    this.bytes.fill(byte, offset, offset + length);
  }

  copy(target: number, source: number, length: number): void {
    this.#check("copy to", target, length, 1);
    this.#check("copy from", source, length, 1);
    this.bytes.copyWithin(target, source, source + length);
  }

  #check(act: string, offset: number, length: number, align: number): void {
    this.accesses += 1;
    if (this.accesses > ACCESSES_MAX) {
      throw new MemoryFault(`it touched ${ACCESSES_MAX} words and went on`);
    }
    const isInside = Number.isSafeInteger(offset) && offset >= 0 &&
      length >= 0 && offset + length <= this.size;
    if (!isInside) {
      throw new MemoryFault(
        `Cannot ${act} at offset ${offset}, ${length} bytes: ` +
          `the memory has ${this.size}`,
      );
    }
    if ((this.base + offset) % align !== 0) {
      throw new MemoryFault(
        `Cannot ${act} at ${formatHex(this.base + offset)}: ` +
          `no multiple of ${align}`,
      );
    }
  }
}
