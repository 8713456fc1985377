/**
 * The tables that a kernel needs before it can run anything in ring 3: segments for both rings, a TSS with the stack on
 * which interrupts from ring 3 arrive, and gates.
 *
 * Source: SDM 3A, "Segment Descriptors", "Task-State Segment (TSS)", "IDT Descriptors", "Fast System Calls in 64-Bit Mode"; the
 * order of the segments is the one that SYSRET wants.
 *
 * @module
 */

import { addrHigh, addrLow, type VirtAddr } from "../../hw/addr.ts";
import {
  GlobalDescriptorTable,
  KERNEL_CODE_SEGMENT,
  KERNEL_DATA_SEGMENT,
  tssDescriptor,
  USER_CODE_SEGMENT,
  USER_DATA_SEGMENT,
} from "../../hw/gdt.ts";
import {
  gateFor,
  gateWith,
  IDT_BYTES,
  InterruptDescriptorTable,
} from "../../hw/idt.ts";
import type { Instructions } from "../../hw/instructions.ts";
import {
  EFER_SCE,
  MSR_EFER,
  MSR_FMASK,
  MSR_LSTAR,
  MSR_STAR,
  RFLAGS_AC,
  RFLAGS_DF,
  RFLAGS_IF,
  RFLAGS_NT,
  RFLAGS_TF,
} from "../../hw/registers.ts";
import { VECTOR_NMI } from "../../hw/exception.ts";
import { taskStateSegment, writeTss } from "../../hw/tss.ts";

/** Selector of the kernel's code. */
export const KERNEL_CODE = 0x08;
/** Selector of data in ring 3. */
export const USER_DATA = 0x1b;
/** Selector of code in ring 3. */
export const USER_CODE = 0x23;
const TSS_SELECTOR = 0x28;
const TSS_OFFSET = 0x100;

/** Place in the TSS of the stack for NMIs, as software counts. */
const NMI_STACK = 0;

/** What SYSRET adds 16 to for CS and 8 for SS. */
const SYSRET_BASE = 0x13;

/** A gate to be. */
export interface Ring3Gate {
  /** Its vector. */
  readonly vector: number;
  /** Name of the entry. */
  readonly name: string;
  /** Whether INT n may use it in ring 3. */
  readonly forPrograms: boolean;
}

/**
 * Writes and loads GDT, TSS and IDT.
 *
 * @param cpu writes and loads them
 * @param gdt address for GDT and TSS, a page
 * @param idt address for the IDT, a page
 * @param stackEnd the end of the stack for interrupts from ring 3
 * @param nmiStackEnd the end of the stack for NMIs, which may arrive while a program's stack pointer is still in use in ring 0,
 * behind SYSCALL
 * @param gates the gates
 */
export function loadTables(
  cpu: Instructions,
  gdt: VirtAddr,
  idt: VirtAddr,
  stackEnd: VirtAddr,
  nmiStackEnd: VirtAddr,
  gates: readonly Ring3Gate[],
): void {
  const tss = (gdt + TSS_OFFSET) as VirtAddr;
  const fresh = taskStateSegment();
  writeTss(cpuSink(cpu), tss, {
    ...fresh,
    privilegeStackTable: [stackEnd, 0 as VirtAddr, 0 as VirtAddr],
    interruptStackTable: fresh.interruptStackTable.with(NMI_STACK, nmiStackEnd),
  });
  const table = new GlobalDescriptorTable();
  table.append(KERNEL_CODE_SEGMENT);
  table.append(KERNEL_DATA_SEGMENT);
  table.append(USER_DATA_SEGMENT);
  table.append(USER_CODE_SEGMENT);
  table.append(tssDescriptor(tss));
  table.write(cpuSink(cpu), gdt);
  cpu.lgdt(gdt, table.limit());
  cpu.ltr(TSS_SELECTOR);

  const interrupts = new InterruptDescriptorTable();
  for (const { vector, name, forPrograms } of gates) {
    const gate = gateFor(cpu.entryAddress(name), KERNEL_CODE);
    const privilegeLevel = forPrograms ? 3 : 0;
    const ownStack = vector === VECTOR_NMI ? { stackIndex: NMI_STACK } : {};
    interrupts.setGate(vector, gateWith(gate, { privilegeLevel, ...ownStack }));
  }
  interrupts.write(cpuSink(cpu), idt);
  cpu.lidt(idt, IDT_BYTES - 1);
}

/**
 * Lets SYSCALL enter the kernel, with interrupts off, and NT clear, with which the kernel's IRETQ would fault.
 *
 * @param cpu whose registers are written
 * @param entry where it enters
 */
export function enableSyscall(cpu: Instructions, entry: VirtAddr): void {
  cpu.writeMsr(MSR_STAR, 0, (SYSRET_BASE << 16) | KERNEL_CODE);
  cpu.writeMsr(MSR_LSTAR, addrLow(entry), addrHigh(entry));
  const mask = RFLAGS_IF | RFLAGS_TF | RFLAGS_DF | RFLAGS_NT | RFLAGS_AC;
  cpu.writeMsr(MSR_FMASK, mask, 0);
  const efer = cpu.readMsr(MSR_EFER);
  cpu.writeMsr(MSR_EFER, efer | EFER_SCE, 0);
}

function cpuSink(
  cpu: Instructions,
): { store32(address: number, value: number): void } {
  return {
    store32: (address, value) => cpu.store32(address as VirtAddr, value >>> 0),
  };
}

/**
 * Moves both 8259A to vectors 0x20 and 0x28 with IRQ 0 and 1 let through, and lets the timer tick.
 *
 * @param cpu writes the ports
 * @param timerTicks 8254 ticks from one interrupt to the next, 1 … 65,535
 */
export function startTimer(cpu: Instructions, timerTicks: number): void {
  const writes = [
    [0x20, 0x11],
    [0xa0, 0x11],
    [0x21, 0x20],
    [0xa1, 0x28],
    [0x21, 4],
    [0xa1, 2],
    [0x21, 1],
    [0xa1, 1],
    [0x21, 0xfc],
    [0xa1, 0xff],
    [0x43, 0x34],
    [0x40, timerTicks & 0xff],
    [0x40, timerTicks >> 8],
  ] as const;
  for (const [port, value] of writes) cpu.out8(port, value);
}
