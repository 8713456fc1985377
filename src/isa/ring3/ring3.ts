/**
 * Programs of machine code in ring 3 under a kernel in TypeScript: what such a kernel needs besides its own ideas. The
 * kernel gets their system calls (INT 80h and SYSCALL), their faults, the timer and the keyboard as calls of TypeScript, and may end, copy
 * and rewind them in any of these.
 *
 * A program runs until something interrupts it; then all of its registers are data, and no JavaScript is live while it
 * runs. So the machine can be saved and forked at every instruction of it.
 *
 * | vector | entry |
 * |---|---|
 * | 0, 1, 3–7, 10–14, 16, 17, 19 | the program's faults |
 * | 2, 0x27 | nothing: NMI, and requests that went away |
 * | 0x20, 0x21 | timer and keyboard |
 * | 0x80, SYSCALL | system call |
 *
 * *Not modelled*: floating-point state and the selectors of DS, ES, FS and GS, which programs leave to one another; more
 * than one stack for interrupts (handlers run with interrupts off), but for the one of NMIs.
 *
 * @module
 */

import { type VirtAddr, virtAddr } from "../../hw/addr.ts";
import type { BootInfo } from "../../hw/boot_info.ts";
import {
  pushesErrorCode,
  VECTOR_AC,
  VECTOR_BP,
  VECTOR_BR,
  VECTOR_DB,
  VECTOR_DE,
  VECTOR_GP,
  VECTOR_MF,
  VECTOR_NM,
  VECTOR_NMI,
  VECTOR_NP,
  VECTOR_OF,
  VECTOR_PF,
  VECTOR_SS,
  VECTOR_TS,
  VECTOR_UD,
  VECTOR_XM,
} from "../../hw/exception.ts";
import { RDI, RSI, RSP } from "../../hw/general_registers.ts";
import { formatHex } from "../../hw/format_hex.ts";
import { HOST_RESUME } from "../../hw/host_range.ts";
import type { HostEntry } from "../../hw/hosted.ts";
import type { Instructions } from "../../hw/instructions.ts";
import {
  FRAME_CS,
  FRAME_RFLAGS,
  FRAME_RIP,
  FRAME_RSP,
  FRAME_SS,
  STACK_FRAME_BYTES,
} from "../../hw/stack_frame.ts";
import { type Elf64, isLoaded, PF_W, PF_X } from "../loaders/elf64.ts";
import { AddressSpace } from "./address_space.ts";
import {
  enableSyscall,
  KERNEL_CODE,
  loadTables,
  type Ring3Gate,
  startTimer,
  USER_CODE,
  USER_DATA,
} from "./descriptor_tables.ts";
import { Frames, type FramesState } from "./frames.ts";
import {
  type ProcessState,
  processState,
  restoreProcess,
  saveCaller,
  saveProcess,
  setProcessRegister,
  setProcessRip,
} from "./process.ts";

/** Programs at most, those that have ended included. */
export const PROCESSES_MAX = 256;
/** The end of a program's stack. */
export const USER_STACK_END: VirtAddr = virtAddr(0x5500_7fff_f000);
/** 8254 ticks between two interrupts of the timer, if nothing else was chosen: about a millisecond. */
export const TIMER_TICKS_DEFAULT = 1193;

const PAGE = 4096;
const STACK_PAGES = 4;
const VECTOR_TIMER = 0x20;
const VECTOR_KEYBOARD = 0x21;
/** Of IRQ 7, for a request that went away. */
const VECTOR_SPURIOUS = 0x27;
const VECTOR_SYSCALL = 0x80;
const END_OF_INTERRUPT = 0x20;
const RING = 3;
/** RFLAGS of the kernel's loop: interrupts on. */
const LOOP_RFLAGS = 0x202;

/** What is kept, as plain data. */
export interface Ring3State {
  /** Memory. */
  readonly frames: FramesState;
  /** All programs, by number less one. */
  readonly processes: ProcessState[];
  /** Number of the program that runs or ran last, or 0. */
  current: number;
  /** Physical address of the kernel's level 4 table. */
  kernelCr3: number;
  /** Where interrupts from ring 3 leave their frame. */
  frame: number;
  /** Stack pointer of the kernel's loop. */
  loopRsp: number;
}

/** A fault of a program. */
export interface ProgramFault {
  /** Which exception. */
  readonly vector: number;
  /** Its error code, 0 where there is none. */
  readonly errorCode: number;
  /** The address that a page fault was about, else 0. */
  readonly address: number;
}

/** What the kernel does. Each is called with interrupts off, the program's registers in its state. */
export interface Ring3Handlers {
  /** INT 80h or SYSCALL: by convention number in RAX, arguments in RDI, RSI, RDX, the answer in RAX. */
  syscall(running: ProcessState): void;
  /** A fault. Returns whether the program may try again; else it ends. Default: it ends. */
  fault?(running: ProcessState, fault: ProgramFault): boolean;
  /** The timer has ticked; another program's turn comes afterwards, whatever this does. */
  tick?(): void;
  /** The keyboard has a byte. */
  key?(byte: number): void;
}

/** Fresh state. */
export function ring3State(): Ring3State {
  return {
    frames: { offset: 0, fresh: [], free: [] },
    processes: [],
    current: 0,
    kernelCr3: 0,
    frame: 0,
    loopRsp: 0,
  };
}

/**
 * Ring 3 of one kernel.
 *
 * @example
 * ```ts
 * import { isaEngine, parseElf64, Ring3, ring3State } from "@lockstep/kernel/isa";
 * import { Machine, type Program } from "@lockstep/kernel/hw";
 * import { assertEquals } from "@std/assert";
 *
 * // A program by hand: mov eax, 7; int 0x80; jmp to itself.
 * const file = new Uint8Array(0x1009);
 * file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
 * const view = new DataView(file.buffer);
 * for (const [at, value] of [[16, 2], [18, 62], [20, 1], [54, 56], [56, 1]]) {
 *   view.setUint16(at!, value!, true);
 * }
 * for (const [at, value] of [[29, 0x55], [32, 64], [64, 1], [68, 5], [73, 0x10], [85, 0x55], [96, 9], [104, 9]]) {
 *   view.setUint8(at!, value!);
 * }
 * file.set([0xb8, 7, 0, 0, 0, 0xcd, 0x80, 0xeb, 0xfe], 0x1000);
 *
 * const program: Program = (cpu, saved) => {
 *   const state = saved as { ring3: ReturnType<typeof ring3State> } ?? { ring3: ring3State() };
 *   const ring3 = new Ring3(cpu, state.ring3, {
 *     syscall: (process) => cpu.out32(0xf4, process.registers[0]!),
 *   });
 *   return {
 *     state,
 *     entries: ring3.entries,
 *     boot(info) {
 *       ring3.boot(info);
 *       ring3.spawn(parseElf64(file));
 *     },
 *     loop: () => ring3.loop(),
 *   };
 * };
 * const machine = new Machine({ program, engine: isaEngine });
 * assertEquals(machine.run(), { reason: "exit", value: 7, status: 15 });
 * ```
 */
export class Ring3 {
  /** All that it keeps. */
  readonly state: Ring3State;
  /** To be among the kernel's entries. */
  readonly entries: readonly HostEntry[];
  /** Memory for programs. */
  readonly frames: Frames;
  readonly #cpu: Instructions;
  readonly #handlers: Ring3Handlers;

  /**
   * Makes it over its state, and touches no machine.
   *
   * @param cpu the CPU
   * @param state what it keeps
   * @param handlers what the kernel does
   */
  constructor(cpu: Instructions, state: Ring3State, handlers: Ring3Handlers) {
    this.#cpu = cpu;
    this.state = state;
    this.#handlers = handlers;
    this.frames = new Frames(cpu, state.frames);
    this.entries = [
      ...FAULTS.map((vector) =>
        entry(`ring3-fault-${vector}`, () => this.#fault(vector))
      ),
      entry("ring3-ignored", () => this.#cpu.iretq()),
      entry("ring3-timer", () => this.#timer()),
      entry("ring3-keyboard", () => this.#keyboard()),
      entry("ring3-syscall", () => this.#syscall()),
      entry("ring3-fast-syscall", () => this.#fastSyscall()),
    ];
  }

  /** The program that runs, or ran last; `null` if none has. */
  get current(): ProcessState | null {
    return this.state.processes[this.state.current - 1] ?? null;
  }

  /**
   * Sets up tables, memory, interrupt controllers and timer. Interrupts stay off until the loop.
   *
   * @param info what firmware told the kernel
   * @param timerTicks 8254 ticks between two interrupts, 1 … 65,535
   */
  boot(info: BootInfo, timerTicks: number = TIMER_TICKS_DEFAULT): void {
    const cpu = this.#cpu;
    const { state, frames } = this;
    frames.boot(info);
    state.kernelCr3 = cpu.readCr3();
    state.loopRsp = cpu.readRsp();
    const [gdt, idt] = [frames.takeRun(1), frames.takeRun(1)];
    const nmiStack = frames.at(frames.takeRun(1 + STACK_PAGES));
    const nmiEnd = virtAddr(nmiStack + PAGE);
    const end = virtAddr(nmiEnd + STACK_PAGES * PAGE);
    state.frame = end - STACK_FRAME_BYTES;
    loadTables(cpu, frames.at(gdt), frames.at(idt), end, nmiEnd, GATES);
    enableSyscall(cpu, cpu.entryAddress("ring3-fast-syscall"));
    startTimer(cpu, timerTicks);
  }

  /**
   * Makes a program of an ELF file, ready to run, with a page of stack.
   *
   * @param elf the file, a static executable below the kernel's part of memory
   * @param args what it finds in RDI and RSI
   * @returns the program
   * @throws {RangeError} if memory or {@linkcode PROCESSES_MAX} is used up, or a segment lies where the kernel does
   */
  spawn(elf: Elf64, args: readonly number[] = []): ProcessState {
    const process = this.#newProcess();
    const space = this.space(process);
    for (const segment of elf.segments.filter(isLoaded)) {
      const { virtualAddr, memBytes, fileOffset, fileBytes, flags } = segment;
      const rights = {
        writable: (flags & PF_W) !== 0,
        executable: (flags & PF_X) !== 0,
      };
      const last = virtualAddr + memBytes - 1;
      for (let page = pageOf(virtualAddr); page <= last; page += PAGE) {
        this.map(process, virtAddr(page), rights);
      }
      const bytes = elf.file.subarray(fileOffset, fileOffset + fileBytes);
      this.#write(space, virtualAddr, bytes);
    }
    const stack = virtAddr(USER_STACK_END - PAGE);
    this.map(process, stack, { writable: true, executable: false });
    setProcessRip(process, elf.entry);
    // As after a call: 8 below a multiple of 16.
    setProcessRegister(process, RSP, USER_STACK_END - 8);
    [RDI, RSI].forEach((register, i) =>
      setProcessRegister(process, register, args[i] ?? 0)
    );
    return process;
  }

  /** The program's address space. */
  space(process: ProcessState): AddressSpace {
    const { kernelCr3 } = this.state;
    return new AddressSpace(this.#cpu, this.frames, kernelCr3, process.cr3);
  }

  /**
   * Gives a program a page of zeros, if it has none there.
   *
   * @param process the program
   * @param page its address, a multiple of 4,096
   * @param rights what it may be used for
   * @throws {RangeError} if memory is used up, or the address is the kernel's
   */
  map(
    process: ProcessState,
    page: VirtAddr,
    rights: { readonly writable: boolean; readonly executable: boolean },
  ): void {
    const space = this.space(process);
    if (space.find(page)) return;
    const frame = this.frames.take();
    if (frame === null || !space.map(page, frame, rights)) this.#outOfMemory();
  }

  /**
   * Gives programs a frame that all of them see.
   *
   * @param processes the programs
   * @param page its address in each
   * @param frame physical address
   * @throws {RangeError} if memory is used up, or the address is the kernel's
   */
  share(
    processes: readonly ProcessState[],
    page: VirtAddr,
    frame: number,
  ): void {
    const rights = { writable: true, executable: false, shared: true };
    for (const process of processes) {
      const space = this.space(process);
      space.unmap(page); // A page that it had alone gives its frame back.
      if (!space.map(page, frame, rights)) this.#outOfMemory();
      if (process === this.current) this.#cpu.invlpg(page);
    }
  }

  /**
   * Ends a program; its memory is given back.
   *
   * @param process the program
   * @param why for a person
   */
  kill(process: ProcessState, why = "killed"): void {
    if (process.status === "ended") return;
    if (process === this.current) this.#cpu.writeCr3(this.state.kernelCr3, 0);
    this.space(process).release();
    process.cr3 = 0;
    process.status = "ended";
    process.why = why;
  }

  /**
   * Copies a program: registers and memory, but for what it shares.
   *
   * @param process the program; if it runs, in a handler, as it is there
   * @param status `ready` for one that runs, `kept` for one to go back to
   * @returns the copy
   * @throws {RangeError} if memory or {@linkcode PROCESSES_MAX} is used up
   */
  fork(
    process: ProcessState,
    status: "ready" | "kept" = "ready",
  ): ProcessState {
    const copy = this.#newProcess();
    copy.status = status;
    if (!this.#copy(copy, process)) {
      this.kill(copy, "memory is used up");
      this.#outOfMemory();
    }
    return copy;
  }

  /**
   * Makes a program what it was when a copy was made of it. The copy stays.
   *
   * @param process the program
   * @param kept the copy
   * @throws {RangeError} if either has ended, or memory is used up
   */
  rewind(process: ProcessState, kept: ProcessState): void {
    if (process.status === "ended" || kept.status === "ended") {
      throw new RangeError(
        `Cannot rewind process ${process.pid} to ${kept.pid}: one has ended`,
      );
    }
    if (!this.#copy(process, kept)) this.#outOfMemory();
    process.status = "ready";
    // What the TLB holds of it is of the past, too.
    if (process === this.current) this.#cpu.writeCr3(process.cr3, 0);
  }

  /** A turn of the kernel's loop: goes on with a program that is ready, or waits in HLT. */
  loop(): void {
    this.#cpu.cli();
    const next = this.#next();
    if (next) this.#resume(next);
    else this.#cpu.enableAndHlt();
  }

  /** Makes one program another one; says whether there was memory for that. */
  #copy(target: ProcessState, source: ProcessState): boolean {
    target.registers.set(source.registers);
    target.rip.set(source.rip);
    target.rflags = source.rflags;
    return this.space(target).copyPages(this.space(source));
  }

  #newProcess(): ProcessState {
    const { processes, kernelCr3 } = this.state;
    if (processes.length === PROCESSES_MAX) {
      throw new RangeError(
        `Cannot make a process: there have been ${PROCESSES_MAX}`,
      );
    }
    const space = AddressSpace.create(this.#cpu, this.frames, kernelCr3);
    if (!space) this.#outOfMemory();
    const process = processState(processes.length + 1, space.cr3);
    processes.push(process);
    return process;
  }

  #outOfMemory(): never {
    throw new RangeError("Cannot give a process memory: it is used up");
  }

  /** Writes to pages of a program that does not run. */
  #write(space: AddressSpace, start: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) {
      const page = pageOf(start + done);
      const { frame } = space.find(virtAddr(page))!;
      const offset = start + done - page;
      const count = Math.min(PAGE - offset, bytes.length - done);
      for (let i = 0; i < count; i++) {
        const at = this.frames.at(frame + offset + i);
        this.#cpu.store8(at, bytes[done + i]!);
      }
      done += count;
    }
  }

  #syscall(): void {
    const process = this.#enter();
    if (process) this.#handlers.syscall(process);
    this.#leave(process);
  }

  /** SYSCALL changes no stack: until the kernel's own is in place, nothing may be pushed. */
  #fastSyscall(): void {
    const process = this.current!;
    saveCaller(this.#cpu, process);
    this.#cpu.writeRsp(this.state.frame as VirtAddr);
    this.#handlers.syscall(process);
    this.#leave(process);
  }

  #timer(): void {
    const process = this.#enter();
    this.#cpu.out8(0x20, END_OF_INTERRUPT);
    this.#handlers.tick?.();
    if (process) this.#leave(this.#next());
    else this.#cpu.iretq();
  }

  #keyboard(): void {
    const process = this.#enter();
    const byte = this.#cpu.in8(0x60);
    this.#cpu.out8(0x20, END_OF_INTERRUPT);
    this.#handlers.key?.(byte);
    if (process) this.#leave(process);
    else this.#cpu.iretq();
  }

  #fault(vector: number): void {
    const errorCode = pushesErrorCode(vector) ? this.#cpu.pop64() : 0;
    const address = vector === VECTOR_PF ? this.#cpu.readCr2() : 0;
    const process = this.#enter();
    if (!process) {
      this.#cpu.stop({
        reason: "panic",
        message: `exception ${vector} in the kernel, error code ` +
          `${formatHex(errorCode)}, address ${formatHex(address)}`,
      });
    }
    const fault = { vector, errorCode, address };
    if (!(this.#handlers.fault?.(process, fault) ?? false)) {
      this.kill(process, `exception ${vector} at ${formatHex(ripOf(process))}`);
    }
    this.#leave(process);
  }

  /** Takes over what was interrupted. @returns the program, or `null` if it was the kernel */
  #enter(): ProcessState | null {
    const frame = this.#cpu.readRsp();
    const cs = this.#cpu.load64((frame + FRAME_CS) as VirtAddr);
    const process = (cs & RING) === RING ? this.current : null;
    if (process) saveProcess(this.#cpu, process, frame);
    return process;
  }

  /** Goes on with a program if it is ready, else with another one, else with the kernel's loop. */
  #leave(process: ProcessState | null): void {
    const next = process?.status === "ready" ? process : this.#next();
    if (next) this.#resume(next);
    else this.#returnToLoop();
  }

  /** The next one that is ready, in turn. */
  #next(): ProcessState | null {
    const { processes, current } = this.state;
    for (let i = 0; i < processes.length; i++) {
      const process = processes[(current + i) % processes.length]!;
      if (process.status === "ready") return process;
    }
    return null;
  }

  #resume(process: ProcessState): void {
    const cpu = this.#cpu;
    this.state.current = process.pid;
    if (cpu.readCr3() !== process.cr3) cpu.writeCr3(process.cr3, 0);
    restoreProcess(cpu, process, this.state.frame, USER_CODE, USER_DATA);
    cpu.iretq();
  }

  #returnToLoop(): void {
    const cpu = this.#cpu;
    const { frame, loopRsp } = this.state;
    const put = (offset: number, value: number) =>
      cpu.storeAddr((frame + offset) as VirtAddr, value as VirtAddr);
    put(FRAME_RIP, HOST_RESUME);
    put(FRAME_CS, KERNEL_CODE);
    put(FRAME_RFLAGS, LOOP_RFLAGS);
    put(FRAME_RSP, loopRsp);
    put(FRAME_SS, 0);
    cpu.writeRsp(frame as VirtAddr);
    cpu.iretq();
  }
}

const entry = (name: string, run: () => void): HostEntry => ({ name, run });

const gate = (vector: number, name: string): Ring3Gate => ({
  vector,
  name,
  forPrograms: FOR_PROGRAMS.includes(vector),
});

/** All that a program can bring about, whatever it executes: none may find no gate. */
const FAULTS: readonly number[] = [
  VECTOR_DE,
  VECTOR_DB,
  VECTOR_BP,
  VECTOR_OF,
  VECTOR_BR,
  VECTOR_UD,
  VECTOR_NM,
  VECTOR_TS,
  VECTOR_NP,
  VECTOR_SS,
  VECTOR_GP,
  VECTOR_PF,
  VECTOR_MF,
  VECTOR_AC,
  VECTOR_XM,
];
/** INT3 is a program's to use. */
const FOR_PROGRAMS: readonly number[] = [VECTOR_BP, VECTOR_SYSCALL];

const GATES: readonly Ring3Gate[] = [
  ...FAULTS.map((vector) => gate(vector, `ring3-fault-${vector}`)),
  gate(VECTOR_NMI, "ring3-ignored"),
  gate(VECTOR_SPURIOUS, "ring3-ignored"),
  gate(VECTOR_TIMER, "ring3-timer"),
  gate(VECTOR_KEYBOARD, "ring3-keyboard"),
  gate(VECTOR_SYSCALL, "ring3-syscall"),
];

const pageOf = (address: number): number => address - (address & (PAGE - 1));

const ripOf = ({ rip }: ProcessState): number =>
  rip[1]! * 0x1_0000_0000 + (rip[0]! >>> 0);
