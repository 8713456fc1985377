/**
 * One 8259A programmable interrupt controller: requests, priorities, commands. Two of them make the PC's pair, see
 * `pic.ts`.
 *
 * Source: 8259A data sheet (Intel, order number 231468), "Interrupt Sequence", "Initialization Command Words",
 * "Operation Command Words"; 82371AB (PIIX4), "ELCR1, ELCR2". Bit names are theirs.
 *
 * INT and IRR follow the inputs at once. A request that ends before it is acknowledged is gone, in edge mode too ("IR
 * inputs must remain high until after the falling edge of the first INTA"); QEMU keeps it.
 *
 * *Not modelled*: the third INTA cycle of the MCS-80/85 mode, which an x86 never gives (its second one reads the low
 * byte of CALL's address, and that is the vector here); M/S in buffered mode (kept, but the board's wiring says which
 * chip is which); the time for which INT is low between two requests.
 *
 * @module
 */

import { type EventSink, NO_EVENTS } from "../base/events.ts";

const ICW1_IC4 = 0x01; // ICW4 will come.
const ICW1_SNGL = 0x02; // Single: no ICW3.
const ICW1_ADI = 0x04; // MCS-80/85: call address interval 4, not 8.
const ICW1_LTIM = 0x08; // All inputs are level triggered.
const ICW4_UPM = 0x01; // 8086 mode.
const ICW4_AEOI = 0x02;
const ICW4_SFNM = 0x10;
const OCW3_D3 = 0x08; // Tells OCW3 from OCW2.
const OCW3_RIS = 0x01; // Read ISR, not IRR.
const OCW3_RR = 0x02; // RIS counts.
const OCW3_P = 0x04; // Poll.
const OCW3_SMM = 0x20; // Special mask mode on or off.
const OCW3_ESMM = 0x40; // SMM counts.

/** ICW1 bit that tells it from OCW2 and OCW3. */
export const ICW1_D4 = 0x10;

/** What {@linkcode PicChip.resolve} answers when no request may interrupt. */
export const NO_REQUEST: number = -1;

/** The state of one 8259A. Bit n of a byte belongs to input IRn. */
export interface PicChipState {
  /** Levels of the inputs. */
  lines: number;
  /** Interrupt request register. */
  irr: number;
  /** Interrupt mask register. */
  imr: number;
  /** In-service register. */
  isr: number;
  /** Level triggered inputs, as the ELCR has them. */
  elcr: number;
  /** The input of lowest priority, 0 to 7; the next one has the highest. */
  lowest: number;
  /** ICW1 as written; 0 before the first. */
  icw1: number;
  /** ICW2: bits 7–3 of the vectors. */
  icw2: number;
  /** ICW3: inputs with a secondary (primary), or the own identity (secondary). */
  icw3: number;
  /** ICW4 as written, 0 where ICW1 announced none. */
  icw4: number;
  /** The ICW that the next write to the odd port is, 2 to 4, or 0 for OCW1. */
  awaitedIcw: number;
  /** Whether a read of the even port gives ISR, not IRR. */
  readIsr: boolean;
  /** Whether special mask mode is on. */
  specialMask: boolean;
  /** Whether an automatic EOI rotates priorities. */
  rotateOnAutoEoi: boolean;
  /** Whether the next read is a poll. */
  poll: boolean;
  /** IRR as it was when the poll command came: "interrupt is frozen from WR to RD". 0 while none is pending. */
  frozenIrr: number;
  /** Whether noise on an input has raised INT, until the next INTA. */
  noise: boolean;
}

/** Makes the state at power-on: nothing requested, nothing masked, no ICW1 yet. */
export function picChipState(): PicChipState {
  return {
    lines: 0,
    irr: 0,
    imr: 0,
    isr: 0,
    elcr: 0,
    lowest: 7,
    icw1: 0,
    icw2: 0,
    icw3: 0,
    icw4: 0,
    awaitedIcw: 0,
    readIsr: false,
    specialMask: false,
    rotateOnAutoEoi: false,
    poll: false,
    frozenIrr: 0,
    noise: false,
  };
}

/** One 8259A. */
export class PicChip {
  /** All there is to save. */
  readonly state: PicChipState;
  readonly #index: 0 | 1;
  readonly #elcrMask: number;
  readonly #events: EventSink;

  /**
   * Makes a chip.
   *
   * @param index 0 for the primary, 1 for the secondary
   * @param elcrMask the inputs whose ELCR bit can be set
   * @param state the own part of the pair's state
   * @param events receives `eoi`
   */
  constructor(
    index: 0 | 1,
    elcrMask: number,
    state: PicChipState = picChipState(),
    events: EventSink = NO_EVENTS,
  ) {
    this.#index = index;
    this.#elcrMask = elcrMask;
    this.state = state;
    this.#events = events;
  }

  /** Whether INT is high. */
  get int(): boolean {
    return this.state.noise || this.resolve() !== NO_REQUEST;
  }

  /** Drives input `level`, 0 to 7, high or low. */
  setLine(level: number, high: boolean): void {
    const s = this.state;
    const bit = 1 << level;
    if (((s.lines & bit) !== 0) === high) return;
    s.lines ^= bit;
    if (high) s.irr |= bit;
    else s.irr &= ~bit;
  }

  /** Lets noise on input `level` raise INT, unless the input is masked. */
  glitch(level: number): void {
    if ((this.state.imr & (1 << level)) === 0) this.state.noise = true;
  }

  /**
   * The priority resolver.
   *
   * @returns the level that may interrupt, 0 to 7, or {@linkcode NO_REQUEST}
   */
  resolve(): number {
    const s = this.state;
    const requests = (s.poll ? s.frozenIrr : s.irr) & ~s.imr;
    if (requests === 0) return NO_REQUEST;
    const rank = this.#highestRank(requests);
    const level = (rank + s.lowest + 1) & 7;
    // "Enables interrupts from all other levels": what is masked and in service holds nothing back.
    const inService = s.specialMask ? s.isr & ~s.imr : s.isr;
    if (inService === 0) return level;
    const inServiceRank = this.#highestRank(inService);
    if (rank < inServiceRank) return level;
    // "When an interrupt request from a certain slave is in service this slave is not locked out."
    const again = rank === inServiceRank && (s.icw4 & ICW4_SFNM) !== 0 &&
      this.cascades(level);
    return again ? level : NO_REQUEST;
  }

  /**
   * Whether the vector of `level` comes from a secondary.
   *
   * @param level an input, 0 to 7
   */
  cascades(level: number): boolean {
    const s = this.state;
    return this.#index === 0 && (s.icw1 & ICW1_SNGL) === 0 &&
      (s.icw3 >> level & 1) !== 0;
  }

  /**
   * Whether a secondary answers when the primary calls it by `id`.
   *
   * @param id the level on the cascade lines, 0 to 7
   */
  answersTo(id: number): boolean {
    return (this.state.icw1 & ICW1_SNGL) === 0 && (this.state.icw3 & 7) === id;
  }

  /**
   * What the chip drives in the INTA cycle that a CPU of this kind reads.
   *
   * @param level an input, 0 to 7
   * @returns the vector in 8086 mode, else the low byte of CALL's address
   */
  vector(level: number): number {
    const s = this.state;
    if ((s.icw4 & ICW4_UPM) !== 0) return (s.icw2 & 0xf8) | level;
    return (s.icw1 & ICW1_ADI) !== 0
      ? (s.icw1 & 0xe0) | level << 2
      : (s.icw1 & 0xc0) | level << 3;
  }

  /**
   * The INTA cycles: takes the request of highest priority into service, and out again where EOI is automatic.
   *
   * @returns its level; or 7 with nothing in service, if the request did not last until here
   */
  inta(): number {
    const s = this.state;
    const level = this.resolve();
    s.noise = false;
    if (level === NO_REQUEST) return 7;
    const bit = 1 << level;
    if ((this.#levelTriggered() & bit) === 0) s.irr &= ~bit;
    s.frozenIrr &= ~bit;
    s.isr |= bit;
    if ((s.icw4 & ICW4_AEOI) !== 0) {
      this.#endOfInterrupt(level);
      if (s.rotateOnAutoEoi) s.lowest = level;
    }
    return level;
  }

  /**
   * What a read would give, without its effects.
   *
   * @param a0 0 for the even port, 1 for the odd one
   */
  peek(a0: number): number {
    const s = this.state;
    if (s.poll) {
      const level = this.resolve();
      return level === NO_REQUEST ? 0 : 0x80 | level;
    }
    return a0 === 1 ? s.imr : s.readIsr ? s.isr : s.irr;
  }

  /** Takes a poll that a read has answered into service. */
  endPoll(): void {
    const s = this.state;
    if (this.resolve() !== NO_REQUEST) this.inta();
    s.noise = false;
    s.poll = false;
    s.frozenIrr = 0;
  }

  /** A write to the even port: ICW1, OCW2 or OCW3. */
  writeCommand(value: number): void {
    if ((value & ICW1_D4) !== 0) this.#icw1(value);
    else if ((value & OCW3_D3) !== 0) this.#ocw3(value);
    else this.#ocw2(value);
  }

  /** A write to the odd port: the awaited ICW, or OCW1. */
  writeData(value: number): void {
    const s = this.state;
    const hasIcw4 = (s.icw1 & ICW1_IC4) !== 0;
    switch (s.awaitedIcw) {
      case 2:
        s.icw2 = value;
        s.awaitedIcw = (s.icw1 & ICW1_SNGL) === 0 ? 3 : hasIcw4 ? 4 : 0;
        break;
      case 3:
        s.icw3 = value;
        s.awaitedIcw = hasIcw4 ? 4 : 0;
        break;
      case 4:
        s.icw4 = value;
        s.awaitedIcw = 0;
        break;
      default:
        s.imr = value;
    }
  }

  /** A write to the edge/level control register. What has become level triggered is requested by its level. */
  writeElcr(value: number): void {
    const s = this.state;
    s.elcr = value & this.#elcrMask;
    s.irr |= s.lines & this.#levelTriggered();
  }

  /** "Initialization Command Words": a to f, in its order. */
  #icw1(value: number): void {
    const s = this.state;
    s.icw1 = value;
    s.irr = s.lines & this.#levelTriggered(); // a: the edge sense circuit is reset.
    s.imr = 0; // b
    s.lowest = 7; // c: IR7 is assigned priority 7.
    s.icw3 = 7; // d: the slave mode address is set to 7.
    s.specialMask = false; // e
    s.readIsr = false;
    s.icw4 = 0; // f: until ICW4 comes.
    s.isr = 0;
    s.rotateOnAutoEoi = false;
    s.poll = false;
    s.frozenIrr = 0;
    s.noise = false;
    s.awaitedIcw = 2;
  }

  /** R, SL and EOI, bits 7 to 5, and the level on which a specific command acts. */
  #ocw2(value: number): void {
    const s = this.state;
    const level = value & 7;
    switch (value >> 5) {
      case 0b000:
        s.rotateOnAutoEoi = false;
        break;
      case 0b100:
        s.rotateOnAutoEoi = true;
        break;
      case 0b001:
        this.#nonSpecificEoi(false);
        break;
      case 0b101:
        this.#nonSpecificEoi(true);
        break;
      case 0b011:
        this.#endOfInterrupt(level);
        break;
      case 0b111:
        this.#endOfInterrupt(level);
        s.lowest = level;
        break;
      case 0b110:
        s.lowest = level;
        break;
      case 0b010: // No operation.
    }
  }

  #ocw3(value: number): void {
    const s = this.state;
    if ((value & OCW3_RR) !== 0) s.readIsr = (value & OCW3_RIS) !== 0;
    if ((value & OCW3_ESMM) !== 0) s.specialMask = (value & OCW3_SMM) !== 0;
    if ((value & OCW3_P) !== 0) {
      s.poll = true;
      s.frozenIrr = s.irr;
    }
  }

  /** Ends the interrupt of highest priority that is in service; masked ones are left alone in special mask mode. */
  #nonSpecificEoi(rotate: boolean): void {
    const s = this.state;
    const candidates = s.specialMask ? s.isr & ~s.imr : s.isr;
    if (candidates === 0) {
      this.#endOfInterrupt(-1);
      return;
    }
    const level = (this.#highestRank(candidates) + s.lowest + 1) & 7;
    this.#endOfInterrupt(level);
    if (rotate) s.lowest = level;
  }

  /** Takes `level` out of service, or nothing where it is −1, and reports the command. */
  #endOfInterrupt(level: number): void {
    const s = this.state;
    const before = s.isr;
    if (level >= 0) s.isr &= ~(1 << level);
    if (this.#events.on) this.#events.emit("eoi", this.#index, before, s.isr);
  }

  #levelTriggered(): number {
    return (this.state.icw1 & ICW1_LTIM) !== 0 ? 0xff : this.state.elcr;
  }

  /** Rank of the highest priority in `bits` (not 0): 0 is the highest, 7 the lowest. */
  #highestRank(bits: number): number {
    const first = this.state.lowest + 1;
    const ranked = (bits | bits << 8) >> first; // Bit 0 is the highest now.
    return 31 - Math.clz32(ranked & -ranked);
  }
}
