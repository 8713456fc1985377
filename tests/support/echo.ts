/**
 * The echo kernel with keys on their way: what tests of saving, cutting and repeating run.
 *
 * @module
 */

import { kernel, Machine, type MachineOptions } from "@lockstep/kernel";
import { keyInputs } from "@lockstep/kernel/keyboard";

/** RAM of the machines that tests build by the dozen. */
export const RAM_BYTES: number = 16 * 2 ** 20;

/** A machine with the default kernel and a text being typed from clk 6,000 on. */
export function echoMachine(
  text = "hello, World{Enter}{Shift+ArrowUp}42",
  options: MachineOptions = {},
): Machine {
  return new Machine({
    program: kernel,
    ramBytes: RAM_BYTES,
    inputs: keyInputs(text, { clk: 6_000 }),
    ...options,
  });
}

/** The end of the runs: the text is typed, some ticks are seen. */
export const END_CLK = 30_000_000;
