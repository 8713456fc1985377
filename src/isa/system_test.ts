/**
 * Interrupts, system calls and single steps of machine code, on tables written by hand.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { VECTOR_DB, VECTOR_GP, VECTOR_PF } from "../hw/exception.ts";
import {
  CR0_WP,
  EFER_SCE,
  MSR_FMASK,
  MSR_LSTAR,
  MSR_STAR,
  RFLAGS_DF,
  RFLAGS_IF,
  RFLAGS_TF,
} from "../hw/registers.ts";
import { writeEntry } from "../../tests/support/page_tables.ts";
import { CODE, CodeBench, FRAME, LEAVES } from "./support_test.ts";

const KERNEL_CODE = 0x08;
const KERNEL_DATA = 0x10;
const USER_DATA = 0x1b;
const USER_CODE = 0x23;
const TASK = 0x28;
/** Offsets from the first page. */
const GDT = 0x2000;
const IDT = 0x2400;
const TSS = 0x2f00;
const HANDLER = 0x1000;
const KERNEL_STACK = CODE + 0x2f00;

/** A bench with GDT, IDT, TSS, and a handler: inc ecx; iretq. */
function systemBench(code: string, user: boolean): CodeBench {
  const b = new CodeBench(code);
  const { cpu, segments } = b.core;
  const word = (offset: number, low: number, high: number) => {
    b.board.phys.write(FRAME + offset, low, 4);
    b.board.phys.write(FRAME + offset + 4, high, 4);
  };
  word(GDT + 0x08, 0xffff, 0x00af_9b00);
  word(GDT + 0x10, 0xffff, 0x00cf_9300);
  word(GDT + 0x18, 0xffff, 0x00cf_f300);
  word(GDT + 0x20, 0xffff, 0x00af_fb00);
  const task = CODE + TSS;
  word(
    GDT + 0x28,
    ((task & 0xffff) << 16) | 0x67,
    0x0000_8900 | ((task >>> 16) & 0xff) | (task & 0xff00_0000),
  );
  word(TSS + 4, KERNEL_STACK, 0);
  const handler = CODE + HANDLER;
  for (const [vector, dpl] of [[VECTOR_DB, 0], [VECTOR_GP, 0], [0x80, 3]]) {
    word(
      IDT + 16 * vector!,
      (KERNEL_CODE << 16) | (handler & 0xffff),
      (handler & 0xffff_0000) | 0x8e00 | (dpl! << 13),
    );
  }
  b.write(HANDLER, "ff c1 48 cf");
  cpu.gdtr.base = CODE + GDT;
  cpu.idtr.base = CODE + IDT;
  segments.loadTask(TASK);
  segments.fetch(user ? USER_CODE : KERNEL_CODE, 0, 0);
  segments.put(cpu.cs, user ? USER_CODE : KERNEL_CODE);
  segments.fetch(user ? USER_DATA : KERNEL_DATA, 0, 0);
  segments.put(cpu.ss, user ? USER_DATA : KERNEL_DATA);
  cpu.cpl = user ? 3 : 0;
  return b;
}

for (const user of [false, true]) {
  Deno.test(`INT n and IRETQ go there and back from ring ${user ? 3 : 0}`, () => {
    const b = systemBench("cd 80 90", user);
    const { cpu } = b.core;
    cpu.rflags |= RFLAGS_IF;
    const registers = cpu.registers.slice();
    b.run(1);
    assertEquals([cpu.rip, cpu.cpl], [CODE + HANDLER, 0]);
    assertEquals(cpu.rflags & RFLAGS_IF, 0);
    b.run(1);
    b.run(1);
    assertEquals([cpu.rip, cpu.cpl], [CODE + 2, user ? 3 : 0]);
    registers[2] = 1;
    assertEquals(cpu.registers, registers);
    assertEquals(cpu.rflags & RFLAGS_IF, RFLAGS_IF);
  });
}

Deno.test("INT n that the gate refuses raises #GP at itself", () => {
  const b = systemBench("cd 0d", true);
  b.run(1);
  const { cpu } = b.core;
  assertEquals(cpu.rip, CODE + HANDLER);
  // Error code, then RIP.
  const stack = FRAME + 0x2f00 - 48;
  assertEquals(b.board.phys.read(stack, 4), VECTOR_GP * 8 + 2);
  assertEquals(b.board.phys.read(stack + 8, 4), CODE);
});

Deno.test("SYSCALL and SYSRET go there and back", () => {
  const b = systemBench("0f 05 90", true);
  const { cpu, registers } = b.core;
  cpu.efer |= EFER_SCE;
  registers.writeMsr(MSR_STAR, 0, (0x10 << 16 | KERNEL_CODE) >>> 0);
  registers.writeMsr(MSR_LSTAR, CODE + 0x1100, 0);
  registers.writeMsr(MSR_FMASK, RFLAGS_IF | RFLAGS_DF, 0);
  b.write(0x1100, "48 0f 07"); // sysretq
  cpu.rflags |= RFLAGS_IF | RFLAGS_DF;
  const { rflags } = cpu;
  b.run(1);
  assertEquals([cpu.rip, cpu.cpl], [CODE + 0x1100, 0]);
  assertEquals([cpu.cs.selector, cpu.ss.selector], [KERNEL_CODE, KERNEL_DATA]);
  assertEquals([b.get(1), b.get(11)], [CODE + 2, rflags]);
  assertEquals(cpu.rflags & (RFLAGS_IF | RFLAGS_DF), 0);
  b.run(1);
  assertEquals([cpu.rip, cpu.cpl], [CODE + 2, 3]);
  assertEquals([cpu.cs.selector, cpu.ss.selector], [USER_CODE, USER_DATA]);
  assertEquals(cpu.rflags, rflags);
});

Deno.test("TF traps behind the next instruction", () => {
  const b = systemBench("90 90 90", false);
  const { cpu } = b.core;
  cpu.rflags |= RFLAGS_TF;
  b.run(1);
  assertEquals(cpu.rip, CODE + HANDLER);
  const stack = cpu.registers[8]! - CODE + FRAME;
  assertEquals(b.board.phys.read(stack, 4), CODE + 1);
  assertEquals(cpu.debug[12]! & 1 << 14, 1 << 14);
  b.run(1);
  b.run(1);
  assertEquals(cpu.rip, CODE + 1);
  b.run(1);
  assertEquals(b.get(1), 1);
  assertEquals(cpu.rip, CODE + HANDLER);
});

Deno.test("SYSCALL and SYSRET trap by the TF that they leave", () => {
  const b = systemBench("0f 05 90", true);
  const { cpu, registers } = b.core;
  cpu.efer |= EFER_SCE;
  registers.writeMsr(MSR_STAR, 0, (0x10 << 16 | KERNEL_CODE) >>> 0);
  registers.writeMsr(MSR_LSTAR, CODE + 0x1100, 0);
  registers.writeMsr(MSR_FMASK, RFLAGS_TF, 0);
  b.write(0x1100, "90 48 0f 07"); // nop; sysretq
  cpu.rflags |= RFLAGS_TF;
  b.run(1);
  // No #DB on the program's stack in ring 0.
  assertEquals([cpu.rip, cpu.rflags & RFLAGS_TF], [CODE + 0x1100, 0]);
  // SYSRET sets TF: #DB is for the instruction behind SYSCALL, which has not begun.
  b.run(2);
  assertEquals(cpu.rip, CODE + HANDLER);
  const stack = cpu.registers[8]! - CODE + FRAME;
  assertEquals(b.board.phys.read(stack, 4), CODE + 2);
  assertEquals(b.board.phys.read(stack + 8, 4), USER_CODE);
});

Deno.test("RET far to ring 3 that cannot mark its code segment accessed has loaded no stack segment", () => {
  const b = systemBench("48 cb", false); // retfq
  const { cpu } = b.core;
  const { phys } = b.board;
  phys.write(FRAME + GDT + USER_CODE - 3 + 5, 0xfa, 1);
  writeEntry(phys, LEAVES, 2, BigInt(FRAME + 0x2000 + 5)); // Read-only.
  cpu.cr0 = (cpu.cr0 | CR0_WP) >>> 0;
  b.core.mmu.flush(true);
  const frame = [CODE + 0x800, USER_CODE, CODE + 0x1f00, USER_DATA];
  frame.forEach((word, i) => phys.write(FRAME + 0x1800 + 8 * i, word, 4));
  b.set(4, CODE + 0x1800);
  assertEquals(b.fault(), VECTOR_PF);
  assertEquals([cpu.ss.selector, cpu.cpl], [KERNEL_DATA, 0]);
  assertEquals(b.get(4), CODE + 0x1800);
});
