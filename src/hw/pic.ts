/**
 * The PC's interrupt controller: two 8259A, the secondary's INT wired to input IR2 of the primary, and the edge/level
 * control registers.
 *
 * Source: 8259A data sheet, "Cascade Mode"; 82371AB (PIIX4), "Interrupt Controller Registers".
 * Ports: 0x20, 0x21 primary; 0xa0, 0xa1 secondary; 0x4d0, 0x4d1 ELCR.
 *
 * The vector comes from whom ICW3 names: where the primary's ICW3 marks the level, its number goes out on the cascade
 * lines, and the secondary answers if that is its identity. If nobody answers, the bus reads 0xff.
 *
 * *Not modelled*: what `pic_chip.ts` lists; a secondary in single mode driving the bus against the primary.
 *
 * @module
 */

import { type EventSink, NO_EVENTS } from "../base/events.ts";
import type { Line } from "../base/line.ts";
import { copyStateInto } from "../base/state_tree.ts";
import {
  ICW1_D4,
  NO_REQUEST,
  PicChip,
  type PicChipState,
  picChipState,
} from "./pic_chip.ts";

/** Even port of the primary: ICW1, OCW2, OCW3; IRR, ISR, poll. */
export const PIC_PRIMARY_COMMAND = 0x20;
/** Odd port of the primary: ICW2 to ICW4, OCW1; IMR, poll. */
export const PIC_PRIMARY_DATA = 0x21;
/** Even port of the secondary. */
export const PIC_SECONDARY_COMMAND = 0xa0;
/** Odd port of the secondary. */
export const PIC_SECONDARY_DATA = 0xa1;
/** Edge/level control of IRQ 0 to 7: a set bit is level triggered. */
export const PIC_ELCR_PRIMARY = 0x4d0;
/** Edge/level control of IRQ 8 to 15. */
export const PIC_ELCR_SECONDARY = 0x4d1;

/** IRQ 0, 1 and 2 are always edge triggered. */
const ELCR_PRIMARY_MASK = 0xf8;
/** IRQ 8 and 13 are always edge triggered. */
const ELCR_SECONDARY_MASK = 0xde;
/** The primary's input to which the secondary's INT is wired. */
const CASCADE_LEVEL = 2;
/** What the CPU reads in INTA cycles that nobody answers. */
const FLOATING_BUS = 0xff;

/** The state of the pair. */
export interface PicState {
  /** The chip of IRQ 0 to 7, which drives the CPU's INTR. */
  readonly primary: PicChipState;
  /** The chip of IRQ 8 to 15. */
  readonly secondary: PicChipState;
}

/** Makes the state at power-on: both chips uninitialised. */
export function picState(): PicState {
  return { primary: picChipState(), secondary: picChipState() };
}

/** What the pair is wired to. */
export interface PicWires {
  /** The CPU's INTR. */
  readonly intr: Line;
  /** Receives `irq-raised` and `eoi`. */
  readonly events?: EventSink;
}

/**
 * The pair of 8259A.
 *
 * @example
 * ```ts
 * import { Pic } from "@lockstep/kernel/hw";
 * import { assertEquals } from "@std/assert";
 *
 * let intr = false;
 * const pic = new Pic({ intr: { set: (level) => intr = level } });
 * pic.writePort(0x20, 0x11); // ICW1: cascade, edge triggered, ICW4 comes.
 * for (const icw of [0x20, 0x04, 0x01]) pic.writePort(0x21, icw);
 * pic.setIrq(1, true);
 * assertEquals(intr, true);
 * assertEquals(pic.acknowledge(), 0x21);
 * ```
 */
export class Pic {
  /** All there is to save. */
  readonly state: PicState;
  readonly #primary: PicChip;
  readonly #secondary: PicChip;
  readonly #intr: Line;
  readonly #events: EventSink;

  /**
   * Makes the pair.
   *
   * @param wires what it is wired to
   * @param state to go on from; power-on if absent
   */
  constructor(wires: PicWires, state: PicState = picState()) {
    this.state = state;
    this.#intr = wires.intr;
    this.#events = wires.events ?? NO_EVENTS;
    this.#primary = new PicChip(
      0,
      ELCR_PRIMARY_MASK,
      state.primary,
      this.#events,
    );
    this.#secondary = new PicChip(
      1,
      ELCR_SECONDARY_MASK,
      state.secondary,
      this.#events,
    );
  }

  /** Back to power-on, inputs low. The chip has no reset pin: who drives the inputs drives them again. */
  reset(): void {
    copyStateInto(this.state, picState());
    this.refreshLines();
  }

  /** Drives INTR from the state, after a load. */
  refreshLines(): void {
    this.#intr.set(this.#primary.int);
  }

  /**
   * Drives an interrupt line.
   *
   * @param line IRQ number, 0 to 15 without 2, which belongs to the secondary
   * @param level high or low
   * @throws {RangeError} for another number
   */
  setIrq(line: number, level: boolean): void {
    this.#checkLine(line);
    const chip = line < 8 ? this.#primary : this.#secondary;
    if (((chip.state.lines >> (line & 7) & 1) !== 0) === level) return;
    if (this.#events.on) this.#events.emit("irq-raised", line, level ? 1 : 0);
    chip.setLine(line & 7, level);
    this.#drive();
  }

  /**
   * A pulse of noise, long enough for the CPU to see and too short to last until INTA: unless the line is masked, INTR
   * rises, and the acknowledge gives a spurious IRQ 7 or 15 if nothing else is requested by then.
   *
   * @param line IRQ number, 0 to 15 without 2
   * @throws {RangeError} for another number
   */
  glitch(line: number): void {
    this.#checkLine(line);
    (line < 8 ? this.#primary : this.#secondary).glitch(line & 7);
    this.#drive();
  }

  /**
   * The CPU's INTA cycles.
   *
   * @returns the vector, 0 to 255; that of level 7 (spurious) if no request lasted until here
   */
  acknowledge(): number {
    const level = this.#primary.inta();
    let vector: number;
    if (!this.#primary.cascades(level)) vector = this.#primary.vector(level);
    else if (this.#secondary.answersTo(level)) {
      vector = this.#secondary.vector(this.#secondary.inta());
      this.#dropCascade();
    } else vector = FLOATING_BUS;
    this.#drive();
    return vector;
  }

  /**
   * Looks at what {@linkcode Pic.acknowledge} would give, and changes nothing.
   *
   * @returns the vector, or `null` while INTR is low
   */
  peekPending(): number | null {
    if (!this.#primary.int) return null;
    const level = this.#primary.resolve();
    const seen = level === NO_REQUEST ? 7 : level;
    if (!this.#primary.cascades(seen)) return this.#primary.vector(seen);
    if (!this.#secondary.answersTo(seen)) return FLOATING_BUS;
    const second = this.#secondary.resolve();
    return this.#secondary.vector(second === NO_REQUEST ? 7 : second);
  }

  /**
   * IN. A read that answers a poll takes the request into service.
   *
   * @param port one of the six
   * @returns the byte
   */
  readPort(port: number): number {
    const value = this.peekPort(port);
    if (port >= PIC_ELCR_PRIMARY) return value;
    const secondary = port >= PIC_SECONDARY_COMMAND;
    const chip = secondary ? this.#secondary : this.#primary;
    if (!chip.state.poll) return value;
    chip.endPoll();
    if (secondary && value !== 0) this.#dropCascade();
    this.#drive();
    return value;
  }

  /**
   * What {@linkcode Pic.readPort} would give, without its effects.
   *
   * @param port one of the six
   * @returns the byte
   */
  peekPort(port: number): number {
    if (port === PIC_ELCR_PRIMARY) return this.state.primary.elcr;
    if (port === PIC_ELCR_SECONDARY) return this.state.secondary.elcr;
    const chip = port >= PIC_SECONDARY_COMMAND
      ? this.#secondary
      : this.#primary;
    return chip.peek(port & 1);
  }

  /**
   * OUT.
   *
   * @param port one of the six
   * @param value the byte
   */
  writePort(port: number, value: number): void {
    switch (port) {
      case PIC_PRIMARY_COMMAND:
        this.#primary.writeCommand(value);
        break;
      case PIC_PRIMARY_DATA:
        this.#primary.writeData(value);
        break;
      case PIC_SECONDARY_COMMAND:
        this.#secondary.writeCommand(value);
        // Initialisation drops INT: what is still requested after it makes a rising edge.
        if ((value & ICW1_D4) !== 0) this.#dropCascade();
        break;
      case PIC_SECONDARY_DATA:
        this.#secondary.writeData(value);
        break;
      case PIC_ELCR_PRIMARY:
        this.#primary.writeElcr(value);
        break;
      case PIC_ELCR_SECONDARY:
        this.#secondary.writeElcr(value);
        break;
    }
    this.#drive();
  }

  #checkLine(line: number): void {
    if (line !== CASCADE_LEVEL && line >= 0 && line <= 15) return;
    throw new RangeError(
      `Cannot drive IRQ ${line}: the lines are 0 to 15 without 2, the cascade`,
    );
  }

  /** INT of the secondary is low for a moment after INTA, so that its next request is an edge at the primary. */
  #dropCascade(): void {
    this.#primary.setLine(CASCADE_LEVEL, false);
  }

  #drive(): void {
    this.#primary.setLine(CASCADE_LEVEL, this.#secondary.int);
    this.#intr.set(this.#primary.int);
  }
}
