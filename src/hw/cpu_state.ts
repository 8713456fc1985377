/**
 * The architectural state of the CPU, as plain data.
 *
 * Source: SDM 3A, "System Architecture Overview", "Processor State After Reset"; SDM 1, "Basic Program Execution
 * Registers".
 *
 * *Not modelled*: breakpoints, though the debug registers hold what is written; the local APIC; 32-bit and 16-bit modes:
 * the CPU is in 64-bit long mode from power-on, as firmware would have left it; TR and LDTR as reset leaves them, present
 * at address 0 with a limit of FFFFH: here they are null until LTR and LLDT, so that what needs a TSS before is #TS or #GP.
 *
 * @module
 */

import { powerOnMsrs } from "./msr_slots.ts";
import {
  CR0_ET,
  CR0_PE,
  CR0_PG,
  CR4_PAE,
  EFER_LMA,
  EFER_LME,
  RFLAGS_FIXED,
} from "./registers.ts";

/** A segment register with the hidden part that was loaded from its descriptor. */
export interface SegmentState {
  /** The visible part. */
  selector: number;
  /** Linear address, canonical; used by FS, GS, TR and LDTR only. */
  base: number;
  /** Last byte's offset; used by TR and LDTR only. */
  limit: number;
  /** Bits 8 to 23 of the descriptor's high word, moved to bit 0: type, S, DPL, P, …, L, D, G. 0 for a null selector. */
  attributes: number;
}

/** GDTR or IDTR. */
export interface TableRegisterState {
  /** Linear address of the table. */
  base: number;
  /** Bytes less one. */
  limit: number;
}

/** No interrupt shadow. */
export const SHADOW_NONE = 0;
/** After STI: maskable interrupts wait for one instruction. */
export const SHADOW_STI = 1;
/** After a load of SS: NMI waits, too. */
export const SHADOW_SS = 2;

/** Everything that a CPU holds. */
export interface CpuState {
  /** General registers: register n's low word at 2n, its high word at 2n + 1. */
  readonly registers: Int32Array;
  /** RIP, canonical. */
  rip: number;
  /** RFLAGS, bits 0 to 31, bit 1 always set. */
  rflags: number;
  /** Current privilege level, 0 to 3. */
  cpl: number;
  /** Code segment. */
  readonly cs: SegmentState;
  /** Stack segment. */
  readonly ss: SegmentState;
  /** Data segment. */
  readonly ds: SegmentState;
  /** Data segment. */
  readonly es: SegmentState;
  /** Data segment whose base counts. */
  readonly fs: SegmentState;
  /** Data segment whose base counts. */
  readonly gs: SegmentState;
  /** Task register. */
  readonly tr: SegmentState;
  /** Local descriptor table register. */
  readonly ldtr: SegmentState;
  /** Global descriptor table register. */
  readonly gdtr: TableRegisterState;
  /** Interrupt descriptor table register. */
  readonly idtr: TableRegisterState;
  /** CR0, unsigned. */
  cr0: number;
  /** CR2: the linear address of the last page fault. */
  cr2: number;
  /** CR3, below 2^40. */
  cr3: number;
  /** CR4, unsigned. */
  cr4: number;
  /** CR8, 0 to 15. */
  cr8: number;
  /** EFER, unsigned. */
  efer: number;
  /** The other model-specific registers, low and high words, in the order of `MSR_SLOTS`. */
  readonly msrs: Int32Array;
  /** Debug registers DR0 to DR7, low and high words. */
  readonly debug: Int32Array;
  /** x87, MXCSR and XMM registers in the layout of FXSAVE with REX.W, 512 bytes. */
  readonly fpu: Uint8Array;
  /** HLT waits for an interrupt. */
  halted: boolean;
  /** `SHADOW_…`: what the next boundary holds off. */
  shadow: number;
  /** An NMI has arrived and was not taken yet. */
  nmiPending: boolean;
  /** NMIs wait for IRET. */
  nmiBlocked: boolean;
}

const segment = (): SegmentState => ({
  selector: 0,
  base: 0,
  limit: 0,
  attributes: 0,
});

/** Bits of DR6 that read as 1. */
export const DR6_FIXED = 0xffff_0ff0;
/** Bits of DR7 that read as 1. */
export const DR7_FIXED = 0x400;

function debugRegisters(): Int32Array {
  const words = new Int32Array(16);
  words[2 * 6] = DR6_FIXED;
  words[2 * 7] = DR7_FIXED;
  return words;
}

/** Offset of FCW in `CpuState.fpu`. */
export const FPU_CONTROL = 0;
/** Offset of FSW. */
export const FPU_STATUS = 2;
/** Offset of FTW, in its short form: a bit for each register that is not empty. */
export const FPU_TAGS = 4;
/** Offset of MXCSR. */
export const FPU_MXCSR = 24;
/** FCW after FNINIT. */
export const FPU_CONTROL_DEFAULT = 0x37f;
/** MXCSR at power-on: all exceptions masked. */
export const MXCSR_DEFAULT = 0x1f80;
/** Bits of MXCSR that exist. */
export const MXCSR_MASK = 0xffff;

function fpuRegisters(): Uint8Array {
  const bytes = new Uint8Array(512);
  const view = new DataView(bytes.buffer);
  view.setUint16(FPU_CONTROL, FPU_CONTROL_DEFAULT, true);
  view.setUint32(FPU_MXCSR, MXCSR_DEFAULT, true);
  view.setUint32(FPU_MXCSR + 4, MXCSR_MASK, true);
  return bytes;
}

/**
 * Makes the state at power-on: SDM 3A, "Processor State After Reset", but in long mode, and the FPU as FNINIT and firmware
 * leave it.
 *
 * @returns the state at power-on
 */
export function cpuState(): CpuState {
  return {
    registers: new Int32Array(32),
    rip: 0,
    rflags: RFLAGS_FIXED,
    cpl: 0,
    cs: segment(),
    ss: segment(),
    ds: segment(),
    es: segment(),
    fs: segment(),
    gs: segment(),
    tr: segment(),
    ldtr: segment(),
    gdtr: { base: 0, limit: 0xffff },
    idtr: { base: 0, limit: 0xffff },
    cr0: (CR0_PG | CR0_ET | CR0_PE) >>> 0,
    cr2: 0,
    cr3: 0,
    cr4: CR4_PAE,
    cr8: 0,
    efer: EFER_LMA | EFER_LME,
    msrs: powerOnMsrs(),
    debug: debugRegisters(),
    fpu: fpuRegisters(),
    halted: false,
    shadow: SHADOW_NONE,
    nmiPending: false,
    nmiBlocked: false,
  };
}

/**
 * Reads a general register that holds an address.
 *
 * @param cpu the CPU
 * @param register its number
 * @returns the register as a signed number: exact if it is canonical, and out of the canonical range if it is not
 */
export function registerAddress(cpu: CpuState, register: number): number {
  const words = cpu.registers;
  return words[2 * register + 1]! * 0x1_0000_0000 +
    (words[2 * register]! >>> 0);
}

/**
 * Writes an address to a general register.
 *
 * @param cpu the CPU
 * @param register its number
 * @param address a signed number below 2^53
 */
export function setRegisterAddress(
  cpu: CpuState,
  register: number,
  address: number,
): void {
  const low = address | 0;
  cpu.registers[2 * register] = low;
  cpu.registers[2 * register + 1] = (address - (low >>> 0)) / 0x1_0000_0000;
}

/** Whether an address is canonical: bits 48 to 63 repeat bit 47. */
export function isCanonical(address: number): boolean {
  return address >= -0x8000_0000_0000 && address < 0x8000_0000_0000;
}
