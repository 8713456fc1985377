/**
 * The driver of a 16550: the uart_16550 crate 0.6.0, `Uart16550`.
 *
 * Source: the crate's `lib.rs` and `backend`; the offsets and bits are those of `spec.ts`.
 *
 * The loops have no bound of their own, as the crate's have none: sending honours CTS and spins while it is clear,
 * receiving spins until a byte is there, and emptying the receiver goes on while one is. Each look at the device is a port
 * access, so a machine's `clkMax` ends them.
 *
 * *Not modelled*: the traits of embedded-io.
 *
 * @module
 */

import { calcDivisor } from "./baud_rate.ts";
import {
  type ConfigRegisterDump,
  lineControl,
  type Uart16550State,
  type UartDriverConfig,
  uartDriverConfig,
} from "./driver_config.ts";
import {
  BYTE_RECEIVE_ERROR,
  DEVICE_NOT_PRESENT,
  invalidBaseAddress,
  invalidBaudRate,
  invalidStride,
  loopbackSendError,
  NO_CAPACITY,
  NO_REMOTE,
  REMOTE_NOT_CLEAR,
  SEND_NOT_CLEAR,
  UartError,
  unexpectedByte,
  unexpectedMessage,
} from "./errors.ts";
import type { UartMemory, UartPorts } from "./ports.ts";
import {
  FCR,
  FIFO_SIZE,
  LCR,
  LSR,
  MCR,
  MSR,
  NUM_REGISTERS,
  OFFSETS,
  setFifoTriggerLevel,
} from "./spec.ts";
import { encodeUtf8 } from "../../base/utf8.ts";

/** What the scratch register is to keep, one after the other. */
const SCRATCH_BYTES = [0x42, 0x73] as const;
const TEST_BYTE = 0x42;
/** As many bytes as a FIFO holds. */
const TEST_MESSAGE = "hello world!1337";

/**
 * A 16550 behind ports or in memory.
 *
 * @example
 * ```ts
 * import { Uart16550, uartDriverConfig } from "@lockstep/kernel/kernel";
 * import { assertEquals } from "@std/assert";
 *
 * const emptyBus = { in8: () => 0xff, out8() {} };
 * const uart = Uart16550.newPort(emptyBus, 0x3f8);
 * if (!(uart instanceof Uart16550)) throw new Error("0x3f8 is a port");
 * assertEquals(uart.init(uartDriverConfig())?.reason, "device-not-present");
 * ```
 */
export class Uart16550 {
  /** All there is to save. */
  readonly state: Uart16550State;
  readonly #ports: UartPorts;

  /**
   * A driver over its state; touches nothing. Start with {@linkcode Uart16550.newPort}, or give a restored state.
   *
   * @param ports the machine; for a device in memory see {@linkcode Uart16550.newMmio}
   * @param state restored
   */
  constructor(ports: UartPorts, state: Uart16550State) {
    this.#ports = ports;
    this.state = state;
  }

  /**
   * Names a device behind ports; touches nothing.
   *
   * @param ports the machine
   * @param base its first port
   * @returns the driver, or a refusal if the eight ports do not fit below 0x1_0000
   * @throws {RangeError} if `base` is no port
   */
  static newPort(ports: UartPorts, base: number): Uart16550 | UartError {
    if (!Number.isInteger(base) || base < 0 || base > 0xffff) {
      throw new RangeError(`Cannot use port ${base}: ports are 0x0–0xffff`);
    }
    if (base + NUM_REGISTERS - 1 > 0xffff) {
      return invalidBaseAddress(
        `PortIoAddress(${base})`,
        `PortIoAddress(${base.toString(16)})`,
      );
    }
    return new Uart16550(ports, {
      base,
      stride: 1,
      config: uartDriverConfig(),
    });
  }

  /**
   * Names a device in memory; touches nothing.
   *
   * @param memory the machine
   * @param base address of the first register; a 64-bit address is a signed number
   * @param stride bytes from one register to the next, a power of two; beyond 32 the first access throws, as the crate
   * panics: it computes a register's place in a byte
   * @returns the driver, or a refusal
   * @throws {RangeError} if `stride` is no byte
   */
  static newMmio(
    memory: UartMemory,
    base: number,
    stride: number,
  ): Uart16550 | UartError {
    if (!(Number.isInteger(stride) && stride >= 0 && stride <= 0xff)) {
      throw new RangeError(
        `Cannot use stride ${stride}: it is a byte, typically 1, 2, 4 or 8`,
      );
    }
    if (stride === 0 || (stride & (stride - 1)) !== 0) {
      return invalidStride(stride);
    }
    if (base < 0 && base + (NUM_REGISTERS - 1) * stride >= 0) {
      const hex = BigInt.asUintN(64, BigInt(base)).toString(16);
      return invalidBaseAddress(
        `MmioAddress(0x${hex})`,
        `MmioAddress(0x${hex})`,
      );
    }
    const ports: UartPorts = {
      in8: (address) => memory.load8(address),
      out8: (address, value) => memory.store8(address, value),
      pause: () => memory.pause?.(),
    };
    return new Uart16550(ports, { base, stride, config: uartDriverConfig() });
  }

  /**
   * Detects the device by its scratch register, sets it up, and waits until its transmitter is empty.
   *
   * @param config copied into the state
   * @returns a refusal, or `null`
   */
  init(config: UartDriverConfig): UartError | null {
    this.state.config = { ...config };
    for (const byte of SCRATCH_BYTES) {
      this.#write(OFFSETS.SPR, byte);
      if (this.#read(OFFSETS.SPR) !== byte) return DEVICE_NOT_PRESENT;
    }
    this.#write(OFFSETS.IER, 0);
    this.#write(OFFSETS.LCR, LCR.DLAB);
    const divisor = calcDivisor(
      config.frequency,
      config.baudRate,
      config.prescalerDivisionFactor,
    );
    if (divisor instanceof UartError) return invalidBaudRate(divisor);
    this.#write(OFFSETS.DLL, divisor & 0xff);
    this.#write(OFFSETS.DLM, divisor >> 8);
    this.#write(OFFSETS.LCR, 0);
    this.#write(OFFSETS.LCR, lineControl(config));
    this.#configureFifos();
    this.#write(OFFSETS.MCR, MCR.DTR | MCR.RTS | MCR.OUT_2_INT_ENABLE);
    this.#write(OFFSETS.IER, config.interrupts);
    while (!(this.lsr() & LSR.TRANSMITTER_EMPTY)) this.#ports.pause?.();
    return null;
  }

  /**
   * Sends a byte and then 16 bytes to itself, and restores modem control.
   *
   * @returns a refusal, after which the device is left in loopback, or `null`
   */
  testLoopback(): UartError | null {
    const modemControl = this.mcr();
    this.#write(OFFSETS.MCR, MCR.LOOP_BACK); // Keeps interrupts from the PIC, too.
    this.#configureFifos();
    const one = new Uint8Array(1);
    while (this.receiveBytes(one) > 0) { /* Bytes that were still there. */ }

    const refusal = this.trySendByte(TEST_BYTE);
    if (refusal) return loopbackSendError(refusal);
    this.receiveBytesExact(one);
    if (one[0] !== TEST_BYTE) return unexpectedByte(TEST_BYTE, one[0]!);

    const message = Uint8Array.from(encodeUtf8(TEST_MESSAGE));
    this.sendBytesExact(message);
    const answer = new Uint8Array(message.length);
    this.receiveBytesExact(answer);
    if (message.some((byte, i) => byte !== answer[i])) {
      return unexpectedMessage(message, answer);
    }
    this.#write(OFFSETS.MCR, modemControl);
    return null;
  }

  /** Gives a refusal if nobody raises DSR and CTS, or `null`. */
  checkConnected(): UartError | null {
    const status = this.msr();
    if (!(status & MSR.DSR)) return NO_REMOTE;
    if (!(status & MSR.CTS)) return REMOTE_NOT_CLEAR;
    return null;
  }

  /** Gives a refusal if no byte can be read, or `null`. */
  readyToReceive(): UartError | null {
    return this.lsr() & LSR.DATA_READY ? null : BYTE_RECEIVE_ERROR;
  }

  /** Gives a refusal if the transmitter is full or, outside loopback, CTS is clear, or `null`. */
  readyToSend(): UartError | null {
    const lineStatus = this.lsr();
    const modemStatus = this.msr();
    const modemControl = this.mcr();
    if (!(lineStatus & LSR.THR_EMPTY)) return NO_CAPACITY;
    if (!(modemControl & MCR.LOOP_BACK) && !(modemStatus & MSR.CTS)) {
      return SEND_NOT_CLEAR;
    }
    return null;
  }

  /** Gives the next byte received, or a refusal if there is none. */
  tryReceiveByte(): number | UartError {
    return this.readyToReceive() ?? this.#read(OFFSETS.DATA);
  }

  /**
   * Sends a byte if the device takes it at once.
   *
   * @param byte 0 to 255
   * @returns a refusal, always "no capacity" as in the crate, or `null`
   */
  trySendByte(byte: number): UartError | null {
    return this.sendBytes([byte]) === 0 ? NO_CAPACITY : null;
  }

  /**
   * Takes the bytes that are there.
   *
   * @param buffer filled from its start
   * @returns bytes taken
   */
  receiveBytes(buffer: Uint8Array): number {
    for (let i = 0; i < buffer.length; i++) {
      const byte = this.tryReceiveByte();
      if (typeof byte !== "number") return i;
      buffer[i] = byte;
    }
    return buffer.length;
  }

  /**
   * Sends as many bytes as fit at once: up to 16 with FIFOs, one without.
   *
   * @param bytes sent from the start
   * @returns bytes sent
   */
  sendBytes(bytes: ArrayLike<number>): number {
    if (bytes.length === 0 || this.readyToSend()) return 0;
    const room = this.state.config.fifoTriggerLevel === null ? 1 : FIFO_SIZE;
    const count = Math.min(room, bytes.length);
    for (let i = 0; i < count; i++) this.#write(OFFSETS.DATA, bytes[i]!);
    return count;
  }

  /**
   * Fills a buffer. Spins until all bytes have come.
   *
   * @param buffer filled whole
   */
  receiveBytesExact(buffer: Uint8Array): void {
    for (let i = 0; i < buffer.length; i++) {
      let byte = this.tryReceiveByte();
      while (typeof byte !== "number") {
        this.#ports.pause?.();
        byte = this.tryReceiveByte();
      }
      buffer[i] = byte;
    }
  }

  /**
   * Sends all bytes. Spins until the device has taken them.
   *
   * @param bytes sent in order
   */
  sendBytesExact(bytes: ArrayLike<number>): void {
    let rest = Array.from(bytes);
    while (rest.length > 0) {
      const sent = this.sendBytes(rest);
      rest = rest.slice(sent);
      if (sent === 0) this.#ports.pause?.();
    }
  }

  /** Gives IER. */
  ier(): number {
    return this.#read(OFFSETS.IER);
  }

  /** Gives ISR; reading it may acknowledge an interrupt. */
  isr(): number {
    return this.#read(OFFSETS.ISR);
  }

  /** Gives LCR. */
  lcr(): number {
    return this.#read(OFFSETS.LCR);
  }

  /** Gives MCR. */
  mcr(): number {
    return this.#read(OFFSETS.MCR);
  }

  /** Gives LSR; reading it clears its errors. */
  lsr(): number {
    return this.#read(OFFSETS.LSR);
  }

  /** Gives MSR; reading it clears its deltas. */
  msr(): number {
    return this.#read(OFFSETS.MSR);
  }

  /** Gives SPR. */
  spr(): number {
    return this.#read(OFFSETS.SPR);
  }

  /** Gives the two bytes of the divisor latch, low byte first. */
  dllDlm(): [dll: number, dlm: number] {
    const lcr = this.lcr();
    this.#write(OFFSETS.LCR, lcr | LCR.DLAB);
    const dll = this.#read(OFFSETS.DLL);
    const dlm = this.#read(OFFSETS.DLM);
    this.#write(OFFSETS.LCR, lcr);
    return [dll, dlm];
  }

  /** Gives all registers, read in the crate's order, with the side effects of reading them. */
  configRegisterDump(): ConfigRegisterDump {
    const [dll, dlm] = this.dllDlm();
    return {
      ier: this.ier(),
      isr: this.isr(),
      lcr: this.lcr(),
      mcr: this.mcr(),
      lsr: this.lsr(),
      msr: this.msr(),
      spr: this.spr(),
      dll,
      dlm,
      divisor: (dlm << 8) | dll,
    };
  }

  #configureFifos(): void {
    const level = this.state.config.fifoTriggerLevel;
    let fcr: number = FCR.RX_FIFO_RESET | FCR.TX_FIFO_RESET;
    if (level !== null) fcr = setFifoTriggerLevel(fcr | FCR.FIFO_ENABLE, level);
    this.#write(OFFSETS.FCR, fcr);
  }

  #read(offset: number): number {
    return this.#ports.in8(this.#place(offset));
  }

  #write(offset: number, value: number): void {
    this.#ports.out8(this.#place(offset), value);
  }

  /** Port or address of a register. */
  #place(offset: number): number {
    const { base, stride } = this.state;
    const bytes = offset * stride;
    if (bytes <= 0xff) return base + bytes;
    throw new RangeError(
      `Cannot reach register ${offset} with stride ${stride}: ` +
        "offset * stride overflows u8; reduce stride",
    );
  }
}
