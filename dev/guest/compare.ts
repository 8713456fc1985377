/**
 * Registers of a guest here and under QEMU, instruction by instruction, up to the first interrupt.
 *
 * Both begin where the guest's entry code has made them alike: all general registers but RSP zero, RFLAGS 2. Flags that an
 * instruction leaves undefined are compared again once another has defined them.
 *
 * @module
 */

import type { Machine } from "../../src/hw/machine.ts";
import { gateAddress, guestMachine, mnemonicAt, registersOf } from "./here.ts";
import { type Registers, traceInQemu } from "./qemu.ts";

const CF = 1, PF = 4, AF = 0x10, ZF = 0x40, SF = 0x80, OF = 0x800;
const STATUS = CF | PF | AF | ZF | SF | OF;
/** Status flags, IF and DF. */
const COMPARED = STATUS | 0x200 | 0x400;
const VECTOR_TIMER = 0x20;

/** What SDM 2 calls undefined after an instruction, by mnemonic; shifts by 1 would define OF, which is left out. */
const UNDEFINED: Readonly<Record<string, number>> = {
  AND: AF,
  OR: AF,
  XOR: AF,
  TEST: AF,
  SHL: AF | OF,
  SHR: AF | OF,
  SAR: AF | OF,
  SHLD: AF | OF,
  SHRD: AF | OF,
  ROL: OF,
  ROR: OF,
  RCL: OF,
  RCR: OF,
  MUL: SF | ZF | AF | PF,
  IMUL: SF | ZF | AF | PF,
  DIV: STATUS,
  IDIV: STATUS,
  BSF: STATUS & ~ZF,
  BSR: STATUS & ~ZF,
  BT: OF | SF | AF | PF,
  BTS: OF | SF | AF | PF,
  BTR: OF | SF | AF | PF,
  BTC: OF | SF | AF | PF,
};

/** What an instruction defines, by mnemonic. */
const DEFINED: Readonly<Record<string, number>> = {
  ...Object.fromEntries(
    [
      "ADD",
      "ADC",
      "SUB",
      "SBB",
      "CMP",
      "NEG",
      "CMPXCHG",
      "XADD",
      "CMPS",
      "SCAS",
    ].map((name) => [name, STATUS]),
  ),
  ...Object.fromEntries(
    ["AND", "OR", "XOR", "TEST", "SHL", "SHR", "SAR", "SHLD", "SHRD"].map((
      name,
    ) => [name, STATUS]),
  ),
  INC: STATUS & ~CF,
  DEC: STATUS & ~CF,
  MUL: CF | OF,
  IMUL: CF | OF,
  BSF: ZF,
  BSR: ZF,
  BT: CF,
  BTS: CF,
  BTR: CF,
  BTC: CF,
  CLC: CF,
  STC: CF,
  CMC: CF,
  ROL: CF,
  ROR: CF,
  RCL: CF,
  RCR: CF,
};

/** How it went. */
export interface Comparison {
  /** Instructions that were compared. */
  readonly instructions: number;
  /** The first difference, or `null`. */
  readonly difference: string | null;
  /** Whether the first interrupt was reached. */
  readonly interrupted: boolean;
}

/**
 * Compares.
 *
 * @param path the guest's ELF file
 * @param file its bytes
 * @param start first address of its code
 * @param bytes of its code
 * @returns how it went
 */
export async function compareRegisters(
  path: string,
  file: Uint8Array,
  start: number,
  bytes: number,
): Promise<Comparison> {
  const machine = guestMachine(file);
  while (!isCommon(registersOf(machine))) step(machine);
  const common = BigInt(machine.cpu.rip);
  let begun = false;
  let last: Registers | null = null;
  let undefinedFlags = 0;
  let instructions = 0;
  for await (const theirs of traceInQemu(path, start, bytes)) {
    begun ||= theirs.rip === common && isCommon(theirs);
    if (!begun) continue;
    // QEMU logs an instruction again that it was kept from executing. None here leaves all registers and RIP as they were.
    const again = last !== null && sameState(last, theirs);
    last = theirs;
    if (again) continue;
    const gate = BigInt(gateAddress(machine, VECTOR_TIMER));
    const ours = registersOf(machine);
    // Interrupts come when they like; nothing before them may differ.
    const interrupted = gate !== 0n &&
      (theirs.rip === gate || ours.rip === gate);
    if (interrupted) return { instructions, difference: null, interrupted };
    const difference = differs(ours, theirs, undefinedFlags);
    if (difference !== null) {
      const place = `0x${ours.rip.toString(16)} (${
        mnemonicAt(machine, machine.cpu.rip)
      }), instruction ${instructions}`;
      return {
        instructions,
        difference: `before ${place}: ${difference}`,
        interrupted,
      };
    }
    const mnemonic = mnemonicAt(machine, machine.cpu.rip);
    undefinedFlags &= ~(DEFINED[mnemonic] ?? 0);
    undefinedFlags |= UNDEFINED[mnemonic] ?? 0;
    step(machine);
    instructions += 1;
  }
  return { instructions, difference: "QEMU ended first", interrupted: false };
}

function step(machine: Machine): void {
  const stop = machine.step();
  if (stop) throw new Error(`the guest ended as ${stop.reason}`);
}

function isCommon({ general, rflags }: Registers): boolean {
  return rflags === 2 &&
    general.every((value, i) => (value === 0n) === (i !== 4));
}

function sameState(a: Registers, b: Registers): boolean {
  return a.rip === b.rip && a.rflags === b.rflags &&
    a.general.every((value, i) => value === b.general[i]);
}

function differs(
  ours: Registers,
  theirs: Registers,
  undefinedFlags: number,
): string | null {
  if (ours.rip !== theirs.rip) {
    return `RIP is 0x${theirs.rip.toString(16)} in QEMU`;
  }
  const register = ours.general.findIndex((value, i) =>
    value !== theirs.general[i]
  );
  if (register >= 0) {
    return `register ${register} is 0x${
      ours.general[register]!.toString(16)
    } here, 0x${theirs.general[register]!.toString(16)} in QEMU`;
  }
  const flags = (ours.rflags ^ theirs.rflags) & COMPARED & ~undefinedFlags;
  return flags === 0
    ? null
    : `RFLAGS is 0x${ours.rflags.toString(16)} here, 0x${
      theirs.rflags.toString(16)
    } in QEMU`;
}
