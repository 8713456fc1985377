/**
 * Programs for the pair of 8259A: command words, reads, polls, and its fifteen input lines. Our pair runs along, so that
 * operations in which QEMU parts from the data sheet come seldom.
 *
 * @module
 */

import type { Prng } from "../../../src/base/prng.ts";
import { PicMirror } from "../pic_mirror.ts";
import {
  byte,
  type Generator,
  irq,
  type Operation,
  pick,
  read,
  weighted,
  write,
} from "../program.ts";

const COMMAND = [0x20, 0xa0] as const;

/** IRQ 2 is the secondary's. */
const LINES = [0, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] as const;

/** ICW1 to ICW4 of both chips: cascaded, as a PC wires them. */
function initialize(random: Prng): Operation[] {
  return COMMAND.flatMap((port, i) => [
    write(port, 0x11),
    write(port + 1, byte(random) & 0xf8),
    write(port + 1, i === 0 ? 0x04 : 0x02),
    // 8086 mode; automatic EOI and special fully nested mode now and then.
    write(
      port + 1,
      0x01 | (random.below(6) ? 0 : 0x02) | (random.below(4) ? 0 : 0x10),
    ),
  ]);
}

/** One in so many operations that make QEMU part is left in. */
const PARTING = 400;

/** Makes programs for the 8259A pair. */
export function picGenerator(): Generator {
  let mirror = new PicMirror();
  const toggle = (random: Prng): Operation => {
    const line = pick(random, LINES);
    const { primary, secondary } = mirror.save();
    const { lines } = line < 8 ? primary : secondary;
    return irq(line, (lines >> (line & 7) & 1) === 0);
  };
  const candidate = (random: Prng): Operation[] => {
    const port = pick(random, COMMAND);
    const one = (operation: Operation) => [operation];
    return weighted<Operation[]>(random, [
      [25, () => one(toggle(random))],
      [20, () => one(read(port))],
      [10, () => one(read(port + 1))],
      [3, () => one(read(pick(random, [0x4d0, 0x4d1])))],
      [6, () => one(write(port + 1, byte(random) & byte(random)))],
      // OCW2: all eight commands, for all eight levels.
      [14, () => one(write(port, byte(random) & 0xe7))],
      [6, () => one(write(port, 0x20))],
      // OCW3: read register, poll, special mask.
      [8, () => one(write(port, 0x0a | random.below(2)))],
      [10, () => [write(port, 0x0c), read(port + random.below(2))]],
      [3, () => one(write(port, 0x48 | random.below(2) << 5))],
      [1, () => one(write(port, 0x08 | byte(random) & 0x67))],
      [1, () => initialize(random)],
    ]);
  };
  return {
    setup(random) {
      mirror = new PicMirror();
      const operations = [
        ...initialize(random),
        write(0x4d0, random.below(3) ? 0 : byte(random) & 0xf8),
        write(0x4d1, random.below(3) ? 0 : byte(random) & 0xde),
        write(0x21, 0),
        write(0xa1, 0),
      ];
      for (const operation of operations) mirror.follow(operation);
      return operations;
    },
    next(random) {
      for (;;) {
        const saved = mirror.save();
        const operations = candidate(random);
        const parts = operations.some((operation) =>
          mirror.follow(operation) !== null
        );
        if (!parts || random.below(PARTING) === 0) return operations;
        mirror.load(saved);
      }
    },
  };
}
