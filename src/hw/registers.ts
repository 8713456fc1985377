/**
 * Bits of RFLAGS, CR0, CR3, CR4, EFER, and numbers of model-specific registers.
 *
 * Names are the SDM's; the crate x86_64's word stands in each doc line. Bits
 * up to 30 are numbers that 32-bit operators accept; bit 31 is written as the
 * unsigned number, so compare after `>>> 0`.
 *
 * Source: Intel SDM 1, "EFLAGS Register"; SDM 3A, "Control Registers" and
 * "Extended Feature Enable Register"; SDM 4, "Model-Specific Registers".
 *
 * @module
 */

import { type CrateVersion, flagNames, flagsDebug } from "./flags_debug.ts";

export type { CrateVersion } from "./flags_debug.ts";

// RFLAGS. Bits 32 to 63 are reserved.

/** Carry (`CARRY_FLAG`). */
export const RFLAGS_CF = 1 << 0;
/** Always 1; the crate has no name for it and prints it as `0x2`. */
export const RFLAGS_FIXED = 1 << 1;
/** Parity of the low byte (`PARITY_FLAG`). */
export const RFLAGS_PF = 1 << 2;
/** Carry out of bit 3 (`AUXILIARY_CARRY_FLAG`). */
export const RFLAGS_AF = 1 << 4;
/** Result is zero (`ZERO_FLAG`). */
export const RFLAGS_ZF = 1 << 6;
/** Result is negative (`SIGN_FLAG`). */
export const RFLAGS_SF = 1 << 7;
/** Single-step trap (`TRAP_FLAG`). */
export const RFLAGS_TF = 1 << 8;
/** Maskable interrupts are taken (`INTERRUPT_FLAG`). */
export const RFLAGS_IF = 1 << 9;
/** String instructions count down (`DIRECTION_FLAG`). */
export const RFLAGS_DF = 1 << 10;
/** Signed overflow (`OVERFLOW_FLAG`). */
export const RFLAGS_OF = 1 << 11;
/** I/O privilege level, two bits (`IOPL_LOW`, `IOPL_HIGH`). */
export const RFLAGS_IOPL = 3 << 12;
/** Position of {@linkcode RFLAGS_IOPL}. */
export const RFLAGS_IOPL_SHIFT = 12;
/** Nested task (`NESTED_TASK`). */
export const RFLAGS_NT = 1 << 14;
/** No instruction breakpoint on the next instruction (`RESUME_FLAG`). */
export const RFLAGS_RF = 1 << 16;
/** Virtual-8086 mode (`VIRTUAL_8086_MODE`); always 0 in long mode. */
export const RFLAGS_VM = 1 << 17;
/** Alignment check, or SMAP override (`ALIGNMENT_CHECK`). */
export const RFLAGS_AC = 1 << 18;
/** Virtual interrupt flag (`VIRTUAL_INTERRUPT`). */
export const RFLAGS_VIF = 1 << 19;
/** Virtual interrupt pending (`VIRTUAL_INTERRUPT_PENDING`). */
export const RFLAGS_VIP = 1 << 20;
/** CPUID exists if this bit can be changed (`ID`). */
export const RFLAGS_ID = 1 << 21;
/** All defined bits, the fixed one included. */
export const RFLAGS_DEFINED = 0x003f_7fd7;

// CR0. Bits 32 to 63 are reserved.

/** Protected mode (`PROTECTED_MODE_ENABLE`). */
export const CR0_PE = 1 << 0;
/** WAIT obeys TS (`MONITOR_COPROCESSOR`). */
export const CR0_MP = 1 << 1;
/** x87 instructions raise #NM(7) (`EMULATE_COPROCESSOR`). */
export const CR0_EM = 1 << 2;
/** x87 and SSE instructions raise #NM(7) after a task switch
 * (`TASK_SWITCHED`). */
export const CR0_TS = 1 << 3;
/** Always 1 (`EXTENSION_TYPE`). */
export const CR0_ET = 1 << 4;
/** x87 errors raise #MF(16) (`NUMERIC_ERROR`). */
export const CR0_NE = 1 << 5;
/** The kernel obeys read-only pages (`WRITE_PROTECT`). */
export const CR0_WP = 1 << 16;
/** RFLAGS.AC checks alignment in ring 3 (`ALIGNMENT_MASK`). */
export const CR0_AM = 1 << 18;
/** Not write-through (`NOT_WRITE_THROUGH`). */
export const CR0_NW = 1 << 29;
/** Caches off (`CACHE_DISABLE`). */
export const CR0_CD = 1 << 30;
/** Paging (`PAGING`), unsigned. */
export const CR0_PG = 0x8000_0000;

// CR3. Bits 12 to 51 are the physical address of the level 4 table.

/** Level 4 table is write-through (`PAGE_LEVEL_WRITETHROUGH`). */
export const CR3_PWT = 1 << 3;
/** Level 4 table is not cached (`PAGE_LEVEL_CACHE_DISABLE`). */
export const CR3_PCD = 1 << 4;
/** Process-context identifier, used with CR4.PCIDE. */
export const CR3_PCID = 0xfff;
/** High word: with CR4.PCIDE, bit 63 of a write keeps the TLB's entries. */
export const CR3_NO_FLUSH_HIGH = 0x8000_0000;

// CR4. Bits 32 to 63 are reserved.

/** Virtual-8086 extensions (`VIRTUAL_8086_MODE_EXTENSIONS`). */
export const CR4_VME = 1 << 0;
/** Protected-mode virtual interrupts (`PROTECTED_MODE_VIRTUAL_INTERRUPTS`). */
export const CR4_PVI = 1 << 1;
/** RDTSC for ring 0 alone (`TIMESTAMP_DISABLE`). */
export const CR4_TSD = 1 << 2;
/** Debugging extensions (`DEBUGGING_EXTENSIONS`). */
export const CR4_DE = 1 << 3;
/** 4 MiB pages in 32-bit paging (`PAGE_SIZE_EXTENSION`). */
export const CR4_PSE = 1 << 4;
/** 64-bit page-table entries (`PHYSICAL_ADDRESS_EXTENSION`). */
export const CR4_PAE = 1 << 5;
/** Machine checks raise #MC(18) (`MACHINE_CHECK_EXCEPTION`). */
export const CR4_MCE = 1 << 6;
/** Global pages survive a load of CR3 (`PAGE_GLOBAL`). */
export const CR4_PGE = 1 << 7;
/** RDPMC in every ring (`PERFORMANCE_MONITOR_COUNTER`). */
export const CR4_PCE = 1 << 8;
/** FXSAVE and SSE instructions (`OSFXSR`). */
export const CR4_OSFXSR = 1 << 9;
/** SSE errors raise #XM(19) (`OSXMMEXCPT_ENABLE`). */
export const CR4_OSXMMEXCPT = 1 << 10;
/** SGDT, SIDT, SLDT, SMSW, STR for ring 0 alone
 * (`USER_MODE_INSTRUCTION_PREVENTION`). */
export const CR4_UMIP = 1 << 11;
/** 57-bit addresses (`L5_PAGING`). */
export const CR4_LA57 = 1 << 12;
/** VMX instructions (`VIRTUAL_MACHINE_EXTENSIONS`). */
export const CR4_VMXE = 1 << 13;
/** SMX instructions (`SAFER_MODE_EXTENSIONS`). */
export const CR4_SMXE = 1 << 14;
/** RDFSBASE and its kind (`FSGSBASE`). */
export const CR4_FSGSBASE = 1 << 16;
/** Process-context identifiers (`PCID`). */
export const CR4_PCIDE = 1 << 17;
/** XSAVE and extended states (`OSXSAVE`). */
export const CR4_OSXSAVE = 1 << 18;
/** Key locker (`KEY_LOCKER`). */
export const CR4_KL = 1 << 19;
/** No kernel fetch from user pages
 * (`SUPERVISOR_MODE_EXECUTION_PROTECTION`). */
export const CR4_SMEP = 1 << 20;
/** No kernel access to user pages (`SUPERVISOR_MODE_ACCESS_PREVENTION`). */
export const CR4_SMAP = 1 << 21;
/** Protection keys for user pages (`PROTECTION_KEY_USER`). */
export const CR4_PKE = 1 << 22;
/** Control-flow enforcement (`CONTROL_FLOW_ENFORCEMENT`). */
export const CR4_CET = 1 << 23;
/** Protection keys for kernel pages (`PROTECTION_KEY_SUPERVISOR`). */
export const CR4_PKS = 1 << 24;

// EFER. Bits 32 to 63 are reserved.

/** SYSCALL and SYSRET (`SYSTEM_CALL_EXTENSIONS`). */
export const EFER_SCE = 1 << 0;
/** Long mode enabled (`LONG_MODE_ENABLE`). */
export const EFER_LME = 1 << 8;
/** Long mode active, set by the processor (`LONG_MODE_ACTIVE`). */
export const EFER_LMA = 1 << 10;
/** Execute-disable bit of page-table entries (`NO_EXECUTE_ENABLE`). */
export const EFER_NXE = 1 << 11;
/** AMD virtualisation (`SECURE_VIRTUAL_MACHINE_ENABLE`). */
export const EFER_SVME = 1 << 12;
/** AMD long-mode segment limits (`LONG_MODE_SEGMENT_LIMIT_ENABLE`). */
export const EFER_LMSLE = 1 << 13;
/** AMD fast FXSAVE (`FAST_FXSAVE_FXRSTOR`). */
export const EFER_FFXSR = 1 << 14;
/** AMD translation cache extension (`TRANSLATION_CACHE_EXTENSION`). */
export const EFER_TCE = 1 << 15;

// Descriptor-table registers.

/** Bytes of what LGDT and LIDT read: limit u16, base u64. */
export const TABLE_POINTER_BYTES = 10;

// Model-specific registers.

/** IA32_TIME_STAMP_COUNTER. */
export const MSR_TSC = 0x10;
/** IA32_APIC_BASE. */
export const MSR_APIC_BASE = 0x1b;
/** IA32_MISC_ENABLE. */
export const MSR_MISC_ENABLE = 0x1a0;
/** IA32_ARCH_CAPABILITIES, read-only: which flaws are absent. */
export const MSR_ARCH_CAPABILITIES = 0x10a;
/** IA32_SYSENTER_CS. */
export const MSR_SYSENTER_CS = 0x174;
/** IA32_SYSENTER_ESP. */
export const MSR_SYSENTER_ESP = 0x175;
/** IA32_SYSENTER_EIP. */
export const MSR_SYSENTER_EIP = 0x176;
/** IA32_PAT: memory types that PAT, PCD and PWT select. */
export const MSR_PAT = 0x277;
/** IA32_EFER (`Efer`). */
export const MSR_EFER = 0xc000_0080;
/** IA32_STAR: selectors of SYSCALL and SYSRET (`Star`). */
export const MSR_STAR = 0xc000_0081;
/** IA32_LSTAR: RIP of SYSCALL (`LStar`). */
export const MSR_LSTAR = 0xc000_0082;
/** IA32_CSTAR: RIP of SYSCALL in compatibility mode (AMD). */
export const MSR_CSTAR = 0xc000_0083;
/** IA32_FMASK: RFLAGS that SYSCALL clears (`SFMask`). */
export const MSR_FMASK = 0xc000_0084;
/** IA32_FS_BASE (`FsBase`). */
export const MSR_FS_BASE = 0xc000_0100;
/** IA32_GS_BASE (`GsBase`). */
export const MSR_GS_BASE = 0xc000_0101;
/** IA32_KERNEL_GS_BASE: what SWAPGS exchanges (`KernelGsBase`). */
export const MSR_KERNEL_GS_BASE = 0xc000_0102;
/** IA32_TSC_AUX: what RDTSCP returns in ECX. */
export const MSR_TSC_AUX = 0xc000_0103;

// The crate declares RFLAGS from the highest bit down and prints in that order.
const RFLAGS_NAMES = [
  ...flagNames(
    0,
    "CARRY_FLAG - PARITY_FLAG - AUXILIARY_CARRY_FLAG - ZERO_FLAG SIGN_FLAG " +
      "TRAP_FLAG INTERRUPT_FLAG DIRECTION_FLAG OVERFLOW_FLAG IOPL_LOW " +
      "IOPL_HIGH NESTED_TASK - RESUME_FLAG VIRTUAL_8086_MODE ALIGNMENT_CHECK " +
      "VIRTUAL_INTERRUPT VIRTUAL_INTERRUPT_PENDING ID",
  ),
].reverse();
const CR0_NAMES = flagNames(
  0,
  "PROTECTED_MODE_ENABLE MONITOR_COPROCESSOR EMULATE_COPROCESSOR " +
    "TASK_SWITCHED EXTENSION_TYPE NUMERIC_ERROR - - - - - - - - - - " +
    "WRITE_PROTECT - ALIGNMENT_MASK - - - - - - - - - - " +
    "NOT_WRITE_THROUGH CACHE_DISABLE PAGING",
);
const CR3_NAMES = flagNames(
  3,
  "PAGE_LEVEL_WRITETHROUGH PAGE_LEVEL_CACHE_DISABLE",
);
const CR4_NAMES = flagNames(
  0,
  "VIRTUAL_8086_MODE_EXTENSIONS PROTECTED_MODE_VIRTUAL_INTERRUPTS " +
    "TIMESTAMP_DISABLE DEBUGGING_EXTENSIONS PAGE_SIZE_EXTENSION " +
    "PHYSICAL_ADDRESS_EXTENSION MACHINE_CHECK_EXCEPTION PAGE_GLOBAL " +
    "PERFORMANCE_MONITOR_COUNTER OSFXSR OSXMMEXCPT_ENABLE " +
    "USER_MODE_INSTRUCTION_PREVENTION L5_PAGING VIRTUAL_MACHINE_EXTENSIONS " +
    "SAFER_MODE_EXTENSIONS - FSGSBASE PCID OSXSAVE KEY_LOCKER " +
    "SUPERVISOR_MODE_EXECUTION_PROTECTION SUPERVISOR_MODE_ACCESS_PREVENTION " +
    "PROTECTION_KEY_USER CONTROL_FLOW_ENFORCEMENT PROTECTION_KEY_SUPERVISOR",
);
const EFER_NAMES = flagNames(
  0,
  "SYSTEM_CALL_EXTENSIONS - - - - - - - LONG_MODE_ENABLE - LONG_MODE_ACTIVE " +
    "NO_EXECUTE_ENABLE SECURE_VIRTUAL_MACHINE_ENABLE " +
    "LONG_MODE_SEGMENT_LIMIT_ENABLE FAST_FXSAVE_FXRSTOR " +
    "TRANSLATION_CACHE_EXTENSION",
);

/** A register of flags that {@linkcode registerDebug} can print. */
export type FlagsRegister = "rflags" | "cr0" | "cr3" | "cr4" | "efer";

const REGISTERS = {
  rflags: { type: "RFlags", names: RFLAGS_NAMES },
  cr0: { type: "Cr0Flags", names: CR0_NAMES },
  cr3: { type: "Cr3Flags", names: CR3_NAMES },
  cr4: { type: "Cr4Flags", names: CR4_NAMES },
  efer: { type: "EferFlags", names: EFER_NAMES },
} as const;

/**
 * The crate's `Debug` text of a register of flags.
 *
 * @param register Which register.
 * @param low Bits 0 to 31; of CR3 the flags alone.
 * @param version After which version of the crate; 0.15 by default.
 * @returns For example `RFlags(INTERRUPT_FLAG | 0x2)`.
 *
 * @example
 * ```ts
 * import { registerDebug, RFLAGS_FIXED, RFLAGS_IF } from "@lockstep/kernel/hw";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   registerDebug("rflags", RFLAGS_IF | RFLAGS_FIXED),
 *   "RFlags(INTERRUPT_FLAG | 0x2)",
 * );
 * ```
 */
export function registerDebug(
  register: FlagsRegister,
  low: number,
  version: CrateVersion = "0.15",
): string {
  const { type, names } = REGISTERS[register];
  return flagsDebug(type, names, low, 0, version);
}
