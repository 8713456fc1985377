import { assert, assertEquals } from "@std/assert";
import type { BootInfo } from "../hw/boot_info.ts";
import { Machine } from "../hw/machine.ts";
import { linkedListDesign } from "./allocator/heap_designs.ts";
import { HEAP_START } from "./allocator/init_heap.ts";
import { LinkedListHeap } from "./allocator/linked_list.ts";
import { coreState, type KernelCore } from "./core.ts";
import { defineKernel } from "./define_kernel.ts";
import { KernelMemory, kernelMemoryState } from "./kernel_memory.ts";

/** A kernel that sets up its memory, and then does what a test says. */
const kernelWith = (
  body: (memory: KernelMemory, core: KernelCore, info: BootInfo) => void,
): Machine => {
  const program = defineKernel({
    id: "memory",
    state: () => ({ ...coreState(), memory: kernelMemoryState() }),
    build(core, state) {
      const memory = new KernelMemory(core, state.memory);
      return { boot: (info) => body(memory, core, info) };
    },
  });
  return new Machine({ program, ramBytes: 16 * 2 ** 20 });
};

Deno.test("KernelMemory.init() panics with the book's text when frames run out", () => {
  const stop = kernelWith((memory, _core, info) => {
    const few = info.memoryMap.filter(({ type }) => type === "Usable")
      .map((region) => ({ ...region, endFrame: region.startFrame + 5 }));
    memory.init({ ...info, memoryMap: few.slice(0, 1) });
  }).run();
  assertEquals(stop, {
    reason: "panic",
    message: "heap initialization failed: FrameAllocationFailed",
    places: ["boot"],
  });
});

Deno.test("KernelMemory.init() panics the second time: the table would have two owners", () => {
  const stop = kernelWith((memory, _core, info) => {
    memory.init(info);
    memory.init(info);
  }).run();
  assertEquals(
    stop.reason === "panic" && stop.message,
    "Cannot set up memory twice: the level 4 table at 0x1000 has an owner",
  );
});

Deno.test("KernelMemory has nothing before init(), and all of it again over its state", () => {
  let seen: unknown[] = [];
  const machine = kernelWith((memory, core, info) => {
    seen = [memory.mapper, memory.heap.heap, memory.frames.allocateFrame()];
    memory.init(info);
    const block = memory.heap.alloc(8, 8);
    const clk = core.cpu.rdtsc();
    const again = new KernelMemory(core, memory.state);
    seen.push(block, core.cpu.rdtsc() - clk); // Nothing was touched.
    seen.push(typeof again.mapper?.translateAddr(HEAP_START));
    again.heap.dealloc(block!, 8, 8);
    seen.push(memory.heap.alloc(8, 8) === block);
    seen.push(again.frames.state.next);
  });
  machine.run();
  assertEquals(seen, [null, null, null, HEAP_START, 1, "number", true, 28]);
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
