/**
 * The serial driver of the post "Testing": the uart_16550 crate 0.2.18, `SerialPort`.
 *
 * 38,400 baud, 8N1; `\n` goes out as it is; backspace and delete go out as backspace, space, backspace.
 * Waiting has no bound of its own, as in the crate; each look at the device is a port access, which a machine counts.
 *
 * *Not modelled*: `MmioSerialPort`.
 *
 * @module
 */

import type { UartPorts } from "./ports.ts";
import { encodeUtf8 } from "../../base/utf8.ts";

export type { UartPorts } from "./ports.ts";

/** LSR, a byte can be read. */
const INPUT_FULL = 0x01;
/** LSR, a byte can be written. */
const OUTPUT_EMPTY = 0x20;

const BACKSPACE = 0x08;
const DELETE = 0x7f;
const SPACE = 0x20;

/**
 * A serial port. It keeps nothing but its base: all state is the device's.
 *
 * @example
 * ```ts
 * import { SerialPort } from "@lockstep/kernel/kernel";
 * import { assertEquals } from "@std/assert";
 *
 * const written: [number, number][] = [];
 * const ports = {
 *   in8: () => 0x60, // LSR: ready to send.
 *   out8: (port: number, value: number) => void written.push([port, value]),
 * };
 * new SerialPort(ports, 0x3f8).writeStr("A");
 * assertEquals(written, [[0x3f8, 0x41]]);
 * ```
 */
export class SerialPort {
  /** The first of its ports. */
  readonly base: number;
  readonly #ports: UartPorts;

  /**
   * Names a port; touches nothing.
   *
   * @param ports the machine
   * @param base the first of its ports, such as 0x3f8
   * @throws {RangeError} if `base` + 5 is no port
   */
  constructor(ports: UartPorts, base: number) {
    if (!Number.isInteger(base) || base < 0 || base + 5 > 0xffff) {
      throw new RangeError(
        `Cannot use serial ports from ${base} on: ports are 0x0–0xffff`,
      );
    }
    this.#ports = ports;
    this.base = base;
  }

  /** Sets 38,400 baud, 8N1, FIFOs with a trigger at 14 bytes, DTR, RTS, OUT2, and the receive interrupt. */
  init(): void {
    const { base } = this;
    const out8 = (offset: number, value: number) =>
      this.#ports.out8(base + offset, value);
    out8(1, 0x00); // Interrupts off.
    out8(3, 0x80); // DLAB.
    out8(0, 0x03); // Divisor, low byte: 115,200 / 3 baud.
    out8(1, 0x00); // Divisor, high byte.
    out8(3, 0x03); // 8 data bits, DLAB off.
    out8(2, 0xc7); // FIFOs on and empty, trigger at 14 bytes.
    out8(4, 0x0b); // DTR, RTS, OUT2.
    out8(1, 0x01); // Interrupt on reception.
  }

  /**
   * Sends a byte as a terminal wants it: backspace and delete wipe the character before the cursor.
   *
   * @param byte 0 to 255
   */
  send(byte: number): void {
    if (byte !== BACKSPACE && byte !== DELETE) return this.sendRaw(byte);
    this.sendRaw(BACKSPACE);
    this.sendRaw(SPACE);
    this.sendRaw(BACKSPACE);
  }

  /**
   * Sends a byte as it is. Spins until the device takes it.
   *
   * @param byte 0 to 255
   */
  sendRaw(byte: number): void {
    this.#waitFor(OUTPUT_EMPTY);
    this.#ports.out8(this.base, byte);
  }

  /** Gives the next byte received. Spins until there is one. */
  receive(): number {
    this.#waitFor(INPUT_FULL);
    return this.#ports.in8(this.base);
  }

  /**
   * Sends text in UTF-8.
   *
   * @param text sent byte for byte by {@linkcode SerialPort.send}
   */
  writeStr(text: string): void {
    for (const byte of encodeUtf8(text)) this.send(byte);
  }

  #waitFor(status: number): void {
    while (!(this.#ports.in8(this.base + 5) & status)) this.#ports.pause?.();
  }
}
