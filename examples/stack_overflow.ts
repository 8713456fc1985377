/**
 * The kernel stack runs into its guard page, call by call. Watch: the double
 * fault's frame lies in memory right below the end of the stack that the TSS
 * names, and the RSP in it is the one that ran out.
 */
import { Machine, virtAddr } from "@lockstep/kernel/hw";
import * as kernel from "@lockstep/kernel/kernel";

const { coreState, gdtState, idtState, doubleFaultHandler } = kernel;
const program = kernel.defineKernel({
  id: "stack-overflow",
  state: () => ({ ...coreState(), gdt: gdtState(), idt: idtState() }),
  build(core, state) {
    const gdt = new kernel.Gdt(core.cpu, core.env, state.gdt);
    const idt = new kernel.Idt(core, state.idt, [doubleFaultHandler(core)]);
    const recurse = (): void => core.cpu.call(recurse);
    return { boot: () => (gdt.init(), idt.init(), recurse()) };
  },
});
export default program;

if (import.meta.main) {
  const machine = new Machine({ program });
  const { reason } = machine.run();
  const at = (address: number) =>
    [4, 0].map((i) =>
      machine.peek(virtAddr(address + i))!.toString(16).padStart(8, "0")
    ).join("_");
  console.log(`IST1 in the TSS  ${at(kernel.TSS_ADDR + 36)}`);
  const words = ["SS", "RSP", "RFLAGS", "CS", "RIP", "error code"];
  for (const [i, name] of words.entries()) {
    const address = kernel.DOUBLE_FAULT_STACK_END - 8 * (i + 1);
    console.log(`${address.toString(16)} ${name.padEnd(10)} ${at(address)}`);
  }
  console.log(`clk ${machine.clk} digest ${machine.digest()} stop ${reason}`);
}
