import { assertEquals } from "@std/assert";
import { NO_EVENTS } from "../base/events.ts";
import { BIT, mapOne, TABLES } from "../../tests/support/page_tables.ts";
import { type CpuState, cpuState } from "./cpu_state.ts";
import { Fault } from "./fault.ts";
import { Mmu } from "./mmu.ts";
import { PhysMemory } from "./phys_memory.ts";
import { SegmentUnit } from "./segment_unit.ts";

const GDT = 0x1_0000;
const LDT = 0x1_1000;

// SDM 3A, "Segment Descriptors", written as they lie in memory; the name says index, type and DPL.
const DESCRIPTORS: readonly bigint[] = [
  0n,
  0x00af_9a00_0000_ffffn, // 0x08: 64-bit code, ring 0, not accessed
  0x00cf_9200_0000_ffffn, // 0x10: data, ring 0
  0x00af_fa00_0000_ffffn, // 0x18: 64-bit code, ring 3
  0x00cf_f200_0000_ffffn, // 0x20: data, ring 3
  0x0000_8900_4000_0067n, // 0x28: TSS at 0xffff_8000_1200_4000, two entries
  0x0000_0000_ffff_8000n,
  0x00af_9e00_0000_ffffn, // 0x38: conforming 64-bit code, ring 0
  0x00af_1a00_0000_ffffn, // 0x40: code, not present
  0x00cf_9a00_0000_ffffn, // 0x48: 32-bit code
  0x00cf_9000_0000_ffffn, // 0x50: read-only data
  0x00cf_1200_0000_ffffn, // 0x58: data, not present
  0x0000_8b00_4000_0067n, // 0x60: TSS, busy
  0n,
  0x0000_8200_0000_0fffn | BigInt(LDT) << 16n, // 0x70: LDT, two entries
  0n,
  0x00af_9800_0000_ffffn, // 0x80: 64-bit code that cannot be read
  0x0000_0900_4000_0067n, // 0x88: TSS, not present
  0n,
  0x12cf_9234_5678_9abcn, // 0x98: data with a base and a limit
  0x0000_8900_4000_0067n, // 0xa0: TSS, but what follows is a descriptor of its own, with a type
  0x0000_0900_0000_0000n,
];

interface Bench {
  readonly phys: PhysMemory;
  readonly cpu: CpuState;
  readonly unit: SegmentUnit;
  readonly fault: Fault;
}

function bench(cpl = 0): Bench {
  const phys = new PhysMemory(16 * 2 ** 20, NO_EVENTS);
  const { P, RW, US, PS } = BIT;
  mapOne(phys, 0n, 0n, [P | RW | US, P | RW | US | PS]);
  for (const [i, d] of DESCRIPTORS.entries()) {
    phys.write(GDT + 8 * i, Number(d & 0xffff_ffffn), 4);
    phys.write(GDT + 8 * i + 4, Number(d >> 32n), 4);
    phys.write(LDT + 8 * i, Number(d & 0xffff_ffffn), 4);
    phys.write(LDT + 8 * i + 4, Number(d >> 32n), 4);
  }
  const cpu = cpuState();
  cpu.cr3 = TABLES[4]!;
  cpu.cpl = cpl;
  Object.assign(cpu.gdtr, { base: GDT, limit: 8 * DESCRIPTORS.length - 1 });
  const fault = new Fault();
  const mmu = new Mmu(cpu, phys, fault, NO_EVENTS);
  return { phys, cpu, fault, unit: new SegmentUnit(cpu, mmu, fault) };
}

/** What an act comes to: `ok`, or the fault. */
function outcome(b: Bench, act: () => void): string {
  try {
    act();
    return "ok";
  } catch (thrown) {
    if (thrown !== b.fault) throw thrown;
    return `#${b.fault.vector}(0x${b.fault.errorCode.toString(16)})`;
  }
}

const DATA: readonly [string, number, number, string][] = [
  // name, CPL, selector, outcome (SDM 2, MOV, "Loading a segment register")
  ["null", 0, 0, "ok"],
  ["null, RPL 3, at ring 3", 3, 3, "ok"],
  ["data", 0, 0x10, "ok"],
  ["data of ring 3 at ring 0", 0, 0x20, "ok"],
  ["data of ring 3 at ring 3", 3, 0x23, "ok"],
  ["data of ring 0 at ring 3", 3, 0x13, "#13(0x10)"],
  ["data of ring 0 with RPL 3", 0, 0x13, "#13(0x10)"],
  ["read-only data", 0, 0x50, "ok"],
  ["readable code", 0, 0x08, "ok"],
  ["readable code of ring 0 at ring 3", 3, 0x0b, "#13(0x8)"],
  ["conforming code at ring 3", 3, 0x3b, "ok"],
  ["code that cannot be read", 0, 0x80, "#13(0x80)"],
  ["a TSS", 0, 0x28, "#13(0x28)"],
  ["not present", 0, 0x58, "#11(0x58)"],
  ["beyond the table", 0, 8 * DESCRIPTORS.length, "#13(0xb0)"],
  ["the local table without one", 0, 0x14, "#13(0x14)"],
];
for (const [name, cpl, selector, want] of DATA) {
  Deno.test(`loadData(): ${name}: ${want}`, () => {
    const b = bench(cpl);
    b.unit.loadData(b.cpu.ds, 0);
    const before = { ...b.cpu.ds };
    assertEquals(outcome(b, () => b.unit.loadData(b.cpu.ds, selector)), want);
    if (want === "ok") assertEquals(b.cpu.ds.selector, selector);
    else assertEquals(b.cpu.ds, before);
  });
}

const STACK: readonly [string, number, number, string][] = [
  ["null at ring 0", 0, 0, "ok"],
  ["null with RPL 1 at ring 0", 0, 1, "#13(0x0)"],
  ["null at ring 3", 3, 3, "#13(0x0)"],
  ["data", 0, 0x10, "ok"],
  ["data of ring 3 at ring 3", 3, 0x23, "ok"],
  ["RPL other than CPL", 0, 0x13, "#13(0x10)"],
  ["DPL other than CPL", 0, 0x20, "#13(0x20)"],
  ["read-only", 0, 0x50, "#13(0x50)"],
  ["code", 0, 0x08, "#13(0x8)"],
  ["not present", 0, 0x58, "#12(0x58)"],
];
for (const [name, cpl, selector, want] of STACK) {
  Deno.test(`loadStack(): ${name}: ${want}`, () => {
    const b = bench(cpl);
    assertEquals(outcome(b, () => b.unit.loadStack(selector)), want);
  });
}

const RETURN: readonly [string, number, number, string][] = [
  ["null", 0, 3, "#13(0x0)"],
  ["ring 0", 0, 0x08, "ok"],
  ["ring 3", 0, 0x1b, "ok"],
  ["ring 0 from ring 3", 3, 0x08, "#13(0x8)"],
  ["RPL below DPL", 0, 0x18, "#13(0x18)"],
  ["RPL above DPL", 0, 0x0b, "#13(0x8)"],
  ["conforming with a higher RPL", 0, 0x3b, "ok"],
  ["data", 0, 0x10, "#13(0x10)"],
  ["32-bit code", 0, 0x48, "#13(0x48)"],
  ["not present", 0, 0x40, "#11(0x40)"],
  ["a TSS", 0, 0x28, "#13(0x28)"],
];
for (const [name, cpl, selector, want] of RETURN) {
  Deno.test(`checkReturnCode(): ${name}: ${want}`, () => {
    const b = bench(cpl);
    assertEquals(outcome(b, () => b.unit.checkReturnCode(selector)), want);
  });
}

const TASK: readonly [string, number, string][] = [
  ["null", 0, "#13(0x0)"],
  ["null with an RPL", 3, "#13(0x0)"],
  ["a TSS", 0x28, "ok"],
  ["a busy TSS", 0x60, "#13(0x60)"],
  ["a TSS that is not present", 0x88, "#11(0x88)"],
  ["an LDT", 0x70, "#13(0x70)"],
  ["data", 0x10, "#13(0x10)"],
  ["a TSS whose upper half has a type", 0xa0, "#13(0xa0)"],
  ["a selector of the local table", 0x2c, "#13(0x2c)"],
];
for (const [name, selector, want] of TASK) {
  Deno.test(`loadTask(): ${name}: ${want}`, () => {
    const b = bench();
    assertEquals(outcome(b, () => b.unit.loadTask(selector)), want);
  });
}

Deno.test("loadTask() takes the base from both entries and marks the first busy", () => {
  const b = bench();
  b.unit.loadTask(0x28);
  const { tr } = b.cpu;
  assertEquals([tr.selector, tr.limit], [0x28, 0x67]);
  assertEquals(tr.base, -(0x8000 * 2 ** 32) + 0x4000 + 0);
  assertEquals(b.phys.read(GDT + 0x2c, 4) >>> 8 & 0xf, 0xb);
});

Deno.test("loadLocalTable() makes selectors with TI set look there", () => {
  const b = bench();
  b.unit.loadLocalTable(0x70);
  assertEquals([b.cpu.ldtr.base, b.cpu.ldtr.limit], [LDT, 0xfff]);
  assertEquals(outcome(b, () => b.unit.loadData(b.cpu.es, 0x14)), "ok");
  b.unit.loadLocalTable(0);
  assertEquals(outcome(b, () => b.unit.loadData(b.cpu.es, 0x14)), "#13(0x14)");
});

Deno.test("put() takes base and limit apart, a limit of pages counted in bytes", () => {
  const b = bench();
  b.unit.loadData(b.cpu.fs, 0x98);
  assertEquals(b.cpu.fs.base, 0x1234_5678);
  assertEquals(b.cpu.fs.limit, 0xf_9abc * 4096 + 4095);
});

Deno.test("markAccessed() sets the accessed bit in memory, once", () => {
  const b = bench();
  b.unit.loadData(b.cpu.ds, 0x10);
  assertEquals(b.phys.read(GDT + 0x15, 1), 0x93);
  assertEquals(b.cpu.ds.attributes & 1, 1);
});

Deno.test("isInTable() says what fetch() would", () => {
  const b = bench();
  for (const selector of [0, 8, 0xa8, 0xab, 0xb0, 0xfff8, 0x0c]) {
    const fetched = outcome(b, () => b.unit.fetch(selector, 13, 0)) === "ok";
    assertEquals(b.unit.isInTable(selector), fetched, `${selector}`);
  }
  // A table whose last descriptor is cut short.
  b.cpu.gdtr.limit = 0x16;
  assertEquals([b.unit.isInTable(8), b.unit.isInTable(0x10)], [true, false]);
});

Deno.test("dropTooPrivileged() nulls what ring 3 may not use", () => {
  for (const [selector, kept] of [[0x10, 0], [0x20, 0x20], [0x38, 0x38]]) {
    const b = bench();
    b.unit.loadData(b.cpu.ds, selector!);
    b.cpu.cpl = 3;
    b.unit.dropTooPrivileged(b.cpu.ds);
    assertEquals(b.cpu.ds.selector, kept!);
  }
});

Deno.test("loadLocalTable() and loadTask() take nothing from the local table, though it lies there", () => {
  const b = bench();
  b.unit.loadLocalTable(0x70);
  assertEquals(outcome(b, () => b.unit.loadLocalTable(0x74)), "#13(0x74)");
  assertEquals(outcome(b, () => b.unit.loadTask(0x2c)), "#13(0x2c)");
  // Null with any RPL is no error: there is no local table then.
  assertEquals(outcome(b, () => b.unit.loadLocalTable(3)), "ok");
  assertEquals(outcome(b, () => b.unit.loadData(b.cpu.es, 0x14)), "#13(0x14)");
});
