/**
 * isa-debug-exit: the port through which a guest ends its run with a status.
 *
 * Source: QEMU, "isa-debug-exit" (`iobase`, `iosize`): a write of v ends the emulator with status (v << 1) | 1; a
 * read gives 0. A write that starts inside the range counts; one that runs past the end is cut to the largest width of
 * 1, 2 or 4 bytes that fits.
 *
 * Ports: 0xf4 up to 0xf7, as bootimage starts QEMU (`iobase=0xf4,iosize=0x04`).
 *
 * *Not modelled*: other base addresses are the machine's wiring.
 *
 * @module
 */

import type { PortWidth, WidePortDevice } from "./io_bus.ts";

/** The first port, in bootimage's default. */
export const DEBUG_EXIT_PORT = 0xf4;

/** Ports that the device takes, in bootimage's default. */
export const DEBUG_EXIT_PORTS = 4;

/** State of the exit port. */
export interface DebugExitState {
  /** The first value written, unsigned, up to 32 bits; `null` while the guest has not ended its run. */
  value: number | null;
}

/**
 * Makes the power-on state.
 *
 * @returns a state in which nothing was written
 */
export function debugExitState(): DebugExitState {
  return { value: null };
}

/**
 * The status with which QEMU leaves.
 *
 * @param value what the guest wrote, unsigned, up to 32 bits
 * @returns (value << 1) | 1 as QEMU computes it and the operating system cuts it: 0 to 255, odd
 * @example
 * ```ts
 * import { qemuStatus } from "@lockstep/kernel/hw";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(qemuStatus(0x10), 33); // blog_os: QemuExitCode::Success
 * assertEquals(qemuStatus(0x11), 35); // blog_os: QemuExitCode::Failed
 * ```
 */
export function qemuStatus(value: number): number {
  return ((value << 1) | 1) & 0xff;
}

/**
 * The device. What it holds ends the run.
 *
 * @example
 * ```ts
 * import { DebugExit } from "@lockstep/kernel/hw";
 * import { assertEquals } from "@std/assert";
 *
 * const exit = new DebugExit();
 * exit.writePortWide(0xf4, 0x10, 4);
 * assertEquals(exit.state.value, 0x10);
 * ```
 */
export class DebugExit implements WidePortDevice {
  /** All there is to save. */
  readonly state: DebugExitState;
  readonly #onExit: (value: number) => void;

  /**
   * Makes the device.
   *
   * @param onExit called with the first value written
   * @param state fresh by default, or restored
   */
  constructor(
    onExit: (value: number) => void = () => {},
    state: DebugExitState = debugExitState(),
  ) {
    this.#onExit = onExit;
    this.state = state;
  }

  /** Back to power-on. */
  reset(): void {
    this.state.value = null;
  }

  /** Nothing to drive: the device has no output line. */
  refreshLines(): void {}

  /** Reads 0, as QEMU's device gives. */
  readPort(_port: number): number {
    return 0;
  }

  /** Takes a byte. */
  writePort(port: number, value: number): void {
    this.writePortWide(port, value, 1);
  }

  /** Reads 0, as QEMU's device gives. */
  readPortWide(_port: number, _bytes: PortWidth): number {
    return 0;
  }

  /** Takes the value whole: the first one decides. */
  writePortWide(port: number, value: number, bytes: PortWidth): void {
    if (this.state.value !== null) return;
    const room = DEBUG_EXIT_PORT + DEBUG_EXIT_PORTS - port;
    const fits = room >= 4 ? 4 : room >= 2 ? 2 : 1;
    const kept = Math.min(bytes, fits);
    this.state.value = kept === 4
      ? value >>> 0
      : value & (kept === 2 ? 0xffff : 0xff);
    this.#onExit(this.state.value);
  }
}
