/**
 * A kernel in TypeScript that runs a program of machine code in ring 3.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { type VirtAddr, virtAddr } from "../hw/addr.ts";
import type { BootInfo } from "../hw/boot_info.ts";
import { RAX } from "../hw/general_registers.ts";
import type { Kernel, Program } from "../hw/hosted.ts";
import type { Instructions } from "../hw/instructions.ts";
import { Machine } from "../hw/machine.ts";
import { isaEngine } from "./engine.ts";
import { bytesOf } from "./support_test.ts";

const CODE = 0x60_0000;
const GDT = 0x62_0000;
const TSS = 0x62_0100;
const IDT = 0x62_1000;
const USER_STACK = 0x63_0000;
const KERNEL_STACK = 0x64_0000;
const USER_DATA = 0x1b;
const USER_CODE = 0x23;
const PRESENT = 1;
const USER = 4;
const RFLAGS = 0x202;

/** inc eax; int 0x80; jmp to it */
const COUNTER = "ff c0 cd 80 eb fa";
/** inc eax; jmp to it */
const BUSY = "ff c0 eb fc";

interface State {
  seen: number[];
  ticks: number;
}

/** A kernel whose one program is the given code. */
const kernelOf = (code: string): Program => (cpu, saved) => {
  const state = (saved ?? { seen: [], ticks: 0 }) as unknown as State;
  return {
    state: state as unknown as Kernel["state"],
    entries: [
      {
        name: "syscall",
        run(cpu) {
          state.seen.push(cpu.readRegister(RAX));
          if (state.seen.length === 3) cpu.out32(0xf4, 0x10);
          cpu.iretq();
        },
      },
      {
        name: "timer",
        run(cpu) {
          state.ticks += 1;
          cpu.out8(0x20, 0x20);
          cpu.iretq();
        },
      },
    ],
    boot: (info) => boot(cpu, info, code),
    loop: () => cpu.hlt(),
  };
};

function boot(cpu: Instructions, info: BootInfo, code: string): void {
  const offset = Number(info.physicalMemoryOffset);
  const at = (physical: number) => virtAddr(offset + physical);
  allowUser(cpu, offset, at(CODE));
  bytesOf(code).forEach((byte, i) => cpu.store8(at(CODE + i), byte));
  const put = (physical: number, low: number, high: number) =>
    cpu.store64(at(physical), low, high);
  put(GDT + 0x08, 0xffff, 0x00af_9b00);
  put(GDT + 0x10, 0xffff, 0x00cf_9300);
  put(GDT + 0x18, 0xffff, 0x00cf_f300);
  put(GDT + 0x20, 0xffff, 0x00af_fb00);
  const tss = offset + TSS;
  const tssLow = tss >>> 0;
  put(
    GDT + 0x28,
    ((tssLow & 0xffff) << 16) | 0x67,
    0x8900 | ((tssLow >>> 16) & 0xff) | (tssLow & 0xff00_0000),
  );
  put(GDT + 0x30, Math.floor(tss / 0x1_0000_0000), 0);
  cpu.storeAddr(at(TSS + 4), at(KERNEL_STACK));
  for (
    const [vector, name, dpl] of [[0x80, "syscall", 3], [
      8,
      "timer",
      0,
    ]] as const
  ) {
    const entry = cpu.entryAddress(name);
    const low = entry >>> 0;
    put(
      IDT + 16 * vector,
      0x8_0000 | (low & 0xffff),
      (low & 0xffff_0000) | 0x8e00 | dpl << 13,
    );
    put(IDT + 16 * vector + 8, Math.floor(entry / 0x1_0000_0000), 0);
  }
  cpu.lgdt(at(GDT), 0x37);
  cpu.lidt(at(IDT), 0xfff);
  cpu.ltr(0x28);
  cpu.push64(USER_DATA, 0);
  push(cpu, at(USER_STACK));
  cpu.push64(RFLAGS, 0);
  cpu.push64(USER_CODE, 0);
  push(cpu, at(CODE));
  cpu.iretq();
}

function push(cpu: Instructions, address: VirtAddr): void {
  const low = address | 0;
  cpu.push64(low, (address - (low >>> 0)) / 0x1_0000_0000);
}

/** Sets U/S at each level of an address's tables. */
function allowUser(
  cpu: Instructions,
  offset: number,
  address: VirtAddr,
): void {
  let table = cpu.readCr3();
  for (let level = 4; level >= 1; level--) {
    const index = Math.floor(address / 2 ** (12 + 9 * (level - 1))) & 511;
    const entry = virtAddr(offset + table + 8 * index);
    const low = cpu.load64(entry);
    cpu.store32(entry, low | USER);
    if (level < 4 && low & 1 << 7 || !(low & PRESENT)) break;
    table = (low & ~0xfff) >>> 0;
  }
  cpu.invlpg(address);
}

function machineOf(code: string): Machine {
  return new Machine({
    program: kernelOf(code),
    engine: isaEngine,
    ramBytes: 16 * 2 ** 20,
  });
}

Deno.test("a program in ring 3 calls a kernel in TypeScript", () => {
  const machine = machineOf(COUNTER);
  assertEquals(machine.run({ clkMax: 1_000_000 }).reason, "exit");
  const [first = 0, ...more] = (machine.kernelState as unknown as State).seen;
  assertEquals(more, [first + 1, first + 2]);
});

Deno.test("a program in ring 3 is preempted, saved and forked at every instruction", () => {
  const machine = machineOf(COUNTER);
  machine.step();
  const ends = new Set<string>();
  while (machine.stopped === null) {
    const fork = machine.fork();
    fork.dropCaches();
    fork.run();
    ends.add(`${fork.clk} ${fork.digest()}`);
    machine.step();
  }
  assertEquals([...ends], [`${machine.clk} ${machine.digest()}`]);
});

Deno.test("the timer interrupts a program in ring 3", () => {
  const machine = machineOf(BUSY);
  const stop = machine.run({ clkMax: 20_000_000 });
  assertEquals(stop, { reason: "limit", insideTurn: false });
  const { ticks } = machine.kernelState as unknown as State;
  // 6,553,600 clk each; the first edge comes when the firmware programs the timer.
  assertEquals(ticks, 4);
});
