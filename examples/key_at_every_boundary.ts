/**
 * A key press, moved clk by clk over a kernel that prints. Watch: where `println`
 * masks interrupts no moment deadlocks, else all but two do; each is a number.
 */
import { Machine } from "@lockstep/kernel/hw";
import * as kernel from "@lockstep/kernel/kernel";

const printing = (maskInterrupts: boolean) =>
  kernel.defineKernel({
    id: "printing",
    options: { maskInterrupts },
    state: () => ({ ...kernel.coreState(), idt: kernel.idtState() }),
    build(core, state) {
      const pics = new kernel.Pics(core.cpu, core.env);
      const onKey = kernel.keyboardHandler(pics, () => core.print("!"));
      const idt = new kernel.Idt(core, state.idt, [onKey]);
      return {
        boot: () => (idt.init(), pics.initialize(), core.cpu.sti()),
        loop: () => core.print("hello"),
      };
    },
  });
export default printing(true);
if (import.meta.main) {
  for (const masked of [true, false]) {
    const machine = new Machine({ program: printing(masked) });
    for (let turn = 0; turn < 3; turn++) machine.step();
    const next = machine.fork();
    next.step();
    const stops = Array.from({ length: next.clk - machine.clk }, (_, i) => {
      const clk = machine.clk + i + 1;
      const fork = machine.fork([{ clk, source: "key", data: 0x1c }]);
      return fork.run({ clkMax: clk + 1_000 }).reason;
    });
    const deadlocks = stops.filter((reason) => reason === "deadlock").length;
    console.log(`masked ${masked}: ${deadlocks} of ${stops.length} deadlock`);
    console.log(`clk ${next.clk} digest ${next.digest()}`);
  }
}
