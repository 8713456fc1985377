/**
 * The port bus: 65,536 ports of one byte, each owned by at most one device.
 *
 * Source: SDM 1, "Input/Output": a word or doubleword access at port p reads and writes ports p, p + 1, … in
 * little-endian order. A port that nobody owns reads all ones, as an ISA bus does.
 *
 * *Not modelled*: wait states, bus mastering, I/O permission bitmap (the CPU's matter).
 *
 * @module
 */

import type { EventSink } from "../base/events.ts";

/** Bytes of one access. */
export type PortWidth = 1 | 2 | 4;

/** A device as the bus sees it: reads may have side effects, as on the chip. */
export interface PortDevice {
  /**
   * A byte is read.
   *
   * @returns the byte that the device drives, 0 to 255
   */
  readPort(port: number): number;
  /** Takes a byte, 0 to 255. */
  writePort(port: number, value: number): void;
}

/** A device that takes an access of any width at its first port whole, such as isa-debug-exit. */
export interface WidePortDevice extends PortDevice {
  /**
   * A value is read whole.
   *
   * @returns the value that the device drives, unsigned
   */
  readPortWide(port: number, bytes: PortWidth): number;
  /** Takes a value of 8, 16 or 32 bits, unsigned. */
  writePortWide(port: number, value: number, bytes: PortWidth): void;
}

/** The bus. The table of owners is wiring, not state: it never changes after the machine is built. */
export class IoBus {
  readonly #owners: Uint8Array = new Uint8Array(0x1_0000);
  readonly #devices: (PortDevice | null)[] = [null];
  readonly #wide: (WidePortDevice | null)[] = [null];
  readonly #events: EventSink;

  /**
   * A bus without devices.
   *
   * @param events receives `port-read` and `port-write`
   */
  constructor(events: EventSink) {
    this.#events = events;
  }

  /**
   * Gives ports to a device.
   *
   * @param first the first port
   * @param last the last port, included
   * @param device answers there from now on
   * @throws {RangeError} if a port lies outside 0–0xffff or has an owner already
   */
  attach(first: number, last: number, device: PortDevice): void {
    if (!(first >= 0 && first <= last && last <= 0xffff)) {
      throw new RangeError(
        `Cannot attach ports 0x${first.toString(16)}–0x${
          last.toString(16)
        }: the bus has ports 0x0–0xffff`,
      );
    }
    for (let port = first; port <= last; port++) {
      if (this.#owners[port] !== 0) {
        throw new RangeError(
          `Cannot attach port 0x${port.toString(16)}: it has an owner`,
        );
      }
    }
    const wide = "readPortWide" in device ? device as WidePortDevice : null;
    this.#owners.fill(this.#devices.length, first, last + 1);
    this.#devices.push(device);
    this.#wide.push(wide);
  }

  /**
   * IN.
   *
   * @param port the first port, 0 to 0xffff; the access wraps at the end
   * @param bytes width of the access
   * @returns the value, unsigned
   */
  read(port: number, bytes: PortWidth): number {
    const owner = this.#owners[port]!;
    const wide = this.#wide[owner];
    let value: number;
    if (wide) value = wide.readPortWide(port, bytes);
    else {
      value = this.#readByte(port);
      for (let i = 1; i < bytes; i++) {
        value |= this.#readByte((port + i) & 0xffff) << (8 * i);
      }
    }
    value >>>= 0;
    if (this.#events.on) this.#events.emit("port-read", port, value, bytes);
    return value;
  }

  /**
   * OUT.
   *
   * @param port the first port, 0 to 0xffff; the access wraps at the end
   * @param value its low `bytes` bytes are written
   * @param bytes width of the access
   */
  write(port: number, value: number, bytes: PortWidth): void {
    const masked = bytes === 4
      ? value >>> 0
      : value & (bytes === 2 ? 0xffff : 0xff);
    if (this.#events.on) this.#events.emit("port-write", port, masked, bytes);
    const wide = this.#wide[this.#owners[port]!];
    if (wide) {
      wide.writePortWide(port, masked, bytes);
      return;
    }
    for (let i = 0; i < bytes; i++) {
      const p = (port + i) & 0xffff;
      this.#devices[this.#owners[p]!]?.writePort(
        p,
        (masked >>> (8 * i)) & 0xff,
      );
    }
  }

  #readByte(port: number): number {
    const device = this.#devices[this.#owners[port]!];
    return device ? device.readPort(port) & 0xff : 0xff;
  }
}
