/**
 * IN and OUT.
 *
 * Source: SDM 2, IN, OUT; SDM 1, "Protected-Mode I/O": where CPL is greater than IOPL, the I/O permission bit map of the
 * TSS decides.
 *
 * @module
 */

import type { VirtAddr } from "../hw/addr.ts";
import { RDX } from "../hw/general_registers.ts";
import type { PortWidth } from "../hw/io_bus.ts";
import { RFLAGS_IOPL, RFLAGS_IOPL_SHIFT } from "../hw/registers.ts";
import type { Binder } from "./opcode_row.ts";
import type { Handler, Operation, Processor } from "./processor.ts";

const TSS_IO_MAP_BASE = 102;

/** @throws #GP(0) if the current privilege level may not use the ports */
export function checkPort(x: Processor, port: number, bytes: number): void {
  const { cpl, rflags, tr } = x.cpu;
  if (cpl <= (rflags & RFLAGS_IOPL) >>> RFLAGS_IOPL_SHIFT) return;
  if (TSS_IO_MAP_BASE + 1 > tr.limit) x.fault.protection(0);
  const base = x.mmu.loadAs((tr.base + TSS_IO_MAP_BASE) as VirtAddr, 2, 0);
  const at = base + (port >>> 3);
  // Two bytes are read, so that an access may cross from one to the next.
  if (at + 1 > tr.limit) x.fault.protection(0);
  const map = x.mmu.loadAs((tr.base + at) as VirtAddr, 2, 0);
  if ((map >>> (port & 7)) & ((1 << bytes) - 1)) x.fault.protection(0);
}

function read(x: Processor, o: Operation, port: number): number {
  const { width } = o;
  checkPort(x, port, width);
  x.syncClock();
  const value = x.core.io.read(port, width as PortWidth);
  x.writeRegister(width, 0, value, 0);
  x.cut();
  return o.end;
}

function write(x: Processor, o: Operation, port: number): number {
  const width = o.sourceWidth;
  checkPort(x, port, width);
  x.syncClock();
  const value = x.readRegister(width, 0);
  x.core.io.write(port, value, width as PortWidth);
  x.cut();
  return o.end;
}

/** Ports are 1, 2 or 4 bytes wide: REX.W means nothing. */
const portWidth = (o: Operation): void => {
  if (o.width === 8) o.width = 4;
  if (o.sourceWidth === 8) o.sourceWidth = 4;
};

const inImmediate: Handler = (x, o) => read(x, o, o.immediate & 0xff);
const inDx: Handler = (x, o) => read(x, o, x.halves[4 * RDX]!);
const outImmediate: Handler = (x, o) => write(x, o, o.immediate & 0xff);
const outDx: Handler = (x, o) => write(x, o, x.halves[4 * RDX]!);

/** IN. */
export const portIn: Binder = (o, row) => {
  portWidth(o);
  return row.operands[1] === "DX" ? inDx : inImmediate;
};

/** OUT. */
export const portOut: Binder = (o, row) => {
  portWidth(o);
  return row.operands[0] === "DX" ? outDx : outImmediate;
};

/** INS and OUTS: the same rule. */
export const stringPort = (handler: Handler): Binder => (o) => {
  portWidth(o);
  return handler;
};
