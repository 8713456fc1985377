/**
 * The driver of the two 8259A, as the crate pic8259 0.11: same port accesses in the same order.
 *
 * Book: "Hardware Interrupts", section "The 8259 PIC". Departs from the crate in nothing; where the crate's arithmetic
 * overflows and a debug build panics, this throws with the same text.
 *
 * @module
 */

/** Port access by byte: the part of the CPU that the driver needs. */
export interface PicPorts {
  /** IN: reads a byte. */
  in8(port: number): number;
  /** OUT: writes a byte. */
  out8(port: number, value: number): void;
}

/** Begins initialisation in cascade mode, ICW4 to come (ICW1). */
const CMD_INIT = 0x11;
/** Non-specific end of interrupt (OCW2). */
const CMD_END_OF_INTERRUPT = 0x20;
/** 8086 mode (ICW4). */
const MODE_8086 = 0x01;
/** The POST port: a write to it takes as long as a PIC of old needs between two commands. */
const WAIT_PORT = 0x80;

const COMMAND = [0x20, 0xa0] as const;
const DATA = [0x21, 0xa1] as const;
/** The secondary hangs at input 2 (ICW3): a bit for the primary, a number for the secondary. */
const CASCADE = [4, 2] as const;
/** Lines, and so vectors, of one chip. */
const LINES = 8;

/**
 * A pair of PICs, secondary behind primary. It has no state: the offsets are configuration, the rest is in the chips.
 *
 * @example
 * ```ts
 * import { ChainedPics } from "@lockstep/kernel/kernel";
 * import { assertEquals } from "@std/assert";
 *
 * const written: [number, number][] = [];
 * const ports = {
 *   in8: () => 0xff,
 *   out8: (port: number, value: number) => void written.push([port, value]),
 * };
 * const pics = new ChainedPics(ports, 32, 40);
 * pics.notifyEndOfInterrupt(41); // The secondary first, then the primary.
 * assertEquals(written, [[0xa0, 0x20], [0x20, 0x20]]);
 * ```
 */
export class ChainedPics {
  readonly #ports: PicPorts;
  readonly #offsets: readonly [primary: number, secondary: number];

  /**
   * Makes the driver; touches no port.
   *
   * @param ports the CPU
   * @param offset1 vector of the primary's line 0, 0 to 255
   * @param offset2 vector of the secondary's line 0, 0 to 255
   * @throws {RangeError} if an offset is no byte
   */
  constructor(ports: PicPorts, offset1: number, offset2: number) {
    for (const offset of [offset1, offset2]) {
      if (!(Number.isInteger(offset) && offset >= 0 && offset <= 0xff)) {
        throw new RangeError(
          `Cannot place the PICs' vectors at ${offset}: an offset is a byte`,
        );
      }
    }
    this.#ports = ports;
    this.#offsets = [offset1, offset2];
  }

  /**
   * Makes the driver for 16 vectors in a row.
   *
   * @param ports the CPU
   * @param primaryOffset vector of the primary's line 0
   * @returns the driver
   * @throws {RangeError} if it is no byte, or from 248 on: "attempt to add with overflow"
   */
  static newContiguous(ports: PicPorts, primaryOffset: number): ChainedPics {
    return new ChainedPics(
      ports,
      primaryOffset,
      endOfVectors(primaryOffset),
    );
  }

  /** Initialises both chips at the offsets, and leaves the masks as they were. */
  initialize(): void {
    const ports = this.#ports;
    const masks = [ports.in8(DATA[0]), ports.in8(DATA[1])] as const;
    const words: readonly (readonly [number, number])[] = [
      [CMD_INIT, CMD_INIT],
      this.#offsets,
      CASCADE,
      [MODE_8086, MODE_8086],
    ];
    words.forEach((word, icw) => {
      const to = icw === 0 ? COMMAND : DATA;
      for (const chip of [0, 1] as const) {
        ports.out8(to[chip], word[chip]);
        ports.out8(WAIT_PORT, 0);
      }
    });
    ports.out8(DATA[0], masks[0]);
    ports.out8(DATA[1], masks[1]);
  }

  /**
   * Reads the interrupt masks.
   *
   * @returns a byte for each chip; a set bit masks that line
   */
  readMasks(): [primary: number, secondary: number] {
    const ports = this.#ports;
    return [ports.in8(DATA[0]), ports.in8(DATA[1])];
  }

  /**
   * Writes the interrupt masks.
   *
   * @param mask1 the primary's
   * @param mask2 the secondary's
   */
  writeMasks(mask1: number, mask2: number): void {
    const ports = this.#ports;
    ports.out8(DATA[0], mask1);
    ports.out8(DATA[1], mask2);
  }

  /** Masks all lines of both chips. */
  disable(): void {
    this.writeMasks(0xff, 0xff);
  }

  /**
   * Whether a vector is one of these PICs'.
   *
   * @param interruptId a vector, 0 to 255
   * @returns whether one of the two chips gives it
   * @throws {RangeError} if a chip's offset is 248 or more and not above the vector: "attempt to add with overflow"
   */
  handlesInterrupt(interruptId: number): boolean {
    return this.#handles(0, interruptId) || this.#handles(1, interruptId);
  }

  /**
   * Ends an interrupt: at the secondary first, where it is that one's, then at the primary. Does nothing for a foreign
   * vector.
   *
   * @param interruptId the vector that was served
   * @throws {RangeError} as {@linkcode ChainedPics.handlesInterrupt}
   */
  notifyEndOfInterrupt(interruptId: number): void {
    if (!this.handlesInterrupt(interruptId)) return;
    const ports = this.#ports;
    if (this.#handles(1, interruptId)) {
      ports.out8(COMMAND[1], CMD_END_OF_INTERRUPT);
    }
    ports.out8(COMMAND[0], CMD_END_OF_INTERRUPT);
  }

  #handles(chip: 0 | 1, id: number): boolean {
    const offset = this.#offsets[chip];
    return offset <= id && id < endOfVectors(offset);
  }
}

/** The first vector after a chip's. A byte in the crate: from 248 on it overflows. */
function endOfVectors(offset: number): number {
  const end = offset + LINES;
  if (end > 0xff) {
    throw new RangeError(
      `Cannot place 8 vectors at ${offset}: attempt to add with overflow`,
    );
  }
  return end;
}
