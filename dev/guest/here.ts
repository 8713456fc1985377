/**
 * The same guest on this machine.
 *
 * @module
 */

import type { Machine as AnyMachine } from "../../src/hw/machine.ts";
import { Machine } from "../../src/hw/machine.ts";
import { isaEngine } from "../../src/isa/engine.ts";
import { disassemble } from "../../src/isa/disassemble.ts";
import { bootloaderImage } from "../../src/isa/loaders/bootloader.ts";
import { linuxImage } from "../../src/isa/loaders/linux_boot.ts";
import { keyInputs } from "../../src/kernel/keyboard/mod.ts";
import { type GuestEnd, PROMPT, RAM_MIB, type Registers } from "./qemu.ts";

const RAM_BYTES = RAM_MIB * 2 ** 20;
const SLICE_CLK = 1_000_000;
const CLK_MAX = 400_000_000;

/** How the file is loaded. */
export type Loader = "bootloader" | "linux";

/** A machine just switched on. */
export function guestMachine(
  file: Uint8Array,
  loader: Loader = "linux",
): Machine {
  const image = loader === "linux"
    ? linuxImage(file, { ramBytes: RAM_BYTES })
    : bootloaderImage(file);
  return new Machine({ image, engine: isaEngine, ramBytes: RAM_BYTES });
}

/** What its serial port has sent, without carriage returns. */
export function serialOf(machine: AnyMachine): string {
  return new TextDecoder().decode(machine.serial.bytes()).replaceAll("\r", "");
}

/** What was counted. */
export interface Counts {
  /** Instructions that were executed. */
  readonly instructions: number;
  /** Kinds of them, by the opcode maps. */
  readonly mnemonics: readonly string[];
  /** Interrupts of the timer. */
  readonly timer: number;
}

/**
 * Runs a guest to its end.
 *
 * @param machine it
 * @param line is typed when it asks for a line
 * @param until asked after each instruction, if given
 * @returns how it ended
 */
export function runHere(
  machine: Machine,
  line: string,
  until?: (machine: AnyMachine) => boolean,
): GuestEnd {
  const slice = () =>
    machine.run({
      pauseClk: machine.clk + SLICE_CLK,
      clkMax: CLK_MAX,
      ...(until ? { until } : {}),
    });
  let stop = slice();
  while (stop.reason === "until" && !serialOf(machine).includes(PROMPT)) {
    stop = slice();
  }
  machine.addInputs(keyInputs(`${line}\n`, { clk: machine.clk + 1 }));
  while (stop.reason === "until") stop = slice();
  if (stop.reason !== "exit") {
    throw new Error(`the guest ended as ${stop.reason} at clk ${machine.clk}`);
  }
  return { serial: serialOf(machine), status: stop.status };
}

/** Runs a guest instruction by instruction, and counts. */
export function countHere(machine: Machine, line: string): Counts {
  const { cpu } = machine;
  const seen = new Set<number>();
  let instructions = 0;
  let timer = 0;
  let gate = 0;
  let halted = false;
  runHere(machine, line, () => {
    if (cpu.halted) {
      halted = true;
      return false;
    }
    if (halted) halted = false;
    gate = gate || gateAddress(machine, 0x20);
    if (cpu.rip === gate) timer += 1;
    instructions += 1;
    seen.add(cpu.rip);
    return false;
  });
  const mnemonics = new Set([...seen].map((rip) => mnemonicAt(machine, rip)));
  mnemonics.delete("");
  return { instructions, mnemonics: [...mnemonics].sort(), timer };
}

/** Where a gate points, or 0 while there is no table. */
export function gateAddress(
  { cpu, memory }: AnyMachine,
  vector: number,
): number {
  const { base, limit } = cpu.idtr;
  if (limit < 16 * vector + 15) return 0;
  const at = base + 16 * vector;
  return memory.peek(at, 2) + memory.peek(at + 6, 2) * 2 ** 16;
}

/** The first word of the opcode map's row. */
export function mnemonicAt(machine: AnyMachine, rip: number): string {
  const bytes = Array.from(
    { length: 15 },
    (_, i) => machine.memory.peek(rip + i, 1),
  );
  return disassemble(new Uint8Array(bytes)).text.split(" ")[0]!;
}

/** The registers before the next instruction. */
export function registersOf({ cpu }: AnyMachine): Registers {
  const general = Array.from(
    { length: 16 },
    (_, i) =>
      BigInt(cpu.registers[2 * i]! >>> 0) |
      BigInt(cpu.registers[2 * i + 1]! >>> 0) << 32n,
  );
  return { rip: BigInt(cpu.rip), rflags: cpu.rflags, general };
}
