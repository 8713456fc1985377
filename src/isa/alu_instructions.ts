/**
 * ADD, OR, ADC, SBB, AND, SUB, XOR, CMP; TEST, INC, DEC, NEG, NOT: the operations of `arithmetic.ts` on registers, memory
 * and immediates.
 *
 * Each has a general form for every operand and width. 32 and 64 bits without memory as destination, which are most of
 * what compilers emit, have forms of their own; their results are the same.
 *
 * Source: SDM 2.
 *
 * @module
 */

import type { VirtAddr } from "../hw/addr.ts";
import {
  ADD,
  add32,
  add64,
  AND,
  arithmetic,
  arithmetic32,
  arithmetic64,
  CMP,
  logic32,
  logic64,
  OR,
  SUB,
  subtract32,
  subtract64,
  XOR,
} from "./arithmetic.ts";
import type { Binder } from "./opcode_row.ts";
import type { Handler, Operation } from "./processor.ts";

/** rm ← rm · reg */
const toRm: Handler = (x, o) => {
  const { width, kind } = o;
  const a = kind === CMP ? x.readRm(o) : x.openRm(o);
  const aHigh = x.high;
  const b = x.readReg(o);
  const result = arithmetic(x, width, kind, a, aHigh, b, x.high);
  if (kind !== CMP) x.closeRm(o, result, x.high);
  return o.end;
};

/** reg ← reg · rm */
const toReg: Handler = (x, o) => {
  const { width, kind } = o;
  const b = x.readRm(o);
  const bHigh = x.high;
  const a = x.readReg(o);
  const result = arithmetic(x, width, kind, a, x.high, b, bHigh);
  if (kind !== CMP) x.writeReg(o, result, x.high);
  return o.end;
};

/** rm ← rm · immediate */
const immediate: Handler = (x, o) => {
  const { width, kind } = o;
  const a = kind === CMP ? x.readRm(o) : x.openRm(o);
  const result = arithmetic(
    x,
    width,
    kind,
    a,
    x.high,
    o.immediate,
    o.immediateHigh,
  );
  if (kind !== CMP) x.closeRm(o, result, x.high);
  return o.end;
};

// 32 and 64 bits, both operands in registers: destination rm, source reg.

const registers32: readonly Handler[] = Object.freeze<Handler[]>([
  (x, o) => {
    const r = x.regs;
    r[o.rm] = add32(x, r[o.rm]!, r[o.reg]!, 0);
    r[o.rm + 1] = 0;
    return o.end;
  },
  (x, o) => {
    const r = x.regs;
    r[o.rm] = logic32(x, r[o.rm]! | r[o.reg]!);
    r[o.rm + 1] = 0;
    return o.end;
  },
  toRm,
  toRm,
  (x, o) => {
    const r = x.regs;
    r[o.rm] = logic32(x, r[o.rm]! & r[o.reg]!);
    r[o.rm + 1] = 0;
    return o.end;
  },
  (x, o) => {
    const r = x.regs;
    r[o.rm] = subtract32(x, r[o.rm]!, r[o.reg]!, 0);
    r[o.rm + 1] = 0;
    return o.end;
  },
  (x, o) => {
    const r = x.regs;
    r[o.rm] = logic32(x, r[o.rm]! ^ r[o.reg]!);
    r[o.rm + 1] = 0;
    return o.end;
  },
  (x, o) => {
    const r = x.regs;
    subtract32(x, r[o.rm]!, r[o.reg]!, 0);
    return o.end;
  },
]);

const registers64: readonly Handler[] = Object.freeze<Handler[]>([
  (x, o) => {
    const r = x.regs;
    const { rm, reg } = o;
    r[rm] = add64(x, r[rm]!, r[rm + 1]!, r[reg]!, r[reg + 1]!, 0);
    r[rm + 1] = x.high;
    return o.end;
  },
  (x, o) => {
    const r = x.regs;
    const { rm, reg } = o;
    r[rm] = logic64(x, r[rm]! | r[reg]!, r[rm + 1]! | r[reg + 1]!);
    r[rm + 1] = x.high;
    return o.end;
  },
  toRm,
  toRm,
  (x, o) => {
    const r = x.regs;
    const { rm, reg } = o;
    r[rm] = logic64(x, r[rm]! & r[reg]!, r[rm + 1]! & r[reg + 1]!);
    r[rm + 1] = x.high;
    return o.end;
  },
  (x, o) => {
    const r = x.regs;
    const { rm, reg } = o;
    r[rm] = subtract64(x, r[rm]!, r[rm + 1]!, r[reg]!, r[reg + 1]!, 0);
    r[rm + 1] = x.high;
    return o.end;
  },
  (x, o) => {
    const r = x.regs;
    const { rm, reg } = o;
    r[rm] = logic64(x, r[rm]! ^ r[reg]!, r[rm + 1]! ^ r[reg + 1]!);
    r[rm + 1] = x.high;
    return o.end;
  },
  (x, o) => {
    const r = x.regs;
    const { rm, reg } = o;
    subtract64(x, r[rm]!, r[rm + 1]!, r[reg]!, r[reg + 1]!, 0);
    return o.end;
  },
]);

// The same with an immediate: ADD, SUB, AND and CMP.

const immediate32: Readonly<Record<number, Handler>> = Object.freeze(
  {
    [ADD]: (x, o) => {
      const r = x.regs;
      r[o.rm] = add32(x, r[o.rm]!, o.immediate, 0);
      r[o.rm + 1] = 0;
      return o.end;
    },
    [AND]: (x, o) => {
      const r = x.regs;
      r[o.rm] = logic32(x, r[o.rm]! & o.immediate);
      r[o.rm + 1] = 0;
      return o.end;
    },
    [SUB]: (x, o) => {
      const r = x.regs;
      r[o.rm] = subtract32(x, r[o.rm]!, o.immediate, 0);
      r[o.rm + 1] = 0;
      return o.end;
    },
    [OR]: (x, o) => {
      const r = x.regs;
      r[o.rm] = logic32(x, r[o.rm]! | o.immediate);
      r[o.rm + 1] = 0;
      return o.end;
    },
    [XOR]: (x, o) => {
      const r = x.regs;
      r[o.rm] = logic32(x, r[o.rm]! ^ o.immediate);
      r[o.rm + 1] = 0;
      return o.end;
    },
    [CMP]: (x, o) => {
      subtract32(x, x.regs[o.rm]!, o.immediate, 0);
      return o.end;
    },
  } satisfies Record<number, Handler>,
);

const immediate64: Readonly<Record<number, Handler>> = Object.freeze(
  {
    [ADD]: (x, o) => {
      const r = x.regs;
      const { rm, immediate } = o;
      r[rm] = add64(x, r[rm]!, r[rm + 1]!, immediate, immediate >> 31, 0);
      r[rm + 1] = x.high;
      return o.end;
    },
    [AND]: (x, o) => {
      const r = x.regs;
      const { rm, immediate } = o;
      r[rm] = logic64(x, r[rm]! & immediate, r[rm + 1]! & (immediate >> 31));
      r[rm + 1] = x.high;
      return o.end;
    },
    [SUB]: (x, o) => {
      const r = x.regs;
      const { rm, immediate } = o;
      r[rm] = subtract64(x, r[rm]!, r[rm + 1]!, immediate, immediate >> 31, 0);
      r[rm + 1] = x.high;
      return o.end;
    },
    [CMP]: (x, o) => {
      const r = x.regs;
      const { rm, immediate } = o;
      subtract64(x, r[rm]!, r[rm + 1]!, immediate, immediate >> 31, 0);
      return o.end;
    },
  } satisfies Record<number, Handler>,
);

// Loads: destination reg, source memory.

const load32: Handler = (x, o) => {
  const r = x.regs;
  const b = x.mmu.load32(x.effectiveAddress(o) as VirtAddr) | 0;
  const result = arithmetic32(x, o.kind, r[o.reg]!, b);
  if (o.kind !== CMP) {
    r[o.reg] = result;
    r[o.reg + 1] = 0;
  }
  return o.end;
};

const load64: Handler = (x, o) => {
  const r = x.regs;
  const { reg, kind } = o;
  const b = x.mmu.load64(x.effectiveAddress(o) as VirtAddr) | 0;
  const high = x.mmu.high | 0;
  const result = arithmetic64(x, kind, r[reg]!, r[reg + 1]!, b, high);
  if (kind !== CMP) {
    r[reg] = result;
    r[reg + 1] = x.high;
  }
  return o.end;
};

// Comparisons with memory.

const compareMemory8: Handler = (x, o) => {
  const a = x.mmu.load8(x.effectiveAddress(o) as VirtAddr);
  subtract32(x, a << 24, o.immediate << 24, 0);
  const value = x.parity >>> 24;
  x.parity = value;
  x.adjust = a ^ o.immediate ^ value;
  return o.end;
};

const compareMemory32: Handler = (x, o) => {
  const a = x.mmu.load32(x.effectiveAddress(o) as VirtAddr) | 0;
  subtract32(x, a, x.regs[o.reg]!, 0);
  return o.end;
};

const compareMemoryImmediate32: Handler = (x, o) => {
  const a = x.mmu.load32(x.effectiveAddress(o) as VirtAddr) | 0;
  subtract32(x, a, o.immediate, 0);
  return o.end;
};

const exchangeOperands = (o: Operation): void => {
  const { rm } = o;
  o.rm = o.reg;
  o.reg = rm;
};

/** The eight operations; `kind` says which. */
export const alu: Binder = (o, row) => {
  const wide = o.width >= 4;
  if (!o.memory && wide) {
    const is32 = o.width === 4;
    if (row.shape === "EI") {
      return (is32 ? immediate32 : immediate64)[o.kind] ?? immediate;
    }
    if (row.shape === "GE") exchangeOperands(o);
    return (is32 ? registers32 : registers64)[o.kind]!;
  }
  if (row.shape === "GE") {
    return wide ? (o.width === 4 ? load32 : load64) : toReg;
  }
  if (o.kind === CMP && o.memory) {
    if (row.shape === "EI") {
      if (o.width === 1) return compareMemory8;
      if (o.width === 4) return compareMemoryImmediate32;
    } else if (o.width === 4) return compareMemory32;
  }
  return row.shape === "EG" ? toRm : immediate;
};

// TEST

const testReg: Handler = (x, o) => {
  const a = x.readRm(o);
  const aHigh = x.high;
  const b = x.readReg(o);
  arithmetic(x, o.width, AND, a, aHigh, b, x.high);
  return o.end;
};

const testRegisters32: Handler = (x, o) => {
  logic32(x, x.regs[o.rm]! & x.regs[o.reg]!);
  return o.end;
};

const testRegisters64: Handler = (x, o) => {
  const r = x.regs;
  const { rm, reg } = o;
  logic64(x, r[rm]! & r[reg]!, r[rm + 1]! & r[reg + 1]!);
  return o.end;
};

const testImmediate: Handler = (x, o) => {
  const a = x.readRm(o);
  arithmetic(x, o.width, AND, a, x.high, o.immediate, o.immediateHigh);
  return o.end;
};

/** TEST. */
export const test: Binder = (o, row) => {
  if (row.shape === "EI") return testImmediate;
  if (o.memory || o.width < 4) return testReg;
  return o.width === 4 ? testRegisters32 : testRegisters64;
};

// INC and DEC leave CF alone.

/** INC. */
export const inc: Handler = (x, o) => {
  const { carry } = x;
  const a = x.openRm(o);
  const result = arithmetic(x, o.width, ADD, a, x.high, 1, 0);
  x.carry = carry;
  x.closeRm(o, result, x.high);
  return o.end;
};

/** DEC. */
export const dec: Handler = (x, o) => {
  const { carry } = x;
  const a = x.openRm(o);
  const result = arithmetic(x, o.width, SUB, a, x.high, 1, 0);
  x.carry = carry;
  x.closeRm(o, result, x.high);
  return o.end;
};

/** NEG: 0 − rm. */
export const neg: Handler = (x, o) => {
  const a = x.openRm(o);
  const result = arithmetic(x, o.width, SUB, 0, 0, a, x.high);
  x.closeRm(o, result, x.high);
  return o.end;
};

/** NOT: no flags. */
export const not: Handler = (x, o) => {
  const a = x.openRm(o);
  x.closeRm(o, ~a, ~x.high);
  return o.end;
};
