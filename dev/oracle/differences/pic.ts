/**
 * 8259A: where QEMU and the data sheet differ. Each difference leaves the two sides in different states.
 *
 * @module
 */

import type { Difference, Watch } from "../difference.ts";
import { type PicDeviation, PicMirror } from "../pic_mirror.ts";

/** A row for everything from the deviation on. */
function from(deviation: PicDeviation): () => Watch {
  return () => {
    const mirror = new PicMirror();
    let happened = false;
    return (operation) => {
      if (mirror.follow(operation) === deviation) happened = true;
      return operation.kind === "in" && happened ? 0xff : 0;
    };
  };
}

/** The rows. */
export const PIC_DIFFERENCES: readonly Difference[] = [
  {
    register: "IRR, edge triggered",
    bits: "all",
    reason:
      '"In both the edge and level triggered modes the IR inputs must remain high until after the falling edge of ' +
      'the first INTA." A request that ends before is gone; QEMU keeps it.',
    parts: true,
    watch: from("withdrawn"),
  },
  {
    register: "ISR, non-specific EOI in special mask mode",
    bits: "all",
    reason:
      '"An IS bit that is masked by an IMR bit will not be cleared by a non-specific EOI if the 8259A is in the ' +
      'Special Mask Mode." QEMU clears it.',
    parts: true,
    watch: from("special-mask-eoi"),
  },
  {
    register: "INT, special mask mode",
    bits: "all",
    reason:
      'The special mask mode "enables interrupts from all other levels", from the command on. QEMU looks at it when ' +
      "something else happens.",
    parts: true,
    watch: from("special-mask-int"),
  },
  {
    register: "Poll, special fully nested mode",
    bits: "all",
    reason:
      '"When an interrupt request from a certain slave is in service this slave is not locked out"; lower levels ' +
      "are. QEMU lets these through too.",
    parts: true,
    watch: from("nested-poll"),
  },
  {
    register: "Poll",
    bits: "all",
    reason:
      '"Interrupt is frozen from WR to RD." QEMU looks at the requests when it is read.',
    parts: true,
    watch: from("frozen-poll"),
  },
  {
    register: "IRR bit 2, cascade",
    bits: "all",
    reason:
      "INT falls with the acknowledge, so that a further request of the secondary is an edge at the primary. " +
      "QEMU's stays high.",
    parts: true,
    watch: from("cascade-edge"),
  },
];
