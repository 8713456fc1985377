/**
 * Chapter 8, paging. Watch: code can be read and not written, and the page
 * fault's handler says who wanted what. It halts with interrupts off.
 */
import { Machine } from "@lockstep/kernel/hw";
import * as book from "@lockstep/kernel/kernel";

const program = book.defineKernel({
  id: "chapter-8",
  state: () => ({ ...book.coreState(), idt: book.idtState() }),
  build(core, state) {
    const { cpu } = core;
    const idt = new book.Idt(core, state.idt, [book.pageFaultHandler(core)]);
    return {
      boot() {
        idt.init();
        core.println(`Level 4 page table at: 0x${cpu.readCr3().toString(16)}`);
        cpu.load32(book.KERNEL_IMAGE_START);
        core.println("read worked");
        cpu.store32(book.KERNEL_IMAGE_START, 42);
        core.println("write worked");
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
