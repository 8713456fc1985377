/**
 * 8254: where QEMU and the data sheet differ, and what comes of comparing while time stands still.
 *
 * @module
 */

import type { Difference, Watch } from "../difference.ts";
import { PitFollower, type PitMeeting } from "../pit_follower.ts";

function meeting(row: PitMeeting["row"]): () => Watch {
  return () => {
    const follower = new PitFollower();
    return (operation, answer) =>
      follower.follow(operation, answer)
        .reduce((bits, met) => met.row === row ? bits | met.mask : bits, 0);
  };
}

/** The rows. */
export const PIT_DIFFERENCES: readonly Difference[] = [
  {
    register: "Count (0x40–0x42)",
    bits: "all, by the pulses passed at most",
    reason:
      "A count is loaded by the CLK pulse after it was written, so ours get one with each. QEMU's counters stand still.",
    watch: meeting("count"),
  },
  {
    register: "Count and status (0x40–0x42) while no new count is loaded",
    bits: "all; of the status 6 and 7",
    reason:
      "A control word stops the counter until a count comes; modes 2 and 3 reload at the period's end, modes 1 and 5 " +
      "with a trigger; null count tells of it. QEMU loads at once, has no null count, and takes modes 6 and 7 for 0.",
    watch: meeting("loading"),
  },
  {
    register: "Status (0x40–0x42) and port 0x61",
    bits: "7; 5",
    reason:
      "OUT is high in mode 2 but for one pulse, in modes 1, 4 and 5 until counting ends it. QEMU has it the other way " +
      "round. In modes 0 and 3 it may have changed by the pulses passed.",
    watch: meeting("out"),
  },
  {
    register: "Port 0x61",
    bits: "4",
    reason:
      "It turns with each refresh request of counter 1. QEMU turns it with each read.",
    watch: meeting("refresh"),
  },
  {
    register: "Latched count (0x40–0x42)",
    bits: "all",
    reason:
      '"The latched count is held until it is read by the CPU (or until the counter is reprogrammed)." QEMU holds it ' +
      "through a control word.",
    watch: meeting("latch"),
  },
];
