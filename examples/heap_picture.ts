/**
 * The kernel's heap, filled and freed on the machine, as a picture: run it with
 * `--allow-write` and a file's name. Watch: gaps, then one hole in the end.
 */
import { Machine } from "@lockstep/kernel/hw";
import * as kernel from "@lockstep/kernel/kernel";
import { fragmentation, heapMap, sampleHeap } from "@lockstep/kernel/trace";

const { firstFitDesign, KernelMemory } = kernel;
const samples: ReturnType<typeof sampleHeap>[] = [];
const program = kernel.defineKernel({
  id: "heap-picture",
  state: () => ({ ...kernel.coreState(), memory: kernel.kernelMemoryState() }),
  build(core, state) {
    const memory = new KernelMemory(core, state.memory, firstFitDesign);
    return {
      boot(info) {
        memory.init(info);
        const live: [kernel.VirtAddr, number][] = [];
        for (let i = 0; i < 600 || live.length > 0; i++) {
          const size = 16 + i * 389 % 1_000;
          const block = i < 600 ? memory.heap.alloc(size, 8) : null;
          if (block !== null) live.push([block, size]);
          const old = i < 100 ? [] : live.splice(i * 31 % live.length, 1);
          for (const [at, bytes] of old) memory.heap.dealloc(at, bytes, 8);
          samples.push(sampleHeap(memory.heap.heap!, machine.clk));
        }
      },
    };
  },
});
const machine = new Machine({ program });
machine.run();
for (const s of [...samples.filter((_, i) => i % 99 === 0), samples.at(-1)!]) {
  console.log(s.at, `${s.free.length} holes, ${fragmentation(s).toFixed(3)}`);
}
const svg = heapMap(samples, { title: "First fit, 600 blocks" });
if (Deno.args[0]) Deno.writeTextFileSync(Deno.args[0], svg);
console.log(`clk ${machine.clk} digest ${machine.digest()}`);
