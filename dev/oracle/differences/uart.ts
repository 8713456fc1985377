/**
 * 16550A: where QEMU and the PC16550D data sheet differ.
 *
 * @module
 */

import type { Difference } from "../difference.ts";

const BASE = 0x3f8;
const LOOP = 0x10;

/** The modem outputs on the modem inputs: MSR bits 4 to 7 while MCR has bit 4. */
const looped = (mcr: number): number =>
  (mcr & 0x0c) << 4 | (mcr & 1) << 5 | (mcr & 2) << 3;

/** CTS, DSR and DCD are asserted outside of the loop. */
const MODEM_INPUTS = 0xb0;

/** The rows. */
export const UART_DIFFERENCES: readonly Difference[] = [
  {
    register: "MSR (0x3fe), and IIR (0x3fa) bit 0",
    bits: "0 to 3",
    reason:
      '"Delta" bits tell of each change of an input; in the loop the inputs are MCR\'s outputs. QEMU sets none there.',
    watch: () => {
      let mcr = 0;
      let ier = 0;
      let dlab = false;
      let deltas = 0;
      const levels = () => mcr & LOOP ? looped(mcr) : MODEM_INPUTS;
      return (operation, answer) => {
        if (operation.kind === "irq") return 0;
        const register = operation.port - BASE;
        if (operation.kind === "out") {
          if (register === 1 && !dlab) ier = operation.value;
          if (register === 3) dlab = (operation.value & 0x80) !== 0;
          if (register !== 4) return 0;
          const before = levels();
          mcr = operation.value;
          deltas |= (before ^ levels()) >> 4;
          if (levels() & 0x40) deltas &= ~0x04; // Only the end of a ring counts.
          return 0;
        }
        // The modem status has the lowest priority: a read of IIR shows it where QEMU has nothing.
        const modem = (ier & 0x08) !== 0 && deltas !== 0;
        const nothing = ((answer?.theirs ?? 0) & 0x0f) === 1;
        if (register === 2) return modem && nothing ? 0x01 : 0;
        if (register !== 6) return 0;
        const bits = deltas;
        deltas = 0;
        return bits;
      };
    },
  },
  {
    register: "FCR (0x3fa)",
    bits: "1 and 2",
    reason:
      '"Bit 0 must be a 1 when other FCR bits are written to or they will not be programmed." QEMU resets the FIFOs.',
    parts: true,
    watch: () => {
      let happened = false;
      return (operation) => {
        if (operation.kind === "irq") return 0;
        if (operation.kind === "in") return happened ? 0xff : 0;
        if (operation.port !== BASE + 2) return 0;
        const { value } = operation;
        if ((value & 0x01) === 0 && (value & 0x06) !== 0) happened = true;
        return 0;
      };
    },
  },
  {
    register: "RBR (0x3f8)",
    bits: "5 to 7",
    reason:
      "A character has the 5 to 8 bits of LCR's word length, in the loop too. QEMU loops all eight.",
    watch: () => {
      let dlab = false;
      let short = 0;
      let happened = 0;
      return (operation) => {
        if (operation.kind === "irq") return 0;
        const register = operation.port - BASE;
        if (operation.kind === "in") {
          return register === 0 && !dlab ? happened : 0;
        }
        if (register === 3) {
          dlab = (operation.value & 0x80) !== 0;
          short = 0xff & ~((0x20 << (operation.value & 3)) - 1);
        }
        if (register === 0 && !dlab) happened |= short;
        return 0;
      };
    },
  },
];
