/**
 * The 16550's registers as the uart_16550 crate 0.6.0 names them, and its arithmetic of clock, divisor and baud rate.
 *
 * Follows the crate's `spec` module. Differs: registers are plain numbers with constants for their bits; a refusal is
 * a value.
 *
 * @module
 */

import { UartError } from "./errors.ts";

/** The usual crystal, Hz. */
export const CLK_FREQUENCY_HZ = 1_843_200;
/** Bytes of each FIFO. */
export const FIFO_SIZE = 16;
/** Registers, and ports, of one device. */
export const NUM_REGISTERS = 8;

/** Where each register lies, from the base. */
export const OFFSETS = {
  /** Receiver holding (read), transmitter holding (write). */
  DATA: 0,
  /** Interrupt enable. */
  IER: 1,
  /** Interrupt status (read). */
  ISR: 2,
  /** FIFO control (write). */
  FCR: 2,
  /** Line control. */
  LCR: 3,
  /** Modem control. */
  MCR: 4,
  /** Line status. */
  LSR: 5,
  /** Modem status. */
  MSR: 6,
  /** Scratch pad. */
  SPR: 7,
  /** Divisor latch, low byte, with DLAB. */
  DLL: 0,
  /** Divisor latch, high byte, with DLAB. */
  DLM: 1,
  /** Prescaler division, with DLAB. */
  PSD: 6,
} as const;

/** Bits of IER. */
export const IER = {
  /** Data ready, and reception timeout. */
  DATA_READY: 0x01,
  /** Transmitter holding register empty. */
  THR_EMPTY: 0x02,
  /** Receiver line status. */
  RECEIVER_LINE_STATUS: 0x04,
  /** Modem status. */
  MODEM_STATUS: 0x08,
  /** End of a DMA reception. */
  DMA_RX_END: 0x40,
  /** End of a DMA transmission. */
  DMA_TX_END: 0x80,
} as const;

/** Bits of ISR. */
export const ISR = {
  /** 0 while an interrupt is pending. */
  INTERRUPT_STATUS: 0x01,
  /** Interrupt code, bit 0. */
  IIC_0: 0x02,
  /** Interrupt code, bit 1. */
  IIC_1: 0x04,
  /** Interrupt code, bit 2. */
  IIC_2: 0x08,
  /** End of a DMA reception. */
  DMA_RX_END: 0x10,
  /** End of a DMA transmission. */
  DMA_TX_END: 0x20,
  /** The FIFOs are on. */
  FIFOS_ENABLED0: 0x40,
  /** The FIFOs are on. */
  FIFOS_ENABLED1: 0x80,
} as const;

/** Bits of FCR. */
export const FCR = {
  /** FIFOs on. */
  FIFO_ENABLE: 0x01,
  /** Empties the receiver FIFO. */
  RX_FIFO_RESET: 0x02,
  /** Empties the transmitter FIFO. */
  TX_FIFO_RESET: 0x04,
  /** DMA mode. */
  DMA_MODE: 0x08,
  /** Enables the ends of DMA. */
  ENABLE_DMA_END: 0x10,
  /** Trigger level, bit 0. */
  RX_FIFO_TRIGGER_LEVEL0: 0x40,
  /** Trigger level, bit 1. */
  RX_FIFO_TRIGGER_LEVEL1: 0x80,
} as const;

/** Bits of LCR. */
export const LCR = {
  /** Word length, bit 0. */
  WORD_LENGTH0: 0x01,
  /** Word length, bit 1. */
  WORD_LENGTH1: 0x02,
  /** Two stop bits; one and a half with five data bits. */
  MORE_STOP_BITS: 0x04,
  /** Parity, bit 0: on. */
  PARITY0: 0x08,
  /** Parity, bit 1. */
  PARITY1: 0x10,
  /** Parity, bit 2. */
  PARITY2: 0x20,
  /** Sends a break. */
  SET_BREAK: 0x40,
  /** Divisor latch access. */
  DLAB: 0x80,
} as const;

/** Bits of MCR. */
export const MCR = {
  /** Data terminal ready. */
  DTR: 0x01,
  /** Request to send. */
  RTS: 0x02,
  /** Output 1. */
  OUT_1: 0x04,
  /** Output 2, the gate of the interrupt line. */
  OUT_2_INT_ENABLE: 0x08,
  /** Loopback. */
  LOOP_BACK: 0x10,
} as const;

/** Bits of LSR. */
export const LSR = {
  /** A byte can be read. */
  DATA_READY: 0x01,
  /** A byte was lost. */
  OVERRUN_ERROR: 0x02,
  /** Wrong parity. */
  PARITY_ERROR: 0x04,
  /** No stop bit. */
  FRAMING_ERROR: 0x08,
  /** A break. */
  BREAK_INTERRUPT: 0x10,
  /** The transmitter holding register, or its FIFO, is empty. */
  THR_EMPTY: 0x20,
  /** The shift register is empty too. */
  TRANSMITTER_EMPTY: 0x40,
  /** An error in the receiver FIFO. */
  FIFO_DATA_ERROR: 0x80,
} as const;

/** Bits of MSR. */
export const MSR = {
  /** CTS has changed. */
  DELTA_CTS: 0x01,
  /** DSR has changed. */
  DELTA_DSR: 0x02,
  /** The ring indicator has ended. */
  TRAILING_EDGE_RI: 0x04,
  /** CD has changed. */
  DELTA_CD: 0x08,
  /** Clear to send. */
  CTS: 0x10,
  /** Data set ready. */
  DSR: 0x20,
  /** Ring indicator. */
  RI: 0x40,
  /** Carrier detect. */
  CD: 0x80,
} as const;

/** Bytes in the receiver FIFO that raise an interrupt. */
export type FifoTriggerLevel = 1 | 4 | 8 | 14;
/** Data bits of a character. */
export type WordLength = 5 | 6 | 7 | 8;
/** What the parity bit is. */
export type Parity = "Disabled" | "Odd" | "Even" | "Forced1" | "Forced0";

const TRIGGER_LEVELS = [1, 4, 8, 14] as const;
const PARITIES = ["Odd", "Even", "Forced1", "Forced0"] as const;

/** Gives the trigger level in an FCR. */
export function fifoTriggerLevel(fcr: number): FifoTriggerLevel {
  return TRIGGER_LEVELS[(fcr >> 6) & 3]!;
}

/** Gives `fcr` with another trigger level. */
export function setFifoTriggerLevel(
  fcr: number,
  level: FifoTriggerLevel,
): number {
  return (fcr & 0x3f) | (TRIGGER_LEVELS.indexOf(level) << 6);
}

/** Gives the word length in an LCR. */
export function wordLength(lcr: number): WordLength {
  return (5 + (lcr & 3)) as WordLength;
}

/** Gives `lcr` with another word length. */
export function setWordLength(lcr: number, length: WordLength): number {
  return (lcr & ~3) | (length - 5);
}

/** Gives the parity in an LCR. */
export function parity(lcr: number): Parity {
  return lcr & LCR.PARITY0 ? PARITIES[(lcr >> 4) & 3]! : "Disabled";
}

/** Gives `lcr` with another parity. */
export function setParity(lcr: number, value: Parity): number {
  const bits = value === "Disabled" ? 0 : (PARITIES.indexOf(value) << 1) | 1;
  return (lcr & ~0x38) | (bits << 3);
}

/** Why the device interrupts. */
export type InterruptType =
  | "ReceiverLineStatus"
  | "ReceivedDataReady"
  | "ReceptionTimeout"
  | "TransmitterHoldingRegisterEmpty"
  | "ModemStatus"
  | "DmaReceptionEndOfTransfer"
  | "DmaTransmissionEndOfTransfer";

const INTERRUPT_TYPES: readonly (InterruptType | null)[] = [
  "ModemStatus",
  "TransmitterHoldingRegisterEmpty",
  "ReceivedDataReady",
  "ReceiverLineStatus",
  null,
  "DmaTransmissionEndOfTransfer",
  "ReceptionTimeout",
  "DmaReceptionEndOfTransfer",
];

const PRIORITIES: Readonly<Record<InterruptType, number>> = {
  ReceiverLineStatus: 1,
  ReceivedDataReady: 2,
  ReceptionTimeout: 2,
  TransmitterHoldingRegisterEmpty: 3,
  ModemStatus: 4,
  DmaReceptionEndOfTransfer: 5,
  DmaTransmissionEndOfTransfer: 6,
};

/** Gives why an ISR says that the device interrupts, or `null` if it does not. */
export function interruptType(isr: number): InterruptType | null {
  if (isr & ISR.INTERRUPT_STATUS) return null;
  return INTERRUPT_TYPES[(isr >> 1) & 7]!;
}

/** Gives the rank of an interrupt, 1 for the most urgent. */
export function interruptPriority(type: InterruptType): number {
  return PRIORITIES[type];
}

const optionDebug = (value: number | null): string =>
  value === null ? "None" : `Some(${value})`;

function check(frequency: number, divisor: number, what: string): void {
  if (frequency === 0) throw new RangeError("frequency must be non-zero");
  if (divisor === 0) throw new RangeError(`${what} must be non-zero`);
}

function checkPrescaler(factor: number | null): void {
  if (factor === null || factor <= 0xf) return;
  throw new RangeError(
    `prescaler_division_factor must fit in a nibble (0..=15), got ${
      optionDebug(factor)
    }`,
  );
}

/** Gives frequency ÷ (16 × (factor + 1) × divisor), or `null` if that is no whole number. */
function divide(
  frequency: number,
  divisor: number,
  factor: number | null,
): number | null {
  const quotient = frequency / (16 * ((factor ?? 0) + 1) * divisor);
  return Number.isInteger(quotient) ? quotient : null;
}

/**
 * The baud rate that a divisor gives.
 *
 * @param frequency of the crystal, Hz
 * @param divisor of the divisor latch
 * @param prescalerDivisionFactor 0 to 15, or `null`
 * @returns bits per second, or a refusal if that is no whole number
 * @throws {RangeError} as the crate panics, on a zero or a factor beyond 15
 */
export function calcBaudRate(
  frequency: number,
  divisor: number,
  prescalerDivisionFactor: number | null = null,
): number | UartError {
  check(frequency, divisor, "divisor");
  checkPrescaler(prescalerDivisionFactor);
  const rate = divide(frequency, divisor, prescalerDivisionFactor);
  if (rate !== null) return rate;
  const factor = optionDebug(prescalerDivisionFactor);
  return new UartError(
    "non-integer-baud-rate",
    `NonIntegerBaudRateError { frequency: ${frequency}, divisor: ${divisor}, prescaler_division_factor: ${factor} }`,
    `Input values do not result in even (integer representable) baud rate! frequency=${frequency}, divisor=${divisor}, prescaler_division_factor=${factor}`,
  );
}

/**
 * The crystal that gives a baud rate with a divisor.
 *
 * @param baudRate bits per second
 * @param divisor of the divisor latch
 * @param prescalerDivisionFactor 0 to 15, or `null`
 * @returns Hz
 * @throws {RangeError} as the crate panics, on a zero or a factor beyond 15
 */
export function calcFrequency(
  baudRate: number,
  divisor: number,
  prescalerDivisionFactor: number | null = null,
): number {
  if (divisor === 0) throw new RangeError("divisor must be non-zero");
  if (baudRate === 0) throw new RangeError("baud_rate must be non-zero");
  checkPrescaler(prescalerDivisionFactor);
  return baudRate * 16 * ((prescalerDivisionFactor ?? 0) + 1) * divisor;
}

/**
 * The divisor that gives a baud rate.
 *
 * @param frequency of the crystal, Hz
 * @param baudRate bits per second
 * @param prescalerDivisionFactor 0 to 15, or `null`
 * @returns the divisor, or a refusal if it is no whole number
 * @throws {RangeError} as the crate panics: on a zero, a factor beyond 15, or a divisor beyond 65,535
 */
export function calcDivisor(
  frequency: number,
  baudRate: number,
  prescalerDivisionFactor: number | null = null,
): number | UartError {
  check(frequency, baudRate, "baud_rate");
  checkPrescaler(prescalerDivisionFactor);
  const divisor = divide(frequency, baudRate, prescalerDivisionFactor);
  if (divisor === null) {
    const factor = optionDebug(prescalerDivisionFactor);
    return new UartError(
      "non-integer-divisor",
      `NonIntegerDivisorError { frequency: ${frequency}, baud_rate: ${baudRate}, prescaler_division_factor: ${factor} }`,
      `input values do not result in even (integer representable) baud rate! frequency=${frequency}, baud_rate=${baudRate}, prescaler_division_factor=${factor}`,
    );
  }
  if (divisor > 0xffff) {
    throw new RangeError(
      "called `Result::unwrap()` on an `Err` value: TryFromIntError(())",
    );
  }
  return divisor;
}
