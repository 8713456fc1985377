/**
 * Where AMD's CPUs and the manual, SDM 2, are of different minds. The engine follows the manual; a vector that a row names
 * is held against what the row says instead of what such a CPU did.
 *
 * @module
 */

import { KEY_BY_NAME } from "./keys.ts";
import { CODE, type Vector } from "./layout.ts";
import { prefixesOf } from "./prefixes.ts";

/** A row. */
export interface HostDifference {
  /** Which instructions. */
  readonly instructions: string;
  /** Whether a vector is one of them. */
  readonly applies: (vector: Vector) => boolean;
  /** What AMD does. */
  readonly amd: string;
  /** What the manual says. */
  readonly sdm: string;
  /** The vector as the manual has it; without it nothing is compared. */
  readonly correct?: (vector: Vector) => Vector;
}

const mnemonicOf = (vector: Vector): string =>
  KEY_BY_NAME.get(vector.key)!.mnemonic;

/** A vector that does nothing but to go on. */
function completed(vector: Vector): Vector {
  return {
    ...vector,
    after: {
      registers: vector.registers,
      flags: vector.flags,
      rip: CODE + vector.bytes.length,
      vector: -1,
      error: -1,
      cr2: 0,
      selectors: vector.after.selectors,
      changes: [],
    },
  };
}

/** Near branches, whose size is 64 bits. */
const NEAR = /^(J[A-Z]+|JMP|CALL|RET|LOOP|LOOPE|LOOPNE|JRCXZ)$/;
const FAR = /^(CALLF|JMPF|LSS|LFS|LGS)$/;
const STORES_TABLE = /^(SLDT|STR|SMSW|SGDT|SIDT)$/;
const STACK_FAULT = 12;
const PAGE_FAULT = 14;
// In a page fault's error code.
const PRESENT = 1;
const WRITE = 2;

/** All of them. */
export const DIFFERENCES: readonly HostDifference[] = Object.freeze([
  {
    instructions: "near branches with prefix 66",
    applies: (v) => {
      const { legacy, rex } = prefixesOf(v.bytes);
      const name = mnemonicOf(v);
      return NEAR.test(name) && name !== "JMPF" && legacy.has(0x66) &&
        !(rex & 8);
    },
    amd: "operands of 16 bits, and RIP cut to them",
    sdm: "f64: the operand size is 64 bits, whatever the prefix",
  },
  {
    instructions: "all, in the upper half of the address space",
    applies: (v) =>
      v.after.vector === PAGE_FAULT && v.after.cr2 < 0 &&
      (v.after.error & PRESENT) !== 0,
    amd: "the host's kernel has pages there",
    sdm: "the error code says that there is none",
    correct: (v) => ({
      ...v,
      after: { ...v.after, error: v.after.error & ~PRESENT },
    }),
  },
  {
    instructions: "MOVSXD with prefix 66 that faults",
    applies: (v) =>
      mnemonicOf(v) === "MOVSXD" && prefixesOf(v.bytes).size === 2 &&
      v.after.vector >= 0,
    amd: "reads 4 bytes",
    sdm: "MOVSXD r16, r/m16",
  },
  {
    instructions: "PREFETCHW with a register",
    applies: (v) =>
      mnemonicOf(v).startsWith("PREFETCHW") && v.after.vector === 6,
    amd: "#UD",
    sdm: "0F 0D is NOP Ev but for memory with /1 and /2",
    correct: (v) => prefixesOf(v.bytes).legacy.has(0xf0) ? v : completed(v),
  },
  {
    instructions: "far pointers across 4 GiB with prefix 67",
    applies: (v) =>
      FAR.test(mnemonicOf(v)) && prefixesOf(v.bytes).legacy.has(0x67) &&
      v.after.vector === PAGE_FAULT && v.after.cr2 >= 0 && v.after.cr2 < 16,
    amd: "the selector's address wraps: it is an operand of its own",
    sdm:
      "one operand, whose address has 32 bits and whose bytes follow each other",
  },
  {
    instructions: "far pointers with REX.W",
    applies: (v) =>
      FAR.test(mnemonicOf(v)) && (prefixesOf(v.bytes).rex & 8) !== 0,
    amd: "REX.W is ignored: there is no offset of 64 bits",
    sdm: "m16:64",
  },
  {
    instructions: "REP INS, REP OUTS with a count of 0",
    applies: (v) => {
      const { legacy } = prefixesOf(v.bytes);
      const count = legacy.has(0x67)
        ? v.registers[2]!
        : v.registers[2]! | v.registers[3]!;
      return /^(INS|OUTS)$/.test(mnemonicOf(v)) && v.steps > 0 && count === 0 &&
        (legacy.has(0xf2) || legacy.has(0xf3)) && v.after.vector === 13;
    },
    amd: "the port's permission is checked all the same",
    sdm: "WHILE CountReg ≠ 0: nothing is executed",
    correct: completed,
  },
  {
    instructions: "CALL to a non-canonical address without a stack",
    applies: (v) =>
      mnemonicOf(v) === "CALL" && KEY_BY_NAME.get(v.key)!.extension === 2 &&
      (v.after.vector === STACK_FAULT ||
        (v.after.vector === PAGE_FAULT && (v.after.error & WRITE) !== 0)),
    amd: "pushes first",
    sdm: "checks the target first",
  },
  {
    instructions: "ENTER and far CALL that fault behind a push",
    applies: (v) =>
      /^(ENTER|CALLF)$/.test(mnemonicOf(v)) && v.after.vector >= 0,
    amd: "has stored what it pushed",
    sdm: "a faulting instruction can be restarted: nothing has changed",
    correct: (v) => ({ ...v, after: { ...v.after, changes: [] } }),
  },
  {
    instructions: "IRETQ and RETF that fault on the stack",
    applies: (v) =>
      /^(IRETQ|RETF)$/.test(mnemonicOf(v)) && v.after.vector === PAGE_FAULT,
    amd: "reads the words in another order, and RSP before it checks CS",
    sdm: 'the order of the pops in "Operation"',
  },
  {
    instructions: "FXSAVE, FXRSTOR that fault on a page",
    applies: (v) =>
      mnemonicOf(v).startsWith("FX") && v.after.vector === PAGE_FAULT,
    amd: "touches the last byte first, and wraps it at 4 GiB with prefix 67",
    sdm: "says nothing of an order",
  },
  {
    instructions: "LOCK MOV to and from control registers",
    applies: (v) =>
      /^0f2[02]$/.test(v.key) && prefixesOf(v.bytes).legacy.has(0xf0),
    amd: "another way to name CR8",
    sdm: "#UD",
    correct: (v) => ({ ...v, after: { ...v.after, vector: 6, error: -1 } }),
  },
  {
    instructions: "INT1",
    applies: (v) => mnemonicOf(v) === "INT1" && v.after.vector === 1,
    amd: "under this hypervisor RIP stays at INT1",
    sdm: "a trap: RIP is behind it",
    correct: (v) => ({
      ...v,
      after: { ...v.after, rip: CODE + v.bytes.length },
    }),
  },
  {
    instructions: "SLDT, STR, SMSW, SGDT, SIDT",
    applies: (v) =>
      STORES_TABLE.test(mnemonicOf(v)) &&
      (v.after.vector >= 0 || prefixesOf(v.bytes).size === 4),
    amd:
      "CR4.UMIP makes them #GP, and Linux stores instead: without segments, with another exception for addresses that are not canonical, and not to the upper half of a register",
    sdm: "without UMIP the CPU stores",
  },
  {
    instructions: "LOOPE, LOOPNE with F2 or F3",
    applies: (v) => {
      const { legacy } = prefixesOf(v.bytes);
      return /^LOOPN?E$/.test(mnemonicOf(v)) &&
        (legacy.has(0xf2) || legacy.has(0xf3));
    },
    amd: "F2 makes LOOPE go on as LOOPNE does, F3 the other way round",
    sdm: "the prefix is reserved, and does nothing",
  },
]);

/**
 * A vector as the manual has it.
 *
 * @param vector what the CPU made of it
 * @param met counts the rows that applied
 * @returns the same, corrected, or `null` if it is not compared
 */
export function corrected(
  vector: Vector,
  met?: Map<HostDifference, number>,
): Vector | null {
  for (const row of DIFFERENCES) {
    if (!row.applies(vector)) continue;
    met?.set(row, (met.get(row) ?? 0) + 1);
    return row.correct ? row.correct(vector) : null;
  }
  return vector;
}
