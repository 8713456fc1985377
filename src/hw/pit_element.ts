/**
 * The counting element of an 8254 counter: what CLK pulses do to count and OUT, in closed form. Nothing is stepped: the
 * element holds what was true at one tick, and {@linkcode runElement} says what is true at a later one.
 *
 * Source: 8254 data sheet (Intel, order number 231164), "Mode Definitions", "Operation Common to All Modes".
 *
 * Between ticks a register or GATE may change; that is the counter's business (`pit_counter.ts`), which first runs the
 * element up to the present.
 *
 * *Not modelled*: the two halves of a CLK pulse (GATE's level counts as it is when the pulse ends). A count of 1, illegal in
 * modes 2 and 3, leaves OUT high.
 *
 * @module
 */

import { NEVER } from "../base/time.ts";

/** The state of a counting element. Ticks are pulses of CLK since power-on, 100 clk each. */
export interface PitElementState {
  /** The tick at which all this is true. */
  tick: number;
  /** Mode, 0 to 5. */
  mode: number;
  /** What a count of 0 stands for: 65,536, or 10,000 in BCD. */
  modulus: number;
  /** The count, 0 to `modulus`; both ends read as 0. */
  count: number;
  /** The count that was loaded last, 1 to `modulus`. */
  period: number;
  /** The count register: what the next load takes, 1 to `modulus`. */
  reload: number;
  /** The tick at which the count register is loaded because of a write or a trigger, or `NEVER`. */
  loadTick: number;
  /** Whether a count was loaded since the control word: only then does the element count. */
  loaded: boolean;
  /** Whether the count register holds what was not loaded yet. */
  nullCount: boolean;
  /** Level of GATE. */
  gate: boolean;
  /** Whether the first of two bytes of a count has stopped the counting (mode 0). */
  held: boolean;
  /** Whether the end of the count will still change OUT (modes 0, 1, 4 and 5). */
  waiting: boolean;
  /** Level of OUT. */
  out: boolean;
  /** Rising edges of OUT so far, modulo 2. */
  rises: number;
}

/**
 * Drives OUT and counts its rising edges.
 *
 * @param s the element
 * @param level the level from now on
 */
export function setOut(s: PitElementState, level: boolean): void {
  if (level && !s.out) s.rises ^= 1;
  s.out = level;
}

/**
 * Lets time pass.
 *
 * @param s the element; changed
 * @param tick the tick to go to, not before the element's
 */
export function runElement(s: PitElementState, tick: number): void {
  if (s.loadTick <= tick) {
    run(s, s.loadTick - 1 - s.tick);
    load(s);
    s.tick = s.loadTick;
    s.loadTick = NEVER;
  }
  run(s, tick - s.tick);
  s.tick = tick;
}

/**
 * When OUT may change next, if nothing else happens.
 *
 * @param s the element
 * @returns a tick after the element's, or `NEVER`. OUT changes then, or a load decides how it goes on
 */
export function nextChange(s: PitElementState): number {
  if (s.loadTick !== NEVER) return s.loadTick;
  switch (s.mode) {
    case 2:
      if (!counting(s)) return NEVER;
      // The last tick of a period has OUT low; a period of 1 has none, and only another count can end it.
      if (s.count > 1) return s.tick + s.count - 1;
      return s.period > 1 || s.nullCount ? s.tick + 1 : NEVER;
    case 3:
      if (!counting(s) || (s.period === 1 && !s.nullCount)) return NEVER;
      return s.tick + halfLeft(s);
    case 4:
    case 5:
      if (!s.out) return s.tick + 1;
  }
  return s.waiting && counting(s) ? s.tick + s.count : NEVER;
}

/** Whether CLK pulses count. GATE is a trigger and nothing else in modes 1 and 5. */
function counting(s: PitElementState): boolean {
  return s.loaded && !s.held && (s.gate || s.mode === 1 || s.mode === 5);
}

/** The count register goes into the element: the CLK pulse after a write or a trigger. It does not count down. */
function load(s: PitElementState): void {
  take(s);
  s.loaded = true;
  s.waiting = true;
  if (s.mode === 1) setOut(s, false);
  else if (s.mode !== 0) setOut(s, true);
}

/** Begins a period, or a half of one in mode 3, which counts even numbers only. */
function take(s: PitElementState): void {
  s.period = s.reload;
  s.count = s.mode === 3 ? even(s.period) : s.period;
  s.nullCount = false;
}

const even = (count: number): number => count - count % 2;

/** CLK pulses between which nothing but counting happens. */
function run(s: PitElementState, ticks: number): void {
  if (ticks <= 0) return;
  if (s.mode === 2) runRateGenerator(s, ticks);
  else if (s.mode === 3) runSquareWave(s, ticks);
  else runOnce(s, ticks);
}

/** Modes 0, 1, 4 and 5: OUT changes at 0, and the count wraps and goes on. */
function runOnce(s: PitElementState, ticks: number): void {
  const strobes = s.mode >= 4;
  if (strobes) setOut(s, true); // A strobe lasts one pulse.
  if (!counting(s)) return;
  if (s.waiting && ticks >= s.count) {
    s.waiting = false;
    if (strobes) setOut(s, false);
    if (!strobes || ticks > s.count) setOut(s, true);
  }
  const left = s.count - ticks;
  s.count = left >= 0 ? left : (left % s.modulus + s.modulus) % s.modulus;
}

/** Mode 2: OUT is low while the count is 1. */
function runRateGenerator(s: PitElementState, ticks: number): void {
  if (!counting(s)) return;
  if (ticks < s.count) {
    s.count -= ticks;
    if (s.count === 1) setOut(s, false);
    return;
  }
  if (s.period > 1) setOut(s, false); // The pulse before the reload, if it lay in between.
  setOut(s, true);
  const past = ticks - s.count;
  take(s);
  if (s.period === 1) return;
  if (Math.floor(past / s.period) % 2 === 1) s.rises ^= 1;
  s.count = s.period - past % s.period;
  if (s.count === 1) setOut(s, false);
}

/** Ticks until the present half of mode 3 ends: the odd tick of an odd count belongs to the high half. */
function halfLeft(s: PitElementState): number {
  return s.count / 2 + (s.out ? s.period % 2 : 0);
}

/** Mode 3: OUT changes at the end of each half, and the count register is loaded. */
function runSquareWave(s: PitElementState, ticks: number): void {
  if (!counting(s)) return;
  let past = ticks - halfLeft(s);
  if (past < 0) {
    s.count -= 2 * ticks;
    return;
  }
  endHalf(s);
  if (s.period > 1 && Math.floor(past / s.period) % 2 === 1) s.rises ^= 1;
  past %= s.period;
  if (past >= halfLeft(s)) {
    past -= halfLeft(s);
    endHalf(s);
  }
  s.count -= 2 * past;
}

function endHalf(s: PitElementState): void {
  take(s);
  setOut(s, !s.out || s.period === 1);
}
