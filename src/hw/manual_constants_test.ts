/**
 * Every bit and number of the architecture that the sources name, against the
 * manuals: SDM 3A, "Control Registers", "Extended Feature Enable Register",
 * "Exception and Interrupt Vectors", "4-Level Paging"; SDM 4 for MSRs; AMD APM
 * volume 2 for EFER's upper bits, #HV, #VC, #SX and RMP.
 */
import { assertEquals } from "@std/assert";
import * as exception from "./exception.ts";
import * as i8042 from "./i8042_state.ts";
import * as pageTable from "./page_table.ts";
import * as registers from "./registers.ts";

/** Bits by name: the number of the bit. */
const BITS: Readonly<Record<string, number>> = {
  CR0_PE: 0,
  CR0_MP: 1,
  CR0_EM: 2,
  CR0_TS: 3,
  CR0_ET: 4,
  CR0_NE: 5,
  CR0_WP: 16,
  CR0_AM: 18,
  CR0_NW: 29,
  CR0_CD: 30,
  CR0_PG: 31,
  CR3_PWT: 3,
  CR3_PCD: 4,
  CR3_NO_FLUSH_HIGH: 31,
  CR4_VME: 0,
  CR4_PVI: 1,
  CR4_TSD: 2,
  CR4_DE: 3,
  CR4_PSE: 4,
  CR4_PAE: 5,
  CR4_MCE: 6,
  CR4_PGE: 7,
  CR4_PCE: 8,
  CR4_OSFXSR: 9,
  CR4_OSXMMEXCPT: 10,
  CR4_UMIP: 11,
  CR4_LA57: 12,
  CR4_VMXE: 13,
  CR4_SMXE: 14,
  CR4_FSGSBASE: 16,
  CR4_PCIDE: 17,
  CR4_OSXSAVE: 18,
  CR4_KL: 19,
  CR4_SMEP: 20,
  CR4_SMAP: 21,
  CR4_PKE: 22,
  CR4_CET: 23,
  CR4_PKS: 24,
  EFER_SCE: 0,
  EFER_LME: 8,
  EFER_LMA: 10,
  EFER_NXE: 11,
  EFER_SVME: 12,
  EFER_LMSLE: 13,
  EFER_FFXSR: 14,
  EFER_TCE: 15,
  RFLAGS_CF: 0,
  RFLAGS_FIXED: 1,
  RFLAGS_PF: 2,
  RFLAGS_AF: 4,
  RFLAGS_ZF: 6,
  RFLAGS_SF: 7,
  RFLAGS_TF: 8,
  RFLAGS_IF: 9,
  RFLAGS_DF: 10,
  RFLAGS_OF: 11,
  RFLAGS_NT: 14,
  RFLAGS_RF: 16,
  RFLAGS_VM: 17,
  RFLAGS_AC: 18,
  RFLAGS_VIF: 19,
  RFLAGS_VIP: 20,
  RFLAGS_ID: 21,
  PF_P: 0,
  PF_W: 1,
  PF_U: 2,
  PF_RSVD: 3,
  PF_I: 4,
  PF_PK: 5,
  PF_SS: 6,
  PF_HLAT: 7,
  PF_SGX: 15,
  PF_RMP: 31,
  SEL_EXT: 0,
  SEL_IDT: 1,
  SEL_TI: 2,
  PTE_P: 0,
  PTE_RW: 1,
  PTE_US: 2,
  PTE_PWT: 3,
  PTE_PCD: 4,
  PTE_A: 5,
  PTE_D: 6,
  PTE_PS: 7,
  PTE_PAT: 7,
  PTE_G: 8,
  PTE_PAT_LARGE: 12,
  PTE_XD_HIGH: 31,
};

/** Numbers by name. */
const NUMBERS: Readonly<Record<string, number>> = {
  CR3_PCID: 0xfff,
  RFLAGS_IOPL: 0x3000,
  RFLAGS_IOPL_SHIFT: 12,
  RFLAGS_DEFINED: 0x3f_7fd7,
  MSR_TSC: 0x10,
  MSR_APIC_BASE: 0x1b,
  MSR_ARCH_CAPABILITIES: 0x10a,
  MSR_SYSENTER_CS: 0x174,
  MSR_SYSENTER_ESP: 0x175,
  MSR_SYSENTER_EIP: 0x176,
  MSR_MISC_ENABLE: 0x1a0,
  MSR_PAT: 0x277,
  MSR_EFER: 0xc000_0080,
  MSR_STAR: 0xc000_0081,
  MSR_LSTAR: 0xc000_0082,
  MSR_CSTAR: 0xc000_0083,
  MSR_FMASK: 0xc000_0084,
  MSR_FS_BASE: 0xc000_0100,
  MSR_GS_BASE: 0xc000_0101,
  MSR_KERNEL_GS_BASE: 0xc000_0102,
  MSR_TSC_AUX: 0xc000_0103,
  TABLE_POINTER_BYTES: 10,
  VECTOR_DE: 0,
  VECTOR_DB: 1,
  VECTOR_NMI: 2,
  VECTOR_BP: 3,
  VECTOR_OF: 4,
  VECTOR_BR: 5,
  VECTOR_UD: 6,
  VECTOR_NM: 7,
  VECTOR_DF: 8,
  VECTOR_TS: 10,
  VECTOR_NP: 11,
  VECTOR_SS: 12,
  VECTOR_GP: 13,
  VECTOR_PF: 14,
  VECTOR_MF: 16,
  VECTOR_AC: 17,
  VECTOR_MC: 18,
  VECTOR_XM: 19,
  VECTOR_VE: 20,
  VECTOR_CP: 21,
  VECTOR_HV: 28,
  VECTOR_VC: 29,
  VECTOR_SX: 30,
  VECTOR_FIRST_INTERRUPT: 32,
  PAGE_TABLE_ENTRIES: 512,
  PAGE_TABLE_ENTRY_BYTES: 8,
  PTE_AVL: 0xe00,
  PTE_AVL_HIGH: 0x7ff0_0000,
  PTE_ADDR_LOW: 0xffff_f000,
  PTE_ADDR_HIGH: 0x000f_ffff,
  PTE_FLAGS_LOW: 0xfff,
  PTE_FLAGS_HIGH: 0xfff0_0000,
};

for (
  const [file, module] of Object.entries({ exception, pageTable, registers })
) {
  Deno.test(`constants of ${file}: each stands in a manual's table`, () => {
    for (const [name, value] of Object.entries(module)) {
      if (typeof value !== "number") continue;
      const bit = BITS[name];
      const expected = bit === undefined ? NUMBERS[name] : 2 ** bit;
      assertEquals(value >>> 0, expected, name);
    }
  });
}

Deno.test("constants of i8042_state: ports, lines and status bits of the PC/AT", () => {
  assertEquals([i8042.KEYBOARD_IRQ, i8042.MOUSE_IRQ], [1, 12]);
  assertEquals(i8042.PORT_KEYBOARD_STATUS, 0x64);
  assertEquals(i8042.STATUS_OBF, 1);
});
