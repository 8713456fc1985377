/**
 * The instruction engine: executes x86-64 machine code on the same machine as kernels in TypeScript.
 *
 * Hand {@linkcode isaEngine} to a machine as its `engine`; RIP outside the host range then executes what memory holds.
 * What it does not execute is listed in {@linkcode UNMODELLED}.
 *
 * @module
 */

export { cpuid, CPUID_LEAVES, type CpuidLeaf } from "./cpuid.ts";
export { disassemble, type Disassembled } from "./disassemble.ts";
export { isaEngine } from "./engine.ts";
export { setHostGate } from "./host_gate.ts";
export { UNMODELLED, type Unmodelled } from "./unmodelled.ts";
export { bootloaderImage } from "./loaders/bootloader.ts";
export {
  type Elf64,
  type ElfSegment,
  isElf,
  isLoaded,
  parseElf64,
} from "./loaders/elf64.ts";
export { type LinuxBootOptions, linuxImage } from "./loaders/linux_boot.ts";
export {
  AddressSpace,
  type PageRights,
  PTE_SHARED,
  type UserPage,
} from "./ring3/address_space.ts";
export { Frames, type FramesState } from "./ring3/frames.ts";
export {
  processRegister,
  type ProcessState,
  type ProcessStatus,
  setProcessRegister,
} from "./ring3/process.ts";
export {
  PROCESSES_MAX,
  type ProgramFault,
  Ring3,
  type Ring3Handlers,
  type Ring3State,
  ring3State,
  TIMER_TICKS_DEFAULT,
  USER_STACK_END,
} from "./ring3/ring3.ts";
