/**
 * A stack overflow lands on the double fault's own stack
 * (blog_os, `tests/stack_overflow.rs`): no harness.
 */

import * as kernel from "@lockstep/kernel/kernel";
import {
  exitQemu,
  type KernelTest,
  QemuExitCode,
  testPanicHandler,
} from "@lockstep/kernel/testing";

/** The kernel, its double fault gate with a stack index or without. */
const stackOverflow = (stackIndex: number | null): KernelTest["program"] =>
  kernel.defineKernel({
    id: "stack_overflow",
    state: () => ({
      ...kernel.coreState(),
      gdt: kernel.gdtState(),
      idt: kernel.idtState(),
    }),
    options: { onPanic: testPanicHandler },
    build(core, state) {
      const gdt = new kernel.Gdt(core.cpu, core.env, state.gdt);
      const idt = new kernel.Idt(core, state.idt, [{
        ...kernel.doubleFaultHandler(core, stackIndex),
        name: "test_double_fault_handler",
        run(cpu) {
          core.serialPrintln("[ok]");
          exitQemu(cpu, QemuExitCode.Success);
        },
      }]);
      const overflow = (): void => core.cpu.call(overflow);
      return {
        boot() {
          core.serialPrint("stack_overflow::stack_overflow...\t");
          gdt.init();
          idt.init();
          overflow();
          core.panic("Execution continued after stack overflow");
        },
      };
    },
  });

const kernels: readonly KernelTest[] = [
  { name: "stack_overflow", program: stackOverflow(0) },
];
export default kernels;

/** The same without `set_stack_index`: a triple fault. */
export const withoutStack: KernelTest = {
  name: "stack_overflow without set_stack_index",
  program: stackOverflow(null),
};
