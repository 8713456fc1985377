/**
 * Where the manual leaves a result undefined: the only places at which a vector is not compared whole.
 *
 * @module
 */

import { type Key, KEY_BY_NAME } from "./keys.ts";
import type { Request } from "./layout.ts";
import { prefixesOf } from "./prefixes.ts";

const CF = 0x001;
const PF = 0x004;
const AF = 0x010;
const ZF = 0x040;
const SF = 0x080;
const OF = 0x800;
const ALL = -1;

/** What a condition can ask for. */
export interface Facts {
  /** Operand size, bits. */
  readonly bits: number;
  /** A shift's count as the CPU masks it; 1 where there is none. */
  readonly count: number;
}

/** A row: which results of which instructions are undefined. */
export interface UndefinedRow {
  /** Mnemonics. */
  readonly instructions: string;
  /** Of RFLAGS. */
  readonly flags: number;
  /** Bits of the destination operand's low word that are undefined, too. */
  readonly destination?: number;
  /** When; always, where it is left out. */
  readonly when?: (facts: Facts) => boolean;
  /** SDM 2's words, under the instruction's "Flags Affected" or "Description". */
  readonly sentence: string;
}

/** All of them. */
export const UNDEFINED: readonly UndefinedRow[] = Object.freeze([
  {
    instructions: "AND OR XOR TEST",
    flags: AF,
    sentence: "The state of the AF flag is undefined.",
  },
  {
    instructions: "MUL",
    flags: SF | ZF | AF | PF,
    sentence: "The SF, ZF, AF, and PF flags are undefined.",
  },
  {
    instructions: "IMUL",
    flags: SF | ZF | AF | PF,
    sentence:
      "The SF [where it is not said], ZF, AF, and PF flags are undefined.",
  },
  {
    instructions: "DIV IDIV",
    flags: CF | OF | SF | ZF | AF | PF,
    sentence: "The CF, OF, SF, ZF, AF, and PF flags are undefined.",
  },
  {
    instructions: "BT BTS BTR BTC",
    flags: OF | SF | AF | PF,
    sentence: "The OF, SF, AF, and PF flags are undefined.",
  },
  {
    instructions: "BSF BSR",
    flags: CF | OF | SF | AF | PF,
    sentence: "The CF, OF, SF, AF, and PF flags are undefined.",
  },
  {
    instructions: "SHL SHR SAR",
    flags: AF,
    when: ({ count }) => count !== 0,
    sentence: "For a non-zero count, the AF flag is undefined.",
  },
  {
    instructions: "SHL SHR SAR ROL ROR RCL RCR",
    flags: OF,
    when: ({ count }) => count > 1,
    sentence:
      "The OF flag is affected only for single-bit shifts; otherwise, it is undefined. / For 1-bit rotates; it is undefined for multi-bit rotates.",
  },
  {
    instructions: "SHL SHR",
    flags: CF,
    when: ({ count, bits }) => count >= bits,
    sentence:
      "[The CF flag] is undefined for SHL and SHR instructions where the count is greater than or equal to the size (in bits) of the destination operand.",
  },
  {
    instructions: "SHLD SHRD",
    flags: AF,
    when: ({ count }) => count !== 0,
    sentence:
      "If the count is 1 or greater, the CF flag is filled with the last bit shifted out … the AF flag is undefined.",
  },
  {
    instructions: "SHLD SHRD",
    flags: OF,
    when: ({ count }) => count > 1,
    sentence: "For shifts greater than 1 bit, the OF flag is undefined.",
  },
  {
    instructions: "SHLD SHRD",
    flags: CF | OF | SF | ZF | AF | PF,
    destination: ALL,
    when: ({ count, bits }) => count > bits,
    sentence:
      "If the count operand is larger than the size of the operand, the result and the flags CF, OF, SF, ZF, AF, and PF are undefined.",
  },
  {
    instructions: "LAR",
    flags: 0,
    destination: 0xf_0000,
    sentence:
      "The access rights … of the second doubleword, masked by 00FxFF00H: the four bits at x are undefined.",
  },
  {
    instructions: "BSWAP",
    flags: 0,
    destination: ALL,
    when: ({ bits }) => bits === 16,
    sentence:
      "When the BSWAP instruction references a 16-bit register, the result is undefined.",
  },
]);

/** What is not compared. */
export interface Mask {
  /** Bits of RFLAGS. */
  readonly flags: number;
  /** Number of the general register that is undefined in part, or −1. */
  readonly register: number;
  /** Bits of its low word; −1 is the register as a whole. */
  readonly bits: number;
  /** The memory operand. */
  readonly memory: boolean;
}

const BY_MNEMONIC: ReadonlyMap<string, readonly UndefinedRow[]> = new Map(
  [...new Set(UNDEFINED.flatMap((row) => row.instructions.split(" ")))].map((
    name,
  ) => [
    name,
    UNDEFINED.filter((row) => row.instructions.split(" ").includes(name)),
  ]),
);

/**
 * What the manual leaves undefined of an instruction's result.
 *
 * @param request the instruction, completed
 */
export function maskOf(request: Request): Mask | null {
  const key = KEY_BY_NAME.get(request.key)!;
  const rows = BY_MNEMONIC.get(key.mnemonic);
  if (rows === undefined) return null;
  const form = formOf(request.bytes, key);
  const count = countOf(request, key) & (form.bits === 64 ? 63 : 31);
  let flags = 0;
  let undefinedBits = 0;
  for (const row of rows) {
    if (row.when && !row.when({ bits: form.bits, count })) continue;
    flags |= row.flags;
    undefinedBits |= row.destination ?? 0;
  }
  const register = undefinedBits === 0 ? -1 : form.destination;
  const memory = undefinedBits !== 0 && form.destination < 0;
  return { flags, register, bits: undefinedBits, memory };
}

/** An instruction's size, and which register its first operand is, −1 where that is memory. */
function formOf(
  bytes: readonly number[],
  key: Key,
): { bits: number; destination: number } {
  const { length, rex, size } = prefixesOf(bytes);
  const [operand = ""] = key.operands;
  const bits = operand[1] === "b" ? 8 : 8 * size;
  const last = length + key.opcode.length - 1;
  const high = rex & 1 ? 8 : 0;
  if (operand[0] === "Z") {
    return { bits, destination: (bytes[last]! & 7) | high };
  }
  const modrm = bytes[last + 1] ?? 0;
  if (operand[0] === "G") {
    return { bits, destination: (modrm >> 3 & 7) | (rex & 4 ? 8 : 0) };
  }
  return { bits, destination: modrm >= 0xc0 ? (modrm & 7) | high : -1 };
}

function countOf(request: Request, key: Key): number {
  const { operands } = key;
  const last = operands[operands.length - 1];
  if (last === "CL") return request.registers[2]! & 255;
  if (last === "Ib") return request.bytes[request.bytes.length - 1]!;
  return 1;
}
