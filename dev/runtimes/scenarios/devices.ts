/**
 * Devices: random port programs with time passing between them.
 *
 * @module
 */

import {
  CLK_HZ,
  KERNEL_DATA_START,
  Machine,
  type PortWidth,
  Prng,
  virtAddr,
} from "@lockstep/kernel/hw";
import { digestOf, type Scenario } from "./scenario.ts";

const OPERATIONS = 2_000;
const FILL_BYTES = 0x1_0000;
const RAM_BYTES = 16 * 2 ** 20;
const WIDTHS: readonly PortWidth[] = [1, 2, 4];

const PORTS: Readonly<Record<string, readonly number[]>> = {
  pic: [0x20, 0x21, 0xa0, 0xa1, 0x4d0, 0x4d1],
  pit: [0x40, 0x41, 0x42, 0x43, 0x61],
  i8042: [0x60, 0x64],
  uart: [0x3f8, 0x3f9, 0x3fa, 0x3fb, 0x3fc, 0x3fd, 0x3fe, 0x3ff],
  vga: [0x3c0, 0x3c1, 0x3d4, 0x3d5, 0x3da],
  rtc: [0x70, 0x71],
  "every port": [],
};

/** A machine whose CPU fills memory with interrupts disabled: time passes, and nothing is handled. */
function busy(): Machine {
  return new Machine({
    ramBytes: RAM_BYTES,
    program: (cpu) => ({
      state: {},
      entries: [],
      boot() {},
      loop: () => cpu.fill(virtAddr(KERNEL_DATA_START), 0, FILL_BYTES),
    }),
  });
}

function portProgram(ports: readonly number[], seed: number): string {
  const random = new Prng(seed);
  const machine = busy();
  const seen: number[] = [];
  for (let i = 0; i < OPERATIONS; i++) {
    const port = ports.length > 0
      ? ports[random.below(ports.length)]!
      : random.below(0x1_0000);
    const bytes = ports.length > 0 ? 1 : WIDTHS[random.below(3)]!;
    switch (random.below(5)) {
      case 0:
        // A reset ends the run; the devices answer on.
        if (machine.stopped === null) {
          const pauseClk = machine.clk + random.below(CLK_HZ / 100);
          machine.run({ pauseClk });
        }
        break;
      case 1:
      case 2:
        machine.ports.write(port, random.word(), bytes);
        break;
      default:
        seen.push(machine.ports.read(port, bytes));
    }
  }
  return digestOf([seen, machine.digest()]);
}

/** Two seeds for each device. */
export const DEVICE_SCENARIOS: readonly Scenario[] = Object.entries(PORTS)
  .flatMap(([device, ports]) =>
    [1, 2].map((seed) => ({
      name: `ports of ${device}, seed ${seed}`,
      run: () => portProgram(ports, seed),
    }))
  );
