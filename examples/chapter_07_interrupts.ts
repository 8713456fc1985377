/**
 * Chapter 7, hardware interrupts. Watch: keys and timer ticks reach the screen
 * through handlers; the input log decides at which clk each byte arrives.
 */
import { Machine } from "@lockstep/kernel/hw";
import { kernel } from "@lockstep/kernel/kernel";
import { scancodesForText } from "@lockstep/kernel/keyboard";

export default kernel;

if (import.meta.main) {
  const machine = new Machine({ program: kernel });
  const typed = scancodesForText("Hi{ArrowUp}", "Us104Key", 2);
  if (typed.kind === "refused") throw new RangeError(typed.message);
  const bytes = typed.strokes.flatMap((stroke) => stroke.bytes);
  machine.addInputs(bytes.map((data, i) => ({
    clk: 5_000_000 + i * 1_000_000,
    source: "key",
    data,
  })));
  const { reason } = machine.run({ clkMax: 30_000_000 });
  console.log(machine.vga.screenText().join("\n").trim());
  console.log(`clk ${machine.clk} digest ${machine.digest()} stop ${reason}`);
}
