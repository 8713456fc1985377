/**
 * What vectors of single instructions cannot show: caches, fetch over two pages, interruption, shadows.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { SHADOW_NONE, SHADOW_SS, SHADOW_STI } from "../hw/cpu_state.ts";
import {
  VECTOR_GP,
  VECTOR_NM,
  VECTOR_PF,
  VECTOR_SS,
  VECTOR_UD,
} from "../hw/exception.ts";
import { Machine } from "../hw/machine.ts";
import { RFLAGS_IF } from "../hw/registers.ts";
import { isaEngine } from "./engine.ts";
import { writeEntry } from "../../tests/support/page_tables.ts";
import { bytesOf, CODE, CodeBench, FRAME, LEAVES } from "./support_test.ts";

const RAX = 0;
const RCX = 1;
const RDI = 7;

Deno.test("run() sees a store to the next instruction", () => {
  // mov byte [rip + 1], 7; mov al, 1
  const b = new CodeBench("c6 05 01 00 00 00 07  b0 01");
  b.run(2);
  assertEquals(b.get(RAX) & 0xff, 7);
  // Once more, with both decoded.
  b.write(0, "c6 05 01 00 00 00 09");
  b.core.cpu.rip = CODE;
  b.run(2);
  assertEquals(b.get(RAX) & 0xff, 9);
});

Deno.test("run() sees a store through another mapping of the code's frame", () => {
  // mov byte [rdi + 6], 5; nop; nop; mov al, 1
  const b = new CodeBench("c6 47 07 05 90 90 b0 01");
  b.map(3, FRAME);
  b.set(RDI, CODE + 0x3000);
  b.run(4);
  assertEquals(b.get(RAX) & 0xff, 5);
});

Deno.test("run() fetches an instruction over two pages, and the second one faults precisely", () => {
  // mov eax, 0x12345678 at the last 2 bytes of a page
  const b = new CodeBench("b8 78 56 34 12", 0xffe);
  b.run(1);
  assertEquals(b.get(RAX), 0x1234_5678);
  assertEquals(b.core.cpu.rip, CODE + 0x1003);

  b.map(1, 0);
  b.core.mmu.flush(true);
  b.core.cpu.rip = CODE + 0xffe;
  assertEquals(b.fault(), VECTOR_PF);
  assertEquals(b.core.fault.cr2, CODE + 0x1000);
  assertEquals(b.core.cpu.rip, CODE + 0xffe);
});

Deno.test("run() asks for the second page's bytes each time", () => {
  const b = new CodeBench("b8 78 56 34 12", 0xffe);
  b.run(1);
  b.map(1, FRAME + 0x2000);
  b.write(0x2000, "01 02 03");
  b.core.mmu.flush(true);
  b.core.cpu.rip = CODE + 0xffe;
  b.run(1);
  assertEquals(b.get(RAX), 0x0302_0178);
});

Deno.test("run() needs no second page for an invalid opcode that ends in the first", () => {
  // 06 is invalid in 64-bit mode.
  const b = new CodeBench("06", 0xfff, 1);
  assertEquals(b.fault(), VECTOR_UD);
});

Deno.test("run() goes on in the next page when an instruction ends with its page", () => {
  const b = new CodeBench("90 b0 03", 0xfff);
  b.run(2);
  assertEquals(b.get(RAX) & 0xff, 3);
});

Deno.test("run() refuses more than 15 bytes", () => {
  const b = new CodeBench("66".repeat(14) + "90" + "66".repeat(15) + "90");
  assertEquals(b.fault(), -1);
  assertEquals(b.fault(), VECTOR_GP);
});

Deno.test("run() keeps to a stale translation of the code page until it is told", () => {
  // inc eax; jmp to it
  const b = new CodeBench("ff c0 eb fc");
  b.write(0x2000, "ff c8 eb fc"); // dec eax
  b.run(4);
  b.map(0, FRAME + 0x2000);
  b.run(4);
  assertEquals(b.get(RAX), 4);
  b.core.mmu.flushPage(CODE as never);
  b.run(4);
  assertEquals(b.get(RAX), 2);
});

Deno.test("LOCK raises #UD without a memory destination", () => {
  const rows: readonly (readonly [string, number])[] = [
    ["f0 01 07", -1], // lock add [rdi], eax
    ["f0 01 c7", VECTOR_UD], // lock add edi, eax
    ["f0 03 07", VECTOR_UD], // lock add eax, [rdi]
    ["f0 39 07", VECTOR_UD], // lock cmp [rdi], eax
    ["f0 0f b1 0f", -1], // lock cmpxchg [rdi], ecx
    ["f0 90", VECTOR_UD],
  ];
  for (const [code, vector] of rows) {
    const b = new CodeBench(code);
    b.set(RDI, CODE + 0x2000);
    assertEquals(b.fault(), vector, code);
  }
});

Deno.test("run() raises #SS for an address by RSP or RBP that is not canonical, else #GP", () => {
  const rows: readonly (readonly [string, number])[] = [
    ["8b 07", VECTOR_GP], // mov eax, [rdi]
    ["8b 45 00", VECTOR_SS], // mov eax, [rbp]
    ["50", VECTOR_SS], // push rax
    ["c3", VECTOR_SS],
    ["65 8b 45 00", VECTOR_GP], // mov eax, gs:[rbp]
  ];
  for (const [code, vector] of rows) {
    const b = new CodeBench(code);
    for (const register of [4, 5, 7]) b.set(register, 0x9000_0000_0000);
    assertEquals(b.fault(), vector, code);
    assertEquals(b.core.cpu.rip, CODE);
  }
});

Deno.test("run() raises #SS for a stack access over the end of the lower half, as measured", () => {
  const END = 0x8000_0000_0000;
  const rows: readonly (readonly [string, number, number])[] = [
    ["58", END - 4, VECTOR_SS], // pop rax
    ["8f 00", END - 4, VECTOR_SS], // pop [rax]
    ["c3", END - 4, VECTOR_SS],
    ["50", END + 4, VECTOR_SS], // push rax
    ["c9", END - 4, VECTOR_SS], // leave
    ["58", END - 8, VECTOR_PF],
    ["66 58", END - 1, VECTOR_SS], // pop ax
    ["66 58", END - 2, VECTOR_PF],
    ["66 c9", END - 2, VECTOR_PF], // leave
  ];
  for (const [code, stack, vector] of rows) {
    const b = new CodeBench(code);
    for (const register of [4, 5]) b.set(register, stack);
    b.set(RAX, CODE + 0x2000);
    assertEquals(b.fault(), vector, `${code} at ${stack.toString(16)}`);
  }
});

Deno.test("a fault in the middle of an instruction changes nothing", () => {
  // Page 4 is not mapped.
  const rows = [
    "01 07", // add [rdi], eax
    "87 07", // xchg [rdi], eax
    "0f c1 07", // xadd [rdi], eax
    "8f 07", // pop [rdi]
    "ff 37", // push [rdi]
    "c9", // leave
    "0f b1 0f", // cmpxchg [rdi], ecx
    "48 0f c7 0f", // cmpxchg16b [rdi]
    "a5", // movsd
    "d1 07", // rol [rdi], 1
    "c8 00 00 02", // enter 0, 2
  ];
  for (const code of rows) {
    const b = new CodeBench(code);
    b.set(RDI, CODE + 0x4000);
    b.set(6, CODE + 0x2000);
    b.set(5, CODE + 0x4010);
    const before = b.core.cpu.registers.slice();
    const { rflags } = b.core.cpu;
    assertEquals(b.fault(), VECTOR_PF, code);
    assertEquals(b.core.cpu.registers, before, code);
    assertEquals(b.core.cpu.rflags, rflags, code);
  }
});

Deno.test("REP commits per iteration: a fault leaves what was done", () => {
  // rep stosb over the end of the last page
  const b = new CodeBench("f3 aa");
  b.set(RDI, CODE + 0x3ffd);
  b.set(RCX, 10);
  let vector = -1;
  try {
    b.run(100);
  } catch {
    vector = b.core.fault.vector;
  }
  assertEquals(vector, VECTOR_PF);
  assertEquals(b.get(RCX), 7);
  assertEquals(b.get(RDI), CODE + 0x4000);
  assertEquals(b.core.cpu.rip, CODE);
});

Deno.test("REP costs 1 clk an iteration, and stops at the budget", () => {
  for (const code of ["f3 aa", "f3 a4", "f3 48 ab", "f3 ac", "f3 a6"]) {
    const b = new CodeBench(code);
    b.set(RDI, CODE + 0x1000);
    b.set(6, CODE + 0x2000);
    b.set(RCX, 100);
    const { clk } = b.core.clock;
    b.run(40);
    assertEquals(b.get(RCX), 60, code);
    assertEquals(b.core.clock.clk, clk + 39, code);
    assertEquals(b.core.cpu.rip, CODE, code);
    b.run(60);
    assertEquals(b.get(RCX), 0, code);
    assert(b.core.cpu.rip !== CODE, code);
  }
});

Deno.test("REP MOVS whose target overlaps its source in front repeats what it stored", () => {
  const b = new CodeBench("f3 a4");
  b.write(0x2000, "01 02 03");
  b.set(6, CODE + 0x2000);
  b.set(RDI, CODE + 0x2003);
  b.set(RCX, 9);
  b.run(9);
  const bytes = Array.from(
    { length: 12 },
    (_, i) => b.board.phys.read(FRAME + 0x2000 + i, 1),
  );
  assertEquals(bytes, [1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3]);
});

/** Words of a frame after REP MOVS in one go, and an iteration at a time. */
function inOneGoAndInSteps(
  frame: number,
  iterations: number,
  prepare: () => CodeBench,
): number[][] {
  return [iterations, 1].map((slice) => {
    const b = prepare();
    while (b.get(RCX) > 0) b.run(slice);
    const { phys } = b.board;
    return Array.from({ length: 8 }, (_, i) => phys.read(frame + 4 * i, 4));
  });
}

Deno.test("REP MOVS whose target is its source's frame by another address repeats what it stored", () => {
  const ends = inOneGoAndInSteps(FRAME + 0x1000, 20, () => {
    const b = new CodeBench("f3 a4");
    b.map(3, FRAME + 0x1000);
    b.write(0x1000, "01 02 03 04 05 06");
    b.set(6, CODE + 0x1000);
    b.set(RDI, CODE + 0x3006);
    b.set(RCX, 20);
    return b;
  });
  assertEquals(ends[0]!.slice(0, 3), [0x0403_0201, 0x0201_0605, 0x0605_0403]);
  assertEquals(ends[0], ends[1]);
});

Deno.test("REP MOVS into the tables of pages that share a TLB entry walks again for each iteration", () => {
  const other = 0x5000;
  const ends = inOneGoAndInSteps(LEAVES, 4, () => {
    const b = new CodeBench("f3 48 a5"); // rep movsq
    const { phys } = b.board;
    // 4 MiB on, the same place in the TLB: the table itself.
    writeEntry(phys, 0x3000, 4, BigInt(other) | 7n);
    writeEntry(phys, other, 1, BigInt(LEAVES) | 7n);
    for (let i = 0; i < 4; i++) {
      // The second word moves the source to another frame, in which other words follow.
      const moved = i === 1 ? 0x2000 : 0x1000 * i;
      writeEntry(phys, FRAME + 0x1000, i, BigInt(FRAME + moved) | 0x67n);
      writeEntry(phys, FRAME + 0x2000, i, BigInt(FRAME + moved) | 0x267n);
    }
    b.set(6, CODE + 0x1000);
    b.set(RDI, CODE + 0x40_1000);
    b.set(RCX, 4);
    return b;
  });
  assertEquals(ends[1]!.map((word) => word & 0x200), [
    0,
    0,
    0,
    0,
    0x200,
    0,
    0x200,
    0,
  ]);
  assertEquals(ends[0], ends[1]);
});

Deno.test("STI and MOV SS shadow the next instruction", () => {
  const sti = new CodeBench("fb 90");
  sti.run(2);
  // The budget is cut, so that the boundary can look.
  assertEquals(sti.core.cpu.rip, CODE + 1);
  assertEquals(sti.core.cpu.shadow, SHADOW_STI);
  assert(sti.core.cpu.rflags & RFLAGS_IF);
  const ss = new CodeBench("8e d0 90");
  ss.run(2);
  assertEquals(ss.core.cpu.rip, CODE + 2);
  assertEquals(ss.core.cpu.shadow, SHADOW_SS);
  // LSS loads RSP, too: there is nothing to protect.
  const lss = new CodeBench("0f b2 27 90"); // lss esp, [rdi]
  lss.set(RDI, CODE + 0x2000);
  lss.run(1);
  assertEquals([lss.core.cpu.rip, lss.get(4)], [CODE + 3, 0]);
  assertEquals(lss.core.cpu.shadow, SHADOW_NONE);
});

Deno.test("privileged instructions raise #GP in ring 3", () => {
  const rows = ["f4", "fa", "fb", "0f 22 d8", "0f 30", "0f 01 17", "0f 08"];
  for (const code of [...rows, "0f 01 3f", "e4 60", "ee", "0f 06"]) {
    const b = new CodeBench(code);
    b.core.cpu.cpl = 3;
    b.set(RDI, CODE + 0x2000);
    assertEquals(b.fault(), VECTOR_GP, code);
  }
});

Deno.test("what is not modelled raises #UD, or #NM if CR0 says so", () => {
  const movaps = "0f 28 c1";
  const fld1 = "d9 e8";
  const rows: readonly (readonly [string, number, number, number])[] = [
    [movaps, 0, 1 << 9, VECTOR_UD],
    [movaps, 1 << 3, 1 << 9, VECTOR_NM],
    [movaps, 1 << 3, 0, VECTOR_UD],
    [movaps, 1 << 2, 1 << 9, VECTOR_UD],
    [fld1, 0, 0, VECTOR_UD],
    [fld1, 1 << 2, 0, VECTOR_NM],
    [fld1, 1 << 3, 0, VECTOR_NM],
    ["0f ae 07", 1 << 3, 0, VECTOR_NM], // fxsave [rdi]
    ["db e3", 0, 0, -1], // fninit
    ["db e4", 0, 0, -1], // fnsetpm
    ["db e4", 1 << 3, 0, VECTOR_NM],
  ];
  for (const [code, cr0, cr4, vector] of rows) {
    const b = new CodeBench(code);
    b.core.cpu.cr0 |= cr0;
    b.core.cpu.cr4 |= cr4;
    b.set(RDI, CODE + 0x2000);
    assertEquals(b.fault(), vector, code);
  }
});

Deno.test("FXSAVE and FXRSTOR bring the state back, but what lies behind the registers' 80 bits", () => {
  // fxsave [rdi]; fxrstor [rdi]
  const b = new CodeBench("0f ae 07 0f ae 0f");
  b.set(RDI, CODE + 0x2000);
  b.core.cpu.fpu.forEach((_, i, fpu) => {
    const reserved = i < 160 && i % 16 >= 10;
    if (i < 24 || (i >= 32 && i < 416 && !reserved)) fpu[i] = i * 7;
  });
  b.core.cpu.fpu.set([0x7f, 0x03, 7, 14, 0xff, 0, 0xff, 7]); // FCW, FSW, FTW, FOP.
  const before = b.core.cpu.fpu.slice();
  b.run(1);
  b.core.cpu.fpu.fill(0, 0, 24).fill(0, 32);
  b.write(0x2000 + 32 + 10, "ff");
  b.run(1);
  assertEquals(b.core.cpu.fpu.subarray(0, 416), before.subarray(0, 416));
});

Deno.test("FXRSTOR loads no reserved parts of FCW, FTW and FOP", () => {
  // fxrstor [rdi]; fxsave [rdi]
  const b = new CodeBench("0f ae 0f 0f ae 07");
  b.set(RDI, CODE + 0x2000);
  b.write(0x2000, "00 ff 00 00 aa aa ff ff");
  b.run(2);
  const { phys } = b.board;
  // FCW as an EPYC saves it.
  assertEquals(phys.read(FRAME + 0x2000, 2), 0x1f40);
  assertEquals(phys.read(FRAME + 0x2004, 4), 0x07ff_00aa);
});

Deno.test("FNINIT and EMMS rename the x87 registers: TOP becomes 0, and the first entry is register 0", () => {
  for (const code of ["db e3", "0f 77"]) {
    const b = new CodeBench(code);
    const { fpu } = b.core.cpu;
    fpu[3] = 5 << 3; // TOP is 5: ST(0) is R5, ST(3) is R0.
    for (let i = 0; i < 8; i++) fpu[32 + 16 * i] = (5 + i) & 7;
    b.run(1);
    assertEquals(fpu[3]! >> 3 & 7, 0);
    assertEquals(
      [0, 1, 2, 3, 4, 5, 6, 7].map((i) => fpu[32 + 16 * i]),
      [0, 1, 2, 3, 4, 5, 6, 7],
    );
  }
});

Deno.test("SYSRET in ring 3 raises #GP, whatever its size", () => {
  for (const code of ["0f 07", "48 0f 07"]) {
    const b = new CodeBench(code);
    b.core.cpu.cpl = 3;
    b.core.cpu.efer |= 1;
    assertEquals(b.fault(), 13);
  }
});

Deno.test("ENTER that cannot read the enclosing frame has pushed nothing", () => {
  // enter 0, 3
  const b = new CodeBench("c8 00 00 03");
  b.set(5, CODE + 0x8008);
  const { bytes } = b.board.phys.ram;
  const before = bytes.slice(FRAME + 0x2000, FRAME + 0x3000);
  assertEquals([b.fault(), b.get(4)], [14, CODE + 0x3000]);
  assertEquals(bytes.subarray(FRAME + 0x2000, FRAME + 0x3000), before);
});

/**
 * A guest that modifies its own code, repeats strings over pages, calls, and counts NMIs. With GNU as, Intel syntax:
 *
 * ```text
 *         lea  rdi, [rip+idt]        # a gate for NMI
 *         …; lidt [rax]; xor ebx, ebx; mov r12d, 3
 * again:  lea  rsi, [rip+patch+1]
 *         add  dword ptr [rsi], 0x11
 * patch:  mov  eax, 1
 *         add  ebx, eax
 *         lea  rdi, [rip+start+0x1ff0]; mov ecx, 40; mov al, bl; rep stosb
 *         lea  rsi, [rip+start+0x1ff1]; lea rdi, [rip+start+0x2ff3]; mov ecx, 17; rep movsw
 *         call leaf; mov edx, ss; mov ss, edx; inc r13; dec r12d; jnz again
 *         mov  eax, ebx; add eax, r14d; mov dx, 0xf4; out dx, eax
 * leaf:   push rbx; mov rcx, 0x123456789abcdef; imul rcx, rbx; xor [rip+cell], rcx
 *         popcnt rax, [rip+cell]; adc ebx, eax; pop rcx; ret
 * nmi:    inc  r14; iretq
 * ```
 */
const GUEST = bytesOf(
  "488d3dd9000000488d05b1000000668947208cc966894f2266c74724008e48c1e8106689472648c1e810894728c7472c00000000488d0595" +
    "000000488978020f011831db41bc03000000488d3504000000830611b80100000001c3488d3d8e1f0000b92800000088d8f3aa488d357f1f" +
    "0000488d3d7a2f0000b91100000066f3a5e8160000008cd28ed249ffc541ffcc75b889d84401f066baf400ef5348b9efcdab896745230148" +
    "0fafcb48310d16000000f3480fb8050d00000011c359c349ffc648cf0f1f40000700000000000000ff0f0000000000000000660f1f440000",
);
const GUEST_START = 0x60_0000;

function guest(): Machine {
  const machine = new Machine({
    engine: isaEngine,
    ramBytes: 16 * 2 ** 20,
    inputs: [30, 61, 75, 76, 110, 190, 240].map((clk) => ({
      clk,
      source: "nmi",
    })),
  });
  GUEST.forEach((byte, i) => machine.memory.write(GUEST_START + i, byte, 1));
  machine.cpu.rip = Number(machine.bootInfo.physicalMemoryOffset) +
    GUEST_START;
  return machine;
}

Deno.test("a guest saved, loaded and forked at every instruction, caches dropped, ends as the uncut run", () => {
  const uncut = guest();
  const stop = uncut.run();
  assertEquals(stop.reason, "exit");
  assertEquals(uncut.cpu.registers[2 * 13], 3);
  assertEquals(uncut.cpu.registers[2 * 14], 7);
  const end = uncut.digest();
  const stepped = guest();
  const other = guest();
  let steps = 0;
  while (stepped.stopped === null) {
    other.load(stepped.save());
    assertEquals(other.digest(), stepped.digest());
    if (steps % 2) other.dropCaches();
    assertEquals(other.run(), stop, `from clk ${stepped.clk}`);
    assertEquals(other.clk, uncut.clk);
    assertEquals(other.digest(), end, `from clk ${stepped.clk}`);
    if (steps % 3 === 0) stepped.dropCaches();
    stepped.step();
    steps += 1;
  }
  assert(steps > 250, `${steps} steps`);
  assertEquals(stepped.digest(), end);
});

Deno.test("a guest in slices of any length, and with events on, is the same run", () => {
  const uncut = guest();
  uncut.run();
  for (const slice of [1, 2, 3, 7, 50]) {
    const machine = guest();
    machine.events.on = slice === 7;
    while (machine.stopped === null) {
      machine.run({ pauseClk: machine.clk + slice });
    }
    assertEquals(machine.digest(), uncut.digest(), `slices of ${slice}`);
  }
});
