/**
 * A handler that prints, and a `println` that leaves interrupts on. Watch: a
 * tick falls into the lock; the report names holder, waiter and interrupt.
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

const printing = (maskInterrupts: boolean) =>
  defineKernel({
    id: "deadlock",
    options: { maskInterrupts },
    state: () => ({ ...coreState(), idt: idtState() }),
    build(core, state) {
      const pics = new Pics(core.cpu, core.env);
      const gates = [timerHandler(pics, () => core.print("."))];
      const idt = new Idt(core, state.idt, gates);
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
