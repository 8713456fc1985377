/**
 * What the oracle runs: programs of port accesses and interrupt lines, the same on our devices and on QEMU's.
 *
 * @module
 */

import { Prng } from "../../src/base/prng.ts";

/** The devices that are compared. */
export const DEVICES = ["pic", "pit", "i8042", "uart", "crtc", "rtc"] as const;

/** One of them. */
export type Device = typeof DEVICES[number];

/** One step of a program. */
export type Operation =
  | { readonly kind: "in"; readonly port: number }
  | { readonly kind: "out"; readonly port: number; readonly value: number }
  | { readonly kind: "irq"; readonly line: number; readonly level: boolean };

/** A program. */
export interface Program {
  /** Which device it is for. */
  readonly device: Device;
  /** What it was made from. */
  readonly seed: number;
  /** Brings both sides into one known state; what it reads is compared like the rest. */
  readonly setup: readonly Operation[];
  /** The random operations. */
  readonly operations: readonly Operation[];
}

/** Makes a program's operations: the set-up, and a source of random ones. */
export interface Generator {
  /** Into a known state after power-on. */
  setup(random: Prng): Operation[];
  /** One or a few operations that belong together. */
  next(random: Prng): Operation[];
}

/** `IN AL, port`. */
export const read = (port: number): Operation => ({ kind: "in", port });

/** `OUT port, value`. */
export const write = (port: number, value: number): Operation => ({
  kind: "out",
  port,
  value: value & 0xff,
});

/** Drives an input of the 8259A pair. */
export const irq = (line: number, level: boolean): Operation => ({
  kind: "irq",
  line,
  level,
});

/** Any byte. */
export const byte = (random: Prng): number => random.below(256);

/** One of a list. */
export function pick<T>(random: Prng, list: readonly T[]): T {
  return list[random.below(list.length)]!;
}

/** Calls one of the makers, each as often as its weight says. */
export function weighted<T>(
  random: Prng,
  makers: readonly (readonly [weight: number, make: () => T])[],
): T {
  let left = random.below(makers.reduce((sum, [weight]) => sum + weight, 0));
  for (const [weight, make] of makers) {
    if (left < weight) return make();
    left -= weight;
  }
  throw new RangeError("Cannot choose: no maker has a weight");
}

/** Makes a program of `length` operations. */
export function makeProgram(
  device: Device,
  generator: Generator,
  seed: number,
  length: number,
): Program {
  const random = new Prng(seed);
  const setup = generator.setup(random);
  const operations: Operation[] = [];
  while (operations.length < length) operations.push(...generator.next(random));
  operations.length = length;
  return { device, seed, setup, operations };
}

/** An operation as it is printed. */
export function formatOperation(operation: Operation): string {
  const hex = (n: number): string => `0x${n.toString(16)}`;
  switch (operation.kind) {
    case "in":
      return `in ${hex(operation.port)}`;
    case "out":
      return `out ${hex(operation.port)} ${hex(operation.value)}`;
    case "irq":
      return `irq ${operation.line} ${operation.level ? 1 : 0}`;
  }
}
