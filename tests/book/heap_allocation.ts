/**
 * The heap of the book's kernel under boxes and a vector
 * (blog_os, `tests/heap_allocation.rs`), with each heap in its place.
 */

import { FirstFitHeap } from "@lockstep/kernel/heap/first-fit";
import * as kernel from "@lockstep/kernel/kernel";
import {
  assertEq,
  type KernelTest,
  testKernel,
} from "@lockstep/kernel/testing";
import { blogOs, blogOsState } from "./blog_os.ts";

const { Box, HEAP_SIZE, U64, USIZE, Vec } = kernel;

/** The kernel over a heap. */
const heapAllocation = (design: kernel.HeapDesign): KernelTest["program"] =>
  testKernel({
    name: "heap_allocation",
    state: () => ({ ...blogOsState(), memory: kernel.kernelMemoryState() }),
    build(core, state) {
      const init = blogOs(core, state);
      const memory = new kernel.KernelMemory(core, state.memory, design);
      const { heap } = memory;
      const manyBoxes = (): void => {
        for (let i = 0; i < HEAP_SIZE; i++) {
          const x = Box.of(heap, USIZE, i);
          assertEq(core, x.get(), i);
          x.drop();
        }
      };
      return {
        init(info) {
          init();
          memory.init(info);
        },
        tests: {
          simple_allocation() {
            const heapValue1 = Box.of(heap, kernel.I32, 41);
            const heapValue2 = Box.of(heap, kernel.I32, 13);
            assertEq(core, heapValue1.get(), 41);
            assertEq(core, heapValue2.get(), 13);
            heapValue2.drop();
            heapValue1.drop();
          },
          large_vec() {
            const n = 1000n;
            const vec = Vec.empty(heap, U64);
            for (let i = 0n; i < n; i++) vec.push(i);
            let sum = 0n;
            for (const value of vec) sum += value;
            assertEq(core, sum, (n - 1n) * n / 2n);
            vec.drop();
          },
          many_boxes: manyBoxes,
          many_boxes_long_lived() {
            const longLived = Box.of(heap, kernel.I32, 1);
            manyBoxes();
            assertEq(core, longLived.get(), 1);
            longLived.drop();
          },
        },
      };
    },
  });

const named = (name: string, design: kernel.HeapDesign): KernelTest => ({
  name: `heap_allocation with ${name}`,
  program: heapAllocation(design),
});

/** The crate's heap in its later version. */
const laterCrate: kernel.HeapDesign = (memory, state) =>
  new FirstFitHeap(memory, {
    version: "0.10.5",
    ...state === undefined ? {} : { state: state as never },
  });

const kernels: readonly KernelTest[] = [
  {
    name: "heap_allocation",
    program: heapAllocation(kernel.fixedSizeBlockDesign),
  },
  named("linked_list", kernel.linkedListDesign),
  named("linked_list_allocator 0.9.1", kernel.firstFitDesign),
  named("linked_list_allocator 0.10.5", laterCrate),
  named("indexed first fit", kernel.indexedFirstFitDesign),
  named("TLSF", kernel.tlsfDesign),
  named("buddies", kernel.buddyDesign),
];
export default kernels;

/** The bump allocator frees only when all is freed: its last test fails. */
export const bump: KernelTest = named("bump", kernel.bumpDesign);
