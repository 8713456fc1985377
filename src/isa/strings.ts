/**
 * String instructions: MOVS, STOS, LODS, CMPS, SCAS, INS, OUTS, and REP.
 *
 * Each iteration costs 1 clk and commits RSI, RDI and RCX, so that an interrupt or a fault between two iterations finds
 * the instruction half done, with RIP still on it. Iterations of REP MOVS and REP STOS inside one page of RAM are done at
 * once, where nobody can tell: the budget that clips them ends before the next event, no iteration would walk page tables
 * that an earlier one has changed, and none would load what an earlier one has stored.
 *
 * Source: SDM 2, the instructions and "REP/REPE/REPZ/REPNE/REPNZ"; SDM 1, "String Operations".
 *
 * *Not modelled*: fast-string microarchitecture: stores happen in order.
 *
 * @module
 */

import type { VirtAddr } from "../hw/addr.ts";
import { RCX, RDI, RDX, RSI } from "../hw/general_registers.ts";
import type { PortWidth } from "../hw/io_bus.ts";
import { ACCESS_WRITE } from "../hw/page_walk.ts";
import { RFLAGS_DF } from "../hw/registers.ts";
import { tlbIndex } from "../hw/tlb.ts";
import { arithmetic, SUB } from "./arithmetic.ts";
import { REP, REP_NONE } from "./operands.ts";
import { checkPort } from "./ports.ts";
import type { Handler, Operation, Processor } from "./processor.ts";

const TWO_32 = 0x1_0000_0000;
const RCX_LOW = 2 * RCX;
const RSI_LOW = 2 * RSI;
const RDI_LOW = 2 * RDI;
const RAX_LOW = 0;

/** What one iteration does; it must not change anything before its last access. */
type Iteration = (x: Processor, o: Operation, step: number) => void;

/** RSI with the segment, or RDI, as an address. */
function source(x: Processor, o: Operation): number {
  return x.stringAddress(RSI_LOW, o.segment, o.address32);
}

function destination(x: Processor, o: Operation): number {
  return x.stringAddress(RDI_LOW, 0, o.address32);
}

/** Moves RSI or RDI. */
function advance(
  x: Processor,
  o: Operation,
  register: number,
  step: number,
): void {
  const r = x.regs;
  const old = r[register]!;
  const low = (old + step) | 0;
  r[register] = low;
  if (o.address32) r[register + 1] = 0;
  else if (step > 0) {
    if ((low >>> 0) < (old >>> 0)) r[register + 1]! += 1;
  } else if ((low >>> 0) > (old >>> 0)) r[register + 1]! -= 1;
}

const moves: Iteration = (x, o, step) => {
  const low = x.load(o.width, source(x, o));
  x.store(o.width, destination(x, o), low, x.high);
  advance(x, o, RSI_LOW, step);
  advance(x, o, RDI_LOW, step);
};

const stores: Iteration = (x, o, step) => {
  const low = x.readRegister(o.width, RAX_LOW);
  x.store(o.width, destination(x, o), low, x.high);
  advance(x, o, RDI_LOW, step);
};

const loads: Iteration = (x, o, step) => {
  const low = x.load(o.width, source(x, o));
  x.writeRegister(o.width, RAX_LOW, low, x.high);
  advance(x, o, RSI_LOW, step);
};

const compares: Iteration = (x, o, step) => {
  const a = x.load(o.width, source(x, o));
  const aHigh = x.high;
  const b = x.load(o.width, destination(x, o));
  arithmetic(x, o.width, SUB, a, aHigh, b, x.high);
  advance(x, o, RSI_LOW, step);
  advance(x, o, RDI_LOW, step);
};

const scans: Iteration = (x, o, step) => {
  const b = x.load(o.width, destination(x, o));
  const bHigh = x.high;
  const a = x.readRegister(o.width, RAX_LOW);
  arithmetic(x, o.width, SUB, a, x.high, b, bHigh);
  advance(x, o, RDI_LOW, step);
};

const inputs: Iteration = (x, o, step) => {
  const port = x.halves[4 * RDX]!;
  const to = destination(x, o);
  checkPort(x, port, o.width);
  x.checkStore(to, o.width);
  x.syncClock();
  const value = x.core.io.read(port, o.width as PortWidth);
  x.store(o.width, to, value, 0);
  advance(x, o, RDI_LOW, step);
  x.cut();
};

const outputs: Iteration = (x, o, step) => {
  const port = x.halves[4 * RDX]!;
  checkPort(x, port, o.width);
  const value = x.load(o.width, source(x, o));
  x.syncClock();
  x.core.io.write(port, value, o.width as PortWidth);
  advance(x, o, RSI_LOW, step);
  x.cut();
};

function isCounterZero(x: Processor, o: Operation): boolean {
  const r = x.regs;
  return r[RCX_LOW] === 0 && (o.address32 || r[RCX_LOW + 1] === 0);
}

/** RCX, or ECX with prefix 67, less n, which it is not smaller than. */
function countDown(x: Processor, o: Operation, n: number): void {
  const r = x.regs;
  const low = r[RCX_LOW]!;
  r[RCX_LOW] = low - n;
  if (o.address32) r[RCX_LOW + 1] = 0;
  else if ((low >>> 0) < n) r[RCX_LOW + 1]! -= 1;
}

/** The counter, exact up to 2^53; more is as good as that. */
function counter(x: Processor, o: Operation): number {
  const r = x.regs;
  const high = o.address32 ? 0 : r[RCX_LOW + 1]! >>> 0;
  return high * TWO_32 + (r[RCX_LOW]! >>> 0);
}

function stepOf(x: Processor, o: Operation): number {
  return x.cpu.rflags & RFLAGS_DF ? -o.width : o.width;
}

/**
 * One instruction, repeated or not.
 *
 * @param iteration what it does
 * @param compares whether REPE and REPNE look at ZF
 * @param bulk does several iterations at once and returns how many, 0 if it cannot
 */
function string(
  iteration: Iteration,
  compares = false,
  bulk?: (x: Processor, o: Operation, max: number) => number,
): Handler {
  return (x, o) => {
    const step = stepOf(x, o);
    if (o.repeat === REP_NONE) {
      iteration(x, o, step);
      return o.end;
    }
    if (isCounterZero(x, o)) return o.end;
    for (;;) {
      // This iteration's clk has passed; `left` more may begin.
      const most = Math.min(counter(x, o), x.left + 1);
      // What is not kept decoded is fetched again for each.
      const kept = x.operations[x.offset] === o;
      const done = bulk && kept && most > 1 ? bulk(x, o, most) : 0;
      if (done > 0) {
        countDown(x, o, done);
        x.left -= done - 1;
      } else {
        iteration(x, o, step);
        countDown(x, o, 1);
      }
      if (isCounterZero(x, o)) return o.end;
      if (compares && (x.nonZero === 0) !== (o.repeat === REP)) return o.end;
      // Fetched again where the code may have changed under it, as it would be after an interrupt.
      if (x.left <= 0 || x.operations[x.offset] !== o) return x.offset;
      x.left -= 1;
    }
  };
}

/** Bytes from an address to the end of its page, in the direction of the step. */
function room(address: number, step: number, width: number): number {
  const offset = (address | 0) & 0xfff;
  const bytes = step > 0 ? 4096 - offset : offset + width;
  return Math.floor(bytes / width);
}

const pageOf = (address: number): number => address - ((address | 0) & 0xfff);

/** Whether two pages take the same place in the TLB, so that each use of one makes the next use of the other walk. */
function compete(a: number, b: number): boolean {
  return tlbIndex(a as VirtAddr) === tlbIndex(b as VirtAddr) &&
    pageOf(a) !== pageOf(b);
}

/** Whether source and target lie in one frame, as they may by different addresses. */
function shareFrame(x: Processor, from: number, to: number): boolean {
  const { mmu } = x;
  const source = mmu.translate(from as VirtAddr, mmu.userBit);
  const target = mmu.translate(to as VirtAddr, ACCESS_WRITE | mmu.userBit);
  return pageOf(source) === pageOf(target);
}

function bulkStores(x: Processor, o: Operation, max: number): number {
  const step = stepOf(x, o);
  if (step < 0 || o.address32) return 0;
  const to = destination(x, o);
  const count = Math.min(max, room(to, step, o.width));
  if (count < 2 || compete(to, x.page)) return 0;
  const low = x.readRegister(o.width, RAX_LOW);
  const done = x.mmu.storeRun(
    to as VirtAddr,
    o.width,
    low,
    o.width === 8 ? x.high : low,
    count,
  );
  if (done > 0) advance(x, o, RDI_LOW, done * step);
  return done;
}

function bulkMoves(x: Processor, o: Operation, max: number): number {
  const step = stepOf(x, o);
  if (step < 0 || o.address32) return 0;
  const from = source(x, o);
  const to = destination(x, o);
  const { width } = o;
  if (compete(from, to) || compete(from, x.page) || compete(to, x.page)) {
    return 0;
  }
  let count = Math.min(max, room(to, step, width), room(from, step, width));
  // An overlap in front repeats what was just stored; only whole runs before it can be moved at once.
  const ahead = ((to | 0) & 0xfff) - ((from | 0) & 0xfff);
  if (ahead > 0 && ahead < count * width && shareFrame(x, from, to)) {
    count = Math.floor(ahead / width);
  }
  if (count < 2) return 0;
  const bytes = count * width;
  const done = x.mmu.moveRun(to as VirtAddr, from as VirtAddr, bytes);
  if (!done) return 0;
  advance(x, o, RSI_LOW, bytes);
  advance(x, o, RDI_LOW, bytes);
  return count;
}

/** MOVS. */
export const movs: Handler = string(moves, false, bulkMoves);
/** STOS. */
export const stos: Handler = string(stores, false, bulkStores);
/** LODS. */
export const lods: Handler = string(loads);
/** CMPS. */
export const cmps: Handler = string(compares, true);
/** SCAS. */
export const scas: Handler = string(scans, true);
/** INS. */
export const ins: Handler = string(inputs);
/** OUTS. */
export const outs: Handler = string(outputs);
