/**
 * Our keyboard controller with a keyboard and a mouse, as QEMU's PC has them.
 *
 * @module
 */

import { NO_EVENTS } from "../../src/base/events.ts";
import { type Line, UNCONNECTED } from "../../src/base/line.ts";
import { I8042, i8042State } from "../../src/hw/i8042.ts";
import { Ps2Keyboard } from "../../src/hw/ps2_keyboard.ts";
import { Ps2Mouse } from "../../src/hw/ps2_mouse.ts";

/** The three of them. */
export interface I8042Board {
  /** The controller. */
  readonly controller: I8042;
  /** The keyboard. */
  readonly keyboard: Ps2Keyboard;
  /** The mouse. */
  readonly mouse: Ps2Mouse;
}

/**
 * Wires them up.
 *
 * @param irq1 the keyboard's interrupt
 * @param irq12 the mouse's
 */
export function makeI8042(
  irq1: Line = UNCONNECTED,
  irq12: Line = UNCONNECTED,
): I8042Board {
  let controller: I8042 | null = null;
  const request: Line = { set: () => controller?.refill() };
  const keyboard = new Ps2Keyboard({ request, events: NO_EVENTS });
  const mouse = new Ps2Mouse({ request });
  controller = new I8042({
    keyboard,
    mouse,
    irq1,
    irq12,
    a20: UNCONNECTED,
    reset: UNCONNECTED,
    events: NO_EVENTS,
  }, i8042State({ auxiliary: true }));
  return { controller, keyboard, mouse };
}
