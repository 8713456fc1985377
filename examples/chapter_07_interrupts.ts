/**
 * Chapter 7, hardware interrupts. Watch: keys and timer ticks reach the screen
 * through handlers; the input log decides at which clk each byte arrives.
 */
import { Machine } from "@lockstep/kernel/hw";
import * as book from "@lockstep/kernel/kernel";
import { keyInputs } from "@lockstep/kernel/keyboard";

const program = book.defineKernel({
  id: "chapter-7",
  state: () => ({
    ...book.coreState(),
    idt: book.idtState(),
    pics: book.spinMutexState(),
    keyboard: book.keyboardEchoState(),
  }),
  build(core, state) {
    const pics = new book.Pics(core.cpu, core.env, state.pics);
    const echo = book.keyboardEcho(core, state.keyboard);
    const timer = book.timerHandler(pics, () => core.print("."));
    const keyboard = book.keyboardHandler(pics, echo);
    const idt = new book.Idt(core, state.idt, [timer, keyboard]);
    return {
      boot: () => (idt.init(), pics.initialize(), core.cpu.sti()),
      loop: () => core.cpu.hlt(),
    };
  },
});
export default program;

if (import.meta.main) {
  const machine = new Machine({ program });
  const at = { clk: 5_000_000, byteClk: 1_000_000 };
  machine.addInputs(keyInputs("Hi{ArrowUp}", at));
  const { reason } = machine.run({ clkMax: 30_000_000 });
  console.log(machine.vga.screenText().join("\n").trim());
  console.log(`clk ${machine.clk} digest ${machine.digest()} stop ${reason}`);
}
