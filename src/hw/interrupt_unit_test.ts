import { assertEquals, assertStrictEquals, fail } from "@std/assert";
import { NO_EVENTS } from "../base/events.ts";
import { BIT, mapOne, TABLES } from "../../tests/support/page_tables.ts";
import { Clock } from "./clock.ts";
import { Core } from "./core.ts";
import {
  type CpuState,
  registerAddress,
  setRegisterAddress,
} from "./cpu_state.ts";
import { NO_ERROR_CODE } from "./fault.ts";
import { RSP } from "./general_registers.ts";
import { InputLog } from "./input_log.ts";
import { IoBus } from "./io_bus.ts";
import { PhysMemory } from "./phys_memory.ts";
import {
  CR0_WP,
  EFER_NXE,
  RFLAGS_IF,
  RFLAGS_NT,
  RFLAGS_RF,
  RFLAGS_TF,
} from "./registers.ts";

// One 1 GiB page at 0, tables by hand: GDT, IDT, TSS and stacks at addresses that the rows name.
const GDT = 0x1_0000;
const IDT = 0x1_1000;
const TSS = 0x1_2000;
const STACK = 0x2_0000;
const IST1 = 0x2_8000;
const RSP0 = 0x2_4000;
const HANDLER = 0x3_0000;
const KERNEL_CODE = 0x08;
const KERNEL_DATA = 0x10;
const USER_CODE = 0x1b;
const USER_DATA = 0x23;
const TSS_SELECTOR = 0x28;
const CODE_32 = 0x38;
const NOT_PRESENT_CODE = 0x40;

interface Bench {
  readonly phys: PhysMemory;
  readonly core: Core;
  readonly cpu: CpuState;
}

function store64(phys: PhysMemory, address: number, value: bigint): void {
  phys.write(address, Number(value & 0xffff_ffffn), 4);
  phys.write(address + 4, Number(value >> 32n), 4);
}

function load64(phys: PhysMemory, address: number): bigint {
  return BigInt(phys.read(address, 4)) |
    BigInt(phys.read(address + 4, 4)) << 32n;
}

interface Gate {
  readonly offset?: bigint;
  readonly selector?: number;
  readonly ist?: number;
  readonly type?: number;
  readonly dpl?: number;
  readonly present?: boolean;
}

/** SDM 3A, "64-Bit IDT Gate Descriptors", field by field. */
function gate(b: Bench, vector: number, g: Gate = {}): void {
  const offset = g.offset ?? BigInt(HANDLER + 16 * vector);
  const low = (offset & 0xffffn) |
    BigInt(g.selector ?? KERNEL_CODE) << 16n |
    BigInt(g.ist ?? 0) << 32n |
    BigInt(g.type ?? 0xe) << 40n | BigInt(g.dpl ?? 0) << 45n |
    (g.present === false ? 0n : 1n << 47n) | (offset >> 16n & 0xffffn) << 48n;
  store64(b.phys, IDT + 16 * vector, low);
  store64(b.phys, IDT + 16 * vector + 8, BigInt.asUintN(64, offset) >> 32n);
}

function bench(): Bench {
  const phys = new PhysMemory(16 * 2 ** 20, NO_EVENTS);
  const { P, RW, US, PS } = BIT;
  mapOne(phys, 0n, 0n, [P | RW | US, P | RW | US | PS]);
  const core = new Core(
    phys,
    new IoBus(NO_EVENTS),
    new Clock([]),
    new InputLog(),
    NO_EVENTS,
  );
  const { cpu } = core;
  const descriptors = [
    0n,
    0x00af_9b00_0000_ffffn,
    0x00cf_9300_0000_ffffn,
    0x00af_fb00_0000_ffffn,
    0x00cf_f300_0000_ffffn,
    0x0000_8901_2000_0067n,
    0n,
    0x00cf_9b00_0000_ffffn,
    0x00af_1b00_0000_ffffn,
  ];
  descriptors.forEach((d, i) => store64(phys, GDT + 8 * i, d));
  store64(phys, TSS + 4, BigInt(RSP0));
  store64(phys, TSS + 36, BigInt(IST1));
  Object.assign(cpu.gdtr, { base: GDT, limit: 8 * descriptors.length - 1 });
  Object.assign(cpu.idtr, { base: IDT, limit: 0xfff });
  cpu.cr3 = TABLES[4]!;
  cpu.cr0 = (cpu.cr0 | CR0_WP) >>> 0;
  cpu.efer |= EFER_NXE;
  core.segments.fetch(KERNEL_CODE, 13, 0);
  core.segments.put(cpu.cs, KERNEL_CODE);
  core.segments.loadStack(KERNEL_DATA);
  core.segments.loadTask(TSS_SELECTOR);
  cpu.rip = 0x7777;
  cpu.rflags = RFLAGS_IF | 2;
  setRegisterAddress(cpu, RSP, STACK);
  return { phys, core, cpu };
}

function toRing3(b: Bench): void {
  b.core.segments.fetch(USER_CODE, 13, 0);
  b.core.segments.put(b.cpu.cs, USER_CODE);
  b.core.segments.fetch(USER_DATA, 13, 0);
  b.core.segments.put(b.cpu.ss, USER_DATA);
  b.cpu.cpl = 3;
  b.core.mmu.dropFast();
}

/** The frame at RSP, from the error code or RIP up. */
function frame(b: Bench, words: number): bigint[] {
  const rsp = registerAddress(b.cpu, RSP);
  return Array.from({ length: words }, (_, i) => load64(b.phys, rsp + 8 * i));
}

const hex = (values: readonly bigint[]) => values.map((v) => v.toString(16));

Deno.test("raise() pushes SS, RSP, RFLAGS, CS, RIP on an aligned stack", () => {
  const b = bench();
  gate(b, 32);
  setRegisterAddress(b.cpu, RSP, STACK - 4);
  assertEquals(b.core.deliver(32, "external"), true);
  assertEquals(registerAddress(b.cpu, RSP), STACK - 16 - 40);
  assertEquals(hex(frame(b, 5)), ["7777", "8", "202", "1fffc", "10"]);
  assertEquals(b.cpu.rip, HANDLER + 512);
  assertEquals(b.cpu.rflags, 2, "an interrupt gate clears IF");
});

Deno.test("raise() pushes the error code last", () => {
  const b = bench();
  gate(b, 13);
  b.core.deliver(13, "exception", 0x42);
  assertEquals(hex(frame(b, 3)), ["42", "7777", "8"]);
});

Deno.test("raise() leaves IF alone through a trap gate, and clears TF, NT and RF through both", () => {
  for (const [type, left] of [[0xe, 2], [0xf, 2 | RFLAGS_IF]] as const) {
    const b = bench();
    gate(b, 3, { type });
    b.cpu.rflags |= RFLAGS_TF | RFLAGS_NT | RFLAGS_RF;
    b.core.deliver(3, "software");
    assertEquals(b.cpu.rflags, left);
  }
});

Deno.test("raise() pushes RF as 1 for faults only", () => {
  const b = bench();
  gate(b, 13);
  gate(b, 3);
  b.core.deliver(13, "exception", 0);
  assertEquals(frame(b, 4)[3]! & BigInt(RFLAGS_RF), BigInt(RFLAGS_RF));
  b.core.deliver(3, "software");
  assertEquals(frame(b, 3)[2]! & BigInt(RFLAGS_RF), 0n);
});

Deno.test("raise() switches to the IST stack and keeps SS at the same level", () => {
  const b = bench();
  gate(b, 8, { ist: 1 });
  b.core.deliver(8, "exception", 0);
  assertEquals(registerAddress(b.cpu, RSP), IST1 - 48);
  assertEquals(hex(frame(b, 6)), ["0", "7777", "8", "202", "20000", "10"]);
  assertEquals(b.cpu.ss.selector, KERNEL_DATA);
});

Deno.test("raise() from ring 3 takes RSP0 and a null SS", () => {
  const b = bench();
  gate(b, 32);
  toRing3(b);
  b.core.deliver(32, "external");
  assertEquals(b.cpu.cpl, 0);
  assertEquals(b.cpu.ss.selector, 0);
  assertEquals(registerAddress(b.cpu, RSP), RSP0 - 40);
  assertEquals(hex(frame(b, 5)), ["7777", "1b", "202", "20000", "23"]);
});

Deno.test("iretq() returns to ring 3, and nulls data segments that are too privileged", () => {
  const b = bench();
  gate(b, 32);
  toRing3(b);
  b.core.deliver(32, "external");
  b.core.segments.loadData(b.cpu.ds, KERNEL_DATA);
  b.core.segments.loadData(b.cpu.es, USER_DATA);
  b.core.interrupts.iretq();
  assertEquals([b.cpu.cpl, b.cpu.cs.selector, b.cpu.ss.selector], [
    3,
    0x1b,
    0x23,
  ]);
  assertEquals([b.cpu.ds.selector, b.cpu.es.selector], [0, USER_DATA]);
  assertEquals(registerAddress(b.cpu, RSP), STACK);
});

// SDM 2A, IRET, RETURN-TO-OUTER-PRIVILEGE-LEVEL: a null register loses its selector's RPL and nothing else; the base that
// WRMSR gave it is what a kernel's thread-local storage in ring 3 lives on.
Deno.test("iretq() to ring 3 leaves the bases of FS and GS alone when their selectors are null", () => {
  const b = bench();
  gate(b, 32);
  toRing3(b);
  b.core.deliver(32, "external");
  b.core.segments.loadData(b.cpu.fs, 0);
  b.core.segments.loadData(b.cpu.gs, 3);
  b.core.registers.writeMsr(0xc000_0100, 0x5000, 0x7f00);
  b.core.registers.writeMsr(0xc000_0101, 0x6000, 0x7f00);
  b.core.interrupts.iretq();
  const { cpl, fs, gs } = b.cpu;
  assertEquals([cpl, fs.selector, gs.selector], [3, 0, 0]);
  assertEquals([fs.base, gs.base], [0x7f00_0000_5000, 0x7f00_0000_6000]);
});

// QEMU keeps it, too; the manual's step names the selector and the segment's validity, not the base.
Deno.test("iretq() to ring 3 keeps the bases of FS and GS that are too privileged", () => {
  const b = bench();
  gate(b, 32);
  toRing3(b);
  b.core.deliver(32, "external");
  b.core.segments.loadData(b.cpu.fs, KERNEL_DATA);
  b.core.segments.loadData(b.cpu.gs, USER_DATA);
  b.core.registers.writeMsr(0xc000_0100, 0x5000, 0x7f00);
  b.core.registers.writeMsr(0xc000_0101, 0x6000, 0x7f00);
  b.core.interrupts.iretq();
  const { fs, gs } = b.cpu;
  assertEquals([fs.selector, fs.attributes], [0, 0]);
  assertEquals(gs.selector, USER_DATA);
  assertEquals([fs.base, gs.base], [0x7f00_0000_5000, 0x7f00_0000_6000]);
});

// SDM 3A, "Handling Multiple NMIs": executing IRET unblocks NMIs even if it causes a fault, before that is handled.
const FAULTING_IRETS: readonly (readonly [string, (b: Bench) => void])[] = [
  ["NT is set", (b) => b.cpu.rflags |= 1 << 14],
  ["the popped CS is null", (b) => poke(b, 1, 0n)],
  ["the popped RIP is not canonical", (b) => poke(b, 0, 1n << 63n)],
  ["the stack is not mapped", (b) => setRegisterAddress(b.cpu, RSP, 2 ** 40)],
  ["RSP is not canonical", (b) => setRegisterAddress(b.cpu, RSP, 2 ** 50)],
];
function poke(b: Bench, word: number, value: bigint): void {
  store64(b.phys, registerAddress(b.cpu, RSP) + 8 * word, value);
}
for (const [name, spoil] of FAULTING_IRETS) {
  Deno.test(`iretq() unblocks NMIs and changes nothing else when ${name}`, () => {
    const b = bench();
    gate(b, 2);
    b.cpu.nmiBlocked = true;
    b.core.deliver(2, "external");
    spoil(b);
    const before = { ...b.cpu, registers: b.cpu.registers.slice() };
    try {
      b.core.interrupts.iretq();
      fail("it did not fault");
    } catch (thrown) {
      assertStrictEquals(thrown, b.core.fault);
    }
    const after = { ...b.cpu, registers: b.cpu.registers.slice() };
    assertEquals(after, { ...before, nmiBlocked: false });
  });
}

// What a bad gate raises instead: SDM 2A, INT n, "64-Bit Mode Exceptions"; error code = vector × 8 + 2 + EXT.
const GATE_ROWS: readonly {
  readonly name: string;
  readonly gate: Gate | null;
  readonly source: "external" | "software" | "exception";
  readonly want: string;
}[] = [
  { name: "all zero", gate: null, source: "external", want: "#13 103" },
  { name: "all zero, INT n", gate: null, source: "software", want: "#13 102" },
  {
    name: "not present",
    gate: { present: false },
    source: "external",
    want: "#11 103",
  },
  {
    name: "not present, INT n",
    gate: { present: false },
    source: "software",
    want: "#11 102",
  },
  { name: "task gate", gate: { type: 5 }, source: "external", want: "#13 103" },
  {
    name: "call gate",
    gate: { type: 0xc },
    source: "external",
    want: "#13 103",
  },
  {
    name: "null selector",
    gate: { selector: 0 },
    source: "external",
    want: "#13 1",
  },
  {
    name: "null selector, INT n",
    gate: { selector: 0 },
    source: "software",
    want: "#13 0",
  },
  {
    name: "data segment",
    gate: { selector: KERNEL_DATA },
    source: "external",
    want: "#13 11",
  },
  {
    name: "32-bit code",
    gate: { selector: CODE_32 },
    source: "external",
    want: "#13 39",
  },
  {
    name: "code not present",
    gate: { selector: NOT_PRESENT_CODE },
    source: "external",
    want: "#11 41",
  },
  {
    name: "selector beyond the GDT",
    gate: { selector: 0x48 },
    source: "external",
    want: "#13 49",
  },
  {
    name: "code of ring 3",
    gate: { selector: USER_CODE },
    source: "external",
    want: "#13 19",
  },
  {
    name: "target not canonical",
    gate: { offset: 0x8000_0000_0000n },
    source: "external",
    want: "#13 1",
  },
  {
    name: "IST 2 is 0: the push faults",
    gate: { ist: 2 },
    source: "external",
    want: "#14 2",
  },
];

for (const row of GATE_ROWS) {
  Deno.test(`raise() of a gate that is wrong: ${row.name}`, () => {
    const b = bench();
    // The 1 GiB page covers address 0 downwards only as the top of the address space: pushing at 0 − 8 faults.
    for (const vector of [11, 13, 14]) gate(b, vector);
    if (row.gate) gate(b, 32, row.gate);
    assertEquals(b.core.deliver(32, row.source), true);
    const raised = (b.cpu.rip - HANDLER) / 16;
    assertEquals(`#${raised} ${frame(b, 1)[0]!.toString(16)}`, row.want);
  });
}

Deno.test("raise() of INT n at ring 3 through a gate of DPL 0 is #GP, through DPL 3 it is not", () => {
  for (const [dpl, want] of [[0, 13], [3, 0x80]] as const) {
    const b = bench();
    gate(b, 13);
    gate(b, 0x80, { dpl });
    toRing3(b);
    b.core.deliver(0x80, "software");
    assertEquals((b.cpu.rip - HANDLER) / 16, want);
  }
});

Deno.test("raise() of an external interrupt at ring 3 does not look at the gate's DPL", () => {
  const b = bench();
  gate(b, 32, { dpl: 0 });
  toRing3(b);
  b.core.deliver(32, "external");
  assertEquals((b.cpu.rip - HANDLER) / 16, 32);
});

// SDM 3A, "Interrupt 8—Double Fault Exception (#DF)": what a second exception makes of a first one.
const PAIR_ROWS:
  readonly (readonly [first: number, handled: number, second: string])[] = [
    [0, 8, "contributory, contributory"],
    [13, 8, "contributory, contributory"],
    [14, 8, "page fault, contributory"],
    [6, 11, "benign, contributory: the second is delivered"],
    [32, 11, "interrupt, contributory: the second is delivered"],
  ];
for (const [first, handled, name] of PAIR_ROWS) {
  Deno.test(`raise() of a pair: ${first}, then #NP: ${name}`, () => {
    const b = bench();
    gate(b, first, { present: false });
    gate(b, handled);
    const source = first === 32 ? "external" : "exception";
    b.core.deliver(first, source, first === 32 ? NO_ERROR_CODE : 0);
    assertEquals((b.cpu.rip - HANDLER) / 16, handled);
    assertEquals(frame(b, 1)[0], handled === 8 ? 0n : BigInt(first * 8 + 3));
  });
}

Deno.test("raise() pushes an RSP that is no address with all its bits", () => {
  const b = bench();
  gate(b, 32, { ist: 1 });
  b.cpu.registers.set([0x9abc_def1 | 0, 0x1234_5678], 2 * RSP);
  b.core.deliver(32, "external");
  assertEquals(frame(b, 5)[3], 0x1234_5678_9abc_def1n);
});

Deno.test("raise() puts the place of the first push that fails into CR2", () => {
  // 64-Bit Mode Stack Frame: SS is pushed first, downwards from an aligned RSP.
  const rows: [rsp: number, cr2: number][] = [
    [0x7000_0000_0000, 0x6fff_ffff_fff8], // Nothing is mapped.
    [0x10, -8], // The third push leaves the only page that is.
  ];
  for (const [rsp, cr2] of rows) {
    const b = bench();
    setRegisterAddress(b.cpu, RSP, rsp);
    gate(b, 32);
    gate(b, 14, { ist: 1 });
    b.core.deliver(32, "external");
    assertEquals((b.cpu.rip - HANDLER) / 16, 14);
    assertEquals(b.cpu.cr2, cr2);
  }
});

Deno.test("raise() shuts down when #DF cannot be delivered, and tells the three exceptions", () => {
  const b = bench();
  setRegisterAddress(b.cpu, RSP, 0x7000_0000_0000);
  gate(b, 14);
  gate(b, 8);
  const fault = b.core.fault;
  fault.vector = 14;
  fault.errorCode = 2;
  fault.cr2 = 0xdead_beef;
  assertEquals(b.core.deliverFault(), false);
  assertEquals(
    b.core.stop?.reason === "shutdown" &&
      b.core.stop.exceptions.map((e) => [e.vector, e.errorCode, e.cr2]),
    [[14, 2, 0xdead_beef], [8, 0, 0], [14, 2, 0x6fff_ffff_fff8]],
  );
  // CR2 holds the address of the last page fault.
  assertEquals(b.cpu.cr2, 0x6fff_ffff_fff8);
});

Deno.test("iretq() faults before anything has changed", () => {
  const rows: readonly (readonly [string, bigint[], string])[] = [
    ["stale SS is a TSS", [0x5555n, 8n, 2n, 0x2_0000n, 0x28n], "#13 28"],
    ["null CS", [0x5555n, 0n, 2n, 0x2_0000n, 0x10n], "#13 0"],
    ["CS is data", [0x5555n, 0x10n, 2n, 0x2_0000n, 0x10n], "#13 10"],
    ["null SS for ring 3", [0x5555n, 0x1bn, 2n, 0x2_0000n, 0x3n], "#13 0"],
    ["SS of another level", [0x5555n, 8n, 2n, 0x2_0000n, 0x23n], "#13 20"],
    ["RIP not canonical", [1n << 47n, 8n, 2n, 0x2_0000n, 0x10n], "#13 0"],
  ];
  for (const [name, words, want] of rows) {
    const b = bench();
    words.forEach((word, i) => store64(b.phys, STACK + 8 * i, word));
    let got = "none";
    try {
      b.core.interrupts.iretq();
    } catch (thrown) {
      assertEquals(thrown, b.core.fault);
      got = `#${b.core.fault.vector} ${b.core.fault.errorCode.toString(16)}`;
    }
    assertEquals(got, want, name);
    assertEquals(b.cpu.rip, 0x7777, name);
    assertEquals(registerAddress(b.cpu, RSP), STACK, name);
    assertEquals(b.cpu.cs.selector, KERNEL_CODE, name);
  }
});

// SDM 3A, "Code- and Data-Segment Descriptor Types": A is set whenever a selector is loaded into a segment register.
Deno.test("iretq() sets the accessed bits of CS and SS, in memory and in the CPU", () => {
  const b = bench();
  store64(b.phys, GDT + 0x18, 0x00af_fa00_0000_ffffn);
  store64(b.phys, GDT + 0x20, 0x00cf_f200_0000_ffffn);
  [0x5555n, 0x1bn, 0x202n, 0x2_1000n, 0x23n].forEach((word, i) =>
    store64(b.phys, STACK + 8 * i, word)
  );
  b.core.interrupts.iretq();
  assertEquals(load64(b.phys, GDT + 0x18), 0x00af_fb00_0000_ffffn);
  assertEquals(load64(b.phys, GDT + 0x20), 0x00cf_f300_0000_ffffn);
  assertEquals([b.cpu.cs.attributes & 1, b.cpu.ss.attributes & 1], [1, 1]);
});

Deno.test("iretq() accepts a null SS for 64-bit code of ring 0", () => {
  const b = bench();
  [0x5555n, 8n, 0x202n, 0x2_1000n, 0n].forEach((word, i) =>
    store64(b.phys, STACK + 8 * i, word)
  );
  b.core.interrupts.iretq();
  assertEquals([b.cpu.rip, b.cpu.ss.selector], [0x5555, 0]);
  assertEquals(registerAddress(b.cpu, RSP), 0x2_1000);
});

Deno.test("loadTask() marks the descriptor busy, and refuses it the second time", () => {
  const b = bench();
  assertEquals(load64(b.phys, GDT + 0x28) >> 40n & 0xfn, 0xbn);
  let got = "none";
  try {
    b.core.segments.loadTask(TSS_SELECTOR);
  } catch {
    got = `#${b.core.fault.vector} ${b.core.fault.errorCode.toString(16)}`;
  }
  assertEquals(got, "#13 28");
});

Deno.test("raise() finds a gate whose last byte is at IDTR's limit, and none beyond it", () => {
  for (const [limit, want] of [[32 * 16 + 15, 32], [32 * 16 + 14, 13]]) {
    const b = bench();
    for (const vector of [13, 32]) gate(b, vector);
    b.cpu.idtr.limit = limit!;
    b.core.deliver(32, "external");
    assertEquals((b.cpu.rip - HANDLER) / 16, want);
  }
});

Deno.test("raise() onto an interrupt stack needs a TSS that is loaded and holds it, else #TS", () => {
  // SDM 3A, "64-Bit TSS": IST1 takes the bytes 36 to 43.
  const rows: [string, (cpu: CpuState) => void, number][] = [
    ["all of it", (cpu) => cpu.tr.limit = 43, 32],
    ["all but a byte", (cpu) => cpu.tr.limit = 42, 10],
    ["no TSS", (cpu) => cpu.tr.attributes = 0, 10],
  ];
  for (const [name, change, vector] of rows) {
    const b = bench();
    gate(b, 32, { ist: 1 });
    gate(b, 10);
    change(b.cpu);
    b.core.deliver(32, "external");
    assertEquals((b.cpu.rip - HANDLER) / 16, vector, name);
    if (vector === 10) assertEquals(hex(frame(b, 1)), ["29"], name);
  }
});

Deno.test("writeRflags() changes IOPL at CPL 0 only, IF where CPL is at most IOPL", () => {
  // SDM 2, "POPF", table of effects: [CPL, flags before, value, flags after].
  const IOPL_3 = 0x3000;
  const rows: [number, number, number, number][] = [
    [0, 0, RFLAGS_IF | IOPL_3, RFLAGS_IF | IOPL_3],
    [0, RFLAGS_IF | IOPL_3, 0, 0],
    [3, 0, RFLAGS_IF | IOPL_3, 0],
    [3, RFLAGS_IF, 0, RFLAGS_IF],
    [3, IOPL_3, RFLAGS_IF, RFLAGS_IF | IOPL_3],
    [3, 0x2000, RFLAGS_IF, 0x2000],
    [2, 0x2000, RFLAGS_IF, RFLAGS_IF | 0x2000],
    [0, 0, 0xffff_ffff, 0x3f_7fd7 & ~0x1a_0000],
    [3, 0, 0xffff_ffff, 0x3f_7fd7 & ~0x1a_3200],
  ];
  for (const [cpl, before, value, after] of rows) {
    const { core, cpu } = bench();
    cpu.cpl = cpl;
    cpu.rflags = before | 2;
    core.interrupts.writeRflags(value);
    assertEquals(cpu.rflags >>> 0, after | 2, `${cpl} ${before} ${value}`);
  }
});

Deno.test("raise() takes all 64 bits of an interrupt stack's address", () => {
  const b = bench();
  gate(b, 32, { ist: 1 });
  gate(b, 14);
  store64(b.phys, TSS + 36, 0xffff_9234_5678_9000n);
  b.core.deliver(32, "external");
  // Nothing is there: the push faults.
  assertEquals((b.cpu.rip - HANDLER) / 16, 14);
  const page = BigInt.asUintN(64, BigInt(b.cpu.cr2)) >> 12n;
  assertEquals(page, 0xffff_9234_5678_8n);
});
