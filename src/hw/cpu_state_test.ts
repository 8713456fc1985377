import { assertEquals } from "@std/assert";
import { type CpuState, cpuState } from "./cpu_state.ts";
import type { Instructions } from "./instructions.ts";
import { Machine } from "./machine.ts";

// SDM 3A, "Processor State After Reset", for what neither firmware nor bootloader loads; addresses are all 0 there.
const ROWS: readonly [
  string,
  (cpu: CpuState) => readonly number[],
  number[],
][] = [
  ["CR2", (cpu) => [cpu.cr2], [0]],
  ["CR8", (cpu) => [cpu.cr8], [0]],
  ["DR6", (cpu) => Array.from(cpu.debug.subarray(12, 14)), [-0xf010, 0]],
  ["DR7", (cpu) => Array.from(cpu.debug.subarray(14, 16)), [0x400, 0]],
  ["DR0 to DR3", (cpu) => Array.from(cpu.debug.subarray(0, 8)), zeros(8)],
  ["MXCSR", ({ fpu }) => [fpu[24]!, fpu[25]!, fpu[26]!, fpu[27]!], [
    0x80,
    0x1f,
    0,
    0,
  ]],
  // QEMU starts with what FNINIT gives.
  ["FCW, FSW, FTW", ({ fpu }) => Array.from(fpu.subarray(0, 5)), [
    0x7f,
    3,
    0,
    0,
    0,
  ]],
  [
    "XMM0 to XMM15",
    ({ fpu }) => Array.from(fpu.subarray(160, 416)),
    zeros(256),
  ],
];

function zeros(count: number): number[] {
  return new Array<number>(count).fill(0);
}

for (const [name, read, want] of ROWS) {
  Deno.test(`cpuState() at power-on: ${name}`, () => {
    assertEquals([...read(cpuState())], want);
    assertEquals([...read(new Machine({ ramBytes: 16 * 2 ** 20 }).cpu)], want);
  });
}

// SDM 3A, "Programming the PAT": PA0 to PA7 are WB, WT, UC−, UC, twice. SDM 4, "Architectural MSRs", for the others;
// fast strings are on in QEMU, too.
const MSR_ROWS: readonly [string, number, number, number][] = [
  ["IA32_PAT", 0x277, 0x0007_0406, 0x0007_0406],
  ["IA32_MISC_ENABLE: fast strings", 0x1a0, 1, 0],
  ["IA32_APIC_BASE: there is no local APIC", 0x1b, 0, 0],
  ["IA32_SYSENTER_CS", 0x174, 0, 0],
  ["IA32_SYSENTER_ESP", 0x175, 0, 0],
  ["IA32_SYSENTER_EIP", 0x176, 0, 0],
  ["IA32_STAR", 0xc000_0081, 0, 0],
  ["IA32_LSTAR", 0xc000_0082, 0, 0],
  ["IA32_CSTAR", 0xc000_0083, 0, 0],
  ["IA32_FMASK", 0xc000_0084, 0, 0],
  ["IA32_FS_BASE", 0xc000_0100, 0, 0],
  ["IA32_GS_BASE", 0xc000_0101, 0, 0],
  ["IA32_KERNEL_GS_BASE", 0xc000_0102, 0, 0],
  ["IA32_TSC_AUX", 0xc000_0103, 0, 0],
  ["EFER: LME, LMA and NXE from the bootloader", 0xc000_0080, 0xd00, 0],
];
Deno.test("readMsr() when nobody has written: the values of power-on and firmware", () => {
  const seen: [number, number][] = [];
  const read = (cpu: Instructions) => {
    for (const [, msr] of MSR_ROWS) {
      const low = cpu.readMsr(msr);
      seen.push([low, cpu.high]);
    }
  };
  new Machine({
    ramBytes: 16 * 2 ** 20,
    program: (cpu) => ({
      state: {},
      entries: [],
      boot: () => read(cpu),
      loop: () => cpu.hlt(),
    }),
  }).step();
  for (const [i, [name, , low, high]] of MSR_ROWS.entries()) {
    assertEquals(seen[i], [low, high], name);
  }
});
