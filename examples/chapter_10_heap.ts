/**
 * Chapter 10, heap allocation. Watch: the box lies at the heap's first byte,
 * the vector has moved each time it grew, and two owners are counted.
 */
import { Machine } from "@lockstep/kernel/hw";
import * as kernel from "@lockstep/kernel/kernel";

const { Box, I32, KernelMemory, Rc, Vec, vecOf } = kernel;
const program = kernel.defineKernel({
  id: "chapter-10",
  state: () => ({ ...kernel.coreState(), memory: kernel.kernelMemoryState() }),
  build(core, state) {
    const memory = new KernelMemory(core, state.memory);
    const { heap } = memory;
    return {
      boot(info) {
        memory.init(info);
        core.println(`heap_value at ${Box.of(heap, I32, 41).pointer()}`);
        const vec = Vec.empty(heap, I32);
        for (let i = 0; i < 500; i++) vec.push(i);
        core.println(`vec at ${vec.pointer()}`);
        const first = Rc.of(heap, vecOf(I32), Vec.of(heap, I32, [1, 2, 3]));
        const second = first.clone();
        core.println(`current reference count is ${second.strongCount()}`);
        first.drop();
        core.println(`reference count is ${second.strongCount()} now`);
        Vec.withCapacity(heap, I32, 102_400); // Four times the heap.
      },
    };
  },
});
export default program;

if (import.meta.main) {
  const machine = new Machine({ program });
  console.log(machine.run().reason, machine.vga.screenText().join("\n").trim());
  console.log(`clk ${machine.clk} digest ${machine.digest()}`);
}
