/**
 * VGA: where QEMU and the IBM VGA Technical Reference differ.
 *
 * @module
 */

import { always, type Difference } from "../difference.ts";

/** The rows. */
export const CRTC_DIFFERENCES: readonly Difference[] = [
  {
    register: "Input Status 1 (0x3da)",
    bits: "0 and 3",
    reason:
      '"Display enable" and "vertical retrace" follow the beam, hence the clock. QEMU flips both at each read.',
    watch: always(0x3da, 0x09),
  },
  {
    register: "Attribute Address (0x3c0)",
    bits: "all",
    reason:
      "A read gives the address register. QEMU gives 0 while the flip-flop points at the data register.",
    watch: () => {
      let data = false;
      return (operation) => {
        if (operation.kind === "in" && operation.port === 0x3da) data = false;
        if (operation.kind === "irq" || operation.port !== 0x3c0) return 0;
        if (operation.kind === "in") return data ? 0xff : 0;
        data = !data;
        return 0;
      };
    },
  },
  {
    register: "PEL Mask (0x3c6)",
    bits: "all",
    reason: "It is read and written. QEMU has none: reads give 0.",
    watch: always(0x3c6, 0xff),
  },
  {
    register: "Feature Control (0x3ca)",
    bits: "3 and 4",
    reason:
      "Bit 3 selects the vertical sync, the others are reserved. QEMU keeps bit 4 in its place.",
    watch: always(0x3ca, 0x18),
  },
  {
    register: "CRT controller above 0x18 (0x3d5)",
    bits: "all",
    reason:
      "There are registers 0x00 to 0x18. QEMU keeps a byte for each of 256 indices.",
    watch: () => {
      let index = 0;
      return (operation) => {
        if (operation.kind === "irq") return 0;
        const { kind, port } = operation;
        if (kind === "out" && (port === 0x3d4 || port === 0x3b4)) {
          index = operation.value;
        }
        const data = port === 0x3d5 || port === 0x3b5;
        return kind === "in" && data && index > 0x18 ? 0xff : 0;
      };
    },
  },
];
