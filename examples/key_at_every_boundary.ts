/**
 * The same key press, moved clk by clk over a kernel that prints. Watch: where
 * `println` masks interrupts, none of the moments deadlocks; where it does not,
 * all but two do. Each moment can be had again: it is a number.
 */
import { Machine } from "@lockstep/kernel/hw";
import {
  coreState,
  defineKernel,
  Idt,
  idtState,
  keyboardHandler,
  Pics,
} from "@lockstep/kernel/kernel";

const printing = (maskInterrupts: boolean) =>
  defineKernel({
    id: "printing",
    options: { maskInterrupts },
    state: () => ({ ...coreState(), idt: idtState() }),
    build(core, state) {
      const pics = new Pics(core.cpu, core.env);
      const onKey = keyboardHandler(pics, () => core.print("!"));
      const idt = new Idt(core, state.idt, [onKey]);
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
    const [start, before] = [machine.clk, machine.save()];
    machine.step();
    const moments = machine.clk - start;
    let deadlocks = 0;
    for (let clk = start + 1; clk <= start + moments; clk++) {
      machine.load(before);
      machine.addInputs([{ clk, source: "key", data: 0x1c }]);
      const { reason } = machine.run({ clkMax: clk + 1_000 });
      if (reason === "deadlock") deadlocks += 1;
    }
    console.log(`masked ${masked}: ${deadlocks} of ${moments} deadlock`);
    console.log(`clk ${machine.clk} digest ${machine.digest()}`);
  }
}
