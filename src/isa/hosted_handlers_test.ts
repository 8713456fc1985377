/**
 * A kernel in TypeScript whose handlers are machine code: they run nested in
 * its JavaScript, which goes on when they return.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { type VirtAddr, virtAddr } from "../hw/addr.ts";
import type { BootInfo } from "../hw/boot_info.ts";
import { R15 } from "../hw/general_registers.ts";
import type { Program } from "../hw/hosted.ts";
import { gateFor, InterruptDescriptorTable } from "../hw/idt.ts";
import type { Instructions } from "../hw/instructions.ts";
import { Machine } from "../hw/machine.ts";
import type { Stop } from "../hw/stop.ts";
import { isaEngine } from "./engine.ts";
import { bytesOf } from "./support_test.ts";

/** Physical memory for the table and for the handlers, 256 bytes each. */
const [IDT, CODE] = [0x90_0000, 0x91_0000];
/** The timer's vector as the firmware leaves the PICs. */
const TIMER = 8;

/** Runs `boot` in a kernel whose handlers are these bytes. */
function run(
  handlers: Readonly<Record<number, string>>,
  boot: (cpu: Instructions) => void,
  clkMax = 30_000_000,
): { stop: Stop; machine: Machine } {
  const program: Program = (cpu) => ({
    state: {},
    entries: [],
    boot(info) {
      setUp(cpu, info, handlers);
      boot(cpu);
      cpu.out32(0xf4, 0x10);
    },
    loop: () => cpu.hlt(),
  });
  const ramBytes = 16 * 2 ** 20;
  const machine = new Machine({ program, engine: isaEngine, ramBytes });
  return { stop: machine.run({ clkMax }), machine };
}

function setUp(
  cpu: Instructions,
  info: BootInfo,
  handlers: Readonly<Record<number, string>>,
): void {
  const at = (physical: number): VirtAddr =>
    virtAddr(Number(info.physicalMemoryOffset) + physical);
  const idt = new InterruptDescriptorTable();
  for (const [vector, code] of Object.entries(handlers)) {
    const place = CODE + 256 * Number(vector);
    bytesOf(code).forEach((byte, i) => cpu.store8(at(place + i), byte));
    idt.setGate(Number(vector), gateFor(at(place), cpu.readSegment("cs")));
  }
  idt.write(cpu, at(IDT));
  cpu.lidt(at(IDT), 0xfff);
  cpu.writeRegister(R15, 0, 0);
}

/** inc r15; iretq */
const COUNT = "49 ff c7 48 cf";
/** inc r15; mov al, 0x20; out 0x20, al; iretq */
const TICK = "49 ff c7 b0 20 e6 20 48 cf";
/** sti; hlt; inc r15; iretq */
const WAIT = "fb f4 49 ff c7 48 cf";

const EXIT: Stop = { reason: "exit", value: 0x10, status: 33 };

Deno.test("INT3 runs a handler of machine code, and the JavaScript goes on", () => {
  const counts: number[] = [];
  const { stop } = run({ 3: COUNT }, (cpu) => {
    for (let i = 0; i < 3; i++) {
      cpu.int3();
      counts.push(cpu.readRegister(R15));
    }
  });
  assertEquals(stop, EXIT);
  assertEquals(counts, [1, 2, 3]);
});

Deno.test("the timer's handler of machine code falls between the steps of JavaScript", () => {
  const { stop } = run({ [TIMER]: TICK }, (cpu) => {
    cpu.sti();
    cpu.call(function waits() {
      while (cpu.readRegister(R15) < 3) cpu.pause();
    });
  });
  assertEquals(stop, EXIT);
});

Deno.test("a handler of machine code may halt: it waits inside the turn", () => {
  let count = 0;
  const { stop, machine } = run({ 3: WAIT, [TIMER]: TICK }, (cpu) => {
    cpu.int3(); // The timer's handler, and then its own rest.
    count = cpu.readRegister(R15);
  });
  assertEquals(stop, EXIT);
  assertEquals([count, machine.cpu.halted], [2, false]);
});

Deno.test("a limit that falls into a handler of machine code ends the turn there", () => {
  // jmp to itself
  const { stop } = run({ 3: "eb fe" }, (cpu) => cpu.int3(), 100_000);
  assertEquals(stop, { reason: "limit", insideTurn: true });
});
