/**
 * The tests of the crate x86_64 that boot QEMU, as test kernels.
 *
 * Source: crate x86_64 0.15.4, `testing/`: `interrupt_handling`,
 * `double_fault_stack_overflow` and `port_read_write` print their names.
 */

import * as kernel from "@lockstep/kernel/kernel";
import {
  assertEq,
  assertNe,
  type KernelTest,
  testKernel,
} from "@lockstep/kernel/testing";
import stackOverflow from "../book/stack_overflow.ts";

/** Bits 40 to 43 of a descriptor: its type. */
const TYPE = 0xf00;
const TSS_BUSY = 0xb00;

const gdtInit: KernelTest = {
  name: "x86_64 gdt::init",
  program: testKernel({
    name: "gdt",
    state: () => ({ ...kernel.coreState(), gdt: kernel.gdtState() }),
    build(core, state) {
      const { cpu } = core;
      const gdt = new kernel.Gdt(cpu, core.env, state.gdt);
      return {
        tests: {
          init_loads_gdt_and_cs_and_marks_the_tss() {
            const { base } = cpu.sgdt();
            gdt.init();
            assertNe(core, cpu.sgdt().base, base);
            // The bootloader's selector of code is the same one.
            assertEq(core, cpu.readSegment("cs"), 8);
            const tss = cpu.str();
            assertEq(core, tss, 0x10);
            const high = cpu.load32(kernel.GDT_ADDR + tss + 4 as never);
            assertEq(core, high & TYPE, TSS_BUSY);
          },
        },
      };
    },
  }),
};

const interruptHandling: KernelTest = {
  name: "x86_64 interrupt_handling",
  program: testKernel({
    name: "interrupt_handling",
    state: () => ({
      ...kernel.coreState(),
      gdt: kernel.gdtState(),
      idt: kernel.idtState(),
      breakpoints: 0,
      interrupts: 0,
    }),
    build(core, state) {
      const { cpu } = core;
      const gdt = new kernel.Gdt(cpu, core.env, state.gdt);
      const counter = (vector: number): kernel.Gate => ({
        name: `interrupt_${vector}_handler`,
        vector,
        run(cpu) {
          state.interrupts += 1;
          cpu.iretq();
        },
      });
      const idt = new kernel.Idt(core, state.idt, [
        {
          name: "breakpoint_handler",
          vector: 3,
          run(cpu) {
            state.breakpoints += 1;
            cpu.iretq();
          },
        },
        counter(42),
        counter(77),
      ]);
      return {
        init() {
          gdt.init();
          idt.init();
        },
        tests: {
          int3_calls_its_handler_once() {
            cpu.int3();
            assertEq(core, [state.breakpoints, state.interrupts], [1, 0]);
          },
          int_42_77_42_call_a_handler_three_times() {
            for (const vector of [42, 77, 42]) cpu.int(vector);
            assertEq(core, [state.breakpoints, state.interrupts], [1, 3]);
          },
        },
      };
    },
  }),
};

const portReadWrite: KernelTest = {
  name: "x86_64 port_read_write",
  program: testKernel({
    name: "port_read_write",
    state: kernel.coreState,
    build: (core) => ({
      tests: {
        crtc_register_0x0a_reads_back() {
          core.cpu.out8(0x3d4, 0x0a);
          core.cpu.out8(0x3d5, 0xaa);
          core.cpu.out8(0x3d4, 0x0a);
          assertEq(core, core.cpu.in8(0x3d5), 0xaa);
        },
      },
    }),
  }),
};

const [doubleFault] = stackOverflow;
const kernels: readonly KernelTest[] = [
  gdtInit,
  interruptHandling,
  portReadWrite,
  { ...doubleFault!, name: "x86_64 double_fault_stack_overflow" },
];
export default kernels;
