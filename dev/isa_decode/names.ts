/**
 * Mnemonics of iced-x86 by the engine's: the same word, but where the engine has one row for several sizes or another of two
 * names.
 *
 * @module
 */

const SIZES: Readonly<Record<string, readonly string[]>> = {
  CBW: ["Cbw", "Cwde", "Cdqe"],
  CWD: ["Cwd", "Cdq", "Cqo"],
  MOVS: ["Movsb", "Movsw", "Movsd", "Movsq"],
  CMPS: ["Cmpsb", "Cmpsw", "Cmpsd", "Cmpsq"],
  STOS: ["Stosb", "Stosw", "Stosd", "Stosq"],
  LODS: ["Lodsb", "Lodsw", "Lodsd", "Lodsq"],
  SCAS: ["Scasb", "Scasw", "Scasd", "Scasq"],
  INS: ["Insb", "Insw", "Insd"],
  OUTS: ["Outsb", "Outsw", "Outsd"],
  PUSHF: ["Pushf", "Pushfq"],
  POPF: ["Popf", "Popfq"],
  IRET: ["Iret", "Iretd", "Iretq"],
  SYSRET: ["Sysret", "Sysretq"],
  JRCXZ: ["Jrcxz", "Jecxz"],
  XLAT: ["Xlatb"],
  CMPXCHG8B: ["Cmpxchg8b", "Cmpxchg16b"],
  FWAIT: ["Wait"],
  SHL: ["Shl", "Sal"],
  FXSAVE: ["Fxsave", "Fxsave64"],
  FXRSTOR: ["Fxrstor", "Fxrstor64"],
  FNOP: ["Fneni", "Fndisi", "Fnsetpm"],
  // XCHG rAX,rAX; with F3 PAUSE.
  XCHG: ["Xchg", "Nop", "Pause"],
  // Hints: some have names.
  NOP: [
    "Nop",
    "Prefetchnta",
    "Prefetcht0",
    "Prefetcht1",
    "Prefetcht2",
    "Reservednop",
    "Endbr64",
    "Endbr32",
    "Rdsspd",
    "Rdsspq",
    "Cldemote",
    "Bndldx",
    "Bndmov",
    "Bndcl",
    "Bndcu",
    "Bndcn",
    "Bndmk",
    "Bndstx",
    "Prefetchit0",
    "Prefetchit1",
  ],
  PREFETCHW: [
    "Prefetchw",
    "Prefetchwt1",
    "Prefetch",
    "Nop",
    "Reservednop",
    "Prefetchreserved",
  ],
  // With F3, on CPUs whose CPUID has no BMI1, LZCNT or WBNOINVD, which the engine's has not, what they are without.
  BSF: ["Bsf", "Tzcnt"],
  BSR: ["Bsr", "Lzcnt"],
  WBINVD: ["Wbinvd", "Wbnoinvd"],
};

/** The engine's names of conditions, and iced's. */
const CONDITIONS: Readonly<Record<string, string>> = {
  O: "o",
  NO: "no",
  B: "b",
  NB: "ae",
  Z: "e",
  NZ: "ne",
  BE: "be",
  NBE: "a",
  S: "s",
  NS: "ns",
  P: "p",
  NP: "np",
  L: "l",
  NL: "ge",
  LE: "le",
  NLE: "g",
};

/** Whether both mean the same. */
export function isSameName(ours: string, iced: string): boolean {
  const sizes = SIZES[ours];
  if (sizes) return sizes.includes(iced);
  const [, stem = "", condition = ""] = /^(J|SET|CMOV)(.*)$/.exec(ours) ?? [];
  const suffix = CONDITIONS[condition];
  if (suffix !== undefined) {
    return (stem + suffix).toLowerCase() === iced.toLowerCase();
  }
  return ours.toLowerCase() === iced.toLowerCase();
}
