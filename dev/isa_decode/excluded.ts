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
