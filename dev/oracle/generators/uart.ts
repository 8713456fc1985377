/**
 * Programs for the 16550A at 0x3f8: all registers, FIFOs, and data through the loop.
 *
 * @module
 */

import {
  byte,
  type Generator,
  type Operation,
  pick,
  read,
  weighted,
  write,
} from "../program.ts";

const BASE = 0x3f8;

/** Makes programs for the 16550A. */
export function uartGenerator(): Generator {
  return {
    setup: () => [
      write(BASE + 3, 0x80),
      write(BASE, 0x0c),
      write(BASE + 1, 0x00),
      write(BASE + 3, 0x03),
      write(BASE + 4, 0x00),
      write(BASE + 1, 0x00),
      write(BASE + 2, 0x00),
    ],
    next(random) {
      const some = (make: () => Operation) =>
        Array.from({ length: 1 + random.below(18) }, make);
      return weighted<Operation[]>(random, [
        [12, () => [read(BASE + 5)]],
        [14, () => [read(BASE + 2)]],
        [6, () => [read(BASE + 6)]],
        [10, () => [read(BASE)]],
        [6, () => [read(BASE + pick(random, [1, 3, 4, 7]))]],
        [10, () => [write(BASE, byte(random))]],
        [2, () => some(() => write(BASE, byte(random)))],
        [2, () => some(() => read(BASE))],
        [8, () => [write(BASE + 1, byte(random) & 0x0f)]],
        [1, () => [write(BASE + 1, byte(random))]],
        // Without bit 0 the others are not programmed, and QEMU does it nevertheless.
        [5, () => {
          const value = byte(random);
          const seldom = (value & 1) === 0 && random.below(400) !== 0;
          return [write(BASE + 2, seldom ? value & 0xc8 : value)];
        }],
        [3, () => [write(BASE + 2, random.below(4) << 6 | 0x01)]],
        // The loop half of the time; its changes of the modem inputs are read off at once, since QEMU has none.
        [2, () => [
          write(BASE + 4, byte(random) & 0x0f | (random.below(3) ? 0x10 : 0)),
          read(BASE + 6),
        ]],
        [2, () => [
          write(BASE + 3, byte(random) & 0x7c | (random.below(40) ? 0x03 : 0)),
        ]],
        [2, () => [
          write(BASE + 3, 0x83),
          write(BASE + random.below(2), byte(random)),
          read(BASE + random.below(2)),
          write(BASE + 3, 0x03),
        ]],
        [2, () => [write(BASE + 7, byte(random)), read(BASE + 7)]],
        [1, () => [write(BASE + 5 + random.below(2), byte(random))]],
      ]);
    },
  };
}
