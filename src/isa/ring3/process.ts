/**
 * A program that runs in ring 3: its registers while it does not run, and its address space.
 *
 * @module
 */

import type { VirtAddr } from "../../hw/addr.ts";
import { R11, RCX, RSP } from "../../hw/general_registers.ts";
import type { Instructions } from "../../hw/instructions.ts";
import {
  FRAME_CS,
  FRAME_RFLAGS,
  FRAME_RIP,
  FRAME_RSP,
  FRAME_SS,
} from "../../hw/stack_frame.ts";

const REGISTERS = 16;
const TWO_32 = 0x1_0000_0000;

/**
 * `ready`: runs when its turn comes; `waiting`: does not, until the kernel makes it ready; `kept`: a copy to go back to;
 * `ended`: it has no memory any more.
 */
export type ProcessStatus = "ready" | "waiting" | "kept" | "ended";

/** A program, as plain data. */
export interface ProcessState {
  /** Its number, counted from 1. */
  readonly pid: number;
  /** Whether it runs. */
  status: ProcessStatus;
  /** Why it ended, for a person; empty if it did not. */
  why: string;
  /** Physical address of its level 4 table. */
  cr3: number;
  /** General registers: register n's low word at 2n, its high word at 2n + 1. */
  readonly registers: Int32Array;
  /** RIP, low and high word. */
  readonly rip: Int32Array;
  /** RFLAGS. */
  rflags: number;
}

/** State of a program that has not run yet. */
export function processState(pid: number, cr3: number): ProcessState {
  return {
    pid,
    status: "ready",
    why: "",
    cr3,
    registers: new Int32Array(2 * REGISTERS),
    rip: new Int32Array(2),
    rflags: 0x202, // IF, and the bit that is always set.
  };
}

/**
 * Reads a register that holds an address or a small number.
 *
 * @returns it, as a signed number, exact below 2^53
 */
export function processRegister(state: ProcessState, register: number): number {
  const { registers } = state;
  return registers[2 * register + 1]! * TWO_32 +
    (registers[2 * register]! >>> 0);
}

/**
 * Writes a register.
 *
 * @param value a signed number below 2^53
 */
export function setProcessRegister(
  state: ProcessState,
  register: number,
  value: number,
): void {
  state.registers[2 * register] = value | 0;
  state.registers[2 * register + 1] = Math.floor(value / TWO_32);
}

/** Where execution goes on. */
export function setProcessRip(state: ProcessState, address: number): void {
  state.rip[0] = address | 0;
  state.rip[1] = Math.floor(address / TWO_32);
}

/**
 * Takes over what an interrupt left: registers, and the frame on the stack.
 *
 * @param cpu the CPU in the handler
 * @param state receives it
 * @param frame address of the frame
 */
export function saveProcess(
  cpu: Instructions,
  state: ProcessState,
  frame: number,
): void {
  const { registers, rip } = state;
  for (let register = 0; register < REGISTERS; register++) {
    if (register === RSP) continue;
    registers[2 * register] = cpu.readRegister(register);
    registers[2 * register + 1] = cpu.high;
  }
  const at = (offset: number) => (frame + offset) as VirtAddr;
  rip[0] = cpu.load64(at(FRAME_RIP));
  rip[1] = cpu.high;
  state.rflags = cpu.load64(at(FRAME_RFLAGS));
  registers[2 * RSP] = cpu.load64(at(FRAME_RSP));
  registers[2 * RSP + 1] = cpu.high;
}

/**
 * Takes over what SYSCALL left: registers, with RIP in RCX and RFLAGS in R11, and the program's own stack.
 *
 * @param cpu the CPU in the handler
 * @param state receives it
 */
export function saveCaller(cpu: Instructions, state: ProcessState): void {
  const { registers, rip } = state;
  for (let register = 0; register < REGISTERS; register++) {
    registers[2 * register] = cpu.readRegister(register);
    registers[2 * register + 1] = cpu.high;
  }
  rip[0] = registers[2 * RCX]!;
  rip[1] = registers[2 * RCX + 1]!;
  state.rflags = registers[2 * R11]! >>> 0;
}

/**
 * Puts registers and a frame in place, so that IRETQ goes on in ring 3.
 *
 * @param cpu the CPU; its stack pointer is on the frame then
 * @param state what goes on
 * @param frame address for the frame
 * @param code selector of CS
 * @param data selector of SS
 */
export function restoreProcess(
  cpu: Instructions,
  state: ProcessState,
  frame: number,
  code: number,
  data: number,
): void {
  const { registers, rip } = state;
  for (let register = 0; register < REGISTERS; register++) {
    if (register === RSP) continue;
    cpu.writeRegister(
      register,
      registers[2 * register]! >>> 0,
      registers[2 * register + 1]! >>> 0,
    );
  }
  const put = (offset: number, low: number, high: number) =>
    cpu.store64((frame + offset) as VirtAddr, low >>> 0, high >>> 0);
  put(FRAME_RIP, rip[0]!, rip[1]!);
  put(FRAME_CS, code, 0);
  put(FRAME_RFLAGS, state.rflags, 0);
  put(FRAME_RSP, registers[2 * RSP]!, registers[2 * RSP + 1]!);
  put(FRAME_SS, data, 0);
  cpu.writeRsp(frame as VirtAddr);
}
