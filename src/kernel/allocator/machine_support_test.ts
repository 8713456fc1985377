// What tests of the kernel's heap share: a kernel on a machine whose heap is initialised as in the book.

import { assert } from "@std/assert";
import type { VirtAddr } from "../../hw/addr.ts";
import type { BootInfo } from "../../hw/boot_info.ts";
import type { Program } from "../../hw/hosted.ts";
import type { Instructions } from "../../hw/instructions.ts";
import type { Stop } from "../../hw/stop.ts";
import { Machine } from "../../hw/machine.ts";
import { type CoreState, coreState, type KernelCore } from "../core.ts";
import { defineKernel } from "../define_kernel.ts";
import {
  BootInfoFrameAllocator,
  type BootInfoFramesState,
  bootInfoFramesState,
} from "../memory/frames/boot_info_frames.ts";
import { initMapper } from "../memory/mappers/book.ts";
import { expectOk } from "../memory/mappers/mapper_errors.ts";
import type { OffsetPageTable } from "../memory/mappers/offset_page_table.ts";
import {
  buddyDesign,
  bumpDesign,
  checkedDesign,
  firstFitDesign,
  fixedSizeBlockDesign,
  type HeapDesign,
  indexedFirstFitDesign,
  linkedListDesign,
  type StatefulHeap,
  tlsfDesign,
} from "./heap_designs.ts";
import type { Heap } from "./heap.ts";
import {
  KernelHeap,
  type KernelHeapOptions,
  type KernelHeapState,
  kernelHeapState,
} from "./kernel_heap.ts";

/** All designs by name. */
export const DESIGNS: readonly (readonly [string, HeapDesign<Heap>])[] = [
  ["bump", bumpDesign],
  ["linked_list", linkedListDesign],
  ["fixed_size_block", fixedSizeBlockDesign],
  ["linked_list_allocator_0.9.1", firstFitDesign],
  ["indexed first fit", indexedFirstFitDesign],
  ["tlsf", tlsfDesign],
  ["buddy", buddyDesign],
  ["checked TLSF", checkedDesign(tlsfDesign)],
];

/** A kernel's state with a heap in it. */
export interface HeapKernelState extends CoreState {
  frames: BootInfoFramesState;
  heap: KernelHeapState;
}

/** What a test is given. */
export interface HeapKernel<H extends StatefulHeap> {
  core: KernelCore;
  cpu: Instructions;
  heap: KernelHeap<H, Instructions>;
  frames: BootInfoFrameAllocator;
  mapper(): OffsetPageTable;
}

/** How a kernel of a test is made. */
export interface HeapKernelOptions<H extends StatefulHeap>
  extends KernelHeapOptions {
  /** Called in `boot` before the heap is there. */
  early?: (kernel: HeapKernel<H>) => void;
  /** One turn of the outermost loop. */
  loop?: (kernel: HeapKernel<H>) => void;
}

/** A kernel that initialises its heap and calls `body`, in `boot`. */
export function heapKernel<H extends StatefulHeap>(
  design: HeapDesign<H>,
  body: (kernel: HeapKernel<H>) => void,
  options: HeapKernelOptions<H> = {},
): Program {
  return defineKernel<HeapKernelState>({
    id: "heap-test",
    state: () => ({
      ...coreState(),
      frames: bootInfoFramesState([]),
      heap: kernelHeapState(),
    }),
    build(core, state) {
      const { cpu } = core;
      const heap = new KernelHeap(core, state.heap, design, options);
      const frames = new BootInfoFrameAllocator(state.frames, cpu.events);
      let offset = 0 as VirtAddr;
      const mapper = () => initMapper(cpu, offset, cpu.events);
      const kernel = { core, cpu, heap, frames, mapper };
      const { loop } = options;
      return {
        boot(info: BootInfo) {
          offset = info.physicalMemoryOffset!;
          options.early?.(kernel);
          frames.init(info.memoryMap);
          expectOk(heap.init(mapper(), frames), "heap initialization failed");
          body(kernel);
        },
        ...loop && { loop: () => loop(kernel) },
      };
    },
  });
}

/** Runs such a kernel's `boot` on a machine, to its end. */
export function runHeapKernel<H extends StatefulHeap>(
  design: HeapDesign<H>,
  body: (kernel: HeapKernel<H>) => void,
  options: HeapKernelOptions<H> = {},
): Machine {
  const machine = new Machine({ program: heapKernel(design, body, options) });
  const stop = machine.run();
  assert(stop.reason === "hung", JSON.stringify(stop));
  return machine;
}

/** Runs such a kernel until it panics; returns what it said. */
export function panicOf<H extends StatefulHeap>(
  design: HeapDesign<H>,
  body: (kernel: HeapKernel<H>) => void,
  options: HeapKernelOptions<H> = {},
): { stop: Stop; screen: string } {
  const machine = new Machine({ program: heapKernel(design, body, options) });
  const stop = machine.run();
  return { stop, screen: machine.vga.screenText().join("\n").trim() };
}
