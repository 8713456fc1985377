/**
 * Control registers and model-specific registers: what may be written, and what a write does to the TLB.
 *
 * Source: SDM 3A, "Control Registers", "Invalidation of TLBs and Paging-Structure Caches"; SDM 2, MOV (control
 * registers), RDMSR, WRMSR; SDM 4, "Architectural MSRs".
 *
 * *Not modelled*: leaving long mode (writes that would raise #GP); VME, PVI, PCID, SMEP, SMAP, protection keys, 5-level
 * paging, VMX, SMX, FSGSBASE, XSAVE, UMIP, CET (their CR4 bits are reserved); MTRRs and machine-check banks (their MSRs
 * raise #GP); writes of the time-stamp counter, which is the clock (they raise #GP).
 *
 * @module
 */

import type { Now } from "../base/alarm.ts";
import { type CpuState, isCanonical } from "./cpu_state.ts";
import type { Fault } from "./fault.ts";
import type { Mmu } from "./mmu.ts";
import { MSR_SLOT_COUNT, MSR_SLOTS } from "./msr_slots.ts";
import {
  CR0_AM,
  CR0_CD,
  CR0_EM,
  CR0_ET,
  CR0_MP,
  CR0_NE,
  CR0_NW,
  CR0_PE,
  CR0_PG,
  CR0_TS,
  CR0_WP,
  CR4_DE,
  CR4_MCE,
  CR4_OSFXSR,
  CR4_OSXMMEXCPT,
  CR4_PAE,
  CR4_PCE,
  CR4_PGE,
  CR4_PSE,
  CR4_TSD,
  EFER_LMA,
  EFER_LME,
  EFER_NXE,
  EFER_SCE,
  MSR_ARCH_CAPABILITIES,
  MSR_CSTAR,
  MSR_EFER,
  MSR_FS_BASE,
  MSR_GS_BASE,
  MSR_KERNEL_GS_BASE,
  MSR_LSTAR,
  MSR_PAT,
  MSR_SYSENTER_EIP,
  MSR_SYSENTER_ESP,
  MSR_TSC,
  MSR_TSC_AUX,
} from "./registers.ts";

const CR0_DEFINED = CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_NE |
  CR0_WP | CR0_AM | CR0_NW | CR0_CD | CR0_PG;
const CR4_DEFINED = CR4_TSD | CR4_DE | CR4_PSE | CR4_PAE | CR4_MCE | CR4_PGE |
  CR4_PCE | CR4_OSFXSR | CR4_OSXMMEXCPT;
const EFER_WRITABLE = EFER_SCE | EFER_LME | EFER_NXE;
/**
 * IA32_ARCH_CAPABILITIES: RDCL_NO, SKIP_L1DFL_VMENTRY, SSB_NO, MDS_NO, PSCHANGE_MC_NO, TAA_NO, SBDR_SSDP_NO, FBSDP_NO,
 * PSDP_NO, BHI_NO, RFDS_NO. What is not speculated cannot leak.
 */
const ARCH_CAPABILITIES = 1 << 0 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 8 |
  1 << 13 | 1 << 14 | 1 << 15 | 1 << 20 | 1 << 27;
/** Bits 40 to 51 of CR3 are beyond the physical address width. */
const CR3_MAX = 2 ** 40;

/** Registers that hold an address, which must be canonical. */
const HOLDS_ADDRESS: readonly number[] = Object.freeze([
  MSR_LSTAR,
  MSR_CSTAR,
  MSR_KERNEL_GS_BASE,
  MSR_SYSENTER_ESP,
  MSR_SYSENTER_EIP,
]);

/** Whether each byte is a memory type: UC, WC, WT, WP, WB or UC− (SDM 3A, "IA32_PAT MSR"). */
function memoryTypes(word: number): boolean {
  for (let shift = 0; shift < 32; shift += 8) {
    const type = (word >>> shift) & 0xff;
    if (type > 7 || type === 2 || type === 3) return false;
  }
  return true;
}

/** Reads and writes the system registers of one CPU. */
export class SystemRegisters {
  /** High word, unsigned, of the last read. */
  high = 0;
  readonly #cpu: CpuState;
  readonly #mmu: Mmu;
  readonly #fault: Fault;
  readonly #now: Now;

  /**
   * A unit over the CPU's state.
   *
   * @param cpu the registers
   * @param mmu told when translation changes
   * @param fault thrown, filled in, for a write that is not allowed
   * @param now the time-stamp counter: it counts clk
   */
  constructor(cpu: CpuState, mmu: Mmu, fault: Fault, now: Now) {
    if (MSR_SLOTS.length > MSR_SLOT_COUNT) {
      throw new RangeError("More MSRs than slots in the CPU's state");
    }
    this.#cpu = cpu;
    this.#mmu = mmu;
    this.#fault = fault;
    this.#now = now;
  }

  /** MOV to CR0: reserved bits stay clear and ET stays set, whatever is written. */
  writeCr0(value: number): void {
    const cr0 = value & CR0_DEFINED;
    const keepsMode = cr0 & CR0_PE && cr0 & CR0_PG;
    if (!keepsMode || (cr0 & CR0_NW && !(cr0 & CR0_CD))) {
      this.#fault.protection(0);
    }
    this.#cpu.cr0 = (cr0 | CR0_ET) >>> 0;
    this.#mmu.dropFast();
  }

  /** MOV to CR3: empties the TLB of all but global pages. */
  writeCr3(low: number, high: number): void {
    const value = (high >>> 0) * 0x1_0000_0000 + (low >>> 0);
    if (value >= CR3_MAX) this.#fault.protection(0);
    this.#cpu.cr3 = value;
    this.#mmu.flush(false);
  }

  /** MOV to CR4: a change of PGE, PSE or PAE empties the TLB. */
  writeCr4(value: number): void {
    const cr4 = value >>> 0;
    if (cr4 & ~CR4_DEFINED || !(cr4 & CR4_PAE)) this.#fault.protection(0);
    const changed = this.#cpu.cr4 ^ cr4;
    this.#cpu.cr4 = cr4;
    if (changed & (CR4_PGE | CR4_PSE | CR4_PAE)) this.#mmu.flush(true);
  }

  /** RDMSR: returns the low word, leaves the high one in `high`. */
  readMsr(index: number): number {
    const cpu = this.#cpu;
    switch (index >>> 0) {
      case MSR_EFER:
        return this.#split(cpu.efer);
      case MSR_TSC:
        return this.#split(this.#now.clk);
      case MSR_ARCH_CAPABILITIES:
        return this.#split(ARCH_CAPABILITIES);
      case MSR_FS_BASE:
        return this.#split(cpu.fs.base);
      case MSR_GS_BASE:
        return this.#split(cpu.gs.base);
    }
    const slot = this.#slot(index);
    this.high = cpu.msrs[2 * slot + 1]! >>> 0;
    return cpu.msrs[2 * slot]! >>> 0;
  }

  /** WRMSR. */
  writeMsr(index: number, low: number, high: number): void {
    const cpu = this.#cpu;
    switch (index >>> 0) {
      case MSR_EFER:
        this.#writeEfer(low, high);
        return;
      case MSR_TSC:
        // The counter is the clock and follows no one's orders.
        this.#fault.protection(0);
        break;
      case MSR_FS_BASE:
        cpu.fs.base = this.#address(low, high);
        return;
      case MSR_GS_BASE:
        cpu.gs.base = this.#address(low, high);
        return;
    }
    const slot = this.#slot(index);
    if (HOLDS_ADDRESS.includes(index >>> 0)) this.#address(low, high);
    if (index >>> 0 === MSR_PAT && !(memoryTypes(low) && memoryTypes(high))) {
      this.#fault.protection(0);
    }
    if (index >>> 0 === MSR_TSC_AUX && high !== 0) this.#fault.protection(0);
    cpu.msrs[2 * slot] = low;
    cpu.msrs[2 * slot + 1] = high;
  }

  /** SWAPGS: exchanges GS.base and KERNEL_GS_BASE. */
  swapgs(): void {
    const cpu = this.#cpu;
    const slot = this.#slot(MSR_KERNEL_GS_BASE);
    const kernel = cpu.msrs[2 * slot + 1]! * 0x1_0000_0000 +
      (cpu.msrs[2 * slot]! >>> 0);
    const user = this.#split(cpu.gs.base);
    cpu.gs.base = kernel;
    cpu.msrs[2 * slot] = user;
    cpu.msrs[2 * slot + 1] = this.high;
  }

  /** LMA follows LME and PG: clearing LME with paging on is a fault. */
  #writeEfer(low: number, high: number): void {
    const wanted = low & ~EFER_LMA;
    if (wanted & ~EFER_WRITABLE || high !== 0 || !(wanted & EFER_LME)) {
      this.#fault.protection(0);
    }
    this.#cpu.efer = wanted | EFER_LMA;
    this.#mmu.dropFast();
  }

  #slot(index: number): number {
    const slot = MSR_SLOTS.indexOf(index >>> 0);
    if (slot < 0) this.#fault.protection(0);
    return slot;
  }

  #address(low: number, high: number): number {
    const address = (high | 0) * 0x1_0000_0000 + (low >>> 0);
    if (!isCanonical(address)) this.#fault.protection(0);
    return address;
  }

  #split(value: number): number {
    const low = value >>> 0;
    this.high = ((value - low) / 0x1_0000_0000) >>> 0;
    return low;
  }
}
