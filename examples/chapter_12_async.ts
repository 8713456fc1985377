/**
 * Chapter 12, async/await: the final kernel. Watch: keys that come before the
 * keyboard's task has made its queue are lost, with a warning; then the task
 * prints them. It is data: a fork of the machine goes on with it.
 */
import { kernel, Machine } from "@lockstep/kernel";
import { keyInputs } from "@lockstep/kernel/keyboard";

export default kernel;

if (import.meta.main) {
  const machine = new Machine({ program: kernel });
  machine.addInputs(keyInputs("x", { clk: 9_000, byteClk: 200 }));
  machine.run({ pauseClk: 10_000_000 });
  for (const text of ["async{Enter}", "{F1} await"]) {
    const fork = machine.fork(keyInputs(text, { clk: 12_000_000 }));
    fork.run({ clkMax: 20_000_000 });
    console.log(fork.vga.screenText().join("\n").trim());
    console.log(`clk ${fork.clk} digest ${fork.digest()}`);
  }
}
