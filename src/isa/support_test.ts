/**
 * Benches for the engine's tests: a core with a few pages mapped by hand, and machine code to put there.
 *
 * @module
 */

import { NO_EVENTS } from "../base/events.ts";
import type { Core } from "../hw/core.ts";
import type { InstructionEngine } from "../hw/executor.ts";
import { fullConfig } from "../hw/hardware_config.ts";
import { InputLog } from "../hw/input_log.ts";
import { MachineBoard } from "../hw/machine_board.ts";
import { writeEntry } from "../../tests/support/page_tables.ts";
import { isaEngine } from "./engine.ts";

/** Bytes from hex digits; spaces don't matter. */
export function bytesOf(hex: string): number[] {
  return (hex.match(/[0-9a-f]{2}/g) ?? []).map((byte) => parseInt(byte, 16));
}

/** Linear address of the first page that is mapped. */
export const CODE = 0x40_0000;
/** Its frame; the following pages follow. */
export const FRAME = 0x20_0000;
/** Table of the pages from `CODE` on. */
export const LEAVES = 0x4000;
/** Present, writable, user. */
const ALL = 7n;

/** A core, its engine, and memory. */
export class CodeBench {
  /** The chips. */
  readonly board: MachineBoard = new MachineBoard(
    fullConfig({ ramBytes: 16 * 2 ** 20 }),
    new InputLog(),
    NO_EVENTS,
  );
  /** The CPU. */
  readonly core: Core = this.board.core;
  /** Executes. */
  readonly engine: InstructionEngine = isaEngine(this.core);

  /**
   * Maps pages from `CODE` on, and puts code there.
   *
   * @param code hex digits
   * @param offset from `CODE`, where RIP is, too
   * @param pages that are mapped
   */
  constructor(code: string, offset = 0, pages = 4) {
    const { phys } = this.board;
    const { cpu } = this.core;
    writeEntry(phys, 0x1000, 0, 0x2000n | ALL);
    writeEntry(phys, 0x2000, 0, 0x3000n | ALL);
    writeEntry(phys, 0x3000, 2, BigInt(LEAVES) | ALL);
    for (let i = 0; i < pages; i++) this.map(i, FRAME + 0x1000 * i);
    cpu.cr3 = 0x1000;
    cpu.rip = CODE + offset;
    this.write(offset, code);
    this.set(4, CODE + 0x3000);
  }

  /** Maps page i to a frame; 0 unmaps it. The TLB is left alone. */
  map(i: number, frame: number): void {
    const entry = frame === 0 ? 0n : BigInt(frame) | ALL;
    writeEntry(this.board.phys, LEAVES, i, entry);
  }

  /** Writes bytes behind the CPU's back, by their offset from the first frame. */
  write(offset: number, hex: string): void {
    bytesOf(hex).forEach((byte, i) =>
      this.board.phys.write(FRAME + offset + i, byte, 1)
    );
  }

  /** Sets a general register. */
  set(register: number, value: number): void {
    const { registers } = this.core.cpu;
    registers[2 * register] = value;
    registers[2 * register + 1] = Math.floor(value / 0x1_0000_0000);
  }

  /** Low word of a general register, unsigned. */
  get(register: number): number {
    return this.core.cpu.registers[2 * register]! >>> 0;
  }

  /** Executes some instructions in one run. */
  run(instructions: number): void {
    this.core.clock.setLimit(this.core.clock.clk + instructions + 1);
    this.engine.run(instructions);
  }

  /**
   * Executes one instruction.
   *
   * @returns the vector of the fault that it raises, or −1
   */
  fault(): number {
    try {
      this.engine.run(1);
    } catch (thrown) {
      if (thrown !== this.core.fault) throw thrown;
      return this.core.fault.vector;
    }
    return -1;
  }
}
