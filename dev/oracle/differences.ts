/**
 * Where data sheet and QEMU differ and the data sheet decides: one row each.
 *
 * @module
 */

import { CRTC_DIFFERENCES } from "./differences/crtc.ts";
import { I8042_DIFFERENCES } from "./differences/i8042.ts";
import { PIC_DIFFERENCES } from "./differences/pic.ts";
import { PIT_DIFFERENCES } from "./differences/pit.ts";
import { RTC_DIFFERENCES } from "./differences/rtc.ts";
import { UART_DIFFERENCES } from "./differences/uart.ts";
import type { Difference } from "./difference.ts";
import type { Device } from "./program.ts";

/** The rows of each device. */
export const DIFFERENCES: Readonly<
  Record<Device, readonly Difference[]>
> = {
  crtc: CRTC_DIFFERENCES,
  i8042: I8042_DIFFERENCES,
  pic: PIC_DIFFERENCES,
  pit: PIT_DIFFERENCES,
  rtc: RTC_DIFFERENCES,
  uart: UART_DIFFERENCES,
};
