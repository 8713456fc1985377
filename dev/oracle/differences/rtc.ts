/**
 * Real-time clock: where QEMU and the MC146818 data sheet differ.
 *
 * @module
 */

import type { Difference } from "../difference.ts";

/** Bytes of the date, from which QEMU takes the weekday. */
const DATE = [6, 7, 8, 9, 0x32, 0x37];

/** The rows. */
export const RTC_DIFFERENCES: readonly Difference[] = [
  {
    register: "Day of the week (0x06)",
    bits: "0 to 2",
    reason:
      "The day of the week is a counter of its own, 1 to 7, that the program sets. QEMU derives it from the date.",
    watch: () => {
      let index = 0;
      let set = false;
      return (operation) => {
        if (operation.kind === "irq") return 0;
        if (operation.kind === "out") {
          if (operation.port === 0x70) index = operation.value & 0x7f;
          else if (DATE.includes(index)) set = true;
          return 0;
        }
        return operation.port === 0x71 && index === 6 && set ? 0x07 : 0;
      };
    },
  },
];
