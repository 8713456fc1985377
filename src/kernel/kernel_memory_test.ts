import { assert, assertEquals } from "@std/assert";
import { Machine } from "../hw/machine.ts";
import { linkedListDesign } from "./allocator/heap_designs.ts";
import { LinkedListHeap } from "./allocator/linked_list.ts";
import { coreState } from "./core.ts";
import { defineKernel } from "./define_kernel.ts";
import { KernelMemory, kernelMemoryState } from "./kernel_memory.ts";

Deno.test("KernelMemory.init() panics when called twice: one table, one owner", () => {
  const program = defineKernel({
    id: "twice",
    state: () => ({ ...coreState(), memory: kernelMemoryState() }),
    build: (core, state) => ({
      boot(info) {
        const memory = new KernelMemory(core, state.memory);
        memory.init(info);
        memory.init(info);
      },
    }),
  });
  const stop = new Machine({ program }).run();
  assert(stop.reason === "panic");
  assertEquals(
    stop.message,
    "Cannot set up memory twice: the level 4 table at 0x1000 has an owner",
  );
});

Deno.test("KernelMemory takes another heap than the book's", () => {
  let free = 0;
  const program = defineKernel({
    id: "other",
    state: () => ({ ...coreState(), memory: kernelMemoryState() }),
    build(core, state) {
      const memory = new KernelMemory(core, state.memory, linkedListDesign);
      return {
        boot(info) {
          memory.init(info);
          const { heap } = memory.heap;
          assert(heap instanceof LinkedListHeap);
          free = heap.freeRegions()[0]!.size;
        },
      };
    },
  });
  assertEquals(new Machine({ program }).run().reason, "hung");
  assertEquals(free, 100 * 1024);
});
