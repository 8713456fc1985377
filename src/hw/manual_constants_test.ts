/**
 * Every bit and number of the architecture that the sources name, against the
 * manuals: SDM 3A, "Control Registers", "Extended Feature Enable Register",
 * "Exception and Interrupt Vectors", "4-Level Paging"; SDM 4 for MSRs; AMD APM
 * volume 2 for EFER's upper bits, #HV, #VC, #SX and RMP; SDM 3A, "Segment
 * Descriptors", "64-Bit IDT Gate Descriptors", "64-Bit TSS"; SDM 2A for numbers
 * of registers; PC16550D, "Summary of Registers".
 */
import { assertEquals } from "@std/assert";
import * as descriptor from "./descriptor.ts";
import * as exception from "./exception.ts";
import * as generalRegisters from "./general_registers.ts";
import * as i8042 from "./i8042_state.ts";
import * as idt from "./idt.ts";
import { Machine } from "./machine.ts";
import * as pageTable from "./page_table.ts";
import * as registers from "./registers.ts";
import * as tss from "./tss.ts";
import * as uart from "./uart_registers.ts";

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
  DESC_A: 8,
  DESC_RW: 9,
  DESC_C: 10,
  DESC_X: 11,
  DESC_S: 12,
  DESC_P: 15,
  DESC_AVL: 20,
  DESC_L: 21,
  DESC_D: 22,
  DESC_G: 23,
  GATE_P: 15,
  FCR_ENABLE: 0,
  FCR_RESET_RECEIVER: 1,
  FCR_RESET_TRANSMITTER: 2,
  IER_ERBFI: 0,
  IER_ETBEI: 1,
  IER_ELSI: 2,
  IER_EDSSI: 3,
  IIR_NONE: 0,
  LCR_STB: 2,
  LCR_PEN: 3,
  LCR_DLAB: 7,
  LSR_DR: 0,
  LSR_OE: 1,
  LSR_PE: 2,
  LSR_FE: 3,
  LSR_BI: 4,
  LSR_THRE: 5,
  LSR_TEMT: 6,
  LSR_FIFO_ERROR: 7,
  MCR_OUT2: 3,
  MCR_LOOP: 4,
  MSR_TERI: 2,
  MSR_CTS: 4,
  MSR_DSR: 5,
  MSR_RI: 6,
  MSR_DCD: 7,
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
  ...Object.fromEntries(
    ("RAX RCX RDX RBX RSP RBP RSI RDI R8 R9 R10 R11 R12 R13 R14 R15")
      .split(" ").map((name, i) => [name, i]),
  ),
  DESC_TYPE: 0xf00,
  DESC_TYPE_SHIFT: 8,
  DESC_DPL: 0x6000,
  DESC_DPL_SHIFT: 13,
  DESC_LIMIT_HIGH: 0xf_0000,
  DESC_TYPE_LDT: 2,
  DESC_TYPE_TSS_AVAILABLE: 9,
  DESC_TYPE_TSS_BUSY: 11,
  DESC_TYPE_CALL_GATE: 12,
  GATE_BYTES: 16,
  GATE_DPL: 0x6000,
  GATE_IST: 7,
  GATE_TYPE: 0xf00,
  GATE_TYPE_INTERRUPT: 14,
  GATE_TYPE_TRAP: 15,
  IDT_BYTES: 4096,
  IDT_GATES: 256,
  FRAME_RIP: 0,
  FRAME_CS: 8,
  FRAME_RFLAGS: 16,
  FRAME_RSP: 24,
  FRAME_SS: 32,
  STACK_FRAME_BYTES: 40,
  TSS_BYTES: 104,
  TSS_RSP0: 4,
  TSS_IST1: 36,
  TSS_IOMAP_BASE: 102,
  TSS_IOMAP_WORD: 100,
  // The crate's: the map may begin 0xdfff bytes behind the TSS, and has a byte behind its 8,192.
  TSS_IOMAP_BASE_MAX: 0xdfff,
  TSS_IOMAP_BYTES_MAX: 8193,
  COM1_BASE: 0x3f8,
  COM1_IRQ: 4,
  COM2_BASE: 0x2f8,
  COM2_IRQ: 3,
  IIR_MODEM: 0,
  IIR_THRE: 2,
  IIR_DATA: 4,
  IIR_LINE: 6,
  IIR_TIMEOUT: 12,
  IIR_FIFOS: 0xc0,
  REG_DATA: 0,
  REG_IER: 1,
  REG_IIR_FCR: 2,
  REG_LCR: 3,
  REG_MCR: 4,
  REG_LSR: 5,
  REG_MSR: 6,
  REG_SCR: 7,
  UART_PORTS: 8,
  UART_FIFO_BYTES: 16,
  UART_CRYSTAL_HZ: 1_843_200,
  // Half a bit in clks is 119,318,200 × divisor × 8 ÷ 1,843,200: a fraction in lowest terms.
  HALF_BIT_NUMERATOR: 596_591,
  HALF_BIT_DENOMINATOR: 1_152,
};

const FILES = {
  descriptor,
  exception,
  generalRegisters,
  idt,
  pageTable,
  registers,
  tss,
  uart,
};
for (const [file, module] of Object.entries(FILES)) {
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

Deno.test("IA32_ARCH_CAPABILITIES says of each leak that there is none", () => {
  // SDM 4, "Architectural MSRs": bits 0, 3–6, 8, 13–15, 20 and 27.
  let value: readonly [number, number] = [0, 0];
  const machine = new Machine({
    ramBytes: 16 * 2 ** 20,
    program: (cpu) => ({
      state: {},
      entries: [],
      boot: () => void (value = [cpu.readMsr(0x10a), cpu.high]),
      loop: () => cpu.hlt(),
    }),
  });
  machine.step();
  assertEquals(value, [0x0810_e179, 0]);
});

Deno.test("ports of the machine: each range has its chip, and no port beside it", () => {
  // The PC/AT's; PIIX4 for ELCR, the reset register and port 0x92; QEMU for 0xe9 and 0xf4.
  const ranges = [
    [0x20, 0x21],
    [0x40, 0x43],
    [0x60, 0x61],
    [0x64, 0x64],
    [0x70, 0x71],
    [0x80, 0x80],
    [0x92, 0x92],
    [0xa0, 0xa1],
    [0xe9, 0xe9],
    [0xf4, 0xf7],
    [0x3b4, 0x3b5],
    [0x3ba, 0x3ba],
    [0x3c0, 0x3cf],
    [0x3d4, 0x3d5],
    [0x3da, 0x3da],
    [0x3f8, 0x3ff],
    [0x4d0, 0x4d1],
    [0xcf8, 0xcff], // The PCI configuration registers, which hold the reset register.
  ];
  const { ports } = new Machine({ ramBytes: 16 * 2 ** 20 });
  const owned: number[] = [];
  for (let port = 0; port <= 0xffff; port++) {
    try {
      ports.attach(port, port, { readPort: () => 0, writePort() {} });
    } catch {
      owned.push(port);
    }
  }
  const expected = ranges.flatMap(([first, last]) =>
    Array.from({ length: last! - first! + 1 }, (_, i) => first! + i)
  );
  assertEquals(owned, expected);
});
