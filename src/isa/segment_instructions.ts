/**
 * Segment registers and descriptors: MOV, PUSH and POP of segment registers, LSS, LFS, LGS, LAR, LSL, VERR, VERW, LLDT, LTR,
 * SLDT, STR.
 *
 * Source: SDM 2, the instructions, "Operation" for 64-bit mode; SDM 3A, "Pointer Validation",
 * "Masking Exceptions and Interrupts When Switching Stacks".
 *
 * @module
 */

import type { SegmentState } from "../hw/cpu_state.ts";
import { VECTOR_GP } from "../hw/exception.ts";
import {
  ATTR_CODE,
  ATTR_CONFORMING,
  ATTR_S,
  ATTR_WRITABLE,
  dplOf,
} from "../hw/segment_unit.ts";
import { readFar } from "./far.ts";
import type { Binder } from "./opcode_row.ts";
import type { Handler, Operation, Processor } from "./processor.ts";
import { requireRing0, shadowStack } from "./system.ts";
import { invalidOpcode } from "./unmodelled.ts";

const ES = 0;
const CS = 1;
const SS = 2;
const DS = 3;
const FS = 4;

function segmentOf(x: Processor, number: number): SegmentState {
  const { cpu } = x;
  switch (number) {
    case ES:
      return cpu.es;
    case CS:
      return cpu.cs;
    case SS:
      return cpu.ss;
    case DS:
      return cpu.ds;
    case FS:
      return cpu.fs;
  }
  return cpu.gs;
}

/** MOV rm, Sreg: memory takes 16 bits. */
export const readSegment: Handler = (x, o) => {
  const { selector } = segmentOf(x, o.number & 7);
  if (o.memory) x.store(2, x.effectiveAddress(o), selector, 0);
  else x.writeRegister(o.width, o.rm, selector, 0);
  return o.end;
};

/** MOV Sreg, rm. One to SS shadows the next instruction, which loads RSP; LSS loads both and need not. */
export const writeSegment: Handler = (x, o) => {
  const selector = x.readRm(o, 2) & 0xffff;
  const number = o.number & 7;
  loadSegment(x, number, selector);
  if (number === SS) shadowStack(x);
  return o.end;
};

function loadSegment(x: Processor, number: number, selector: number): void {
  const { segments } = x.core;
  if (number === SS) segments.loadStack(selector);
  else segments.loadData(segmentOf(x, number), selector);
}

/** PUSH FS, PUSH GS: `kind` is the segment's number. */
export const pushSegment: Handler = (x, o) => {
  x.push(o.width, segmentOf(x, o.kind).selector, 0);
  return o.end;
};

/** POP FS, POP GS. */
export const popSegment: Handler = (x, o) => {
  const selector = x.peekStack(o.width) & 0xffff;
  loadSegment(x, o.kind, selector);
  x.moveStack(o.width);
  return o.end;
};

/** LSS, LFS, LGS: `kind` is the segment's number. */
export const loadFarPointer: Handler = (x, o) => {
  const { low, high, selector } = readFar(x, o);
  loadSegment(x, o.kind, selector);
  x.writeReg(o, low, high);
  return o.end;
};

// Looking at descriptors

/** Fetches a descriptor without raising anything. @returns whether it can be looked at */
function tryFetch(x: Processor, selector: number): boolean {
  const { segments } = x.core;
  if ((selector & ~3) === 0 || !segments.isInTable(selector)) return false;
  segments.fetch(selector, VECTOR_GP, 0);
  const a = segments.attributes;
  const conforming = ATTR_S | ATTR_CODE | ATTR_CONFORMING;
  return (a & conforming) === conforming ||
    dplOf(a) >= Math.max(x.cpu.cpl, selector & 3);
}

/** Types of system descriptors that LAR and LSL accept in long mode: LDT, TSS; LAR call gates, too. */
const LSL_TYPES = 1 << 2 | 1 << 9 | 1 << 11;
const LAR_TYPES: number = LSL_TYPES | 1 << 12;

function lookAt(x: Processor, selector: number, types: number): boolean {
  if (!tryFetch(x, selector)) return false;
  const a = x.core.segments.attributes;
  return (a & ATTR_S) !== 0 || (types >>> (a & 15) & 1) !== 0;
}

/** LAR. */
export const lar: Handler = (x, o) => {
  const selector = x.readRm(o, 2) & 0xffff;
  const ok = lookAt(x, selector, LAR_TYPES);
  x.setZero(ok);
  if (ok) x.writeReg(o, x.core.segments.high & 0x00f0_ff00, 0);
  return o.end;
};

/** LSL. */
export const lsl: Handler = (x, o) => {
  const selector = x.readRm(o, 2) & 0xffff;
  const ok = lookAt(x, selector, LSL_TYPES);
  x.setZero(ok);
  if (ok) x.writeReg(o, x.core.segments.fetchedLimit, 0);
  return o.end;
};

/** VERR. */
export const verr: Handler = (x, o) => {
  const selector = x.readRm(o, 2) & 0xffff;
  const ok = tryFetch(x, selector);
  const a = x.core.segments.attributes;
  x.setZero(
    ok && (a & ATTR_S) !== 0 &&
      (!(a & ATTR_CODE) || (a & ATTR_WRITABLE) !== 0),
  );
  return o.end;
};

/** VERW. */
export const verw: Handler = (x, o) => {
  const selector = x.readRm(o, 2) & 0xffff;
  const ok = tryFetch(x, selector);
  const a = x.core.segments.attributes;
  x.setZero(
    ok && (a & ATTR_S) !== 0 && !(a & ATTR_CODE) && (a & ATTR_WRITABLE) !== 0,
  );
  return o.end;
};

// LDTR and TR

/** LLDT. */
export const lldt: Handler = (x, o) => {
  requireRing0(x);
  x.core.segments.loadLocalTable(x.readRm(o, 2) & 0xffff);
  return o.end;
};

/** LTR. */
export const ltr: Handler = (x, o) => {
  requireRing0(x);
  x.core.segments.loadTask(x.readRm(o, 2) & 0xffff);
  return o.end;
};

function storeSelector(x: Processor, o: Operation, selector: number): number {
  if (o.memory) x.store(2, x.effectiveAddress(o), selector, 0);
  else x.writeRegister(o.width, o.rm, selector, 0);
  return o.end;
}

/** SLDT. */
export const sldt: Handler = (x, o) => storeSelector(x, o, x.cpu.ldtr.selector);

/** STR. */
export const str: Handler = (x, o) => storeSelector(x, o, x.cpu.tr.selector);

/** MOV to a segment register: CS and the numbers behind GS are invalid. */
export const segmentMove: Binder = (o, row) => {
  const number = o.number & 7;
  const writes = row.operands[0] === "Sw";
  if (number > 5 || (writes && number === CS)) return invalidOpcode;
  return writes ? writeSegment : readSegment;
};
