/**
 * How the uart_16550 driver 0.6.0 is set up, and what it shows of a device.
 *
 * Source: the crate's `config.rs`, and `ConfigRegisterDump` in its `lib.rs`. Differs: a baud rate is a number, where the
 * crate has an enum of the usual ones and `Custom`.
 *
 * @module
 */

import { calcBaudRate } from "./baud_rate.ts";
import {
  CLK_FREQUENCY_HZ,
  type FifoTriggerLevel,
  IER,
  LCR,
  type Parity,
  setParity,
  setWordLength,
  type WordLength,
} from "./spec.ts";

/** How a device is set up (the crate's `Config`). */
export interface UartDriverConfig {
  /** Interrupts to enable: IER. */
  interrupts: number;
  /** The crystal, Hz. */
  frequency: number;
  /** A second divisor of some UARTs, 0 to 15, or `null`. */
  prescalerDivisionFactor: number | null;
  /** Bytes in the receiver FIFO that interrupt; `null`: FIFOs off. */
  fifoTriggerLevel: FifoTriggerLevel | null;
  /** Bits per second. */
  baudRate: number;
  /** Data bits of a character. */
  dataBits: WordLength;
  /** Whether there is more than one stop bit. */
  extraStopBits: boolean;
  /** The parity bit. */
  parity: Parity;
}

/**
 * The crate's default: receive interrupts, 9600 baud, 8N1, FIFO trigger 14.
 *
 * @returns a fresh object
 */
export function uartDriverConfig(): UartDriverConfig {
  return {
    interrupts: IER.DATA_READY,
    frequency: CLK_FREQUENCY_HZ,
    prescalerDivisionFactor: null,
    fifoTriggerLevel: 14,
    baudRate: 9600,
    dataBits: 8,
    extraStopBits: false,
    parity: "Disabled",
  };
}

/** The state of a {@linkcode Uart16550}: what it was told. */
export interface Uart16550State {
  /** Port or address of its first register. */
  base: number;
  /** Ports or bytes from one register to the next. */
  stride: number;
  /** The active configuration. */
  config: UartDriverConfig;
}

/** The registers at one moment (the crate's `ConfigRegisterDump`). */
export interface ConfigRegisterDump {
  /** Interrupt enable. */
  readonly ier: number;
  /** Interrupt status. */
  readonly isr: number;
  /** Line control. */
  readonly lcr: number;
  /** Modem control. */
  readonly mcr: number;
  /** Line status. */
  readonly lsr: number;
  /** Modem status. */
  readonly msr: number;
  /** Scratch pad. */
  readonly spr: number;
  /** Divisor latch, low byte. */
  readonly dll: number;
  /** Divisor latch, high byte. */
  readonly dlm: number;
  /** The divisor. */
  readonly divisor: number;
}

/**
 * The line control register that a configuration asks for.
 *
 * @param config data bits, stop bits and parity count
 * @returns LCR, without break and divisor latch access
 */
export function lineControl(config: UartDriverConfig): number {
  const stop = config.extraStopBits ? LCR.MORE_STOP_BITS : 0;
  return setParity(setWordLength(stop, config.dataBits), config.parity);
}

/**
 * The baud rate that a dump shows.
 *
 * @param dump the registers
 * @param config its frequency and prescaler count
 * @returns bits per second
 * @throws {RangeError} as the crate panics, if the divisor in the dump is 0 or gives no whole number
 */
export function dumpBaudRate(
  dump: ConfigRegisterDump,
  config: UartDriverConfig,
): number {
  const rate = calcBaudRate(
    config.frequency,
    dump.divisor,
    config.prescalerDivisionFactor,
  );
  if (typeof rate === "number") return rate;
  throw new RangeError(
    `should be able to calculate baud rate from the given valid values: ${rate.debug()}`,
  );
}
