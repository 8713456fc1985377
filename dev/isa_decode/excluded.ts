/**
 * What is not compared with iced-x86, and why.
 *
 * @module
 */

/** Options that iced-x86 is given: none, which is Intel's CPUs with everything but what was withdrawn. */
export const DECODER_OPTIONS = 0;

/** Families of encodings. */
export const EXCLUDED: readonly {
  /** Which. */
  readonly what: string;
  /** Why. */
  readonly reason: string;
}[] = Object.freeze([
  {
    what: "VEX (C4, C5), EVEX (62), XOP (8F with ModRM.reg other than 0)",
    reason: "the engine raises #UD by the first byte and claims no length",
  },
  {
    what:
      "VIA's and others' opcodes: XSTORE, XCRYPT*, XSHA*, MONTMUL, CCS_*, UNDOC, INSERTQ, EXTRQ",
    reason: "no opcodes of SDM 2; iced-x86 knows them in any case",
  },
  {
    what: "F3 90 with REX.B",
    reason:
      "PAUSE to iced-x86 and Intel's XED, XCHG to AMD's CPUs, as measured, and to the engine; SDM 2 doesn't say",
  },
  {
    what: "validity of opcodes that the engine lacks",
    reason:
      "a row such as SSE stands for all instructions of an opcode; where iced-x86 knows one, its length is compared",
  },
]);

/** Mnemonics of iced-x86 that are not Intel's. */
export const FOREIGN = /^(Xstore|Xcrypt|Xsha|Ccs|Montmul|Undoc|Insertq|Extrq)/;

const PREFIX_BYTES: ReadonlySet<number> = new Set([
  0x26,
  0x2e,
  0x36,
  0x3e,
  0x64,
  0x65,
  0x66,
  0x67,
  0xf0,
  0xf2,
  0xf3,
]);

/** Whether a string begins, behind its prefixes, with VEX, EVEX or XOP. */
export function isVector(bytes: Uint8Array): boolean {
  let at = 0;
  while (PREFIX_BYTES.has(bytes[at]!) || (bytes[at]! & 0xf0) === 0x40) at++;
  const opcode = bytes[at];
  if (opcode === 0x8f) return (bytes[at + 1]! & 0x38) !== 0;
  return opcode === 0xc4 || opcode === 0xc5 || opcode === 0x62;
}
