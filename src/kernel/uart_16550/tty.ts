/**
 * A terminal at the other end of a 16550: the uart_16550 crate 0.6.0, `Uart16550Tty`.
 *
 * Source: the crate's `tty.rs`.
 *
 * @module
 */

import { type UartDriverConfig, uartDriverConfig } from "./driver_config.ts";
import {
  ttyAddressError,
  ttyInitError,
  ttyTestError,
  UartError,
} from "./errors.ts";
import type { UartMemory, UartPorts } from "./ports.ts";
import { Uart16550 } from "./uart_16550.ts";
import { encodeUtf8 } from "../../base/utf8.ts";

/**
 * A 16550 with a terminal at the other end.
 *
 * @example
 * ```ts
 * import { Uart16550Tty, UartError } from "@lockstep/kernel/kernel";
 * import { assert } from "@std/assert";
 *
 * const emptyBus = { in8: () => 0xff, out8() {} };
 * const refusal = Uart16550Tty.newPort(emptyBus, 0x3f8);
 * assert(refusal instanceof UartError);
 * assert(refusal.debug() === "InitError(DeviceNotPresent)");
 * ```
 */
export class Uart16550Tty {
  /** The driver under it. */
  readonly inner: Uart16550;

  /**
   * A terminal over a driver that is set up already, as after a load.
   *
   * @param inner the driver
   */
  constructor(inner: Uart16550) {
    this.inner = inner;
  }

  /**
   * Detects, sets up and tests a device behind ports.
   *
   * @param ports the machine
   * @param base its first port
   * @param config how to set it up
   * @returns the terminal, or a refusal
   */
  static newPort(
    ports: UartPorts,
    base: number,
    config: UartDriverConfig = uartDriverConfig(),
  ): Uart16550Tty | UartError {
    return start(Uart16550.newPort(ports, base), config);
  }

  /**
   * Detects, sets up and tests a device in memory.
   *
   * @param memory the machine
   * @param base address of the first register
   * @param stride bytes from one register to the next
   * @param config how to set it up
   * @returns the terminal, or a refusal
   */
  static newMmio(
    memory: UartMemory,
    base: number,
    stride: number,
    config: UartDriverConfig = uartDriverConfig(),
  ): Uart16550Tty | UartError {
    return start(Uart16550.newMmio(memory, base, stride), config);
  }

  /**
   * Sends text in UTF-8: `\n` as `\r\n`, backspace and delete as backspace, space, backspace.
   *
   * @param text sent whole; spins until the device has taken it
   */
  writeStr(text: string): void {
    for (const byte of encodeUtf8(text)) {
      if (byte === 0x08 || byte === 0x7f) {
        for (const part of [0x08, 0x20, 0x08]) {
          this.inner.sendBytesExact([part]);
        }
      } else if (byte === 0x0a) {
        for (const part of [0x0d, 0x0a]) this.inner.sendBytesExact([part]);
      } else this.inner.sendBytesExact([byte]);
    }
  }
}

function start(
  inner: Uart16550 | UartError,
  config: UartDriverConfig,
): Uart16550Tty | UartError {
  if (inner instanceof UartError) return ttyAddressError(inner);
  const initRefusal = inner.init(config);
  if (initRefusal) return ttyInitError(initRefusal);
  const testRefusal = inner.testLoopback();
  if (testRefusal) return ttyTestError(testRefusal);
  return new Uart16550Tty(inner);
}
