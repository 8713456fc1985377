/**
 * The serial port: a 16550A UART as a PC wires it.
 *
 * Source: PC16550D data sheet, by register; the interrupt line passes a gate that OUT2 opens (IBM PC/XT Technical
 * Reference, "Asynchronous Communications Adapter").
 *
 * Ports: eight from a base (COM1: 0x3f8–0x3ff, IRQ 4); only the low three bits of the port are looked at.
 *
 * Transmission is instant, as in QEMU, or timed by the divisor. A character timeout is timed in both.
 *
 * *Not modelled*: DMA mode and the RXRDY and TXRDY pins, which a PC leaves open; a break that is sent (LCR bit 6 is
 * kept, nobody sees it); stick parity and parity as such (errors come with the byte received); writes to LSR and MSR
 * (factory test); the delay of one character on the first transmitter interrupt while the FIFO never held two bytes.
 * A character written while the transmitter FIFO is full, which the data sheet leaves open, pushes out the oldest one.
 *
 * @module
 */

import { ByteFifo } from "../base/fifo.ts";
import { copyStateInto } from "../base/state_tree.ts";
import { NEVER } from "../base/time.ts";
import { RECEIVE_ERRORS, UartReceiver } from "./uart_receiver.ts";
import {
  FCR_ENABLE,
  FCR_RESET_RECEIVER,
  FCR_RESET_TRANSMITTER,
  frameTimeNumerator,
  HALF_BIT_DENOMINATOR,
  IER_EDSSI,
  IER_ELSI,
  IER_ERBFI,
  IER_ETBEI,
  IIR_DATA,
  IIR_FIFOS,
  IIR_LINE,
  IIR_MODEM,
  IIR_NONE,
  IIR_THRE,
  IIR_TIMEOUT,
  LCR_DLAB,
  LSR_DR,
  LSR_FIFO_ERROR,
  LSR_TEMT,
  LSR_THRE,
  MCR_LOOP,
  MCR_OUT2,
  MSR_RI,
  MSR_TERI,
  REG_DATA,
  REG_IER,
  REG_IIR_FCR,
  REG_LCR,
  REG_LSR,
  REG_MCR,
  REG_MSR,
  wordMask,
} from "./uart_registers.ts";
import { type UartState, uartState, type UartWires } from "./uart_state.ts";

export { TIMEOUT_CHARACTERS } from "./uart_receiver.ts";
export {
  COM1_BASE,
  COM1_IRQ,
  COM2_BASE,
  COM2_IRQ,
  UART_CRYSTAL_HZ,
  UART_FIFO_BYTES,
  UART_PORTS,
} from "./uart_registers.ts";
export * from "./uart_state.ts";

/**
 * A 16550A.
 *
 * @example
 * ```ts
 * import { COM1_BASE, Uart, uartState } from "@lockstep/kernel/hw";
 * import { assertEquals } from "@std/assert";
 *
 * const alarm = { deadline: Number.MAX_SAFE_INTEGER, arm() {}, disarm() {} };
 * const sent: number[] = [];
 * const uart = new Uart({
 *   clock: { clk: 0 },
 *   transmitAlarm: alarm,
 *   timeoutAlarm: alarm,
 *   irq: { set() {} },
 *   transmit: { byte: (value) => sent.push(value) },
 * }, uartState());
 * uart.writePort(COM1_BASE + 3, 0x03); // LCR: 8 data bits.
 * uart.writePort(COM1_BASE, 0x41);
 * assertEquals(sent, [0x41]);
 * assertEquals(uart.readPort(COM1_BASE + 5), 0x60); // LSR: all sent.
 * ```
 */
export class Uart {
  /** All there is to save. */
  readonly state: UartState;
  readonly #wires: UartWires;
  readonly #receiver: UartReceiver;
  readonly #transmit: ByteFifo;

  /**
   * A chip over its state.
   *
   * @param wires what it is connected to
   * @param state fresh from {@linkcode uartState}, or restored
   */
  constructor(wires: UartWires, state: UartState = uartState()) {
    this.#wires = wires;
    this.state = state;
    this.#receiver = new UartReceiver(state, wires.clock, wires.timeoutAlarm);
    this.#transmit = new ByteFifo(state.transmit);
  }

  /** Master reset: the power-on state. The configuration and the levels at the modem pins stay. */
  reset(): void {
    const { timed: timedTransmission, modemInputs } = this.state;
    copyStateInto(this.state, uartState({ timedTransmission, modemInputs }));
    this.#wires.transmitAlarm.disarm();
    this.#wires.timeoutAlarm.disarm();
    this.refreshLines();
  }

  /** Drives the interrupt line from the state. */
  refreshLines(): void {
    // In loopback the OUT2 pin is forced inactive, which closes the gate.
    const open = (this.state.mcr & (MCR_OUT2 | MCR_LOOP)) === MCR_OUT2;
    this.#wires.irq.set(open && this.#interruptId() !== IIR_NONE);
  }

  /** Whether a byte that arrives would find room. */
  get canReceive(): boolean {
    return !this.#receiver.full;
  }

  /**
   * A character arrives on the wire. In loopback the input is disconnected and the character is lost.
   *
   * @param byte 0 to 255; bits beyond the word length do not arrive
   * @param errors any of LSR's PE (4), FE (8) and BI (0x10)
   */
  receive(byte: number, errors = 0): void {
    this.#receiver.expireTimeout();
    if (this.state.mcr & MCR_LOOP) return;
    this.#receiver.accept(byte, errors & RECEIVE_ERRORS);
    this.refreshLines();
  }

  /**
   * The levels at the modem pins change.
   *
   * @param inputs MSR bits 4–7 that are asserted: CTS 0x10, DSR 0x20, RI 0x40, DCD 0x80
   */
  setModemInputs(inputs: number): void {
    const before = this.#modemLevels();
    this.state.modemInputs = inputs & 0xf0;
    this.#noteModemChange(before);
    this.refreshLines();
  }

  /**
   * A read. RBR takes the byte, LSR forgets errors, MSR forgets deltas, IIR acknowledges an empty transmitter.
   *
   * @param port any port of the eight
   * @returns the register, 0 to 255
   */
  readPort(port: number): number {
    const s = this.state;
    this.#receiver.expireTimeout();
    const value = this.#readRegister(port & 7, (s.lcr & LCR_DLAB) !== 0);
    this.refreshLines();
    return value;
  }

  /**
   * A write.
   *
   * @param port any port of the eight
   * @param value 0 to 255
   */
  writePort(port: number, value: number): void {
    const s = this.state;
    this.#receiver.expireTimeout();
    this.#writeRegister(port & 7, value, (s.lcr & LCR_DLAB) !== 0);
    this.refreshLines();
  }

  /** Called by the machine when the character in the shift register is out. */
  onTransmitAlarm(): void {
    const s = this.state;
    const end = s.shiftEndClk;
    const byte = s.shiftByte;
    s.shifting = false;
    s.shiftByte = 0;
    s.shiftEndClk = NEVER;
    // The next start bit follows the stop bit at once, however late this call is.
    if (this.#transmit.length > 0) this.#startShifting(end);
    else s.shiftRemainder = 0;
    this.#receiver.expireTimeout();
    this.#deliver(byte);
    this.refreshLines();
  }

  /** Called by the machine when four characters of silence have passed. */
  onTimeoutAlarm(): void {
    this.#receiver.expireTimeout();
    this.refreshLines();
  }

  #readRegister(register: number, dlab: boolean): number {
    const s = this.state;
    switch (register) {
      case REG_DATA:
        return dlab ? s.divisor & 0xff : this.#receiver.read();
      case REG_IER:
        return dlab ? s.divisor >> 8 : s.ier;
      case REG_IIR_FCR: {
        const id = this.#interruptId();
        if (id === IIR_THRE) s.thrInterrupt = false;
        return this.#receiver.fifoOn ? id | IIR_FIFOS : id;
      }
      case REG_LCR:
        return s.lcr;
      case REG_MCR:
        return s.mcr;
      case REG_LSR: {
        const value = this.#lineStatus();
        s.lineErrors = 0;
        return value;
      }
      case REG_MSR: {
        const value = this.#modemLevels() | s.modemDeltas;
        s.modemDeltas = 0;
        return value;
      }
      default:
        return s.scratch;
    }
  }

  #writeRegister(register: number, value: number, dlab: boolean): void {
    const s = this.state;
    switch (register) {
      case REG_DATA:
        if (dlab) s.divisor = (s.divisor & 0xff00) | value;
        else this.#writeTransmitter(value);
        break;
      case REG_IER:
        if (dlab) s.divisor = (s.divisor & 0xff) | (value << 8);
        else this.#writeInterruptEnable(value & 0x0f);
        break;
      case REG_IIR_FCR:
        this.#writeFifoControl(value);
        break;
      case REG_LCR:
        s.lcr = value;
        break;
      case REG_MCR: {
        const before = this.#modemLevels();
        s.mcr = value & 0x1f;
        this.#noteModemChange(before);
        break;
      }
      case REG_LSR:
      case REG_MSR:
        break;
      default:
        s.scratch = value;
    }
  }

  /** Data sheet, "Interrupt Identification Register", the priorities in order. */
  #interruptId(): number {
    const s = this.state;
    if ((s.ier & IER_ELSI) && s.lineErrors) return IIR_LINE;
    if (s.ier & IER_ERBFI) {
      if (s.timeoutPending) return IIR_TIMEOUT;
      if (this.#receiver.atTrigger) return IIR_DATA;
    }
    if ((s.ier & IER_ETBEI) && s.thrInterrupt) return IIR_THRE;
    if ((s.ier & IER_EDSSI) && s.modemDeltas) return IIR_MODEM;
    return IIR_NONE;
  }

  #lineStatus(): number {
    const s = this.state;
    let value = s.lineErrors;
    if (this.#receiver.ready) value |= LSR_DR;
    if (this.#transmit.length === 0) {
      value |= s.shifting ? LSR_THRE : LSR_THRE | LSR_TEMT;
    }
    if (this.#receiver.holdsErrors) value |= LSR_FIFO_ERROR;
    return value;
  }

  #writeTransmitter(byte: number): void {
    const s = this.state;
    s.thrInterrupt = false;
    this.refreshLines(); // Low for an instant: the next interrupt is an edge of its own.
    if (!s.timed) {
      this.#deliver(byte);
      s.thrInterrupt = true;
      return;
    }
    const full = this.#receiver.fifoOn
      ? this.#transmit.full
      : this.#transmit.length > 0;
    if (full) this.#transmit.pop();
    this.#transmit.push(byte);
    if (!s.shifting) this.#startShifting(this.#wires.clock.clk);
  }

  /** THR or the FIFO hands its next character to the shift register. */
  #startShifting(clk: number): void {
    const s = this.state;
    s.shiftByte = this.#transmit.pop() ?? 0;
    s.shifting = true;
    const numerator = frameTimeNumerator(s.lcr, s.divisor) + s.shiftRemainder;
    s.shiftRemainder = numerator % HALF_BIT_DENOMINATOR;
    s.shiftEndClk = clk + Math.floor(numerator / HALF_BIT_DENOMINATOR);
    this.#wires.transmitAlarm.arm(s.shiftEndClk);
    if (this.#transmit.length === 0) s.thrInterrupt = true;
  }

  #deliver(byte: number): void {
    const { mcr, lcr } = this.state;
    if (mcr & MCR_LOOP) this.#receiver.accept(byte, 0);
    else this.#wires.transmit.byte(byte & wordMask(lcr));
  }

  #writeInterruptEnable(value: number): void {
    const s = this.state;
    // Enabling the transmitter interrupt while THR is empty raises it, even if it was acknowledged before.
    if ((value ^ s.ier) & IER_ETBEI) {
      s.thrInterrupt = (value & IER_ETBEI) !== 0 && this.#transmit.length === 0;
    }
    s.ier = value;
    this.#receiver.armTimeout();
  }

  /** Data sheet, "FIFO Control Register": the other bits count only if bit 0 is written as 1. */
  #writeFifoControl(value: number): void {
    const s = this.state;
    const on = (value & FCR_ENABLE) !== 0;
    const changed = on !== this.#receiver.fifoOn;
    s.fcr = on ? value & 0xc9 : 0;
    if (changed || (on && (value & FCR_RESET_RECEIVER))) {
      this.#receiver.clear();
    }
    if (changed || (on && (value & FCR_RESET_TRANSMITTER))) {
      this.#transmit.clear();
      s.thrInterrupt = true;
    }
  }

  /** MSR bits 4–7; in loopback CTS, DSR, RI and DCD are RTS, DTR, OUT1 and OUT2. */
  #modemLevels(): number {
    const { mcr, modemInputs } = this.state;
    if (!(mcr & MCR_LOOP)) return modemInputs;
    return ((mcr & 0x0c) << 4) | ((mcr & 1) << 5) | ((mcr & 2) << 3);
  }

  /** MSR bits 0–3: what has changed, and of the ring indicator only its end. */
  #noteModemChange(before: number): void {
    const after = this.#modemLevels();
    let deltas = (before ^ after) >> 4;
    if (after & MSR_RI) deltas &= ~MSR_TERI;
    this.state.modemDeltas |= deltas;
  }
}
