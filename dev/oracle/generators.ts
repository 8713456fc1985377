/**
 * The generator of each device.
 *
 * @module
 */

import { crtcGenerator } from "./generators/crtc.ts";
import { i8042Generator } from "./generators/i8042.ts";
import { picGenerator } from "./generators/pic.ts";
import { pitGenerator } from "./generators/pit.ts";
import { rtcGenerator } from "./generators/rtc.ts";
import { uartGenerator } from "./generators/uart.ts";
import type { Device, Generator } from "./program.ts";

/** Makes a fresh generator for a device. */
export const GENERATORS: Readonly<Record<Device, () => Generator>> = {
  crtc: crtcGenerator,
  i8042: i8042Generator,
  pic: picGenerator,
  pit: pitGenerator,
  rtc: rtcGenerator,
  uart: uartGenerator,
};
