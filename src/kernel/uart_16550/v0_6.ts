/**
 * The serial driver that the posts ask for in its latest form: the uart_16550 crate 0.6.0, `Uart16550` and
 * `Uart16550Tty`.
 *
 * 9600 baud, 8N1; the device is detected and tested in loopback before use; the TTY sends `\n` as `\r\n`. Sending
 * honours CTS.
 *
 * @module
 */

export * from "./baud_rate.ts";
export * from "./driver_config.ts";
export { UartError, type UartErrorReason } from "./errors.ts";
export type { UartMemory, UartPorts } from "./ports.ts";
export * from "./spec.ts";
export { Uart16550Tty } from "./tty.ts";
export { Uart16550 } from "./uart_16550.ts";
