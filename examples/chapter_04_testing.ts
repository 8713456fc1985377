/**
 * Chapter 4, testing. Watch: tests report over the serial port, and the exit
 * device ends the machine: 0x10 is success, which QEMU turns into status 33.
 */
import { Machine } from "@lockstep/kernel/hw";
import { coreState, defineKernel } from "@lockstep/kernel/kernel";

const [EXIT_PORT, SUCCESS, FAILED] = [0xf4, 0x10, 0x11];

const program = defineKernel({
  id: "chapter-4",
  state: coreState,
  options: {
    onPanic({ message }, core) {
      core.serialPrintln(`[failed]\n\nError: ${message}\n`);
      core.cpu.out32(EXIT_PORT, FAILED);
    },
  },
  build: (core) => ({
    boot() {
      core.serialPrintln("Running 1 tests");
      core.serialPrint("blog_os::trivial_assertion...\t");
      const one: number = 1;
      if (one !== 1) core.panic("assertion `left == right` failed");
      core.serialPrintln("[ok]");
      core.cpu.out32(EXIT_PORT, SUCCESS);
    },
  }),
});
export default program;

if (import.meta.main) {
  const machine = new Machine({ program });
  const stop = machine.run();
  console.log(machine.serial.text().trim());
  console.log(`clk ${machine.clk} digest ${machine.digest()}`, stop);
}
