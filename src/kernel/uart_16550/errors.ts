/**
 * Why the uart_16550 driver refused. A refusal is a value with the crate's own texts.
 *
 * Source: the crate's `error.rs`, and `Uart16550TtyError` in its `tty.rs`. `NoRemoteConnectedNoCD` is left out: the crate
 * has it and never gives it.
 *
 * @module
 */

import { fromUtf8Debug } from "./from_utf8.ts";

/** The reasons, after the variants of the crate's error types. */
export type UartErrorReason =
  | "invalid-base-address"
  | "invalid-stride"
  | "device-not-present"
  | "invalid-baud-rate"
  | "non-integer-baud-rate"
  | "non-integer-divisor"
  | "send-error"
  | "unexpected-loopback-byte"
  | "unexpected-loopback-message"
  | "no-data"
  | "no-capacity"
  | "remote-not-clear-to-send"
  | "no-remote-connected-no-dsr"
  | "address-error"
  | "init-error"
  | "test-error";

/** A refusal. */
export class UartError {
  /** Which one. */
  readonly reason: UartErrorReason;
  /** The refusal under this one, or `null`. */
  readonly source: UartError | null;
  readonly #debug: string;
  readonly #display: string;

  /**
   * Used by the driver.
   *
   * @param reason which one
   * @param debug what the crate prints with `{:?}`
   * @param display what the crate prints with `{}`
   * @param source the refusal under this one
   */
  constructor(
    reason: UartErrorReason,
    debug: string,
    display: string,
    source: UartError | null = null,
  ) {
    this.reason = reason;
    this.source = source;
    this.#debug = debug;
    this.#display = display;
  }

  /** Gives what the crate prints with `{:?}`, such as `DeviceNotPresent`. */
  debug(): string {
    return this.#debug;
  }

  /** Gives what the crate prints with `{}`. */
  display(): string {
    return this.#display;
  }
}

/** The scratch register did not keep what was written. */
export const DEVICE_NOT_PRESENT: UartError = new UartError(
  "device-not-present",
  "DeviceNotPresent",
  "the device could not be detected",
);

/** No byte has been received. */
export const BYTE_RECEIVE_ERROR: UartError = new UartError(
  "no-data",
  "ByteReceiveError",
  "there is no data to read",
);

/** No byte can be sent at present. */
export const NO_CAPACITY: UartError = new UartError(
  "no-capacity",
  "NoCapacity",
  "device has no capacity to send another byte (the FIFO might be full)",
);

/** Sending: the other end does not raise CTS. */
export const SEND_NOT_CLEAR: UartError = new UartError(
  "remote-not-clear-to-send",
  "RemoteNotClearToSend",
  "the remote didn't raised its clear to send signal",
);

/** Checking the connection: the other end does not raise CTS. */
export const REMOTE_NOT_CLEAR: UartError = new UartError(
  "remote-not-clear-to-send",
  "RemoteNotClearToSend",
  "remote is not (yet) ready to receive more data",
);

/** Checking the connection: nobody raises DSR. */
export const NO_REMOTE: UartError = new UartError(
  "no-remote-connected-no-dsr",
  "NoRemoteConnectedNoDSR",
  "there is no remote connected: missing Data Set Ready (DSR)",
);

/** Gives the refusal of a base that leaves no room for eight registers. */
export function invalidBaseAddress(debug: string, hex: string): UartError {
  return new UartError(
    "invalid-base-address",
    `InvalidBaseAddress(${debug})`,
    `invalid register address: ${hex}`,
  );
}

/** Gives the refusal of a distance between registers that is no power of two. */
export function invalidStride(stride: number): UartError {
  return new UartError(
    "invalid-stride",
    `InvalidStride(${stride})`,
    `invalid stride ${stride}: must be non-zero and a power of two (typically 1, 2, 4, or 8)`,
  );
}

/** Gives the refusal of a baud rate that no divisor gives. */
export function invalidBaudRate(source: UartError): UartError {
  return new UartError(
    "invalid-baud-rate",
    `InvalidBaudRate(${source.debug()})`,
    `invalid baud rate: ${source.display()}`,
    source,
  );
}

/** Gives the refusal of a loopback test that could not send. */
export function loopbackSendError(source: UartError): UartError {
  return new UartError(
    "send-error",
    `SendError(${source.debug()})`,
    `loopback test failed: couldn't send data: ${source.display()}`,
    source,
  );
}

/** Gives the refusal of a loopback test that read another byte. */
export function unexpectedByte(expected: number, actual: number): UartError {
  return new UartError(
    "unexpected-loopback-byte",
    `UnexpectedLoopbackByte { expected: ${expected}, actual: ${actual} }`,
    `loopback test failed: read unexpected byte! expected=${expected}, actual=${actual}`,
  );
}

/** Gives the refusal of a loopback test that read other bytes. */
export function unexpectedMessage(
  expected: Uint8Array,
  actual: Uint8Array,
): UartError {
  const [wanted, got] = [expected, actual].map((a) => `[${a.join(", ")}]`);
  return new UartError(
    "unexpected-loopback-message",
    `UnexpectedLoopbackMsg { expected: ${wanted}, actual: ${got} }`,
    "loopback test failed: read unexpected string! " +
      `expected (str)=${fromUtf8Debug(expected)}, ` +
      `actual (str)=${fromUtf8Debug(actual)}, actual (bytes)=${got}`,
  );
}

/** Gives what `Uart16550Tty` makes of a bad address. */
export function ttyAddressError(source: UartError): UartError {
  const debug = `AddressError(${source.debug()})`;
  return new UartError("address-error", debug, source.display(), source);
}

/** Gives what `Uart16550Tty` makes of a failed initialisation. */
export function ttyInitError(source: UartError): UartError {
  return new UartError(
    "init-error",
    `InitError(${source.debug()})`,
    `error initializing the device: ${source.display()}`,
    source,
  );
}

/** Gives what `Uart16550Tty` makes of a failed test. */
export function ttyTestError(source: UartError): UartError {
  return new UartError(
    "test-error",
    `TestError(${source.debug()})`,
    `error testing the device: ${source.display()}`,
    source,
  );
}
