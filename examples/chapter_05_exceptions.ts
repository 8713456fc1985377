/**
 * Chapter 5, CPU exceptions. Watch: INT3 enters the handler through the gate in
 * memory, and execution goes on behind it.
 */
import { Machine } from "@lockstep/kernel/hw";
import {
  breakpointHandler,
  coreState,
  defineKernel,
  Idt,
  idtState,
} from "@lockstep/kernel/kernel";

const program = defineKernel({
  id: "chapter-5",
  state: () => ({ ...coreState(), idt: idtState() }),
  build(core, state) {
    const idt = new Idt(core, state.idt, [breakpointHandler(core)]);
    return {
      boot() {
        core.println("Hello World!");
        idt.init();
        core.cpu.int3();
        core.println("It did not crash!");
      },
    };
  },
});
export default program;

if (import.meta.main) {
  const machine = new Machine({ program });
  const { reason } = machine.run();
  console.log(machine.vga.screenText().join("\n").trim());
  console.log(`clk ${machine.clk} digest ${machine.digest()} stop ${reason}`);
}
