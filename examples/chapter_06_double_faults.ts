/**
 * Chapter 6, double faults. Watch: the kernel stack runs into its guard page.
 * With a stack of its own the double fault is handled; without, the machine
 * shuts down, and says by which three exceptions.
 */
import { Machine } from "@lockstep/kernel/hw";
import * as book from "@lockstep/kernel/kernel";

const overflow = (stackIndex: number | null) =>
  book.defineKernel({
    id: "chapter-6",
    state: () => ({
      ...book.coreState(),
      gdt: book.gdtState(),
      idt: book.idtState(),
    }),
    build(core, state) {
      const gdt = new book.Gdt(core.cpu, core.env, state.gdt);
      const handler = book.doubleFaultHandler(core, stackIndex);
      const idt = new book.Idt(core, state.idt, [handler]);
      const recurse = (): void => core.cpu.call(recurse);
      return { boot: () => (gdt.init(), idt.init(), recurse()) };
    },
  });
export default overflow(0);

if (import.meta.main) {
  for (const stackIndex of [0, null]) {
    const machine = new Machine({ program: overflow(stackIndex) });
    const stop = machine.run();
    console.log(machine.vga.screenText().join("\n").trim());
    const chain = stop.reason === "shutdown" ? stop.exceptions : [];
    console.log(stop.reason, chain.map(({ vector }) => vector));
    console.log(`clk ${machine.clk} digest ${machine.digest()}`);
  }
}
