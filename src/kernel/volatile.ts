/**
 * Memory whose accesses are seen one by one, such as a device's window.
 *
 * Book: "VGA Text Mode", section "Volatile". Source: crate volatile 0.2.7. In
 * TypeScript nothing is optimised away; what these classes promise is which
 * accesses happen on the bus: `read` is one load, `write` one store, `update`
 * one load and one store, each of the cell's whole width.
 *
 * @module
 */

import { virtAdd, type VirtAddr } from "../hw/addr.ts";
import type { Instructions } from "../hw/instructions.ts";

/** The loads and stores of the CPU. */
export type MemoryBus = Pick<
  Instructions,
  "load8" | "load16" | "load32" | "store8" | "store16" | "store32"
>;

/** Bytes of one cell. */
export type CellBytes = 1 | 2 | 4;

/**
 * A cell in memory.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Volatile } from "@lockstep/kernel/kernel";
 * import { virtAddr } from "@lockstep/kernel/hw";
 *
 * const seen: string[] = [];
 * const bus = {
 *   load16: () => (seen.push("read"), 41),
 *   store16: (_: number, value: number) => void seen.push(`write ${value}`),
 * } as never;
 * new Volatile(bus, virtAddr(0xb8000), 2).update((value) => value + 1);
 * assertEquals(seen, ["read", "write 42"]);
 * ```
 */
export class Volatile {
  readonly #cells: VolatileArray;

  /**
   * Looks at a cell.
   *
   * @param bus Loads and stores.
   * @param address Where the cell lies.
   * @param bytes Its width.
   */
  constructor(bus: MemoryBus, address: VirtAddr, bytes: CellBytes) {
    this.#cells = new VolatileArray(bus, address, bytes, 1);
  }

  /**
   * Loads once.
   *
   * @returns The value, unsigned.
   */
  read(): number {
    return this.#cells.read(0);
  }

  /**
   * Stores once.
   *
   * @param value Is stored.
   */
  write(value: number): void {
    this.#cells.write(0, value);
  }

  /**
   * Loads once and stores once.
   *
   * @param change Maps what was loaded to what is stored.
   */
  update(change: (value: number) => number): void {
    this.#cells.update(0, change);
  }
}

/** A cell that may only be read. */
export type ReadOnly = Pick<Volatile, "read">;

/** A cell that may only be written. */
export type WriteOnly = Pick<Volatile, "write">;

/** A cell that may be both, which is what {@linkcode Volatile} is. */
export type ReadWrite = Volatile;

/** Cells side by side. */
export class VolatileArray {
  /** How many cells. */
  readonly length: number;
  readonly #bus: MemoryBus;
  readonly #start: VirtAddr;
  readonly #bytes: CellBytes;

  /**
   * Looks at cells.
   *
   * @param bus Loads and stores.
   * @param start Where the first cell lies.
   * @param bytes Width of each.
   * @param length How many cells.
   */
  constructor(
    bus: MemoryBus,
    start: VirtAddr,
    bytes: CellBytes,
    length: number,
  ) {
    this.#bus = bus;
    this.#start = start;
    this.#bytes = bytes;
    this.length = length;
  }

  /**
   * Loads once.
   *
   * @param index Which cell.
   * @returns Its value, unsigned.
   * @throws {RangeError} If there is no such cell.
   */
  read(index: number): number {
    const address = this.#address(index);
    switch (this.#bytes) {
      case 1:
        return this.#bus.load8(address);
      case 2:
        return this.#bus.load16(address);
      default:
        return this.#bus.load32(address);
    }
  }

  /**
   * Stores once.
   *
   * @param index Which cell.
   * @param value Is stored.
   * @throws {RangeError} If there is no such cell.
   */
  write(index: number, value: number): void {
    const address = this.#address(index);
    switch (this.#bytes) {
      case 1:
        this.#bus.store8(address, value);
        break;
      case 2:
        this.#bus.store16(address, value);
        break;
      default:
        this.#bus.store32(address, value);
    }
  }

  /**
   * Loads once and stores once.
   *
   * @param index Which cell.
   * @param change Maps what was loaded to what is stored.
   * @throws {RangeError} If there is no such cell.
   */
  update(index: number, change: (value: number) => number): void {
    this.write(index, change(this.read(index)));
  }

  #address(index: number): VirtAddr {
    if (index >= 0 && index < this.length && Number.isInteger(index)) {
      return virtAdd(this.#start, index * this.#bytes);
    }
    throw new RangeError(
      `Cannot use cell ${index}: there are cells 0 to ${this.length - 1}`,
    );
  }
}
