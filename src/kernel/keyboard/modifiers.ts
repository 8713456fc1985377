/**
 * Which modifier keys are held and which locks are on.
 * After the pc-keyboard crate, `Modifiers`.
 *
 * @module
 */

/** The modifiers as plain data. Num Lock starts on, all others off. */
export interface Modifiers {
  /** Left Shift is held. */
  lshift: boolean;
  /** Right Shift is held. */
  rshift: boolean;
  /** Left Control is held. */
  lctrl: boolean;
  /** Right Control is held. */
  rctrl: boolean;
  /** Left Alt is held; only 0.9.0 gives it a meaning. */
  lalt: boolean;
  /** Right Alt, the AltGr key, is held (`alt_gr` in 0.7.0). */
  ralt: boolean;
  /** Num Lock is on. */
  numlock: boolean;
  /** Caps Lock is on. */
  capslock: boolean;
  /** The hidden control key in front of Pause is held. */
  rctrl2: boolean;
}

/**
 * The modifiers of a decoder that has seen no key.
 *
 * @returns A fresh object, Num Lock on.
 */
export function initialModifiers(): Modifiers {
  return {
    lshift: false,
    rshift: false,
    lctrl: false,
    rctrl: false,
    lalt: false,
    ralt: false,
    numlock: true,
    capslock: false,
    rctrl2: false,
  };
}

/**
 * Whether a shift key is held.
 *
 * @param m The modifiers.
 * @returns True for either one.
 */
export function isShifted(m: Modifiers): boolean {
  return m.lshift || m.rshift;
}

/**
 * Whether a control key is held.
 *
 * @param m The modifiers.
 * @returns True for either one.
 */
export function isCtrl(m: Modifiers): boolean {
  return m.lctrl || m.rctrl;
}

/**
 * Whether an Alt key is held.
 *
 * @param m The modifiers.
 * @returns True for either one.
 */
export function isAlt(m: Modifiers): boolean {
  return m.lalt || m.ralt;
}

/**
 * Whether AltGr is held, or stands in for it: left Alt together with a control
 * key. Only 0.9.0 accepts the stand-in.
 *
 * @param m The modifiers.
 * @returns True for right Alt, or for left Alt with control.
 */
export function isAltGr(m: Modifiers): boolean {
  return m.ralt || (m.lalt && isCtrl(m));
}

/**
 * Whether letters come out as capitals.
 *
 * @param m The modifiers.
 * @returns Shift xor Caps Lock.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { initialModifiers, isCaps } from "@lockstep/kernel/keyboard";
 *
 * const m = initialModifiers();
 * m.capslock = true;
 * assertEquals(isCaps(m), true);
 * m.rshift = true;
 * assertEquals(isCaps(m), false);
 * ```
 */
export function isCaps(m: Modifiers): boolean {
  return isShifted(m) !== m.capslock;
}
