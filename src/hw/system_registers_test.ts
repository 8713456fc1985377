import { assertEquals } from "@std/assert";
import { NO_EVENTS } from "../base/events.ts";
import { BIT, mapOne, TABLES } from "../../tests/support/page_tables.ts";
import type { VirtAddr } from "./addr.ts";
import { cpuState } from "./cpu_state.ts";
import { Fault } from "./fault.ts";
import { Mmu } from "./mmu.ts";
import { MSR_SLOTS } from "./msr_slots.ts";
import { PhysMemory } from "./phys_memory.ts";
import {
  CR0_CD,
  CR0_ET,
  CR0_MP,
  CR0_NW,
  CR0_PE,
  CR0_PG,
  CR0_TS,
  CR0_WP,
  CR4_PAE,
  CR4_PCE,
  CR4_PGE,
  CR4_TSD,
  EFER_LMA,
  EFER_LME,
  EFER_NXE,
  EFER_SCE,
  MSR_CSTAR,
  MSR_EFER,
  MSR_FS_BASE,
  MSR_GS_BASE,
  MSR_KERNEL_GS_BASE,
  MSR_LSTAR,
  MSR_PAT,
  MSR_STAR,
  MSR_TSC,
  MSR_TSC_AUX,
} from "./registers.ts";
import { SystemRegisters } from "./system_registers.ts";
import { TLB_D, TLB_EMPTY, TLB_G } from "./tlb.ts";

function bench() {
  const phys = new PhysMemory(16 * 2 ** 20, NO_EVENTS);
  const { P, RW } = BIT;
  mapOne(phys, 0x5000n, 0x8000n, [P | RW, P | RW, P | RW, P | RW]);
  const cpu = cpuState();
  cpu.cr3 = TABLES[4]!;
  const fault = new Fault();
  const mmu = new Mmu(cpu, phys, fault, NO_EVENTS);
  const now = { clk: 0x1_2345_6789 };
  const unit = new SystemRegisters(cpu, mmu, fault, now);
  const fillTlb = () => {
    mmu.load32(0x5000 as VirtAddr);
    mmu.tlb.fill(9, 0x9000, 0x9000, TLB_G); // A global page.
  };
  const held = () =>
    Array.from(mmu.tlb.state.pages).filter((page) => page !== TLB_EMPTY);
  return { cpu, fault, mmu, unit, fillTlb, held };
}

function outcome(b: ReturnType<typeof bench>, act: () => void): string {
  try {
    act();
    return "ok";
  } catch (thrown) {
    if (thrown !== b.fault) throw thrown;
    return `#${b.fault.vector}(${b.fault.errorCode})`;
  }
}

const MODE = (CR0_PE | CR0_PG | CR0_ET) >>> 0;
const CR0_ROWS: readonly [string, number, string][] = [
  ["as it was", MODE, "ok"],
  ["WP, MP and TS", (MODE | CR0_WP | CR0_MP | CR0_TS) >>> 0, "ok"],
  ["CD and NW", (MODE | CR0_CD | CR0_NW) >>> 0, "ok"],
  ["CD alone", (MODE | CR0_CD) >>> 0, "ok"],
  ["NW without CD", (MODE | CR0_NW) >>> 0, "#13(0)"],
  ["without PG", CR0_PE, "#13(0)"],
  ["without PE", CR0_PG >>> 0, "#13(0)"],
];
for (const [name, value, want] of CR0_ROWS) {
  Deno.test(`writeCr0() ${name}: ${want}`, () => {
    const b = bench();
    const { cr0 } = b.cpu;
    assertEquals(outcome(b, () => b.unit.writeCr0(value)), want);
    assertEquals(b.cpu.cr0, want === "ok" ? value : cr0);
  });
}

Deno.test("writeCr0() cannot clear ET", () => {
  const b = bench();
  b.unit.writeCr0((MODE & ~CR0_ET) >>> 0);
  assertEquals(b.cpu.cr0, MODE);
});

// SDM 2, MOV (control registers): setting reserved bits of CR0 has no impact; only those of CR4 raise #GP.
Deno.test("writeCr0() leaves bits clear that do not exist", () => {
  const b = bench();
  b.unit.writeCr0(0xffff_ffff);
  assertEquals(b.cpu.cr0, 0xe005_003f);
});

Deno.test("writeCr0(): WP counts from the next store on, though the TLB keeps the page", () => {
  const b = bench();
  b.mmu.tlb.fill(6, 0x6000, 0x8000, TLB_D); // Read-only, dirty.
  b.mmu.store32(0x6000 as VirtAddr, 1);
  b.unit.writeCr0((MODE | CR0_WP) >>> 0);
  assertEquals(
    outcome(b, () => b.mmu.store32(0x6000 as VirtAddr, 2)),
    "#14(3)",
  );
});

const CR4_ROWS: readonly [string, number, string][] = [
  ["as it was", CR4_PAE, "ok"],
  ["TSD and PCE", CR4_PAE | CR4_TSD | CR4_PCE, "ok"],
  ["without PAE", CR4_PGE, "#13(0)"],
  ["LA57", CR4_PAE | 1 << 12, "#13(0)"],
  ["VMXE", CR4_PAE | 1 << 13, "#13(0)"],
  ["PCIDE", CR4_PAE | 1 << 17, "#13(0)"],
  ["SMEP", CR4_PAE | 1 << 20, "#13(0)"],
  ["bit 31", CR4_PAE | 1 << 31, "#13(0)"],
];
for (const [name, value, want] of CR4_ROWS) {
  Deno.test(`writeCr4() ${name}: ${want}`, () => {
    const b = bench();
    assertEquals(outcome(b, () => b.unit.writeCr4(value)), want);
    assertEquals(b.cpu.cr4, want === "ok" ? value : CR4_PAE);
  });
}

Deno.test("writeCr3() empties the TLB of all but global pages", () => {
  const b = bench();
  b.fillTlb();
  assertEquals(b.held(), [0x5000, 0x9000]);
  b.unit.writeCr3(0x4018, 0);
  assertEquals([b.cpu.cr3, b.held()], [0x4018, [0x9000]]);
  for (const [low, high] of [[0, 0x100], [0, 0x8000_0000], [0x4000, -1]]) {
    assertEquals(outcome(b, () => b.unit.writeCr3(low!, high!)), "#13(0)");
  }
  b.unit.writeCr3(-4096, 0xff);
  assertEquals(b.cpu.cr3, 2 ** 40 - 4096);
});

Deno.test("writeCr4() empties the whole TLB when PGE changes, and only then", () => {
  const b = bench();
  b.fillTlb();
  b.unit.writeCr4(CR4_PAE | CR4_TSD);
  assertEquals(b.held(), [0x5000, 0x9000]);
  b.unit.writeCr4(CR4_PAE | CR4_PGE);
  assertEquals(b.held(), []);
});

const EFER_ROWS: readonly [string, number, number, string][] = [
  ["SCE and NXE", EFER_LME | EFER_SCE | EFER_NXE, 0, "ok"],
  ["LMA written as 0: it is read-only", EFER_LME, 0, "ok"],
  ["without LME", EFER_LMA, 0, "#13(0)"],
  ["a bit that does not exist", EFER_LME | 2, 0, "#13(0)"],
  ["a high bit", EFER_LME, 1, "#13(0)"],
];
for (const [name, low, high, want] of EFER_ROWS) {
  Deno.test(`writeMsr() EFER, ${name}: ${want}`, () => {
    const b = bench();
    const { efer } = b.cpu;
    assertEquals(outcome(b, () => b.unit.writeMsr(MSR_EFER, low, high)), want);
    assertEquals(b.cpu.efer, want === "ok" ? low | EFER_LMA : efer);
    assertEquals(b.unit.readMsr(MSR_EFER), b.cpu.efer);
  });
}

Deno.test("each MSR holds 64 bits of its own", () => {
  const b = bench();
  for (const [i, msr] of MSR_SLOTS.entries()) {
    if (msr === MSR_PAT) continue;
    b.unit.writeMsr(msr, 0x100 + i, 0);
  }
  for (const [i, msr] of MSR_SLOTS.entries()) {
    if (msr === MSR_PAT) continue;
    assertEquals([b.unit.readMsr(msr), b.unit.high], [0x100 + i, 0]);
  }
  b.unit.writeMsr(MSR_STAR, -1, -2);
  assertEquals(b.unit.readMsr(MSR_STAR), 0xffff_ffff);
  assertEquals(b.unit.high, 0xffff_fffe);
});

Deno.test("MSRs that hold addresses take canonical ones only", () => {
  for (
    const msr of [
      MSR_LSTAR,
      MSR_CSTAR,
      MSR_KERNEL_GS_BASE,
      MSR_FS_BASE,
      MSR_GS_BASE,
    ]
  ) {
    const b = bench();
    for (const high of [0x8000, 0xffff_7fff, 0x1234_5678]) {
      assertEquals(outcome(b, () => b.unit.writeMsr(msr, 0, high)), "#13(0)");
    }
    for (const high of [0x7fff, 0xffff_8000, 0xffff_ffff, 0]) {
      b.unit.writeMsr(msr, 0x1234, high);
      assertEquals([b.unit.readMsr(msr), b.unit.high], [0x1234, high]);
    }
  }
});

Deno.test("PAT takes memory types only, in each of its eight bytes", () => {
  const b = bench();
  b.unit.writeMsr(MSR_PAT, 0x0007_0406, 0x0007_0501);
  assertEquals([b.unit.readMsr(MSR_PAT), b.unit.high], [0x7_0406, 0x7_0501]);
  for (const type of [2, 3, 8, 0x80, 0xff]) {
    for (let byte = 0; byte < 8; byte++) {
      const word = type << (8 * (byte % 4));
      const [low, high] = byte < 4 ? [word, 0] : [0, word];
      assertEquals(
        outcome(b, () => b.unit.writeMsr(MSR_PAT, low, high)),
        "#13(0)",
      );
    }
  }
  assertEquals(b.unit.readMsr(MSR_PAT), 0x7_0406);
});

// SDM 4, "Architectural MSRs": bits 32 to 63 of IA32_TSC_AUX are reserved; SDM 2, WRMSR: setting one is #GP(0).
Deno.test("IA32_TSC_AUX has 32 bits", () => {
  const b = bench();
  b.unit.writeMsr(MSR_TSC_AUX, 0xffff_ffff, 0);
  assertEquals(outcome(b, () => b.unit.writeMsr(MSR_TSC_AUX, 1, 1)), "#13(0)");
  const low = b.unit.readMsr(MSR_TSC_AUX);
  assertEquals([low, b.unit.high], [0xffff_ffff, 0]);
});

Deno.test("MSRs that don't exist are #GP(0), to read and to write", () => {
  const b = bench();
  for (const msr of [0x1234, 0xc000_00ff, -1]) {
    assertEquals(outcome(b, () => b.unit.readMsr(msr)), "#13(0)");
    assertEquals(outcome(b, () => b.unit.writeMsr(msr, 0, 0)), "#13(0)");
  }
});

Deno.test("the time-stamp counter is clk, and cannot be written", () => {
  const b = bench();
  assertEquals([b.unit.readMsr(MSR_TSC), b.unit.high], [0x2345_6789, 1]);
  assertEquals(outcome(b, () => b.unit.writeMsr(MSR_TSC, 0, 0)), "#13(0)");
});

Deno.test("swapgs() exchanges both bases, whole", () => {
  const b = bench();
  b.unit.writeMsr(MSR_GS_BASE, 0x1000, 0xffff_8001);
  b.unit.writeMsr(MSR_KERNEL_GS_BASE, 0x8000_2000, 0x7000);
  b.unit.swapgs();
  assertEquals([b.unit.readMsr(MSR_GS_BASE), b.unit.high], [
    0x8000_2000,
    0x7000,
  ]);
  assertEquals(b.cpu.gs.base, 0x7000 * 2 ** 32 + 0x8000_2000);
  b.unit.swapgs();
  assertEquals(b.unit.readMsr(MSR_KERNEL_GS_BASE), 0x8000_2000);
  assertEquals([b.unit.readMsr(MSR_GS_BASE), b.unit.high], [
    0x1000,
    0xffff_8001,
  ]);
});
