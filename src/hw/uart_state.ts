/**
 * What a serial port keeps, and what it is connected to.
 *
 * Source: PC16550D data sheet, "UART Reset Configuration".
 *
 * @module
 */

import type { Alarm, Now } from "../base/alarm.ts";
import { type ByteFifoState, byteFifoState } from "../base/fifo.ts";
import type { Line } from "../base/line.ts";
import { NEVER } from "../base/time.ts";
import {
  MSR_CTS,
  MSR_DCD,
  MSR_DSR,
  UART_FIFO_BYTES,
} from "./uart_registers.ts";

/** The modem inputs when a terminal listens: CTS, DSR and DCD, as QEMU has them. */
export const MODEM_INPUTS_DEFAULT: number = MSR_CTS | MSR_DSR | MSR_DCD;
/** The divisor latch at power-on, which the data sheet leaves undefined: 9600 baud, as in QEMU. */
export const DIVISOR_DEFAULT = 12;

/** What may be chosen about a serial port. */
export interface UartConfig {
  /** Whether a character takes its time on the wire; `false`, the default: transmission is instant. */
  readonly timedTransmission?: boolean;
  /** Modem inputs that are asserted: MSR bits 4–7. Default {@linkcode MODEM_INPUTS_DEFAULT}. */
  readonly modemInputs?: number;
}

/** The state of a {@linkcode Uart}. */
export interface UartState {
  /** Whether transmission is timed by the divisor. */
  timed: boolean;
  /** IER, bits 0–3. */
  ier: number;
  /** FCR, bits 0, 3, 6 and 7. */
  fcr: number;
  /** LCR. */
  lcr: number;
  /** MCR, bits 0–4. */
  mcr: number;
  /** SCR. */
  scratch: number;
  /** Divisor latch, 16 bits. */
  divisor: number;
  /** LSR bits 1–4 that have not been read. */
  lineErrors: number;
  /** Levels at the modem pins: MSR bits 4–7. */
  modemInputs: number;
  /** MSR bits 0–3 that have not been read. */
  modemDeltas: number;
  /** The transmitter emptied, and neither IIR nor THR has been touched since. */
  thrInterrupt: boolean;
  /** A character timeout is announced. */
  timeoutPending: boolean;
  /** When the timeout is due, clk, or `NEVER`. */
  timeoutClk: number;
  /** Receiver FIFO. */
  readonly received: ByteFifoState;
  /** LSR bits 2–4 of each byte in the receiver FIFO; 0 once they are in `lineErrors`. */
  readonly receivedErrors: ByteFifoState;
  /** RBR without FIFO; keeps its byte after it is read. */
  rbr: number;
  /** Whether RBR holds a byte that has not been read. */
  rbrFull: boolean;
  /** Transmitter FIFO; without FIFO its first byte is THR. */
  readonly transmit: ByteFifoState;
  /** Whether a character is being shifted out; never with instant transmission. */
  shifting: boolean;
  /** The character being shifted out. */
  shiftByte: number;
  /** When its last stop bit ends, clk, or `NEVER`. */
  shiftEndClk: number;
  /** Fraction of a clk that `shiftEndClk` was rounded down by, in 1,152nds. */
  shiftRemainder: number;
  /** Received bytes that were lost because nobody had read the earlier ones. */
  bytesLost: number;
}

/**
 * The power-on state (data sheet, "UART Reset Configuration").
 *
 * @param config what to choose
 * @returns a fresh state
 */
export function uartState(config: UartConfig = {}): UartState {
  return {
    timed: config.timedTransmission ?? false,
    ier: 0,
    fcr: 0,
    lcr: 0,
    mcr: 0,
    scratch: 0,
    divisor: DIVISOR_DEFAULT,
    lineErrors: 0,
    modemInputs: (config.modemInputs ?? MODEM_INPUTS_DEFAULT) & 0xf0,
    modemDeltas: 0,
    thrInterrupt: false,
    timeoutPending: false,
    timeoutClk: NEVER,
    received: byteFifoState(UART_FIFO_BYTES),
    receivedErrors: byteFifoState(UART_FIFO_BYTES),
    rbr: 0,
    rbrFull: false,
    transmit: byteFifoState(UART_FIFO_BYTES),
    shifting: false,
    shiftByte: 0,
    shiftEndClk: NEVER,
    shiftRemainder: 0,
    bytesLost: 0,
  };
}

/** Who receives what the UART sends. */
export interface SerialSink {
  /** Takes one character, 0 to 255, when its last stop bit has left. */
  byte(value: number): void;
}

/** What a UART is connected to. */
export interface UartWires {
  /** The current cycle. */
  readonly clock: Now;
  /** The end of the character being shifted out: calls {@linkcode Uart.onTransmitAlarm}. */
  readonly transmitAlarm: Alarm;
  /** The end of four characters of silence: calls {@linkcode Uart.onTimeoutAlarm}. */
  readonly timeoutAlarm: Alarm;
  /** The interrupt line behind the OUT2 gate. */
  readonly irq: Line;
  /** The other end of the cable. */
  readonly transmit: SerialSink;
}
