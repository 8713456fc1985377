/**
 * The receiving half of a 16550A: RBR or FIFO, the errors that travel with each byte, and the character timeout.
 *
 * Source: PC16550D data sheet, "Line Status Register", "FIFO Interrupt Mode Operation".
 *
 * @module
 */

import type { Alarm, Now } from "../base/alarm.ts";
import { ByteFifo } from "../base/fifo.ts";
import { NEVER } from "../base/time.ts";
import {
  FCR_ENABLE,
  frameTimeNumerator,
  HALF_BIT_DENOMINATOR,
  IER_ERBFI,
  LSR_BI,
  LSR_FE,
  LSR_OE,
  LSR_PE,
  triggerBytes,
  wordMask,
} from "./uart_registers.ts";
import type { UartState } from "./uart_state.ts";

/** Characters of silence after which bytes below the trigger level are announced. */
export const TIMEOUT_CHARACTERS = 4;

/** LSR bits that arrive with a byte. */
export const RECEIVE_ERRORS: number = LSR_PE | LSR_FE | LSR_BI;

/** The receiver: a view over the UART's state. */
export class UartReceiver {
  readonly #state: UartState;
  readonly #clock: Now;
  readonly #alarm: Alarm;
  readonly #bytes: ByteFifo;
  readonly #errors: ByteFifo;

  /**
   * Used by the UART alone.
   *
   * @param state the UART's state
   * @param clock the current cycle
   * @param alarm the end of four characters of silence
   */
  constructor(state: UartState, clock: Now, alarm: Alarm) {
    this.#state = state;
    this.#clock = clock;
    this.#alarm = alarm;
    this.#bytes = new ByteFifo(state.received);
    this.#errors = new ByteFifo(state.receivedErrors);
  }

  /** Whether the FIFO is on. */
  get fifoOn(): boolean {
    return (this.#state.fcr & FCR_ENABLE) !== 0;
  }

  /** Whether there is a byte to read (LSR, DR). */
  get ready(): boolean {
    return this.fifoOn ? this.#bytes.length > 0 : this.#state.rbrFull;
  }

  /** Whether enough bytes wait for an interrupt. */
  get atTrigger(): boolean {
    return this.fifoOn
      ? this.#bytes.length >= triggerBytes(this.#state.fcr)
      : this.#state.rbrFull;
  }

  /** Whether another byte would be lost, or destroy the one in RBR. */
  get full(): boolean {
    return this.fifoOn ? this.#bytes.full : this.#state.rbrFull;
  }

  /** Whether the FIFO, or LSR, holds an error of a byte (LSR bit 7). */
  get holdsErrors(): boolean {
    if (!this.fifoOn) return false;
    const { lineErrors, receivedErrors } = this.#state;
    return (lineErrors & RECEIVE_ERRORS) !== 0 ||
      receivedErrors.bytes.some((errors) => errors !== 0);
  }

  /**
   * A character has been received completely.
   *
   * @param byte 0 to 255; bits beyond the word length are not part of it
   * @param errors its LSR bits 2–4
   */
  accept(byte: number, errors: number): void {
    const s = this.#state;
    const word = byte & wordMask(s.lcr);
    if (!this.fifoOn) {
      if (s.rbrFull) this.#noteOverrun();
      s.rbr = word;
      s.rbrFull = true;
      s.lineErrors |= errors;
      return;
    }
    if (!this.#bytes.push(word)) {
      this.#noteOverrun(); // The FIFO stays; the shift register is overwritten.
      return;
    }
    this.#errors.push(errors);
    this.#revealErrors();
    this.#restartTimeout();
  }

  /** Gives the byte of RBR or the FIFO, which is taken; an empty FIFO gives 0, RBR its last byte, as in QEMU. */
  read(): number {
    const s = this.#state;
    if (!this.fifoOn) {
      s.rbrFull = false;
      return s.rbr;
    }
    const byte = this.#bytes.pop() ?? 0;
    this.#errors.pop();
    this.#revealErrors();
    s.timeoutPending = false;
    this.#restartTimeout();
    return byte;
  }

  /** Forgets all bytes, not what LSR shows already. */
  clear(): void {
    this.#bytes.clear();
    this.#errors.clear();
    this.#state.rbrFull = false;
    this.#state.timeoutPending = false;
    this.#state.timeoutClk = NEVER;
    this.armTimeout();
  }

  /** Announces a timeout that is due. Called before anything looks at the state. */
  expireTimeout(): void {
    const s = this.#state;
    if (this.#clock.clk < s.timeoutClk) return;
    s.timeoutClk = NEVER;
    s.timeoutPending = true;
    this.armTimeout();
  }

  /** While its interrupt is disabled nobody can see the timeout come, so it needs no alarm. */
  armTimeout(): void {
    const { ier, timeoutClk } = this.#state;
    if ((ier & IER_ERBFI) && timeoutClk !== NEVER) this.#alarm.arm(timeoutClk);
    else this.#alarm.disarm();
  }

  /** Four characters from now: when a byte enters or leaves the FIFO. */
  #restartTimeout(): void {
    const s = this.#state;
    s.timeoutClk = NEVER;
    if (this.#bytes.length > 0 && !s.timeoutPending) {
      const numerator = TIMEOUT_CHARACTERS *
        frameTimeNumerator(s.lcr, s.divisor);
      s.timeoutClk = this.#clock.clk +
        Math.ceil(numerator / HALF_BIT_DENOMINATOR);
    }
    this.armTimeout();
  }

  /** The errors of a byte show in LSR when it reaches the top of the FIFO. */
  #revealErrors(): void {
    const s = this.#state;
    const errors = this.#errors.peek() ?? 0;
    if (errors === 0) return;
    s.lineErrors |= errors;
    s.receivedErrors.bytes[s.receivedErrors.head] = 0;
  }

  #noteOverrun(): void {
    this.#state.lineErrors |= LSR_OE;
    this.#state.bytesLost += 1;
  }
}
