/**
 * Why kernels are built without a red zone. A leaf function in C adds 1 to 8;
 * an NMI comes at each of its instructions in turn. Watch: where the function
 * keeps its variables below RSP, the interrupt's frame lands on them.
 */
import { Machine } from "@lockstep/kernel/hw";
import { bootloaderImage, isaEngine } from "@lockstep/kernel/isa";
import { NO_RED_ZONE, RED_ZONE } from "./guest/binaries.ts";

for (const [name, file] of Object.entries({ RED_ZONE, NO_RED_ZONE })) {
  const image = bootloaderImage(file);
  const ramBytes = 16 * 2 ** 20;
  const machine = new Machine({ image, engine: isaEngine, ramBytes });
  const wrong: string[] = [];
  for (let clk = 20; clk < 80; clk++) {
    const fork = machine.fork([{ clk, source: "nmi" }]);
    const stop = fork.run();
    if (stop.reason === "exit" && stop.value !== 36) {
      wrong.push(`clk ${clk}: 0x${stop.value.toString(16)}`);
    }
    fork.release();
  }
  console.log(`${name}: ${wrong.length} of 60 sums are not 36`);
  for (const line of wrong.slice(0, 3)) console.log(`  ${line}`);
  machine.run();
  console.log(`clk ${machine.clk} digest ${machine.digest()}`);
}
