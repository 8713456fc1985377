/**
 * One counter of an 8254: its registers around the counting element.
 *
 * Source: 8254 data sheet, "Programming the 8254", "Read Operations", "Operation Common to All Modes".
 *
 * A tick in the arguments is the present one: pulses of CLK up to now. What is written takes effect after it.
 *
 * *Not modelled*: a reload between the two bytes of a count (it takes the whole old count); BCD digits above 9 (they
 * count by their weight, modulo 10,000).
 *
 * @module
 */

import { NEVER } from "../base/time.ts";
import {
  nextChange,
  type PitElementState,
  runElement,
  setOut,
} from "./pit_element.ts";

/** Read/write modes: bits 5 and 4 of a control word. 0, before the first one, works as the least significant byte. */
const RW_MSB = 2;
const RW_WORD = 3;

/** What is left to read of a latched count. */
const LATCH_NONE = 0;
const LATCH_LSB = 1;
const LATCH_MSB = 2;
const LATCH_WORD = 3;

/** The state of a counter. */
export interface PitCounterState {
  /** Count and OUT. */
  readonly element: PitElementState;
  /** Bits 5 to 0 of the control word: read/write mode, mode, BCD. */
  control: number;
  /** Whether the count register was written whole since the control word. */
  hasCount: boolean;
  /** The first of two bytes of a count, or −1. */
  firstByte: number;
  /** Whether the next read of the count itself, two bytes a time, gives the second one. */
  readSecond: boolean;
  /** The output latch, as it is read. */
  latch: number;
  /** What is left to read of the output latch: 0 nothing, 1 or 2 its low or high byte, 3 both. */
  latchLeft: number;
  /** The status latch, or −1. */
  statusLatch: number;
}

/**
 * Makes the state at power-on, which the data sheet leaves open: as in QEMU, mode 3 counting from 65,536.
 *
 * @param gate level of GATE
 * @param tick the present tick
 * @returns the state
 */
export function pitCounterState(gate: boolean, tick = 0): PitCounterState {
  return {
    element: {
      tick,
      mode: 3,
      modulus: 0x1_0000,
      count: 0x1_0000,
      period: 0x1_0000,
      reload: 0x1_0000,
      loadTick: NEVER,
      loaded: true,
      nullCount: false,
      gate,
      held: false,
      waiting: false,
      out: true,
      rises: 0,
    },
    control: 3 << 1,
    hasCount: true,
    firstByte: -1,
    readSecond: false,
    latch: 0,
    latchLeft: LATCH_NONE,
    statusLatch: -1,
  };
}

/** A counter. */
export class PitCounter {
  /** All there is to save. */
  readonly state: PitCounterState;
  /** The element as it is at a later tick; derived, for reads that shall change nothing. */
  readonly #view: PitElementState;

  /**
   * Makes a counter.
   *
   * @param state fresh from {@linkcode pitCounterState}, or restored
   */
  constructor(state: PitCounterState) {
    this.state = state;
    this.#view = { ...state.element };
  }

  /** The tick at which OUT may change next, or `NEVER`. */
  get nextChange(): number {
    return nextChange(this.state.element);
  }

  /** Brings the element up to `tick`, unless it is there: an alarm that came early took it ahead of its time. */
  settle(tick: number): void {
    const { element } = this.state;
    if (tick > element.tick) runElement(element, tick);
  }

  /**
   * OUT at a tick not before the settled one.
   *
   * @param tick the present tick
   */
  out(tick: number): boolean {
    return this.#at(tick).out;
  }

  /**
   * Rising edges of OUT up to a tick, modulo 2.
   *
   * @param tick the present tick
   */
  rises(tick: number): number {
    return this.#at(tick).rises;
  }

  /**
   * The count as it is read at a tick.
   *
   * @param tick the present tick
   * @returns 16 bits: binary, or four digits in BCD
   */
  count(tick: number): number {
    const { count, modulus } = this.#at(tick);
    const value = count % modulus;
    if (modulus === 0x1_0000) return value;
    return value % 10 | (Math.floor(value / 10) % 10) << 4 |
      (Math.floor(value / 100) % 10) << 8 | Math.floor(value / 1_000) << 12;
  }

  /**
   * The status byte at a tick: OUT, null count, and the control word as it was written.
   *
   * @param tick the present tick
   */
  status(tick: number): number {
    const { out, nullCount } = this.#at(tick);
    return (out ? 0x80 : 0) | (nullCount ? 0x40 : 0) | this.state.control;
  }

  /** Takes a control word: bits 5 to 0, the read/write mode not 0. OUT goes to its first level at once. */
  writeControl(control: number, tick: number): void {
    this.settle(tick);
    const s = this.state;
    const mode = control >> 1 & 7;
    s.control = control & 0x3f;
    s.hasCount = false;
    s.firstByte = -1;
    s.readSecond = false;
    s.latchLeft = LATCH_NONE; // "Held until it is read (or the counter is reprogrammed)."
    s.latch = 0;
    const e = s.element;
    e.mode = mode > 5 ? mode - 4 : mode; // X10 and X11.
    const modulus = (control & 1) !== 0 ? 10_000 : 0x1_0000;
    e.count = e.count % e.modulus % modulus; // Undefined until a load; here it stands still.
    e.modulus = modulus;
    e.period = e.reload = e.modulus; // "Both CRM and CRL are cleared."
    e.loadTick = NEVER;
    e.loaded = false;
    e.nullCount = true;
    e.held = false;
    e.waiting = false;
    setOut(e, e.mode !== 0);
  }

  /** Takes a byte of a count. */
  writeCount(byte: number, tick: number): void {
    this.settle(tick);
    const s = this.state;
    const e = s.element;
    if (e.mode === 0) setOut(e, false);
    const rw = s.control >> 4;
    if (rw !== RW_WORD) {
      this.#writeWhole(rw === RW_MSB ? byte << 8 : byte);
    } else if (s.firstByte < 0) {
      s.firstByte = byte;
      e.held = e.mode === 0; // "Writing the first byte disables counting."
    } else {
      e.held = false;
      this.#writeWhole(byte << 8 | s.firstByte);
      s.firstByte = -1;
    }
  }

  /** Drives GATE. */
  setGate(level: boolean, tick: number): void {
    const e = this.state.element;
    if (e.gate === level) return;
    this.settle(tick);
    e.gate = level;
    const periodic = e.mode === 2 || e.mode === 3;
    if (!level) {
      if (periodic) setOut(e, true); // "OUT is set high immediately."
    } else if (
      (periodic || e.mode === 1 || e.mode === 5) && this.state.hasCount
    ) {
      e.loadTick = e.tick + 1;
    }
  }

  /** Latches the count, unless one is latched. */
  latchCount(tick: number): void {
    const s = this.state;
    if (s.latchLeft !== LATCH_NONE) return;
    const rw = s.control >> 4;
    s.latch = this.count(tick);
    s.latchLeft = rw === RW_WORD
      ? LATCH_WORD
      : rw === RW_MSB
      ? LATCH_MSB
      : LATCH_LSB;
  }

  /** Latches the status, unless one is latched. */
  latchStatus(tick: number): void {
    if (this.state.statusLatch < 0) this.state.statusLatch = this.status(tick);
  }

  /**
   * What a read would give, without its effects: the latched status, else the latched count, else the count itself.
   *
   * @param tick the present tick
   * @returns a byte
   */
  peek(tick: number): number {
    const s = this.state;
    if (s.statusLatch >= 0) return s.statusLatch;
    if (s.latchLeft !== LATCH_NONE) {
      return s.latchLeft === LATCH_MSB ? s.latch >> 8 : s.latch & 0xff;
    }
    const rw = s.control >> 4;
    const high = rw === RW_MSB || (rw === RW_WORD && s.readSecond);
    return high ? this.count(tick) >> 8 : this.count(tick) & 0xff;
  }

  /**
   * Reads a byte. Uses up latches, and turns the flip-flop of two-byte reads.
   *
   * @param tick the present tick
   * @returns the byte
   */
  read(tick: number): number {
    const value = this.peek(tick);
    const s = this.state;
    if (s.statusLatch >= 0) s.statusLatch = -1;
    else if (s.latchLeft === LATCH_WORD) s.latchLeft = LATCH_MSB;
    else if (s.latchLeft !== LATCH_NONE) {
      s.latchLeft = LATCH_NONE;
      s.latch = 0; // Equal counters shall be equal data.
    } else if (s.control >> 4 === RW_WORD) s.readSecond = !s.readSecond;
    return value;
  }

  /** The count register is whole. */
  #writeWhole(raw: number): void {
    const s = this.state;
    const e = s.element;
    const count = e.modulus === 0x1_0000 ? raw : fromBcd(raw) % 10_000;
    e.reload = count === 0 ? e.modulus : count;
    e.nullCount = true;
    s.hasCount = true;
    // Modes 0 and 4 start by a write; 2 and 3 by the first one after the control word; 1 and 5 by a trigger.
    const byWrite = e.mode === 0 || e.mode === 4;
    const byFirst = (e.mode === 2 || e.mode === 3) && !e.loaded;
    if (byWrite || byFirst) e.loadTick = e.tick + 1;
  }

  #at(tick: number): PitElementState {
    const s = this.state.element;
    if (s.tick >= tick) return s;
    const v = this.#view;
    v.tick = s.tick;
    v.mode = s.mode;
    v.modulus = s.modulus;
    v.count = s.count;
    v.period = s.period;
    v.reload = s.reload;
    v.loadTick = s.loadTick;
    v.loaded = s.loaded;
    v.nullCount = s.nullCount;
    v.gate = s.gate;
    v.held = s.held;
    v.waiting = s.waiting;
    v.out = s.out;
    v.rises = s.rises;
    runElement(v, tick);
    return v;
  }
}

const fromBcd = (raw: number): number =>
  (raw & 15) + 10 * (raw >> 4 & 15) + 100 * (raw >> 8 & 15) +
  1_000 * (raw >> 12);
