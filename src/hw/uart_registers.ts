/**
 * The registers of the 16550A, by the names of its data sheet, and the time that one character takes on the wire.
 *
 * Source: PC16550D data sheet, "Registers", "Programmable Baud Generator".
 *
 * @module
 */

/** First port of COM1. */
export const COM1_BASE = 0x3f8;
/** Interrupt line of COM1. */
export const COM1_IRQ = 4;
/** First port of COM2. */
export const COM2_BASE = 0x2f8;
/** Interrupt line of COM2. */
export const COM2_IRQ = 3;
/** Ports that one UART takes. */
export const UART_PORTS = 8;
/** Bytes that each of the two FIFOs holds. */
export const UART_FIFO_BYTES = 16;
/** The crystal, Hz: 16 × 115,200. */
export const UART_CRYSTAL_HZ = 1_843_200;

/** Offset of RBR (read), THR (write), or DLL with DLAB. */
export const REG_DATA = 0;
/** Offset of IER, or DLM with DLAB. */
export const REG_IER = 1;
/** Offset of IIR (read) and FCR (write). */
export const REG_IIR_FCR = 2;
/** Offset of LCR. */
export const REG_LCR = 3;
/** Offset of MCR. */
export const REG_MCR = 4;
/** Offset of LSR. */
export const REG_LSR = 5;
/** Offset of MSR. */
export const REG_MSR = 6;
/** Offset of SCR. */
export const REG_SCR = 7;

/** IER, received data available and character timeout. */
export const IER_ERBFI = 0x01;
/** IER, transmitter holding register empty. */
export const IER_ETBEI = 0x02;
/** IER, receiver line status. */
export const IER_ELSI = 0x04;
/** IER, modem status. */
export const IER_EDSSI = 0x08;

/** IIR, no interrupt pending. */
export const IIR_NONE = 0x01;
/** IIR, modem status, fourth priority. */
export const IIR_MODEM = 0x00;
/** IIR, transmitter holding register empty, third priority. */
export const IIR_THRE = 0x02;
/** IIR, received data available, second priority. */
export const IIR_DATA = 0x04;
/** IIR, character timeout, second priority. */
export const IIR_TIMEOUT = 0x0c;
/** IIR, receiver line status, first priority. */
export const IIR_LINE = 0x06;
/** IIR, both bits that say that the FIFOs are on. */
export const IIR_FIFOS = 0xc0;

/** FCR, FIFO enable. */
export const FCR_ENABLE = 0x01;
/** FCR, receiver FIFO reset, clears itself. */
export const FCR_RESET_RECEIVER = 0x02;
/** FCR, transmitter FIFO reset, clears itself. */
export const FCR_RESET_TRANSMITTER = 0x04;

/** LCR, two stop bits (one and a half with 5 data bits). */
export const LCR_STB = 0x04;
/** LCR, parity enable. */
export const LCR_PEN = 0x08;
/** LCR, divisor latch access. */
export const LCR_DLAB = 0x80;

/** MCR, output 2: on a PC the gate between the UART and its interrupt line. */
export const MCR_OUT2 = 0x08;
/** MCR, loopback. */
export const MCR_LOOP = 0x10;

/** LSR, data ready. */
export const LSR_DR = 0x01;
/** LSR, overrun error. */
export const LSR_OE = 0x02;
/** LSR, parity error. */
export const LSR_PE = 0x04;
/** LSR, framing error. */
export const LSR_FE = 0x08;
/** LSR, break interrupt. */
export const LSR_BI = 0x10;
/** LSR, transmitter holding register empty. */
export const LSR_THRE = 0x20;
/** LSR, transmitter empty. */
export const LSR_TEMT = 0x40;
/** LSR, a parity or framing error or a break somewhere in the receiver FIFO. */
export const LSR_FIFO_ERROR = 0x80;

/** MSR, clear to send. */
export const MSR_CTS = 0x10;
/** MSR, data set ready. */
export const MSR_DSR = 0x20;
/** MSR, ring indicator. */
export const MSR_RI = 0x40;
/** MSR, data carrier detect. */
export const MSR_DCD = 0x80;
/** MSR, trailing edge of the ring indicator. */
export const MSR_TERI = 0x04;

const TRIGGER_BYTES = [1, 4, 8, 14] as const;

/**
 * The receiver FIFO's trigger level (data sheet, "FIFO Control Register").
 *
 * @param fcr the register; bits 6 and 7 decide
 * @returns bytes: 1, 4, 8 or 14
 */
export function triggerBytes(fcr: number): number {
  return TRIGGER_BYTES[(fcr >> 6) & 3]!;
}

/**
 * The data bits of one character.
 *
 * @param lcr the line control register; bits 0 and 1 decide
 * @returns a mask of 5 to 8 ones
 */
export function wordMask(lcr: number): number {
  return 0xff >> (3 - (lcr & 3));
}

/**
 * The length of one character on the wire: start bit, data, parity, stop bits.
 *
 * @param lcr the line control register
 * @returns halves of a bit time, 14 to 24
 */
export function frameHalfBits(lcr: number): number {
  const dataBits = 5 + (lcr & 3);
  const parityBits = lcr & LCR_PEN ? 1 : 0;
  const stopHalfBits = !(lcr & LCR_STB) ? 2 : dataBits === 5 ? 3 : 4;
  return 2 * (1 + dataBits + parityBits) + stopHalfBits;
}

/**
 * Half a bit at divisor 1 lasts `HALF_BIT_NUMERATOR / HALF_BIT_DENOMINATOR` clk: 8 periods of the crystal,
 * 8 × 119,318,200 ÷ 1,843,200, in lowest terms.
 */
export const HALF_BIT_NUMERATOR = 596_591;
/** See {@linkcode HALF_BIT_NUMERATOR}. */
export const HALF_BIT_DENOMINATOR = 1152;

/**
 * The duration of one character as a fraction.
 *
 * @param lcr the line control register
 * @param divisor the divisor latch; 0 counts as 65,536, as a 16-bit counter that wraps does
 * @returns clk × {@linkcode HALF_BIT_DENOMINATOR}
 */
export function frameTimeNumerator(lcr: number, divisor: number): number {
  return frameHalfBits(lcr) * (divisor || 0x1_0000) * HALF_BIT_NUMERATOR;
}
