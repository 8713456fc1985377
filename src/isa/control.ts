/**
 * Control transfer inside a code segment: JMP, Jcc, CALL, RET, LOOP, JRCXZ. Near branches have 64 bits.
 *
 * Source: SDM 2; SDM 1, "Control Transfer Instructions".
 *
 * @module
 */

import { RCX } from "../hw/general_registers.ts";
import { condition } from "./flags.ts";
import type { Binder } from "./opcode_row.ts";
import type { Handler, Processor } from "./processor.ts";

const RCX_LOW = 2 * RCX;

/** JMP rel. */
export const jump: Handler = (x, o) => x.branch(o.target);

/** The sixteen conditions, by the low bits of the opcode. */
const JUMPS: readonly Handler[] = Object.freeze<Handler[]>([
  /* O  */ (x, o) => x.overflow < 0 ? x.branch(o.target) : o.end,
  /* NO */ (x, o) => x.overflow < 0 ? o.end : x.branch(o.target),
  /* B  */ (x, o) => x.carry !== 0 ? x.branch(o.target) : o.end,
  /* NB */ (x, o) => x.carry !== 0 ? o.end : x.branch(o.target),
  /* Z  */ (x, o) => x.nonZero === 0 ? x.branch(o.target) : o.end,
  /* NZ */ (x, o) => x.nonZero === 0 ? o.end : x.branch(o.target),
  /* BE */ (x, o) =>
    x.carry !== 0 || x.nonZero === 0 ? x.branch(o.target) : o.end,
  /* A  */ (x, o) =>
    x.carry !== 0 || x.nonZero === 0 ? o.end : x.branch(o.target),
  /* S  */ (x, o) => x.sign < 0 ? x.branch(o.target) : o.end,
  /* NS */ (x, o) => x.sign < 0 ? o.end : x.branch(o.target),
  /* P  */ (x, o) => x.isParityEven() ? x.branch(o.target) : o.end,
  /* NP */ (x, o) => x.isParityEven() ? o.end : x.branch(o.target),
  /* L  */ (x, o) => (x.sign ^ x.overflow) < 0 ? x.branch(o.target) : o.end,
  /* NL */ (x, o) => (x.sign ^ x.overflow) < 0 ? o.end : x.branch(o.target),
  /* LE */ (x, o) =>
    x.nonZero === 0 || (x.sign ^ x.overflow) < 0 ? x.branch(o.target) : o.end,
  /* G  */ (x, o) =>
    x.nonZero === 0 || (x.sign ^ x.overflow) < 0 ? o.end : x.branch(o.target),
]);

/** Jcc; `kind` is the condition. */
export const jumpIf: Binder = (o) => JUMPS[o.kind]!;

/** JMP rm. */
export const jumpNear: Handler = (x, o) => {
  const low = x.readRm(o);
  return x.jumpTo(low, x.high);
};

/** CALL rel. */
export const call: Handler = (x, o) => {
  const rip = x.page + o.target;
  if (rip >= 0x8000_0000_0000 || rip < -0x8000_0000_0000) x.fault.protection(0);
  x.pushAddress(x.page + o.end);
  return x.branch(o.target);
};

/** CALL rm: the operand is read before the return address is pushed. */
export const callNear: Handler = (x, o) => {
  const low = x.readRm(o);
  const rip = x.codeAddress(low, x.high);
  x.pushAddress(x.page + o.end);
  return x.jump(rip);
};

/** RET, and RET imm16, which drops that many bytes more. */
export const ret: Handler = (x, o) => {
  const low = x.peekStack(8);
  const rip = x.codeAddress(low, x.high);
  x.moveStack(8 + o.immediate);
  return x.jump(rip);
};

/** Whether the counter is zero: RCX, or ECX with prefix 67. */
function isCounterZero(x: Processor, address32: boolean): boolean {
  const r = x.regs;
  return r[RCX_LOW] === 0 && (address32 || r[RCX_LOW + 1] === 0);
}

function countDown(x: Processor, address32: boolean): void {
  const r = x.regs;
  const low = r[RCX_LOW]!;
  r[RCX_LOW] = low - 1;
  if (address32) r[RCX_LOW + 1] = 0;
  else if (low === 0) r[RCX_LOW + 1]! -= 1;
}

/** LOOP, LOOPE, LOOPNE: `kind` is the condition that has to hold besides, or −1. */
export const loop: Handler = (x, o) => {
  const r = x.regs;
  const low = r[RCX_LOW]!;
  const high = r[RCX_LOW + 1]!;
  countDown(x, o.address32);
  const goesOn = !isCounterZero(x, o.address32) &&
    (o.kind < 0 || condition(x, o.kind));
  if (!goesOn) return o.end;
  try {
    return x.branch(o.target);
  } catch (thrown) {
    r[RCX_LOW] = low;
    r[RCX_LOW + 1] = high;
    throw thrown;
  }
};

/** JRCXZ, JECXZ. */
export const jumpIfCounterZero: Handler = (x, o) =>
  isCounterZero(x, o.address32) ? x.branch(o.target) : o.end;
