/**
 * Programs for the real-time clock and its RAM. Time stands still; what can be seen is how bytes are kept, converted
 * and set.
 *
 * @module
 */

import type { Prng } from "../../../src/base/prng.ts";
import {
  byte,
  type Generator,
  type Operation,
  pick,
  read,
  weighted,
  write,
} from "../program.ts";

const at = (index: number, value: number): Operation[] => [
  write(0x70, index),
  write(0x71, value),
];

const look = (index: number): Operation[] => [write(0x70, index), read(0x71)];

/** Makes programs for the MC146818. */
export function rtcGenerator(): Generator {
  let registerB = 0x02;
  const encode = (n: number): number =>
    registerB & 0x04 ? n : Math.floor(n / 10) << 4 | n % 10;
  const valid = (random: Prng, index: number): number => {
    const within = (low: number, high: number): number =>
      encode(low + random.below(high - low + 1));
    switch (index) {
      case 4:
        if (registerB & 0x02) return within(0, 23);
        return within(1, 12) | random.below(2) << 7;
      case 6:
        return within(1, 7);
      case 7:
        return within(1, 28);
      case 8:
        return within(1, 12);
      case 9:
        return within(0, 99);
      case 0x32:
      case 0x37:
        return within(20, 21);
      default:
        return within(0, 59);
    }
  };
  const TIME = [0, 2, 4, 6, 7, 8, 9, 0x32] as const;
  // The weekday is rare: it meets a row of differences.
  const OFTEN = [0, 2, 4, 7, 8, 9, 0x32] as const;
  /** Stops the clock, sets it in random modes, and starts it. */
  const setAll = (random: Prng): Operation[] => {
    registerB = byte(random) & 0x7f | 0x80;
    const running = registerB & 0x7f;
    return [
      ...at(0x0b, registerB),
      ...TIME.flatMap((index) => at(index, valid(random, index))),
      ...at(0x0b, running),
    ];
  };
  return {
    setup: () => [
      ...at(0x0a, 0x26),
      ...at(0x0b, 0x82),
      ...[5, 4, 3, 5, 2, 1, 0x20].flatMap((value, i) =>
        at([0, 2, 4, 6, 7, 8, 9][i]!, value)
      ),
      ...at(0x32, 0x20),
      ...[1, 3, 5].flatMap((index) => at(index, 0)),
      ...Array.from({ length: 0x72 }, (_, i) => 0x0e + i)
        .filter((i) => i !== 0x32 && i !== 0x37)
        .flatMap((index) => at(index, 0)),
      ...at(0x0b, 0x02),
      ...look(0x0c),
    ],
    next(random) {
      const time = () => pick(random, random.below(6) ? OFTEN : TIME);
      const alarm = () => pick(random, [1, 3, 5]);
      const ram = () => 0x0e + random.below(0x72);
      return weighted<Operation[]>(random, [
        [20, () => look(time())],
        [8, () => {
          const index = time();
          return [...at(index, valid(random, index)), ...look(index)];
        }],
        [6, () => {
          const index = alarm();
          return [...at(index, byte(random)), ...look(index)];
        }],
        [3, () => setAll(random)],
        [8, () => look(pick(random, [0x0a, 0x0b, 0x0c, 0x0d]))],
        // Register A: three time bases, and the divider's reset.
        [4, () => [
          ...at(
            0x0a,
            pick(random, [0, 0x10, 0x20, 0x20, 0x20, 0x60, 0x70]) |
              byte(random) & 0x8f,
          ),
          ...look(0x0a),
        ]],
        // Register B: SET and interrupts; the modes change with setAll alone.
        [6, () => {
          registerB = registerB & 0x06 | byte(random) & 0x79 |
            (random.below(3) ? 0 : 0x80);
          return [...at(0x0b, registerB), ...look(0x0b)];
        }],
        [1, () => at(pick(random, [0x0c, 0x0d]), byte(random))],
        [8, () => {
          const index = ram();
          const value = index === 0x32 || index === 0x37
            ? valid(random, index)
            : byte(random);
          return [...at(index, value), ...look(index)];
        }],
        [8, () => look(ram())],
        [2, () => [write(0x70, byte(random)), read(0x70)]],
        [4, () => [read(0x71)]],
      ]);
    },
  };
}
