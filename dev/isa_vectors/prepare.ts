/**
 * What single instructions need to do more than fault: divisors that fit, return addresses, counters.
 *
 * `before` runs when the prefixes are chosen, `after` when the operands are, too.
 *
 * @module
 */

import type { Draft } from "./generate.ts";
import { CODE_PAGE } from "./layout.ts";

const [RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI] = [
  0,
  1,
  2,
  3,
  4,
  5,
  6,
  7,
] as const;
const ALL = (1n << 64n) - 1n;
/** Not a code page: an instruction that goes there completes. */
const ELSEWHERE = 0x1234_5678n;

/** How an instruction is made ready. */
interface Preparation {
  /** Sees prefixes. */
  readonly before?: (d: Draft) => void;
  /** Sees operands. */
  readonly after?: (d: Draft) => void;
}

/** Selectors of Linux's table, and others; 78 is left out, its limit says which CPU it is. */
const selector = (d: Draft): bigint =>
  BigInt(
    d.pick([
      0,
      1,
      3,
      0x2b,
      0x28,
      0x29,
      0x33,
      0x30,
      0x23,
      0x10,
      0x18,
      0x40,
      0x43,
      0x63,
      0x2f,
      0x83,
      0xfffb,
    ]),
  );

/** An address that a branch may go to. */
function place(d: Draft): bigint {
  if (d.chance(12)) {
    return d.pick([
      0x8000_0000_0000n,
      0xffff_7fff_ffff_ffffn,
      0x1234_5678_9abc_def0n,
    ]);
  }
  if (d.chance(4)) return ELSEWHERE << 8n;
  if (d.chance(8)) return 0xffff_8000_0000_1000n;
  return BigInt(CODE_PAGE + d.random.below(4096));
}

const isCanonical = (address: bigint): boolean =>
  BigInt.asIntN(48, address) === BigInt.asIntN(64, address);

/** Puts the value into whatever ModRM names. */
function setOperand(d: Draft, value: bigint, bytes: number): void {
  if (d.memory) d.poke(d.target, value, bytes);
  else d.draw(d.rm, value);
}

const implicit = (...registers: number[]): Preparation => ({
  after: (d) => registers.forEach((register) => d.draw(register)),
});

const nearJump: Preparation = {
  after: (d) => setOperand(d, place(d), 8),
};

/** Words on the stack, of the given size. */
function pushWords(d: Draft, size: number, words: readonly bigint[]): void {
  words.forEach((word, i) => d.poke(d.get(RSP) + BigInt(size * i), word, size));
}

const strings = (source: boolean, destination: boolean): Preparation => ({
  before: (d) => {
    const reach = (from: bigint): bigint => d.chance(3) ? d.address(16) : from;
    const near = d.safeAddress();
    const withHigh = (offset: bigint): bigint =>
      d.address32
        ? (offset & 0xffff_ffffn) | (d.chance(2) ? 0x77n << 32n : 0n)
        : offset;
    if (source) d.fix(RSI, withHigh(reach(near) - d.segmentBase & ALL));
    if (destination) {
      const distance = BigInt(d.random.below(32) - 16);
      d.fix(
        RDI,
        withHigh(reach(d.chance(2) ? near + distance : d.safeAddress())),
      );
    }
    if (d.repeat) {
      const count = BigInt(d.random.below(6));
      d.fix(RCX, withHigh(d.chance(20) ? d.value() : count));
      d.steps = 1 + d.random.below(8);
    }
    d.draw(RAX);
    // Equal runs, so that REPE goes on.
    if (source && destination && d.chance(2)) {
      const word = d.value();
      for (const at of [near, near + 8n, near - 8n]) d.poke(at, word, 8);
    } else if (d.chance(2)) {
      for (let i = -2n; i < 3n; i++) d.poke(d.get(RDI) + 8n * i, d.get(RAX), 8);
    }
  },
});

const portAccess: Preparation = implicit(RAX, RDX);

function dividend(d: Draft, signed: boolean): void {
  const operand = d.key.operands[0]!;
  const bytes = d.sizeOf(operand);
  const bits = BigInt(8 * bytes);
  const raw = d.value();
  setOperand(d, raw, bytes);
  if (d.chance(6)) {
    d.draw(RAX);
    d.draw(RDX);
    return;
  }
  // Quotient times divisor plus remainder.
  const as = (v: bigint): bigint =>
    signed ? BigInt.asIntN(Number(bits), v) : BigInt.asUintN(Number(bits), v);
  const divisor = as(raw);
  const quotient = as(d.value());
  const size = divisor < 0n ? -divisor : divisor;
  const rest = size === 0n ? 0n : d.value() % size;
  const sum = divisor * quotient +
    (signed && divisor * quotient < 0n ? -rest : rest);
  if (bytes === 1) {
    d.draw(RAX, d.value() << 16n | BigInt.asUintN(16, sum));
    return;
  }
  const mask = (1n << bits) - 1n;
  const around = bits === 64n ? 0n : d.value() << bits;
  d.draw(RAX, around | (sum & mask));
  d.draw(RDX, around | (sum >> bits & mask));
}

/** Bit strings reach far from their memory operand. */
const bitString: Preparation = {
  after: (d) => {
    if (d.key.operands[1] !== "Gv" || !d.memory) return;
    const high = d.rex & 4 ? 8 : 0;
    // One that no address relies on.
    while (d.fixed.has(d.reg | high)) d.reg = d.random.below(8);
    const register = d.reg | high;
    d.tail[0] = (d.tail[0]! & 0xc7) | d.reg << 3;
    const offset = BigInt(d.random.below(0x800) - 0x400);
    d.draw(register, d.chance(40) ? d.value() : offset & ALL);
  },
};

/** A word of control bits and one of status without pending exceptions. */
function fpuState(d: Draft): void {
  d.pokeFpu(0, (d.random.word() & 0x1f00) | 0x7f, 2);
  d.pokeFpu(2, d.random.word() & 0x7f7f, 2);
  d.pokeFpu(4, d.random.below(256), 1);
  d.pokeFpu(24, d.random.word() & 0xffff, 2);
}

/** A value for MXCSR: with reserved bits, from 18 on, one time in n. */
function mxcsr(d: Draft, n: number): number {
  const bits = d.random.word() & 0xffff;
  return d.chance(n) ? bits | 1 << (18 + d.random.below(14)) : bits;
}

const fpu: Preparation = { before: fpuState };

/** FXSAVE's operand must be aligned, most of the time. */
const fxArea = (restore: boolean): Preparation => ({
  before: (d) => {
    fpuState(d);
    d.alignment = d.chance(8) ? 1 : 16;
  },
  after: (d) => {
    const at = d.target;
    if (!restore) return;
    d.poke(at, BigInt((d.random.word() & 0x1f00) | 0x7f), 2);
    d.poke(at + 2n, BigInt(d.random.word() & 0x7f7f), 2);
    d.poke(at + 4n, BigInt(d.random.below(256)), 2);
    d.poke(at + 6n, 0n, 18);
    const bits = mxcsr(d, 8);
    d.poke(at + 24n, BigInt(bits >>> 0), 4);
  },
});

const farPointer: Preparation = {
  after: (d) => {
    // Whatever the size, there is a selector behind the offset.
    const size = d.size;
    d.poke(d.target, d.value() & 0x7fff_ffffn, size);
    d.poke(d.target + BigInt(size), selector(d), 2);
  },
};

const farBranch: Preparation = {
  after: (d) => {
    const size = d.size;
    d.poke(d.target, size === 2 ? 0x1234n : place(d) & 0xffff_ffffn, size);
    d.poke(d.target + BigInt(size), codeSelector(d), 2);
  },
};

/** Mostly the one that the code has. */
const codeSelector = (d: Draft): bigint =>
  d.chance(4)
    ? BigInt(d.pick([0, 3, 0x2b, 0x30, 0x10, 0x13, 0x43, 0x83]))
    : 0x33n;

const dataSegment: Preparation = {
  after: (d) => {
    if (d.key.operands[0] === "Sw" || /^[LV]/.test(d.key.mnemonic)) {
      setOperand(d, selector(d) | (d.value() << 16n & ALL), 2);
    }
  },
};

/** By mnemonic. */
export const PREPARE: Readonly<Record<string, Preparation>> = Object.freeze({
  MUL: implicit(RAX, RDX),
  IMUL: {
    after: (d) => {
      if (d.key.operands.length > 1) return;
      d.draw(RAX);
      d.draw(RDX);
    },
  },
  DIV: { after: (d) => dividend(d, false) },
  IDIV: { after: (d) => dividend(d, true) },
  CBW: implicit(RAX),
  CWD: implicit(RAX, RDX),
  SAHF: implicit(RAX),
  LAHF: implicit(RAX),
  XLAT: {
    before: (d) => {
      const target = d.address(1);
      d.draw(RAX);
      const index = d.get(RAX) & 255n;
      const base = (target - index - d.segmentBase) & ALL;
      d.fix(RBX, d.address32 ? base & 0xffff_ffffn | 0x55n << 32n : base);
    },
  },
  CMPXCHG: {
    after: (d) => {
      const bytes = d.sizeOf(d.key.operands[0]!);
      d.draw(RAX);
      if (d.chance(2)) setOperand(d, d.get(RAX), bytes);
    },
  },
  CMPXCHG8B: {
    before: (d) => {
      if (d.rex & 8 && !d.chance(8)) d.alignment = 16;
    },
    after: (d) => {
      for (const register of [RAX, RBX, RCX, RDX]) d.draw(register);
      const half = d.rex & 8 ? 8 : 4;
      if (d.chance(2)) {
        d.poke(d.target, d.get(RAX), half);
        d.poke(d.target + BigInt(half), d.get(RDX), half);
      }
    },
  },
  MOVS: strings(true, true),
  CMPS: strings(true, true),
  STOS: strings(false, true),
  LODS: strings(true, false),
  SCAS: strings(false, true),
  INS: strings(false, true),
  OUTS: strings(true, false),
  IN: portAccess,
  OUT: portAccess,
  LOOP: counters(),
  LOOPE: counters(),
  LOOPNE: counters(),
  JRCXZ: counters(),
  JMP: {
    after: (d) => d.key.operands[0] === "Eq" ? nearJump.after!(d) : undefined,
  },
  CALL: {
    after: (d) => d.key.operands[0] === "Eq" ? nearJump.after!(d) : undefined,
  },
  RET: { before: (d) => pushWords(d, 8, [place(d)]) },
  RETF: {
    before: (d) => {
      const size = d.size;
      const to = size === 2 ? 0x1234n : place(d);
      pushWords(d, size, [to, isCanonical(to) ? codeSelector(d) : 0x33n]);
    },
  },
  IRETQ: {
    before: (d) => {
      // REX.W: other sizes are not modelled.
      d.rex |= 0x48;
      const flags = BigInt(d.random.word() & 0x10_0cd5) | 0x202n;
      const stack = d.chance(3) ? d.value() : d.safeAddress();
      const ss = BigInt(d.pick([0, 3, 0x33, 0x28]));
      const to = place(d);
      // One fault at a time: which of two comes first is not said.
      const wrong = isCanonical(to) ? d.random.below(16) : -1;
      pushWords(d, 8, [
        to,
        wrong === 0 ? codeSelector(d) : 0x33n,
        flags,
        stack,
        wrong === 1 ? ss : 0x2bn,
      ]);
    },
  },
  ENTER: {
    before: (d) => {
      d.fix(RBP, d.chance(12) ? d.address(8) : d.safeAddress());
      const level = d.chance(8) ? d.random.below(256) : d.random.below(4);
      const bytes = d.chance(16) ? d.random.below(65536) : d.random.below(256);
      d.immediate = [bytes & 255, bytes >>> 8, level];
    },
  },
  LEAVE: {
    before: (d) => d.fix(RBP, d.chance(4) ? d.address(8) : d.safeAddress()),
  },
  POPF: {
    before: (d) => {
      const flags = d.chance(2) ? d.random.word() & 0xcd5 : d.random.word();
      pushWords(d, d.stackSize, [BigInt(flags)]);
    },
  },
  INT: {
    before: (d) => {
      const vectors = [0, 1, 2, 3, 5, 13, 14, 32, 127, 129, 255];
      d.immediate = [d.pick(vectors)];
    },
  },
  BT: bitString,
  BTS: bitString,
  BTR: bitString,
  BTC: bitString,
  FLDCW: {
    before: (d) => {
      fpuState(d);
      d.pokeFpu(2, d.random.word() & 0x7f00, 2);
    },
  },
  FNSTCW: fpu,
  FNSTSW: fpu,
  FNCLEX: fpu,
  FNINIT: fpu,
  FWAIT: fpu,
  EMMS: fpu,
  STMXCSR: fpu,
  LDMXCSR: {
    before: fpuState,
    after: (d) => {
      const bits = mxcsr(d, 4);
      d.poke(d.target, BigInt(bits >>> 0), 4);
    },
  },
  FXSAVE: fxArea(false),
  FXRSTOR: fxArea(true),
  LAR: dataSegment,
  LSL: dataSegment,
  VERR: dataSegment,
  VERW: dataSegment,
  MOV: dataSegment,
  LSS: farPointer,
  LFS: farPointer,
  LGS: farPointer,
  CALLF: farBranch,
  JMPF: farBranch,
  POP: {
    before: (d) => {
      if (/^[FG]S$/.test(d.key.operands[0]!)) {
        pushWords(d, d.stackSize, [selector(d)]);
      } else if (d.chance(2)) pushWords(d, 8, [d.value()]);
    },
  },
});

function counters(): Preparation {
  return {
    before: (d) =>
      d.draw(
        RCX,
        d.pick([0n, 1n, 2n, 3n, 1n << 32n, (1n << 32n) + 1n, ALL]),
      ),
  };
}
