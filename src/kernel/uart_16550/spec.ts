/**
 * The 16550's registers as the uart_16550 crate 0.6.0 names them.
 *
 * Follows the crate's `spec::registers`. Differs: registers are plain numbers with constants for their bits.
 *
 * *Not modelled*: `Divisor`, the crate's list of the divisors that give whole rates.
 *
 * @module
 */

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

/** Gives the prescaler division factor in a PSD, 0 to 15. */
export function prescalerDivisionFactor(psd: number): number {
  return psd & 0xf;
}

/** Gives `psd` with another prescaler division factor, 0 to 15; throws a `RangeError` beyond. */
export function setPrescalerDivisionFactor(
  psd: number,
  factor: number,
): number {
  if (!(Number.isInteger(factor) && factor >= 0 && factor <= 0xf)) {
    throw new RangeError(
      `Cannot set factor ${factor}: pdf must fit in a nibble (0..=15)`,
    );
  }
  return (psd & ~0xf) | factor;
}

const LSR_ERRORS: number = LSR.OVERRUN_ERROR | LSR.PARITY_ERROR |
  LSR.FRAMING_ERROR | LSR.BREAK_INTERRUPT | LSR.FIFO_DATA_ERROR;

/** Whether an LSR shows an error of reception. */
export function hasLineError(lsr: number): boolean {
  return (lsr & LSR_ERRORS) !== 0;
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

/** Whether an ISR says that the device interrupts. */
export function hasPendingInterrupt(isr: number): boolean {
  return (isr & ISR.INTERRUPT_STATUS) === 0;
}

/** Gives why an ISR says that the device interrupts, or `null` if it does not. */
export function interruptType(isr: number): InterruptType | null {
  if (!hasPendingInterrupt(isr)) return null;
  return INTERRUPT_TYPES[(isr >> 1) & 7]!;
}

/** Gives the rank of an interrupt, 1 for the most urgent. */
export function interruptPriority(type: InterruptType): number {
  return PRIORITIES[type];
}
