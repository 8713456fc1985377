/**
 * Programs of port accesses: to the machine's own ports mostly, and to any.
 *
 * @module
 */

import fc from "fast-check";
import { formatHex } from "../../hw/format_hex.ts";
import type { Arbitrary } from "./arbitrary.ts";
import { anySteps } from "./steps.ts";

/** Bytes of an access. */
export type AccessBytes = 1 | 2 | 4;

/** One access. */
export type PortAccess =
  | {
    /** IN. */
    readonly op: "in";
    /** The port. */
    readonly port: number;
    /** Bytes. */
    readonly bytes: AccessBytes;
  }
  | {
    /** OUT. */
    readonly op: "out";
    /** The port. */
    readonly port: number;
    /** Bytes. */
    readonly bytes: AccessBytes;
    /** The value, unsigned. */
    readonly value: number;
  };

/** What a program runs on: `machine.ports`, or a device under test. */
export interface PortBus {
  /** IN. */
  read(port: number, bytes: AccessBytes): number;
  /** OUT. */
  write(port: number, value: number, bytes: AccessBytes): void;
}

/** Accesses in order. */
export class PortProgram {
  /** The accesses. */
  readonly accesses: readonly PortAccess[];

  /**
   * Makes a program.
   *
   * @param accesses The accesses.
   */
  constructor(accesses: readonly PortAccess[]) {
    this.accesses = accesses;
  }

  /**
   * Runs the program.
   *
   * @param ports The ports.
   * @returns What was read, in order.
   */
  run(ports: PortBus): number[] {
    const read: number[] = [];
    for (const access of this.accesses) {
      const { op, port, bytes } = access;
      if (op === "in") read.push(ports.read(port, bytes));
      else ports.write(port, access.value, bytes);
    }
    return read;
  }

  /** The program as code, for a `machine`. */
  toString(): string {
    return this.accesses.map((access) => {
      const { op, port, bytes } = access;
      const at = formatHex(port);
      return op === "in"
        ? `machine.ports.read(${at}, ${bytes});`
        : `machine.ports.write(${at}, ${formatHex(access.value)}, ${bytes});`;
    }).join("\n");
  }
}

/**
 * Ports where chips are: both 8259A, 8254, 8042 and what is between, clock,
 * COM1, VGA.
 */
export const DEVICE_PORTS: readonly number[] = [
  ...[0x20, 0x21, 0xa0, 0xa1],
  ...[0x40, 0x41, 0x42, 0x43],
  ...[0x60, 0x61, 0x64],
  ...[0x70, 0x71],
  ...[0x3f8, 0x3f9, 0x3fa, 0x3fb, 0x3fc, 0x3fd, 0x3fe, 0x3ff],
  ...[0x3d4, 0x3d5],
];

/** What programs are drawn. */
export interface PortProgramOptions {
  /** Accesses at most; 50 by default. */
  readonly lengthMax?: number;
  /** Ports; by default {@linkcode DEVICE_PORTS}, and any port now and then. */
  readonly ports?: readonly number[];
}

/**
 * Port programs. Nothing in them resets the machine or ends its run, unless the
 * ports are chosen so.
 *
 * @param options What is drawn.
 * @returns Programs.
 *
 * @example
 * ```ts
 * import { anyPortProgram } from "@lockstep/kernel/testing";
 * import { kernel, Machine } from "@lockstep/kernel";
 * import fc from "fast-check";
 *
 * fc.assert(fc.property(anyPortProgram(), (program) => {
 *   const run = () => program.run(new Machine({ program: kernel }).ports);
 *   return String(run()) === String(run());
 * }), { numRuns: 5 });
 * ```
 */
export function anyPortProgram(
  options: PortProgramOptions = {},
): Arbitrary<PortProgram> {
  const { lengthMax = 50 } = options;
  const port = options.ports === undefined
    ? fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...DEVICE_PORTS) },
      // Between the ports that can end a run: 0x92 and 0xf4 below, 0xcf9 above.
      { weight: 1, arbitrary: fc.integer({ min: 0x100, max: 0xcf0 }) },
    )
    : fc.constantFrom(...options.ports);
  const bytes: Arbitrary<AccessBytes> = fc.oneof(
    { weight: 8, arbitrary: fc.constant(1 as const) },
    { weight: 1, arbitrary: fc.constantFrom(2 as const, 4 as const) },
  );
  const value = fc.oneof(
    fc.nat(255),
    fc.constantFrom(0x11, 0x36, 0x20, 0x80, 0xff),
  );
  const access: Arbitrary<PortAccess> = fc.oneof(
    fc.record({ op: fc.constant("in" as const), port, bytes }),
    fc.record({ op: fc.constant("out" as const), port, bytes, value }),
  );
  return anySteps(access, lengthMax)
    .map((accesses) => new PortProgram(accesses.filter(isHarmless)));
}

/** The 8042 resets the machine by command 0xf0 … 0xff, and by its output port. */
function isHarmless(access: PortAccess): boolean {
  return access.op === "in" || access.port !== 0x64 ||
    access.value < 0xd0;
}
