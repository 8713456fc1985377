/**
 * HLT with interrupts off. Watch: no interrupt can end it, so the machine says
 * `hung`, although the timer's tick is pending.
 */
import { Machine } from "@lockstep/kernel/hw";
import {
  coreState,
  defineKernel,
  Idt,
  idtState,
  Pics,
  timerHandler,
} from "@lockstep/kernel/kernel";

const program = defineKernel({
  id: "hung",
  state: () => ({ ...coreState(), idt: idtState() }),
  build(core, state) {
    const { cpu } = core;
    const pics = new Pics(cpu, core.env);
    const idt = new Idt(core, state.idt, [timerHandler(pics, () => {})]);
    return {
      boot() {
        idt.init();
        pics.initialize();
        core.println("Hello World!"); // And no `sti`.
        while (cpu.rdtsc() < 7_000_000) cpu.pause(); // A tick comes, and waits.
      },
    };
  },
});
export default program;

if (import.meta.main) {
  const machine = new Machine({ program });
  const stop = machine.run();
  console.log(machine.vga.screenText().join("\n").trim());
  console.log(`clk ${machine.clk} digest ${machine.digest()}`, stop);
}
