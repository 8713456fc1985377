/**
 * The CPU as the instruction handlers see it: registers and flags, memory, and what is kept in another form while
 * instructions run: RIP as a page and an offset, time as what is left of a budget. `enter` and `leave` translate from and
 * to the architectural form.
 *
 * Source: SDM 1, "Instruction Pointer", "Specifying an Offset"; SDM 3A, "Canonical Addressing".
 *
 * @module
 */

import type { VirtAddr } from "../hw/addr.ts";
import type { Core } from "../hw/core.ts";
import type { Fault } from "../hw/fault.ts";
import { RSP } from "../hw/general_registers.ts";
import type { Mmu } from "../hw/mmu.ts";
import {
  MODE_BASE,
  MODE_INDEX,
  MODE_RIP,
  MODE_RIP_GENERAL,
  Operands,
  SEGMENT_FS,
  SEGMENT_NONE,
} from "./operands.ts";
import { RegisterFile } from "./register_file.ts";

const TWO_32 = 0x1_0000_0000;
const TWO_47 = 0x8000_0000_0000;
const TWO_52 = 0x10_0000_0000_0000;
const RSP_LOW = 2 * RSP;
const RSP_HIGH = RSP_LOW + 1;

/** An instruction is at most this many bytes long, so one that begins in a page may end this far behind it. */
export const INSTRUCTION_BYTES_MAX = 15;

/** Offsets in a code page at which an instruction may begin or end. */
export const PAGE_SLOTS: number = 4096 + INSTRUCTION_BYTES_MAX;

/**
 * Executes one instruction. While it runs, `processor.offset` is still the instruction's own place, so that a fault
 * thrown anywhere leaves RIP at its first byte.
 *
 * @returns where execution goes on, as an offset from the start of the code page
 */
export type Handler = (x: Processor, o: Operation) => number;

/** One decoded instruction. */
export class Operation extends Operands {
  /** What executes it. */
  execute: Handler;

  /**
   * An operation without operands.
   *
   * @param execute what executes it
   */
  constructor(execute: Handler) {
    super();
    this.execute = execute;
  }
}

/** Where nothing is decoded yet. */
export const MISS: Operation = new Operation((x) => x.fetch());

/** The code page before anything was fetched: never written to. */
export const NOWHERE: Operation[] = new Array<Operation>(PAGE_SLOTS).fill(MISS);

/** Where instructions come from. */
export interface InstructionSource {
  /**
   * Finds what was decoded in a page, without any effect.
   *
   * @param page linear address
   * @returns by offset, or {@linkcode NOWHERE}
   */
  lookUp(page: number): Operation[];
  /**
   * Fetches, decodes and executes the instruction at RIP.
   *
   * @returns as a handler does
   */
  fetch(x: Processor): number;
}

/** One CPU, executing. */
export class Processor extends RegisterFile {
  /** The machine's core. */
  readonly core: Core;
  /** Memory by linear address. */
  readonly mmu: Mmu;
  /** Thrown for faults. */
  readonly fault: Fault;
  /** Linear address of the code page. */
  page = 0;
  /** The instruction's place in it. */
  offset = 0;
  /** What was decoded in this page, by offset. */
  operations: Operation[] = NOWHERE;

  /** Instructions that may still begin. */
  left = 0;
  /** The clk at which nothing is left. */
  endClk = 0;

  /** A single step's #DB follows the instruction. */
  trap = false;
  /** Address of the operand that `openRm` opened. */
  address = 0;

  readonly #source: InstructionSource;

  /**
   * A CPU over a core's state.
   *
   * @param core the machine's
   * @param source where instructions come from
   */
  constructor(core: Core, source: InstructionSource) {
    super(core.cpu);
    this.core = core;
    this.mmu = core.mmu;
    this.fault = core.fault;
    this.#source = source;
  }

  // Time.

  /** Begins with a budget: the first instruction executes at the current clk, each later one 1 clk after. */
  enter(instructions: number): void {
    this.left = instructions;
    this.endClk = this.core.clock.state.clk + instructions - 1;
    this.unpackFlags();
    this.offset = this.jump(this.cpu.rip);
  }

  /** Writes everything back to its architectural place. */
  leave(): void {
    this.syncClock();
    this.packFlags();
    this.cpu.rip = this.page + this.offset;
  }

  /** Goes on from the architectural state, which has changed, at the next boundary. @returns as a handler does */
  resume(): number {
    this.unpackFlags();
    this.cut();
    return this.jump(this.cpu.rip);
  }

  /** Makes the clock right for whoever looks at it during an instruction. */
  syncClock(): void {
    this.core.clock.state.clk = this.endClk - this.left;
  }

  /** Lets no further instruction begin: something has changed that the boundary has to look at. */
  cut(): void {
    this.endClk -= this.left;
    this.left = 0;
  }

  // Instruction fetch.

  /**
   * Goes to an address, which is canonical.
   *
   * @returns its offset in the page that is the code page from then on
   */
  jump(rip: number): number {
    const offset = (rip | 0) & 0xfff;
    const page = rip - offset;
    if (page !== this.page || this.operations === NOWHERE) {
      this.page = page;
      this.operations = this.#source.lookUp(page);
    }
    return offset;
  }

  /** Goes to a target of a relative branch. @param target from the start of the code page */
  branch(target: number): number {
    if (target >>> 12 === 0) return target;
    const rip = this.page + target;
    if (rip >= TWO_47 || rip < -TWO_47) this.fault.protection(0);
    return this.jump(rip);
  }

  /** Goes to an address in two words, as popped or read from a register. Faults before anything has changed. */
  jumpTo(low: number, high: number): number {
    return this.jump(this.codeAddress(low, high));
  }

  /** Two words as a code address. @throws #GP(0) if it is not canonical */
  codeAddress(low: number, high: number): number {
    const rip = high * TWO_32 + (low >>> 0);
    if (rip >= TWO_47 || rip < -TWO_47) this.fault.protection(0);
    return rip;
  }

  /** Executes the instruction at RIP, which is not decoded yet. */
  fetch(): number {
    return this.#source.fetch(this);
  }

  // Addresses.

  /** Linear address of the memory operand, canonical. */
  effectiveAddress(o: Operands): number {
    const { regs } = this;
    const { mode } = o;
    let address: number;
    if (mode === MODE_BASE) {
      const base = o.base;
      address = regs[base + 1]! * TWO_32 + (regs[base]! >>> 0) +
        o.displacement;
    } else if (mode === MODE_INDEX) {
      const { base, index } = o;
      const start = regs[base + 1]! * TWO_32 + (regs[base]! >>> 0);
      // A sum that is canonical is exact if one of its parts is not too great to be.
      if (start >= TWO_52 || start < -TWO_52) return this.#exactAddress(o);
      address = start +
        (regs[index + 1]! * TWO_32 + (regs[index]! >>> 0)) * o.scale +
        o.displacement;
    } else if (mode === MODE_RIP) {
      address = this.page + o.displacement;
    } else return this.#exactAddress(o);
    if (address >= -TWO_47 && address < TWO_47) return address;
    return this.#exactAddress(o);
  }

  /** What RSI or RDI points to. @param register index of its low word */
  stringAddress(register: number, segment: number, address32: boolean): number {
    const { regs, cpu } = this;
    const low = regs[register]!;
    const high = address32 ? 0 : regs[register + 1]!;
    let address = high * TWO_32 + (low >>> 0);
    if (segment !== SEGMENT_NONE) {
      const { base } = segment === SEGMENT_FS ? cpu.fs : cpu.gs;
      address = addModulo(base, low, high);
    }
    if (address >= TWO_47 || address < -TWO_47) this.fault.protection(0);
    return address;
  }

  /** Linear address of the memory operand plus a distance of 64 bits. */
  displacedAddress(o: Operands, low: number, high: number): number {
    return this.#exactAddress(o, low, high);
  }

  /** The sum modulo 2^64 without the segment's base: what LEA gives. @returns the low word; the high one in `high` */
  offsetAddress(o: Operands): number {
    const { regs } = this;
    let low = 0;
    let high = 0;
    if (o.mode === MODE_RIP || o.mode === MODE_RIP_GENERAL) {
      low = this.page | 0;
      high = (this.page - (low >>> 0)) / TWO_32;
    } else if (o.base >= 0) {
      low = regs[o.base]!;
      high = regs[o.base + 1]!;
    }
    if (o.index >= 0) {
      const shift = 31 - Math.clz32(o.scale);
      const indexLow = regs[o.index]! << shift;
      const indexHigh = (regs[o.index + 1]! << shift) |
        (shift ? regs[o.index]! >>> (32 - shift) : 0);
      const sum = (low + indexLow) | 0;
      high += indexHigh + carryOf(low, indexLow, sum);
      low = sum;
    }
    const d = o.displacement | 0;
    const dHigh = Math.floor(o.displacement / TWO_32);
    const sum = (low + d) | 0;
    high = (high + dHigh + carryOf(low, d, sum)) | 0;
    this.high = o.address32 ? 0 : high;
    return sum;
  }

  #exactAddress(o: Operands, distanceLow = 0, distanceHigh = 0): number {
    let low = this.offsetAddress(o);
    if (distanceLow !== 0 || distanceHigh !== 0) {
      const before = low;
      low = (before + distanceLow) | 0;
      const carry = carryOf(before, distanceLow, low);
      this.high = o.address32 ? 0 : (this.high + distanceHigh + carry) | 0;
    }
    let address = this.high * TWO_32 + (low >>> 0);
    if (o.segment !== SEGMENT_NONE) {
      const { base } = o.segment === SEGMENT_FS ? this.cpu.fs : this.cpu.gs;
      address = addModulo(base, low, this.high);
    }
    if (address >= TWO_47 || address < -TWO_47) {
      if (o.stack) this.fault.stack(0);
      this.fault.protection(0);
    }
    return address;
  }

  // Operands of any width. Values of 8 and 16 bits are unsigned, of 32 bits signed; of 64 bits the low word is signed
  // and the high one is left in `high`.

  /** Loads from memory. */
  load(width: number, address: number): number {
    const { mmu } = this;
    const at = address as VirtAddr;
    if (width === 4) return mmu.load32(at) | 0;
    if (width === 1) return mmu.load8(at);
    if (width === 2) return mmu.load16(at);
    const low = mmu.load64(at) | 0;
    this.high = mmu.high | 0;
    return low;
  }

  /** Stores to memory. */
  store(width: number, address: number, low: number, high: number): void {
    const { mmu } = this;
    const at = address as VirtAddr;
    if (width === 4) mmu.store32(at, low);
    else if (width === 1) mmu.store8(at, low);
    else if (width === 2) mmu.store16(at, low);
    else mmu.store64(at, low, high);
  }

  /** Reads the operand that ModRM.rm names. */
  readRm(o: Operands, width: number = o.width): number {
    return o.memory
      ? this.load(width, this.effectiveAddress(o))
      : this.readRegister(width, o.rm);
  }

  /** Writes it without having read it. */
  writeRm(o: Operands, low: number, high: number): void {
    if (o.memory) this.store(o.width, this.effectiveAddress(o), low, high);
    else this.writeRegister(o.width, o.rm, low, high);
  }

  /** Reads it to write it back: after this nothing can fault any more. */
  openRm(o: Operands): number {
    const { width } = o;
    if (!o.memory) return this.readRegister(width, o.rm);
    const address = this.effectiveAddress(o);
    this.address = address;
    this.checkStore(address, width);
    return this.load(width, address);
  }

  /** Writes back what {@linkcode openRm} opened. */
  closeRm(o: Operands, low: number, high: number): void {
    if (o.memory) this.store(o.width, this.address, low, high);
    else this.writeRegister(o.width, o.rm, low, high);
  }

  /** Reads the register that ModRM.reg names. */
  readReg(o: Operands): number {
    return this.readRegister(o.width, o.reg);
  }

  /** Writes it. */
  writeReg(o: Operands, low: number, high: number): void {
    this.writeRegister(o.width, o.reg, low, high);
  }

  /** Faults if a store would. */
  checkStore(address: number, bytes: number): void {
    const { mmu } = this;
    const low = address | 0;
    const offset = low & 0xfff;
    if (
      mmu.writeTag[(low >>> 12) & 1023] === address - offset &&
      offset + bytes <= 4096
    ) return;
    mmu.checkStore(address as VirtAddr, bytes, mmu.userBit);
  }

  // The stack.

  /** RSP plus a distance. @throws #SS(0) if any of the bytes there has an address that is not canonical */
  stackAddress(distance: number, bytes = 8): number {
    const { regs } = this;
    const address = regs[RSP_HIGH]! * TWO_32 + (regs[RSP_LOW]! >>> 0) +
      distance;
    if (address > TWO_47 - bytes || address < -TWO_47) this.fault.stack(0);
    return address;
  }

  /** Moves RSP. */
  moveStack(distance: number): void {
    const { regs } = this;
    const old = regs[RSP_LOW]!;
    const low = (old + distance) | 0;
    regs[RSP_LOW] = low;
    if (distance < 0) {
      if ((low >>> 0) > (old >>> 0)) regs[RSP_HIGH]! -= 1;
    } else if ((low >>> 0) < (old >>> 0)) regs[RSP_HIGH]! += 1;
  }

  /** Pushes 8 bytes. */
  push64(low: number, high: number): void {
    this.mmu.store64(this.stackAddress(-8) as VirtAddr, low, high);
    this.moveStack(-8);
  }

  /** Pushes an address. */
  pushAddress(address: number): void {
    const low = address | 0;
    this.push64(low, (address - (low >>> 0)) / TWO_32);
  }

  /** Pushes 2 or 8 bytes. */
  push(width: number, low: number, high: number): void {
    if (width === 8) return this.push64(low, high);
    this.store(width, this.stackAddress(-width, width), low, high);
    this.moveStack(-width);
  }

  /** What a pop of 2 or 8 bytes would give; RSP stays. */
  peekStack(width: number, distance = 0): number {
    return this.load(width, this.stackAddress(distance, width));
  }
}

/** The carry out of bit 31 of a + b = sum. */
function carryOf(a: number, b: number, sum: number): number {
  return ((a & b) | ((a | b) & ~sum)) >>> 31;
}

/** A base plus a 64-bit offset, modulo 2^64, as a signed number; exact if it is canonical. */
function addModulo(base: number, low: number, high: number): number {
  const baseLow = base | 0;
  const baseHigh = (base - (baseLow >>> 0)) / TWO_32;
  const sum = (baseLow + low) | 0;
  const sumHigh = (baseHigh + high + carryOf(baseLow, low, sum)) | 0;
  return sumHigh * TWO_32 + (sum >>> 0);
}
