/**
 * Chapter 11, allocator designs. Watch: one box lives on while others come and
 * go, and the bump allocator, which frees all or nothing, runs out of memory.
 */
import { Machine } from "@lockstep/kernel/hw";
import * as kernel from "@lockstep/kernel/kernel";

const { Box, coreState, HEAP_SIZE, I32, kernelMemoryState, USIZE } = kernel;

const manyBoxesLongLived = (design: kernel.HeapDesign) =>
  kernel.defineKernel({
    id: design.name,
    state: () => ({ ...coreState(), memory: kernelMemoryState() }),
    build(core, state) {
      const memory = new kernel.KernelMemory(core, state.memory, design);
      return {
        boot(info) {
          memory.init(info);
          const longLived = Box.of(memory.heap, I32, 1);
          for (let i = 0; i < HEAP_SIZE; i++) {
            Box.of(memory.heap, USIZE, i).drop();
          }
          core.println(`${design.name}: still ${longLived.get()}`);
        },
      };
    },
  });
export default manyBoxesLongLived(kernel.fixedSizeBlockDesign);

if (import.meta.main) {
  const { bumpDesign, fixedSizeBlockDesign, linkedListDesign } = kernel;
  for (const design of [bumpDesign, linkedListDesign, fixedSizeBlockDesign]) {
    const machine = new Machine({ program: manyBoxesLongLived(design) });
    console.log(design.name, machine.run().reason);
    console.log(machine.vga.screenText().join("\n").trim());
    console.log(`clk ${machine.clk} digest ${machine.digest()}`);
  }
}
