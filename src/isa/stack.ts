/**
 * The stack: PUSH, POP, PUSHF, POPF, ENTER, LEAVE. In 64-bit mode they move 8 bytes, or 2 with prefix 66.
 *
 * Source: SDM 2; SDM 1, "Procedure Calls for Block-Structured Languages".
 *
 * @module
 */

import type { VirtAddr } from "../hw/addr.ts";
import { RBP, RSP } from "../hw/general_registers.ts";
import { RFLAGS_RF, RFLAGS_VM } from "../hw/registers.ts";
import type { Binder } from "./opcode_row.ts";
import type { Handler, Processor } from "./processor.ts";

const RSP_LOW = 2 * RSP;
const RBP_LOW = 2 * RBP;

const pushAny: Handler = (x, o) => {
  const low = x.readRm(o);
  x.push(o.width, low, x.high);
  return o.end;
};

const pushRegister64: Handler = (x, o) => {
  x.push64(x.regs[o.rm]!, x.regs[o.rm + 1]!);
  return o.end;
};

const pushImmediate: Handler = (x, o) => {
  x.push(o.width, o.immediate, o.immediateHigh);
  return o.end;
};

/** PUSH. */
export const push: Binder = (o, row) => {
  if (row.shape === "I") {
    // The immediate has its own size, the push that of the stack.
    o.width = o.operand16 ? 2 : 8;
    return pushImmediate;
  }
  return !o.memory && o.width === 8 ? pushRegister64 : pushAny;
};

const popRegister64: Handler = (x, o) => {
  const low = x.mmu.load64(x.stackAddress(0) as VirtAddr);
  x.moveStack(8);
  x.regs[o.rm] = low;
  x.regs[o.rm + 1] = x.mmu.high;
  return o.end;
};

/** The address of a memory operand counts from RSP as it is after the pop; a fault puts RSP back. */
const popAny: Handler = (x, o) => {
  const low = x.peekStack(o.width);
  const { high } = x;
  x.moveStack(o.width);
  if (o.memory) {
    try {
      x.writeRm(o, low, high);
    } catch (thrown) {
      x.moveStack(-o.width);
      throw thrown;
    }
  } else x.writeRm(o, low, high);
  return o.end;
};

/** POP. */
export const pop: Binder = (o) =>
  !o.memory && o.width === 8 ? popRegister64 : popAny;

/** PUSHF: RF and VM are pushed as 0. */
export const pushf: Handler = (x, o) => {
  x.push(o.width, x.packFlags() & ~(RFLAGS_RF | RFLAGS_VM), 0);
  return o.end;
};

/** POPF: with 16 bits the upper flags stay. */
export const popf: Handler = (x, o) => {
  const { core, cpu } = x;
  const value = x.peekStack(o.width);
  x.packFlags();
  core.interrupts.writeRflags(
    (o.width === 2 ? (cpu.rflags & ~0xffff) | value : value) & ~RFLAGS_RF,
  );
  x.moveStack(o.width);
  x.unpackFlags();
  // IF or TF may have been set.
  core.refresh();
  x.cut();
  return o.end;
};

/** RBP as an address. */
function frameOf(x: Processor): number {
  return x.regs[RBP_LOW + 1]! * 0x1_0000_0000 + (x.regs[RBP_LOW]! >>> 0);
}

/** An address in the stack segment. @throws #SS(0) if any of the bytes there has one that is not canonical */
function stackCanonical(x: Processor, address: number, bytes: number): number {
  if (address > 0x8000_0000_0000 - bytes || address < -0x8000_0000_0000) {
    x.fault.stack(0);
  }
  return address;
}

/** LEAVE: RSP ← RBP, then RBP is popped. */
export const leave: Handler = (x, o) => {
  const r = x.regs;
  const frame = stackCanonical(x, frameOf(x), o.width);
  const low = x.load(o.width, frame);
  r[RSP_LOW] = r[RBP_LOW]!;
  r[RSP_LOW + 1] = r[RBP_LOW + 1]!;
  x.moveStack(o.width);
  x.writeRegister(o.width, o.width === 2 ? 4 * RBP : RBP_LOW, low, x.high);
  return o.end;
};

/** ENTER: the frame is stored whole, or RSP and RBP are as they were. */
export const enter: Handler = (x, o) => {
  const r = x.regs;
  const { width } = o;
  const level = o.immediateHigh & 31;
  const saved = r.slice(RSP_LOW, RBP_LOW + 2);
  try {
    buildFrame(x, width, o.immediate, level);
  } catch (thrown) {
    r.set(saved, RSP_LOW);
    throw thrown;
  }
  return o.end;
};

function buildFrame(
  x: Processor,
  width: number,
  bytes: number,
  level: number,
): void {
  const r = x.regs;
  const rbp = width === 2 ? 4 * RBP : RBP_LOW;
  // 1. What is to be pushed, in its order, and the last word of the frame can be stored to; the enclosing frame can be read.
  const outer = frameOf(x);
  for (let i = 0; i <= level; i++) {
    if (i > 0 && i < level) {
      x.load(width, stackCanonical(x, outer - width * i, width));
    }
    x.checkStore(x.stackAddress(-width * (i + 1), width), width);
  }
  x.checkStore(x.stackAddress(-width * (level + 1) - bytes, width), width);
  // 2. Push RBP; the frame begins here.
  const old = x.readRegister(width, rbp);
  x.push(width, old, x.high);
  const frameLow = r[RSP_LOW]!;
  const frameHigh = r[RSP_LOW + 1]!;
  // 3. Push the frame pointers of the enclosing levels, then this one.
  if (level > 0) {
    let display = outer;
    for (let i = 1; i < level; i++) {
      display -= width;
      const pointer = x.load(width, display);
      x.push(width, pointer, x.high);
    }
    x.push(width, frameLow, frameHigh);
  }
  // 4. Make room; RBP is the frame.
  x.moveStack(-bytes);
  x.writeRegister(width, rbp, frameLow, frameHigh);
}
