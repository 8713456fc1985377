import { assert, assertEquals, assertThrows } from "@std/assert";
import structures from "../../vectors/x86_64-structures.json" with {
  type: "json",
};
import {
  FakeCpu,
  ParkSignal,
  StopSignal,
} from "../../tests/support/fake_cpu.ts";
import { virtAddr } from "../hw/addr.ts";
import { decodeGate, GATE_MISSING, readGate } from "../hw/idt.ts";
import { coreState, KernelCore } from "./core.ts";
import {
  breakpointHandler,
  doubleFaultHandler,
  pageFaultHandler,
} from "./exceptions.ts";
import { Gdt, gdtState } from "./gdt.ts";
import { type Gate, Idt, idtState } from "./interrupts.ts";
import {
  DOUBLE_FAULT_STACK_END,
  DOUBLE_FAULT_STACK_START,
  GDT_ADDR,
  IDT_ADDR,
  TSS_ADDR,
} from "./layout.ts";
import { StackFrameView } from "./stack_frame_view.ts";
import { BUFFER_WIDTH, VGA_BUFFER } from "./vga_buffer.ts";

const memory = (cpu: FakeCpu) => ({
  load32: (address: number) => cpu.peek32(address),
});

/** The screen, trailing blanks and empty rows on top cut. */
function screen(cpu: FakeCpu): string {
  let text = "";
  for (let row = 0; row < 25; row++) {
    let line = "";
    for (let column = 0; column < BUFFER_WIDTH; column++) {
      const at = VGA_BUFFER + 2 * (row * BUFFER_WIDTH + column);
      line += String.fromCharCode(cpu.peek8(at) || 0x20);
    }
    text += line.trimEnd() + "\n";
  }
  return text.trim();
}

/** A kernel with tables and the three exceptions of the book. */
function booted(more: (core: KernelCore) => Gate[] = () => []) {
  const cpu = new FakeCpu();
  const core = new KernelCore(cpu, coreState());
  const gdt = new Gdt(cpu, core.env, gdtState());
  const idt = new Idt(core, idtState(), [
    breakpointHandler(core),
    pageFaultHandler(core),
    doubleFaultHandler(core),
    ...more(core),
  ]);
  cpu.attach(core.entries);
  gdt.init();
  idt.init();
  return { cpu, core, gdt, idt };
}

Deno.test("Gdt.init() writes the book's table and loads it", () => {
  const { cpu } = booted();
  const facts = structures.blog_os_gdt;
  assertEquals(cpu.sgdt(), { base: GDT_ADDR, limit: facts.limit });
  assertEquals(cpu.r.cs, facts.code_selector);
  assertEquals(cpu.r.tr, facts.tss_selector);
  assertEquals([cpu.r.ss, cpu.r.ds], [0, 0x10]);
  // Entries 0 and 1 as measured; the TSS lies elsewhere, and is busy.
  assertEquals([cpu.peekAddr(GDT_ADDR), cpu.peek32(GDT_ADDR + 8)], [0, 0xffff]);
  assertEquals(cpu.peek32(GDT_ADDR + 12), 0x00af_9b00);
  assertEquals(cpu.peek32(GDT_ADDR + 16), TSS_ADDR << 16 | 0x67);
  assertEquals(cpu.peek32(GDT_ADDR + 20), 0x0000_8b40);
});

Deno.test("Gdt.init() puts the double-fault stack into IST 1", () => {
  const { cpu } = booted();
  assertEquals(cpu.peekAddr(TSS_ADDR + 36), DOUBLE_FAULT_STACK_END);
  assertEquals(cpu.peekAddr(TSS_ADDR + 44), 0);
  assertEquals(cpu.peek16(TSS_ADDR + 102), 104);
});

Deno.test("Gdt.init() faults when called twice: the TSS is busy", () => {
  const { gdt } = booted();
  assertThrows(() => gdt.init(), Error, "#GP");
});

Deno.test("Idt.init() fills 256 gates, all but ours missing", () => {
  const { cpu } = booted();
  assertEquals(cpu.sidt(), { base: IDT_ADDR, limit: 4095 });
  const used = new Map([[3, null], [8, 0], [14, null]]);
  for (let vector = 0; vector < 256; vector++) {
    const gate = readGate(memory(cpu), IDT_ADDR, vector);
    if (!used.has(vector)) {
      assertEquals(gate, GATE_MISSING);
      continue;
    }
    const fields = decodeGate(gate);
    assertEquals(fields.codeSelector, 8);
    assertEquals(fields.stackIndex, used.get(vector));
    assertEquals([fields.present, fields.type, fields.privilegeLevel], [
      true,
      14,
      0,
    ]);
  }
});

Deno.test("Idt.init() loads again without building again", () => {
  const { cpu, idt } = booted();
  cpu.poke32(IDT_ADDR + 16 * 200, 7);
  idt.init();
  assertEquals(cpu.peek32(IDT_ADDR + 16 * 200), 7);
});

Deno.test("Idt() refuses two handlers for one vector", () => {
  const text = "Cannot set gate 3 for breakpoint_handler: it is taken";
  assertThrows(
    () => booted((core) => [breakpointHandler(core)]),
    RangeError,
    text,
  );
});

Deno.test("gates built before the GDT keep the old selector", () => {
  const cpu = new FakeCpu();
  cpu.r.cs = 0x18;
  const core = new KernelCore(cpu, coreState());
  const idt = new Idt(core, idtState(), [breakpointHandler(core)]);
  cpu.attach(core.entries);
  idt.init();
  new Gdt(cpu, core.env, gdtState()).init();
  const gate = decodeGate(readGate(memory(cpu), IDT_ADDR, 3));
  assertEquals([gate.codeSelector, cpu.r.cs], [0x18, 8]);
});

Deno.test("breakpoint_handler prints the frame and returns", () => {
  const { cpu, core } = booted();
  cpu.int3();
  core.println("It did not crash!");
  assertEquals(
    screen(cpu),
    `EXCEPTION: BREAKPOINT
InterruptStackFrame {
    instruction_pointer: VirtAddr(
        0xffff800000010010,
    ),
    code_segment: SegmentSelector {
        index: 1,
        rpl: Ring0,
    },
    cpu_flags: RFlags(
        0x2,
    ),
    stack_pointer: VirtAddr(
        0x10000201ff8,
    ),
    stack_segment: SegmentSelector {
        index: 0,
        rpl: Ring0,
    },
}
It did not crash!`,
  );
});

Deno.test("page_fault_handler prints address, code and frame, and parks", () => {
  const { cpu } = booted();
  cpu.r.cr2 = 0xdeadbeaf;
  assertThrows(() => cpu.deliver(14, 2), ParkSignal);
  const lines = screen(cpu).split("\n");
  assertEquals(lines.slice(0, 4), [
    "EXCEPTION: PAGE FAULT",
    "Accessed Address: Ok(VirtAddr(0xdeadbeaf))",
    "Error Code: PageFaultErrorCode(CAUSED_BY_WRITE)",
    "InterruptStackFrame {",
  ]);
});

Deno.test("page_fault_handler reads CR2 before it locks WRITER, as an argument of println! is evaluated", () => {
  const { cpu, core } = booted();
  const held: boolean[] = [];
  const readCr2 = cpu.readCr2.bind(cpu);
  cpu.readCr2 = () => {
    held.push(core.vga.writer.get().state.locked);
    return readCr2();
  };
  assertThrows(() => cpu.deliver(14, 2), ParkSignal);
  assertEquals(held, [false]);
});

Deno.test("double_fault_handler panics on the interrupt stack", () => {
  const { cpu } = booted();
  const { reason } = assertThrows(() => cpu.deliver(8, 0), StopSignal);
  assertEquals(reason.reason, "panic");
  const start = "panicked at boot > double_fault_handler:\n" +
    "EXCEPTION: DOUBLE FAULT\nInterruptStackFrame {";
  assert(reason.message.startsWith("EXCEPTION: DOUBLE FAULT\nInterrupt"));
  assert(screen(cpu).startsWith(start));
  // SS, RSP, RFLAGS, CS, RIP from the end of the stack down.
  assertEquals(cpu.r.rsp, DOUBLE_FAULT_STACK_END - 40);
  assertEquals(cpu.peekAddr(DOUBLE_FAULT_STACK_END - 16), 0x100_0020_1ff8);
  assert(DOUBLE_FAULT_STACK_START < cpu.r.rsp);
});

Deno.test("doubleFaultHandler() without a stack stays where it is", () => {
  const cpu = new FakeCpu();
  const core = new KernelCore(cpu, coreState());
  const idt = new Idt(core, idtState(), [doubleFaultHandler(core, null)]);
  cpu.attach(core.entries);
  idt.init();
  const gate = decodeGate(readGate(memory(cpu), IDT_ADDR, 8));
  assertEquals(gate.stackIndex, null);
});

Deno.test("a trap gate leaves IF alone, an interrupt gate clears it", () => {
  const seen: boolean[] = [];
  const look = (vector: number, trap: boolean): Gate => ({
    name: `look_${vector}`,
    vector,
    trap,
    run(cpu) {
      seen.push(cpu.peekInterruptsEnabled());
      cpu.iretq();
    },
  });
  const { cpu } = booted(() => [look(40, true), look(41, false)]);
  cpu.sti();
  cpu.int(40);
  cpu.int(41);
  assertEquals([...seen, cpu.peekInterruptsEnabled()], [true, false, true]);
});

/** The crate's test isr_frame_manipulation, and the other fields. */
Deno.test("StackFrameView changes what IRETQ returns to", () => {
  const { cpu } = booted(() => [{
    name: "edit_handler",
    vector: 50,
    run(cpu) {
      const frame = new StackFrameView(cpu);
      const { instructionPointer } = frame.read();
      frame.setInstructionPointer(virtAddr(instructionPointer + 2));
      frame.setCpuFlags(0x202);
      frame.setStackPointer(virtAddr(0x1000));
      frame.setCodeSegment(0x1b);
      frame.setStackSegment(0x23);
      assertEquals(frame.read(), {
        instructionPointer: virtAddr(instructionPointer + 2),
        codeSegment: 0x1b,
        cpuFlags: 0x202,
        stackPointer: virtAddr(0x1000),
        stackSegment: 0x23,
      });
      for (const at of [8, 16, 32]) {
        cpu.load64(virtAddr(frame.address + at));
        assertEquals(cpu.high, 0);
      }
      cpu.iretq();
    },
  }]);
  cpu.int(50);
  const { rsp, cs, ss, rflags } = cpu.r;
  assertEquals([rsp, cs, ss, rflags], [0x1000, 0x1b, 0x23, 0x202]);
});

/** The crate's QEMU test interrupt_handling. */
Deno.test("INT3 once, INT 42, 77, 42: three calls of one handler", () => {
  let [breakpoints, interrupts] = [0, 0];
  const cpu = new FakeCpu();
  const core = new KernelCore(cpu, coreState());
  const count = (name: string, vector: number, act: () => void): Gate => ({
    name,
    vector,
    run(cpu) {
      act();
      cpu.iretq();
    },
  });
  const idt = new Idt(core, idtState(), [
    count("breakpoint_handler", 3, () => breakpoints += 1),
    count("interrupt_42", 42, () => interrupts += 1),
    count("interrupt_77", 77, () => interrupts += 1),
  ]);
  cpu.attach(core.entries);
  idt.init();
  cpu.int3();
  for (const vector of [42, 77, 42]) cpu.int(vector);
  assertEquals([breakpoints, interrupts], [1, 3]);
});
