/**
 * Programs for the 8254 and port 0x61: control words, counts in all access modes, latches, read-back, the gate.
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

/** Makes programs for the 8254. */
export function pitGenerator(): Generator {
  const access = [3, 3, 3];
  const bcdByte = (random: Prng) => random.below(10) << 4 | random.below(10);
  const bcd = [false, false, false];
  const latched = [false, false, false];
  const control = (random: Prng, counter: number): Operation => {
    access[counter] = 1 + random.below(3);
    bcd[counter] = random.below(8) === 0;
    const mode = pick(random, [0, 0, 0, 2, 2, 3, 3, 3, 3, 4, 4, 1, 5, 6, 7]);
    return write(
      0x43,
      counter << 6 | access[counter]! << 4 | mode << 1 |
        (bcd[counter] ? 1 : 0),
    );
  };
  const count = (random: Prng, counter: number): Operation[] =>
    Array.from(
      { length: access[counter] === 3 ? 2 : 1 },
      () =>
        write(
          0x40 + counter,
          bcd[counter] ? bcdByte(random) : byte(random),
        ),
    );
  const reads = (counter: number): Operation[] =>
    Array.from(
      { length: access[counter] === 3 ? 2 : 1 },
      () => read(0x40 + counter),
    );
  /** A control word ends a latch; QEMU keeps it, so most latches are read before. */
  const drain = (random: Prng, counter: number): Operation[] => {
    const wanted = latched[counter]! && random.below(40) !== 0;
    latched[counter] = false;
    // Status and two bytes of the count at most.
    return wanted ? [1, 2, 3].map(() => read(0x40 + counter)) : [];
  };
  const latch = (counters: number, value: number): Operation => {
    for (let i = 0; i < 3; i++) if (counters >> i & 1) latched[i] = true;
    return write(0x43, value);
  };
  return {
    setup(random) {
      latched.fill(false);
      return [
        write(0x61, 0),
        ...[0, 1, 2].flatMap((counter) => [
          control(random, counter),
          ...count(random, counter),
        ]),
        write(0x61, 1),
      ];
    },
    next(random) {
      const counter = random.below(3);
      const port = 0x40 + counter;
      const programmed = () => [
        ...drain(random, counter),
        control(random, counter),
      ];
      return weighted<Operation[]>(random, [
        [16, () => [...programmed(), ...count(random, counter)]],
        [1, programmed],
        [2, () => count(random, counter)],
        [1, () => [write(port, 1 + random.below(9))]],
        [20, () => reads(counter)],
        [4, () => [read(port)]],
        [10, () => [
          latch(1 << counter, counter << 6),
          ...reads(counter),
        ]],
        [4, () => [latch(1 << counter, counter << 6)]],
        // Read-back: counters by bits 1–3, not the count by bit 5, not the status by bit 4.
        [15, () => [write(0x43, 0xe0 | 2 << counter), read(port)]],
        [8, () => {
          const value = byte(random) & 0x3e;
          return [latch(value & 0x20 ? 0 : value >> 1 & 7, 0xc0 | value)];
        }],
        [3, () => [write(0x61, byte(random) & 0x03)]],
        [6, () => [read(0x61)]],
      ]);
    },
  };
}
