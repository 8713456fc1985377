/**
 * Chapter 3, VGA text mode. Watch: the writer writes on the last row and
 * scrolls; what is not printable ASCII becomes ■, byte by byte of its UTF-8.
 */
import { Machine } from "@lockstep/kernel/hw";
import { coreState, defineKernel } from "@lockstep/kernel/kernel";

const program = defineKernel({
  id: "chapter-3",
  state: coreState,
  build: (core) => ({
    boot() {
      core.println("Hello World!");
      core.println(`Wörld, some numbers: ${42} ${1.337}`);
      core.panic("Some panic message");
    },
  }),
});
export default program;

if (import.meta.main) {
  const machine = new Machine({ program });
  const { reason } = machine.run();
  console.log(machine.vga.screenText().join("\n").trim());
  console.log(`clk ${machine.clk} digest ${machine.digest()} stop ${reason}`);
}
