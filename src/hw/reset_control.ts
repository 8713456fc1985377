/**
 * The reset control register at 0xcf9, and the PCI configuration ports around it, where an empty bus answers.
 *
 * Source: Intel 82371SB (PIIX3) data sheet, "RC—Reset Control Register": bit 2 going from 0 to 1 starts a reset, a hard
 * one if bit 1 is set. "CONFADD—Configuration Address": only an access of 32 bits at 0xcf8 reaches it, and such an
 * access does not reach 0xcf9.
 *
 * Ports: 0xcf8–0xcff.
 *
 * *Not modelled*: PCI. Configuration address and data read all ones, which says that there is no PCI; a write, or a read
 * of 32 bits, is an `unmodelled` event. A hard and a soft reset are one.
 *
 * @module
 */

import { type EventSink, NO_EVENTS } from "../base/events.ts";
import type { Line } from "../base/line.ts";
import type { PortWidth, WidePortDevice } from "./io_bus.ts";

/** The first port: PCI's configuration address. */
export const PCI_CONFIG_PORT = 0xcf8;

/** Ports from there on. */
export const PCI_CONFIG_PORTS = 8;

/** The reset control register. */
export const RESET_CONTROL_PORT = 0xcf9;

/** Bit 1: a hard reset. */
export const RESET_HARD = 0x02;

/** Bit 2: reset the CPU, on its rise. */
export const RESET_CPU = 0x04;

/** State of the register. */
export interface ResetControlState {
  /** Bits 1 and 2 as written. */
  value: number;
}

/**
 * Makes the power-on state.
 *
 * @returns all bits 0
 */
export function resetControlState(): ResetControlState {
  return { value: 0 };
}

/** The register. */
export class ResetControl implements WidePortDevice {
  /** All there is to save. */
  readonly state: ResetControlState;
  readonly #reset: Line;
  readonly #events: EventSink;

  /**
   * Solders the register in.
   *
   * @param wires `reset` is pulsed; `events` hears of accesses to PCI
   * @param state fresh by default, or restored
   */
  constructor(
    wires: { readonly reset: Line; readonly events?: EventSink },
    state: ResetControlState = resetControlState(),
  ) {
    this.#reset = wires.reset;
    this.#events = wires.events ?? NO_EVENTS;
    this.state = state;
  }

  /** Back to power-on. */
  reset(): void {
    this.state.value = 0;
  }

  /** Nothing to drive: the reset line is only pulsed. */
  refreshLines(): void {}

  /** Reads a byte. */
  readPort(port: number): number {
    return port === RESET_CONTROL_PORT ? this.state.value : 0xff;
  }

  /** Takes a byte. */
  writePort(port: number, value: number): void {
    if (port !== RESET_CONTROL_PORT) {
      this.#unmodelled(port, value, 1);
      return;
    }
    const s = this.state;
    const rises = (value & ~s.value & RESET_CPU) !== 0;
    s.value = value & (RESET_CPU | RESET_HARD);
    if (!rises) return;
    this.#reset.set(true);
    this.#reset.set(false);
  }

  /** Reads one byte, or what lies in the bytes of a wider access. */
  readPortWide(port: number, bytes: PortWidth): number {
    if (bytes === 4) {
      this.#unmodelled(port, 0xffff_ffff, 0);
      return 0xffff_ffff;
    }
    const low = this.readPort(port);
    return bytes === 1 ? low : low | this.readPort(port + 1) << 8;
  }

  /** Takes one byte, or the bytes of a 16-bit access; 32 bits are PCI's. */
  writePortWide(port: number, value: number, bytes: PortWidth): void {
    if (bytes === 4) {
      this.#unmodelled(port, value, 1);
      return;
    }
    this.writePort(port, value & 0xff);
    if (bytes === 2) this.writePort(port + 1, value >>> 8);
  }

  #unmodelled(port: number, value: number, write: 0 | 1): void {
    if (this.#events.on) this.#events.emit("unmodelled", port, value, write);
  }
}
