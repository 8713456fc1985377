/**
 * Programs for the keyboard controller, the keyboard and the mouse. The generator runs our devices along to know what a
 * byte at 0x60 will mean; what QEMU does otherwise it does seldom.
 *
 * @module
 */

import type { Prng } from "../../../src/base/prng.ts";
import { type I8042Board, makeI8042 } from "../i8042_board.ts";
import {
  byte,
  type Generator,
  type Operation,
  pick,
  read,
  weighted,
  write,
} from "../program.ts";

// deno-fmt-ignore
const CONTROLLER = [
  0x20, 0x60, 0xa7, 0xa8, 0xa9, 0xaa, 0xab, 0xad, 0xae, 0xc0, 0xd0, 0xd1, 0xd2, 0xd3, 0xd4, 0xd4, 0xd4, 0xdd, 0xdf,
  0xff, 0xf1,
];

// deno-fmt-ignore
const KEYBOARD = [0xf2, 0xee, 0xff, 0xf4, 0xf5, 0xf6, 0xed, 0xf3, 0xf0, 0xfa, 0x55, 0xe0, 0xef];

// deno-fmt-ignore
const MOUSE = [0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xeb, 0xf0, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xff];

/** Keyboard commands that end with a parameter. */
const WITH_PARAMETER = [0xed, 0xf0, 0xf3];

/** Makes programs for the 8042 and its devices. */
export function i8042Generator(): Generator {
  let ours: I8042Board = makeI8042();
  const seldom = (random: Prng): boolean => random.below(1_000) === 0;

  const dataByte = (random: Prng): number => {
    const { state } = ours.controller;
    switch (state.pendingCommand) {
      case 0x60:
        return byte(random) | (random.below(10) === 0 ? 0 : 0x04);
      case 0xd1:
        return byte(random) | 0x01; // Bit 0 low resets the machine.
      case 0xd2:
      case 0xd3:
        return byte(random);
      case 0xd4:
        if (ours.mouse.state.pendingCommand) return byte(random);
        return seldom(random) ? byte(random) : pick(random, MOUSE);
    }
    const awaited = ours.keyboard.state.pendingCommand;
    if (seldom(random)) return byte(random);
    if (awaited === 0xf0) return random.below(6);
    if (WITH_PARAMETER.includes(awaited)) return random.below(0x80);
    return pick(random, KEYBOARD);
  };

  const command = (random: Prng): number =>
    seldom(random)
      ? pick(random, [0x21, 0x3f, 0x61, 0xe0])
      : pick(random, CONTROLLER);

  const follow = (operations: Operation[]): Operation[] => {
    for (const operation of operations) {
      if (operation.kind === "in") ours.controller.readPort(operation.port);
      else if (operation.kind === "out") {
        ours.controller.writePort(operation.port, operation.value);
      }
    }
    return operations;
  };

  return {
    // Self-test, both interrupts, no translation; both devices reset, and their answers read.
    setup() {
      ours = makeI8042();
      return follow([
        write(0x64, 0xaa),
        read(0x60),
        write(0x64, 0x60),
        write(0x60, 0x07),
        write(0x60, 0xff),
        read(0x60),
        read(0x60),
        write(0x64, 0xd4),
        write(0x60, 0xff),
        read(0x60),
        read(0x60),
        read(0x60),
        write(0x64, 0xff),
      ]);
    },
    next(random) {
      return follow(weighted<Operation[]>(random, [
        [30, () => [read(0x60)]],
        [30, () => [read(0x64)]],
        [20, () => [write(0x64, command(random))]],
        // A write to 0x60 leaves A2 low in the status: most times another command follows.
        [20, () => {
          const operations = [write(0x60, dataByte(random))];
          if (random.below(16)) operations.push(write(0x64, 0xff));
          return operations;
        }],
      ]));
    },
  };
}
