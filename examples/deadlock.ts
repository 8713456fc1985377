/**
 * A handler that prints, and a `println` that leaves interrupts on. Watch: the
 * report of the tick that falls into the lock names holder and waiter.
 */
import { Machine } from "@lockstep/kernel/hw";
import * as kernel from "@lockstep/kernel/kernel";

const printing = (maskInterrupts: boolean) =>
  kernel.defineKernel({
    id: "deadlock",
    options: { maskInterrupts },
    state: () => ({ ...kernel.coreState(), idt: kernel.idtState() }),
    build(core, state) {
      const pics = new kernel.Pics(core.cpu, core.env);
      const idt = new kernel.Idt(core, state.idt, [
        kernel.timerHandler(pics, () => core.print(".")),
      ]);
      return {
        boot: () => (idt.init(), pics.initialize(), core.cpu.sti()),
        loop: () => core.println("a line of text"),
      };
    },
  });
export default printing(false);

if (import.meta.main) {
  for (const maskInterrupts of [true, false]) {
    const machine = new Machine({ program: printing(maskInterrupts) });
    const stop = machine.run({ clkMax: 20_000_000 });
    console.log(`masked: ${maskInterrupts}, stop: ${stop.reason}`);
    if (stop.reason === "deadlock") console.log(stop.message);
    console.log(`clk ${machine.clk} digest ${machine.digest()}`);
  }
}
